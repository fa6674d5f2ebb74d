"""What changed from one run to another, picture by picture, and which two belong together."""

from __future__ import annotations

import io
import json
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageClassifier
from pellucid.evaluation.changes import find_changes
from pellucid.lab.origins import FILE, find_origin, write_origin
from pellucid.lab.runs import Runs
from tests.lab.demo import CLASSES, make, pictures
from tests.lab.running import Opened, opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with the pictures that they learned from: ``first`` and a ``poor`` one."""
    found = tmp_path_factory.mktemp("changes")
    make(found, engine="reference", architecture="lecture", epochs=1)
    images, labels = pictures(60)
    names = np.array(CLASSES)[labels]
    ImageClassifier(
        "lecture", epochs=1, batch_size=16, validation=24, engine="reference", seed=3,
        learning_rate=1e-4,
    ).fit(images, names, out=found / "runs" / "poor")  # fmt: skip
    return found


def identifier(runs: Runs, name: str) -> str:
    return runs.identifier(runs.root / name)


@pytest.mark.parametrize("pair", [("poor", "first"), ("first", "poor")])
def test_answers_before_and_after(folder: Path, pair: tuple[str, str]) -> None:
    with opened(folder / "runs", str(folder / "data")) as lab:
        ids = [identifier(lab.lab.runs, name) for name in pair]
        path = "/".join(("api/changes", *ids))
        found = lab.found(path)
        assert (found["part"], found["parts"]) == (None, [])  # neither learned from these data
        own = lab.lab.opened.part(folder / "runs" / pair[0])
        pictures = own.dataset
        models = [ImageClassifier.load(folder / "runs" / name) for name in pair]
        answers = [model.predict_proba(pictures.images) for model in models]
        said = [each.argmax(axis=1) for each in answers]
        right = [each == pictures.places for each in said]
        assert found["pictures"] == found["judged"] == len(pictures)
        assert [side["right"] for side in found["sides"]] == [int(each.sum()) for each in right]
        for k, side in enumerate(found["sides"]):
            of_label = answers[k][np.arange(len(pictures)), pictures.places]
            assert side["cross_entropy"] == pytest.approx(-np.log(of_label).mean(), rel=1e-4)
            assert side["interval"][0] <= side["share"] <= side["interval"][1]
        assert found["counts"] == {
            "broken": int((right[0] & ~right[1]).sum()),
            "corrected": int((right[1] & ~right[0]).sum()),
            "still wrong": 0,
        }
        assert found["of"] == len(found["rows"]) > 0
        assert {row["number"] for row in found["rows"]} == set(
            np.flatnonzero(said[0] != said[1]).tolist()
        )
        for row in found["rows"]:
            i = row["number"]
            assert row["path"] == own.paths[i]
            assert row["true"] == pictures.classes[pictures.places[i]]
            for side, name, sure in (
                (0, "before", "confidence_before"),
                (1, "after", "confidence_after"),
            ):
                assert row[name] == pictures.classes[said[side][i]]
                assert row[sure] == pytest.approx(answers[side][i].max(), abs=1e-5)
        for row in found["rows"][:3]:
            i = row["number"]
            image = lab.ask("GET", f"{path}/{row['place']}").content
            shown = np.asarray(Image.open(io.BytesIO(image)).convert("L"))
            assert np.array_equal(shown, pictures.images[i, ..., 0])
            asked = {"first": ids[0], "part": row["part"], "number": i}
            compared = lab.ask("POST", "api/compare", json=asked).json()
            assert (compared["name"], compared["label"]) == (row["path"], row["true"])


def test_pictures_are_looked_up(folder: Path) -> None:
    with opened(folder / "runs", str(folder / "data")) as lab:
        ids = [identifier(lab.lab.runs, name) for name in ("poor", "first")]
        path = "/".join(("api/changes", *ids))
        assert lab.ask("GET", f"{path}/0").status_code == 404  # nobody has asked what changed
        lab.found(path)
        assert lab.ask("GET", f"{path}/0").status_code == 200
        for place in ("99999", "-1", "x", "%2e%2e"):
            assert lab.ask("GET", f"{path}/{place}").status_code == 404
        assert lab.ask("GET", f"{path}/0", params={"part": "validation"}).status_code == 404
        assert lab.ask("GET", f"api/changes/{ids[0]}/{'0' * 16}").status_code == 404
        for part in ("nothing", "../test", ""):
            assert lab.ask("GET", path, params={"part": part}).status_code == 400


def failure(lab: Opened, path: str, **options: Any) -> str:
    while (answer := lab.get(path, **options))["state"] == "finding":
        time.sleep(0.05)
    assert answer["state"] == "failed"
    assert answer["found"] is None
    return str(answer["error"])


def test_a_model_of_other_classes_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "runs", tmp_path / "runs")
    images, labels = pictures(24)
    ImageClassifier("lecture", epochs=1, engine="reference").fit(
        images, np.array(["day", "night"])[labels], out=tmp_path / "runs" / "other"
    )
    with opened(tmp_path / "runs", str(folder / "data")) as lab:
        ids = [identifier(lab.lab.runs, name) for name in ("first", "other")]
        assert "classes differ" in failure(lab, "/".join(("api/changes", *ids)))


def test_a_part_that_the_runs_have_not_is_refused(folder: Path) -> None:
    with opened(folder / "runs", str(folder / "data")) as lab:
        ids = [identifier(lab.lab.runs, name) for name in ("first", "poor")]
        assert "in common" in failure(lab, "/".join(("api/changes", *ids)), params={"part": "test"})


def test_how_far_it_is_and_that_it_is_stopped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, goes_on, steps = threading.Event(), threading.Event(), []

    def slowly(*args: Any, watching: Any, **kwargs: Any) -> Any:
        def watched(done: int, of: int) -> None:
            steps.append((done, of))
            watching(done, of)
            if done:
                waits.set()
                assert goes_on.wait(60)
                watching(done, of)

        return find_changes(*args, watching=watched, **kwargs)

    monkeypatch.setattr("pellucid.lab.changed.find_changes", slowly)
    with opened(folder / "runs", str(folder / "data")) as lab:
        ids = [identifier(lab.lab.runs, name) for name in ("poor", "first")]
        path = "/".join(("api/changes", *ids))
        begun = lab.get(path)
        assert begun["state"] == "finding"
        assert waits.wait(60)
        seen = lab.get(path)
        assert (seen["state"], seen["number"]) == ("finding", begun["number"])
        assert 0 < seen["done"] <= seen["of"]
        assert lab.ask("DELETE", path).status_code == 200
        before = len(steps)
        goes_on.set()
        later = lab.found(path)  # who asks again gets it
        assert lab.get(path)["number"] == begun["number"] + 1
        count = later["pictures"]
        assert steps[before:] == [(0, 2 * count), (count, 2 * count), (count, 2 * count),
                                  (2 * count, 2 * count)]  # fmt: skip
        assert lab.ask("DELETE", path).status_code == 200  # what is found stays
        assert lab.get(path)["found"] == later


def test_the_run_that_another_was_trained_on_from(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(folder / "runs", root)
    runs = Runs(root)
    first, poor = (identifier(runs, name) for name in ("first", "poor"))
    assert find_origin(runs.find(poor), runs) is None
    write_origin(root / "poor", root / "first")
    assert find_origin(runs.find(poor), runs) == first
    with opened(root) as lab:
        assert lab.get(f"api/runs/{poor}")["before"] == first
        assert lab.get(f"api/runs/{first}")["before"] is None


def test_a_run_that_says_only_what_its_model_was_called(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(folder / "runs", root)
    images, labels = pictures(24)
    ImageClassifier(
        "lecture", epochs=1, engine="reference", start_from=folder / "runs" / "first"
    ).fit(images, np.array(CLASSES)[labels], out=root / "on")
    runs = Runs(root)
    assert runs.find(identifier(runs, "on")).started_from == "first"
    assert find_origin(runs.find(identifier(runs, "on")), runs) == identifier(runs, "first")
    (root / "first").rename(root / "gone")
    runs.listed(fresh=True)
    assert find_origin(runs.find(identifier(runs, "on")), runs) is None


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{", "[" * 50_000, '{"format": 2, "run": "../first"}',
        *(json.dumps({"format": 1, "run": each})
          for each in (None, 3, "", ".", "../gone", "/etc", "../\0", "../" * 999 + "etc")),
    ],
)  # fmt: skip
def test_a_file_that_names_no_run_names_none(folder: Path, tmp_path: Path, content: Any) -> None:
    root = tmp_path / "runs"
    shutil.copytree(folder / "runs", root)
    (root / "poor" / FILE).write_text(content)
    runs = Runs(root)
    found = find_origin(runs.find(identifier(runs, "poor")), runs)
    assert found in (None, identifier(runs, "poor"))
