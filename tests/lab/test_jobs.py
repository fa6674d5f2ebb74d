"""Trainings that are started in a lab."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.files.provenance import TRANSFER
from pellucid.lab.events import RunsStream
from pellucid.training.saved_run import read_saved_run
from tests.lab.running import Opened, opened
from tests.lab.test_events import heard

if TYPE_CHECKING:
    from pathlib import Path


def ended(lab: Opened, identifier: str) -> dict[str, Any]:
    """A training once it has ended: of a run, or of none."""
    for job in lab.lab.jobs._jobs.values():
        job.process.wait(300)
    return next(
        each.to_dict()
        for folder, each in lab.lab.jobs._jobs.items()
        if lab.lab.runs.identifier(folder) == identifier
    )


def test_a_training_becomes_a_run(picture_folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(picture_folder)) as lab:
        asked = {"architecture": "vgg-small", "epochs": 1, "batch_size": 4, "learning_rate": 0.01}
        found = lab.ask("POST", "api/train", json=asked)
        assert found.status_code == 201, found.text
        job = ended(lab, found.json()["id"])
        assert (job["code"], job["running"]) == (0, False), job["log"]
        lab.lab.runs.listed(fresh=True)
        run = lab.get(f"api/runs/{found.json()['id']}")
        assert run["run"]["architecture"] == "vgg-small"
        assert run["recipe"]["epochs"] == 1
        assert run["recipe"]["learning_rate"] == 0.01
        assert "epoch 1/1" in run["job"]["log"]
        assert lab.lab.jobs.without_run() == []
        again = lab.ask("POST", "api/train", json=asked)
        assert again.json()["folder"] != found.json()["folder"]
        assert ended(lab, again.json()["id"])["code"] == 0


def test_a_trained_body_gets_a_new_head(picture_folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(picture_folder)) as lab:
        assert "efficientnet-lite0" in lab.get("api/train")["bodies"]
        found = lab.ask("POST", "api/train", json={"body": "efficientnet-lite0"})
        assert found.status_code == 201, found.text
        job = ended(lab, found.json()["id"])
        assert job["code"] == 0, job["log"]
        kept = read_saved_run(tmp_path / "runs" / job["folder"])
        assert kept.notes["pretrained"] == "efficientnet-lite0"
        assert TRANSFER in kept.provenance  # its body was frozen


def test_a_training_begins_until_its_run_is_listed(runs: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(tmp_path / "pictures")) as lab:
        jobs = lab.lab.jobs
        found = lab.ask("POST", "api/train", json={})
        (job,) = jobs._jobs.values()
        os.kill(job.process.pid, signal.SIGSTOP)  # so that it is still there
        try:
            assert found.json()["id"] == lab.lab.runs.identifier(job.folder)
            assert jobs.running() == [job]
            assert jobs.without_run() == []
            stream = RunsStream(lab.lab, None)
            (begins,) = heard(stream.news())["beginning"]
            assert begins["folder"] == job.folder.name
            (job.folder / "config.json").write_text("{}")  # a run, which no list has yet
            assert "beginning" not in heard(stream.news())
            shutil.copy(runs / "first" / "config.json", job.folder)
            lab.lab.runs.listed(fresh=True)
            assert heard(stream.news())["beginning"] == []
            (job.folder / "config.json").unlink()
        finally:
            os.kill(job.process.pid, signal.SIGCONT)
        job.process.wait(300)
        assert jobs.running() == []
        assert jobs.without_run() == [job]


def test_a_training_that_fails_says_why(tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(tmp_path / "no data")) as lab:
        found = lab.ask("POST", "api/train", json={})
        job = ended(lab, found.json()["id"])
        assert job["code"] == 1
        assert "no data" in job["log"]
        assert [each.to_dict() for each in lab.lab.jobs.without_run()] == [job]
        shutil.rmtree(tmp_path / "runs" / job["folder"])
        assert lab.lab.jobs.without_run() == []  # it was removed, and is no failure any more


@pytest.mark.parametrize(
    "asked",
    [
        {"architecture": "nope"}, {"architecture": "--help"}, {"architecture": ["lenet5"]},
        {"epochs": 0}, {"epochs": "1"}, {"epochs": True}, {"learning_rate": -1},
        {"learning_rate": "--out=/"}, {"out": "elsewhere"}, {"seed": -1},
        {"body": "nope"}, {"body": "../runs"}, {"body": ["efficientnet-lite0"]},
        {"body": "efficientnet-lite0", "architecture": "lenet5"}, [], "text", None,
    ],
)  # fmt: skip
def test_what_no_training_takes_starts_nothing(tmp_path: Path, asked: Any) -> None:
    with opened(tmp_path / "runs", "mnist") as lab:
        found = lab.ask("POST", "api/train", json=asked)
        assert found.status_code == 400
        assert "\n" not in found.json()["error"]
        assert not lab.lab.jobs._jobs
    assert not (tmp_path / "runs").exists()


def test_a_lab_without_data_starts_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "runs") as lab:
        found = lab.ask("POST", "api/train", json={"epochs": 1})
        assert found.status_code == 400
        assert "pellucid lab" in found.json()["error"]


def test_data_that_look_like_an_option(tmp_path: Path) -> None:
    with opened(tmp_path / "runs", "--help") as lab:
        found = lab.ask("POST", "api/train", json={})
        job = ended(lab, found.json()["id"])
        assert job["code"] == 1
        assert "Usage" not in job["log"]


def test_where_no_folder_can_be_made(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.write_text("a file")
    with opened(root, "mnist") as lab:
        found = lab.ask("POST", "api/train", json={})
        assert found.status_code == 400
        assert "runs" in found.json()["error"]
    assert root.read_text() == "a file"
