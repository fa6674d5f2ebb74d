"""What a run gets wrong, in the lab: labels that were switched are found, with their pictures."""

from __future__ import annotations

import io
import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageClassifier
from pellucid.explain.methods import METHODS
from pellucid.lab.described import model_provenance
from tests.cli.running import here
from tests.lab.demo import CLASSES, pictures
from tests.lab.running import Opened, opened

if TYPE_CHECKING:
    from pathlib import Path

SWITCHED = 4


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data``, some of whose labels are switched, and ``runs`` with a run."""
    root = tmp_path_factory.mktemp("mistakes")
    for i, (image, label) in enumerate(zip(*pictures(60), strict=True)):
        switched = bool(label == 0 and i < 2 * SWITCHED)
        file = root / "data" / CLASSES[1 if switched else label]
        file.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(file / f"{'switched ' * switched}{i:02}.png")
    arguments = (
        "train", root / "data", "--architecture", "lenet5", "--epochs", 6, "--batch-size", 8,
        "--out", root / "runs" / "first",
    )  # fmt: skip
    done = here(arguments, root, {})
    assert done.returncode == 0, done.stderr
    return root


def found(lab: Opened) -> tuple[str, dict[str, Any]]:
    """The run's path and its mistakes."""
    (run,) = lab.get("api/runs")["runs"]
    path = f"api/runs/{run['id']}/mistakes"
    return path, lab.found(path)


def pixels(lab: Opened, path: str) -> np.ndarray:
    answer = lab.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_switched_labels_are_found(place: Path) -> None:
    with opened(place / "runs", str(place / "data")) as lab:
        path, mistakes = found(lab)
        rows = mistakes["rows"]
        assert mistakes["decidable"]
        assert mistakes["of"] == len(rows)
        switched = [row for row in rows if "switched" in row["path"]]
        assert len(switched) >= SWITCHED - 1
        assert {row["true"] for row in switched} == {"light"}
        assert [row["confidence"] for row in rows] == sorted(
            (row["confidence"] for row in rows), reverse=True
        )
        first = f"{path}/{switched[0]['id']}"
        shown = pixels(lab, f"{first}/picture")
        own = np.asarray(Image.open(place / "data" / switched[0]["path"]))
        assert shown.shape[:2] == own.shape[:2]
        assert (shown[..., 0] == own).all()
        near = lab.get(f"{first}/nearest")
        assert near[0]["similarity"] >= near[-1]["similarity"]
        assert switched[0]["path"] not in {each["name"] for each in near}
        other = pixels(lab, f"{first}/nearest/0")
        assert (other[..., 0] == np.asarray(Image.open(place / "data" / near[0]["name"]))).all()
        evidence = pixels(lab, f"{first}/evidence")
        assert evidence.shape == (28, 28, 4)
        assert evidence[..., 3].max() == 255
        assert lab.ask("GET", f"{first}/nearest/99").status_code == 404
        about = lab.get(f"{first}/about")
        assert [each["name"] for each in about["methods"]] == list(METHODS)
        for method in METHODS:
            shown = pixels(lab, f"{first}/evidence?method={method}")
            assert shown.shape == (28, 28, 4)
            if method == "evidence":
                assert (shown == evidence).all()
            elif method in ("grad-cam", "occlusion"):  # others may be evidence by another name
                assert not (shown == evidence).all()
        for method in ("", "nope", "../evidence"):
            refused = lab.ask("GET", f"{first}/evidence", params={"method": method})
            assert refused.status_code == 400
            assert "grad-cam" in refused.json()["error"]


def test_every_mistake_opens_the_network_on_its_picture(place: Path) -> None:
    with opened(place / "runs", str(place / "data")) as lab:
        path, mistakes = found(lab)
        run = path.split("/")[2]
        assert {row["part"] for row in mistakes["rows"]} == {"train", "validation"}
        for row in mistakes["rows"]:
            about = lab.get(f"{path}/{row['id']}/about")
            assert about["part"] == row["part"]
            asked = {"first": run, "part": about["part"], "number": about["number"]}
            shown = lab.ask("POST", "api/compare", json=asked).json()
            assert (shown["name"], shown["label"]) == (row["path"], row["true"])
            assert shown["learned"] == (row["part"] == "train")
            assert shown["parts"] == ["test", "validation", "train"]
            pixels_of = f"api/compare/{shown['key']}/0/0"
            values = np.frombuffer(lab.ask("GET", pixels_of).content, "<f4")
            own = np.asarray(Image.open(place / "data" / row["path"]))
            np.testing.assert_array_equal(values, own.ravel())


