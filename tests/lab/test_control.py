"""A training that is paused, changed and stopped from the lab."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.training.live import read_control
from tests.lab.running import Opened, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 120.0
"""For which a training is waited."""


def until(holds: Callable[[], Any]) -> Any:
    """Wait for something, and return it."""
    end = time.monotonic() + SECONDS
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def progress(lab: Opened, identifier: str) -> dict[str, Any]:
    found: dict[str, Any] | None = lab.get(f"api/runs/{identifier}")["progress"]
    return found or {}


def test_a_training_is_steered(picture_folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "runs", str(picture_folder)) as lab:
        asked = {"architecture": "vgg-small", "epochs": 500, "batch_size": 4}
        job = lab.ask("POST", "api/train", json=asked).json()
        identifier, path = job["id"], f"api/runs/{job['id']}/control"
        process = next(iter(lab.lab.jobs._jobs.values())).process
        try:
            until(lambda: lab.lab.runs.listed(fresh=True).get(identifier))
            until(lambda: progress(lab, identifier).get("step", 0) > 2)
            row = lab.get(f"api/runs/{identifier}")["run"]
            assert row["data"] == picture_folder.name  # also before its first state

            found = lab.ask("POST", path, json={"paused": True})
            assert found.status_code == 200, found.text
            until(lambda: progress(lab, identifier)["paused"])
            before = progress(lab, identifier)["step"]
            time.sleep(0.5)
            assert progress(lab, identifier)["step"] == before

            assert lab.ask("POST", path, json={"rate_factor": 0.25}).json()["paused"] is True
            lab.ask("POST", path, json={"paused": False})
            until(lambda: progress(lab, identifier)["step"] > before)
            assert progress(lab, identifier)["rate_factor"] == 0.25

            lab.ask("POST", path, json={"stop": True})
            until(lambda: process.poll() is not None)
            until(lambda: lab.lab.runs.listed(fresh=True)[identifier].state == "stopped")
            assert "--resume" in lab.get(f"api/runs/{identifier}")["job"]["log"]
            late = lab.ask("POST", path, json={"paused": True})
            assert late.status_code == 409
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    "asked",
    [
        {"paused": 1}, {"paused": "yes"}, {"stop": None}, {"rate_factor": 0},
        {"rate_factor": 1e9}, {"rate_factor": "2"}, {"rate_factor": True}, {"speed": 1}, [],
    ],
)  # fmt: skip
def test_what_no_training_can_be_asked(runs: Path, asked: Any) -> None:
    with opened(runs) as lab:
        row = lab.get("api/runs")["runs"][0]
        found = lab.ask("POST", f"api/runs/{row['id']}/control", json=asked)
        assert found.status_code in (400, 409)
        assert read_control(runs / row["path"]) is None


def test_what_has_ended_is_not_steered(runs: Path) -> None:
    with opened(runs) as lab:
        row = lab.get("api/runs")["runs"][0]
        found = lab.ask("POST", f"api/runs/{row['id']}/control", json={"paused": True})
        assert found.status_code == 409
        assert read_control(runs / row["path"]) is None
