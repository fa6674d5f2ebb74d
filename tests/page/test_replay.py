"""A training as a page shows it again: exact weights, evenly chosen, and the run's numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.page import make_page
from pellucid.page.blobs import Blobs
from pellucid.page.replay import PageReplay, replay_of
from pellucid.training.history import Epoch
from tests.cli.running import here
from tests.page.lessons import CASES
from tests.page.replayed import Kept, Trained, trained
from tests.page.test_file import parts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def found() -> Trained:
    return trained()


def test_weights_after_each_epoch_come_back_to_the_bit(found: Trained) -> None:
    page = make_page(found.model, found.samples, replay=found.replay())
    data, blobs = parts(page.to_html())
    names = [name for name, _ in data["weights"]["names"]]
    assert [each["epoch"] for each in data["replay"]["epochs"]] == list(found.kept.epochs)
    before = np.zeros(4 * sum(a.size for a in found.model.network.weights.values()), np.uint8)
    for each in data["replay"]["epochs"]:
        before = before ^ np.frombuffer(blobs[each["changes"]], np.uint8)
        floats = np.ascontiguousarray(before.reshape(4, -1).T).view("<f4").reshape(-1)
        weights = found.kept.found[each["epoch"]]
        expected = np.concatenate([weights[name].reshape(-1) for name in names])
        np.testing.assert_array_equal(floats, expected.astype(np.float32))
    later = data["replay"]["epochs"][-1]["changes"]
    assert blobs[later].count(0) > len(blobs[later]) / 5  # which packs well


def test_what_was_measured_comes_along(found: Trained) -> None:
    data = found.replay().to_dict([], Blobs())
    history = found.classifier.history_
    for name in ("epoch", "loss", "validation_loss", "validation_accuracy", "learning_rate"):
        assert [row[name] for row in data["rows"]] == [getattr(row, name) for row in history]
    assert data["best"] == found.model.provenance["results"]["epoch"]
    assert data["measure"] == {"name": "accuracy", "row": "validation_accuracy", "form": "share"}
    assert data["judged"]["count"] == 20
    assert "seconds" not in data["rows"][0]  # of the machine, not the model


def test_epochs_are_ranked_by_the_task_s_first_measure_and_numbers_are_json(
    found: Trained,
) -> None:
    row = Epoch(1, float("nan"), None, None, None, 0.1, 0.0, 0.0, measures={"r2": 0.5})
    data = PageReplay(found.model, [row]).to_dict([], Blobs())
    assert data["measure"] == {"name": "r2", "row": "validation_r2", "form": "number"}
    assert data["rows"][0]["loss"] is None
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    bare = replace(row, measures={})
    assert PageReplay(found.model, [bare]).to_dict([], Blobs())["measure"] is None


def test_of_more_epochs_than_there_is_room_for_some_are_taken_evenly(
    found: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    kept.found = dict.fromkeys(range(0, 41, 2), found.kept.found[1])
    replay = PageReplay(found.model, found.classifier.history_, kept)
    size = 4 * sum(array.size for array in found.model.network.weights.values())
    assert (replay.chosen(), replay.note()) == (kept.epochs, "")
    monkeypatch.setattr("pellucid.page.replay.MOST_BYTES", 6 * size)
    chosen = replay.chosen()
    assert (len(chosen), chosen[0], chosen[-1]) == (6, 0, 40)
    assert set(np.diff(chosen)) <= {8}
    assert "6 of 21 epochs" in replay.note()
    assert "--allow-large" in replay.note()
    assert (replay.chosen(allow_large=True), replay.note(allow_large=True)) == (kept.epochs, "")
    monkeypatch.setattr("pellucid.page.replay.MOST_BYTES", 2 * size - 1)
    assert replay.chosen() == ()
    assert "0 of 21 epochs" in replay.note()


def test_without_weights_the_note_says_how_they_are_kept(found: Trained) -> None:
    replay = replace(found.replay(), kept=None)
    assert "pellucid train … --replay" in replay.note()
    assert replay.to_dict([], Blobs())["epochs"] == []


def test_weights_of_another_network_are_refused(found: Trained) -> None:
    other = Kept()
    other.found = {1: {**found.kept.found[1], "dense1.bias": np.zeros(9, np.float32)}}
    replay = PageReplay(found.model, found.classifier.history_, other)
    with pytest.raises(FileFormatError, match="another network"):
        make_page(found.model, found.samples, replay=replay)


def learned(folder: Path, **settings: Any) -> None:
    case = CASES["sgd"]
    made = found_classifier(case.settings)
    made.fit(case.data().train, validation_data=case.data().test, out=folder, **settings)


def found_classifier(settings: dict[str, Any]) -> Any:
    from pellucid import ImageClassifier
    from pellucid.layers import Sequential

    layers = Sequential(list(CASES["sgd"].layers))
    return ImageClassifier(layers, **{**settings, "epochs": 2})


def test_a_command_writes_a_run_s_training_as_one_page(tmp_path: Path) -> None:
    folder, page = tmp_path / "run", tmp_path / "replay.html"
    learned(folder, replay=True)
    made = here(("page", folder, "--replay", "--out", page), tmp_path, {})
    assert made.returncode == 0, made.stderr
    data, blobs = parts(page.read_text("utf-8"))
    assert [each["epoch"] for each in data["replay"]["epochs"]] == [0, 1, 2]
    assert all(each["changes"] in blobs for each in data["replay"]["epochs"])
    assert len(data["replay"]["rows"]) == 2
    assert data["learn"] is None
    assert "connect-src" not in page.read_text("utf-8")

    plain = tmp_path / "plain"
    learned(plain)
    made = here(("page", plain, "--replay", "--out", page), tmp_path, {})
    assert made.returncode == 0, made.stderr
    assert "pellucid train … --replay" in made.stderr
    assert parts(page.read_text("utf-8"))[0]["replay"]["epochs"] == []


def test_what_cannot_be_shown_again_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    learned(folder)
    both = here(("page", folder, "--replay", "--learn", "--out", tmp_path / "a.html"), tmp_path, {})
    file = here(
        ("page", folder / "model.safetensors", "--replay", "--out", tmp_path / "a.html"),
        tmp_path,
        {},
    )
    assert both.returncode != 0
    assert "leave out --replay or --learn" in both.stderr
    assert file.returncode != 0
    assert "no folder of a run" in file.stderr
    assert not (tmp_path / "a.html").exists()
    own = found_classifier(CASES["sgd"].settings).load(folder)
    with pytest.raises(ArgumentError, match="leave out replay or learn"):
        own.page(replay=folder, learn=True)
    with pytest.raises(DataError, match="no training"):
        replay_of(tmp_path, own.model_)