@pytest.mark.parametrize("name", ["1-99999", "0-0", "x", "%2e%2e", "1-0-0", "-1"])
def test_mistakes_are_looked_up(place: Path, name: str) -> None:
    with opened(place / "runs", str(place / "data")) as lab:
        path, _ = found(lab)
        for what in ("picture", "evidence", "about", "nearest", "nearest/0"):
            assert lab.ask("GET", f"{path}/{name}/{what}").status_code == 404


def test_a_run_on_other_data_cannot_be_decided_about(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "data", tmp_path / "other")
    with opened(place / "runs", str(tmp_path / "other")) as lab:
        _, mistakes = found(lab)
        assert mistakes["data"] == str(place / "data")
        assert not mistakes["decidable"]


def test_data_that_have_gone_are_reported(place: Path) -> None:
    (place / "data").rename(place / "gone")
    with opened(place / "runs") as lab:
        (run,) = lab.get("api/runs")["runs"]
        path = f"api/runs/{run['id']}/mistakes"
        try:
            while (answer := lab.get(path))["state"] == "finding":
                time.sleep(0.05)
        finally:
            (place / "gone").rename(place / "data")
        assert answer["state"] == "failed"
        assert str(place / "data") in answer["error"]
        assert lab.ask("POST", path, json={}).status_code == 200  # looked for again
        assert found(lab)[1]["rows"]


def test_training_on_by_decisions(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "runs", tmp_path / "runs")
    with opened(tmp_path / "runs", str(place / "data")) as lab:
        path, mistakes = found(lab)
        first = path.removesuffix("/mistakes")
        refused = lab.ask("POST", f"{first}/train-on", json={})
        assert refused.status_code == 400  # nothing is decided
        changes = [
            {"path": row["path"], "after": {"decision": "move", "label": "dark"}}
            for row in mistakes["rows"]
            if "switched" in row["path"]
        ]
        (judged_by,) = (
            lab.lab.opened.part(run.path).dataset for run in lab.lab.runs.listed().values()
        )
        judging = next(name for name in judged_by.names or () if name.startswith("light"))
        changes.append({"path": judging, "after": {"decision": "move", "label": "dark"}})
        assert lab.ask("PUT", "api/decisions", json={"changes": changes}).status_code == 200
        started = lab.ask("POST", f"{first}/train-on", json={})
        assert started.status_code == 201, started.text
        (job,) = lab.lab.jobs._jobs.values()
        assert job.process.wait(300) == 0, job.to_dict()["log"]
        lab.lab.runs.listed(fresh=True)
        after = lab.get(f"api/runs/{started.json()['id']}/mistakes")
        while after["state"] == "finding":
            time.sleep(0.05)
            after = lab.get(f"api/runs/{started.json()['id']}/mistakes")
        moved = {each["path"] for each in changes}
        assert after["state"] == "done", after["error"]
        labels = {row["path"]: row["true"] for row in after["found"]["rows"]}
        assert {labels[path] for path in moved & set(labels)} <= {"dark"}
        run = lab.lab.runs.find(started.json()["id"])
        kept = model_provenance(run.path)["decisions"]
        assert (kept["move"], kept["leave-out"], kept["changed"]) == (len(moved), 0, 0)
        before = first.rpartition("/")[2]
        assert lab.get(f"api/runs/{started.json()['id']}")["before"] == before
        changed = lab.found(f"api/changes/{before}/{started.json()['id']}")
        part = lab.lab.opened.part(run.path).dataset  # with what was decided
        answers = ImageClassifier.load(run.path).predict(part.images)
        assert changed["sides"][1]["right"] == int((answers == part.labels).sum())
        truth = dict(zip(part.names or (), part.labels, strict=True))
        assert {name for name in truth if name in moved} == {judging}
        assert truth[judging] == "dark"
        assert {row["path"]: row["true"] for row in changed["rows"]}.items() <= truth.items()
        assert (changed["part"], changed["parts"]) == ("test", ["test", "validation", "train"])
        pair = f"api/changes/{before}/{started.json()['id']}"
        learned = lab.found(pair, params={"part": "train"})
        part = lab.lab.opened.part(run.path, "train").dataset
        answers = ImageClassifier.load(run.path).predict(part.images)
        assert learned["sides"][1]["right"] == int((answers == part.labels).sum())
        truth = dict(zip(part.names or (), part.labels, strict=True))
        assert {truth[name] for name in moved if name in truth} == {"dark"}
        for row in learned["rows"]:
            assert (row["part"], row["true"]) == ("train", truth[row["path"]])
            asked = {"first": before, "part": "train", "number": row["number"]}
            assert lab.ask("POST", "api/compare", json=asked).json()["name"] == row["path"]
