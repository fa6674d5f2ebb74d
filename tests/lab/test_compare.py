"""Two networks on the same picture, a changed one, and what becomes of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.explain.edit_records import EDITS, edit_of
from pellucid.explain.surgery import (
    Mute,
    Remove,
    SetKernel,
    SetWeight,
    SwapPooling,
    edit_record,
)
from pellucid.lab.compared import merged
from tests.lab.demo import make
from tests.lab.running import Opened, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MUTED = {"edit": "mute", "layer": "conv1", "channel": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs, with the pictures that they learned from."""
    found = tmp_path_factory.mktemp("compare")
    make(found, engine="reference", architecture="lecture", epochs=1)
    return found


@pytest.fixture
def lab(folder: Path, tmp_path: Path) -> Iterator[Opened]:
    shutil.copytree(folder / "runs", tmp_path / "runs")
    with opened(tmp_path / "runs", str(folder / "data")) as found:
        yield found


def identifiers(lab: Opened) -> dict[str, str]:
    return {row["path"]: row["id"] for row in lab.get("api/runs")["runs"]}


def post(lab: Opened, path: str, values: Any, status: int = 200) -> Any:
    found = lab.ask("POST", path, json=values)
    assert found.status_code == status, found.text
    return found.json()


def values(lab: Opened, compared: Any, side: int, layer: str) -> NDArray[np.float32] | None:
    """A layer's values as a browser gets them."""
    place = [each["name"] for each in compared["layers"]].index(layer)
    found = lab.ask("GET", f"api/compare/{compared['key']}/{side}/{place}")
    if found.status_code == 404:
        return None
    shape = compared["layers"][place]["shapes"][side]
    return np.frombuffer(found.content, "<f4").reshape(shape)


def test_a_run_and_the_same_changed(lab: Opened, folder: Path) -> None:
    name, run = next(iter(identifiers(lab).items()))
    found = post(lab, "api/compare", {"first": run, "edits": [MUTED], "number": 2})
    assert found["number"] == 2
    model = ImageClassifier.load(lab.lab.runs.root / name)
    changed = model.edited(Mute("conv1", 1))
    part = lab.lab.opened.part(lab.lab.runs.root / name)
    picture = part.picture(2)
    assert (found["part"], found["name"]) == (part.part, part.paths[2])
    assert found["label"] == part.targets.written(2)
    for side, each in enumerate((model, changed)):
        expected = each.values(picture)
        for layer in ("input", "conv1", "dense1"):
            np.testing.assert_array_equal(values(lab, found, side, layer), expected[layer])
        likeliest = found["sides"][side]["answers"][0]
        assert likeliest["value"] == pytest.approx(expected["probabilities"].max())
        assert likeliest["name"] == str(each.predict(picture))
    changes = {layer["name"]: layer["change"] for layer in found["layers"]}
    assert changes["input"] == 0
    assert changes["conv1"] > 0
    second = values(lab, found, 1, "conv1")
    assert second is not None
    assert not second[..., 1].any()
    assert second[..., 0].any()


def test_two_runs(lab: Opened) -> None:
    first, second = identifiers(lab).values()
    found = post(lab, "api/compare", {"first": first, "second": second})
    names = [layer["name"] for layer in found["layers"]]
    assert names[0] == "input"
    assert len(names) == len(set(names))
    everything = post(lab, "api/compare/all", {"first": first, "second": second})
    assert everything["count"] == found["pictures"]
    assert everything["flipped"] == everything["disagree"] == len(everything["flips"])


def test_all_pictures_of_a_changed_run(lab: Opened) -> None:
    name, run = next(iter(identifiers(lab).items()))
    removed = {"edit": "remove", "layer": "relu1"}
    found = post(lab, "api/compare/all", {"first": run, "edits": [removed]})
    model = ImageClassifier.load(lab.lab.runs.root / name)
    part = lab.lab.opened.part(lab.lab.runs.root / name).dataset
    changed = model.edited(Remove("relu1"))
    right = changed.predict(part.images) == np.array(part.classes)[part.places]
    assert found["second"]["accuracy"] == pytest.approx(float(np.mean(right)))
    for flip in found["flips"]:
        number = flip["number"]
        assert flip["before"] == str(model.predict(part.images[number]))
        assert flip["after"] == str(changed.predict(part.images[number]))


def test_a_changed_network_becomes_a_model(lab: Opened) -> None:
    name, run = next(iter(identifiers(lab).items()))
    found = post(
        lab, "api/surgery", {"run": run, "edits": [MUTED], "name": "without map 1"}, status=201
    )
    assert identifiers(lab)["without map 1"] == found["id"]
    kept = ImageClassifier.load(lab.lab.runs.root / "without map 1")
    assert kept.model_.provenance["surgery"] == [MUTED]
    whole = ImageClassifier.load(lab.lab.runs.root / name)
    picture = np.full((28, 28, 1), 77, np.uint8)
    expected = whole.edited(Mute("conv1", 1)).predict_proba(picture)
    np.testing.assert_array_equal(kept.predict_proba(picture), expected)
    before = (lab.lab.runs.root / "without map 1" / "model.safetensors").read_bytes()
    again = {"run": run, "edits": [{**MUTED, "channel": 0}], "name": "without map 1"}
    assert "without map 1" in post(lab, "api/surgery", again, status=409)["error"]
    assert (lab.lab.runs.root / "without map 1" / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b", "/etc", ".hidden", "a" * 61, "a\0b", "end.", 3, None, "a\nb"]
)
def test_names_that_are_none(lab: Opened, name: Any) -> None:
    run = next(iter(identifiers(lab).values()))
    before = sorted(lab.lab.runs.root.iterdir())
    post(lab, "api/surgery", {"run": run, "edits": [MUTED], "name": name}, status=400)
    assert sorted(lab.lab.runs.root.iterdir()) == before


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"edits": [{"edit": "mute", "layer": "conv1", "channel": 99}]}, "conv1"),
        ({"edits": [{"edit": "mute", "layer": "nowhere", "channel": 0}]}, "nowhere"),
        ({"edits": [{"edit": "explode"}]}, "mute"),
        ({"edits": [MUTED] * 201}, "200"),
        ({"edits": "all"}, "edits"),
        ({"number": 10_000}, "10000"),
        ({"number": -1}, "number"),
        ({"number": "1"}, "number"),
        ({"part": "nothing"}, "part"),
        ({"part": 3}, "part"),
        ({"part": "test"}, "test"),
        ({"first": None}, "run"),
        ({"first": ["x"]}, "run"),
        ({"more": 1}, "more"),
    ],
)
def test_what_cannot_be_compared(lab: Opened, asked: dict[str, Any], word: str) -> None:
    run = next(iter(identifiers(lab).values()))
    found = post(lab, "api/compare", {"first": run, **asked}, status=400)
    assert word in found["error"]
    assert "\n" not in found["error"]


def test_runs_and_layers_that_are_not_there(lab: Opened) -> None:
    run = next(iter(identifiers(lab).values()))
    for unknown in ("0" * 16, "../first", "first"):
        post(lab, "api/compare", {"first": unknown}, status=404)
        post(lab, "api/compare", {"first": run, "second": unknown}, status=404)
    found = post(lab, "api/compare", {"first": run})
    for path in (f"{found['key']}/2/0", f"{found['key']}/0/999", "nothing/0/0", "../0/0"):
        assert lab.ask("GET", f"api/compare/{path}").status_code == 404


def test_pictures_that_are_gone(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "runs", tmp_path / "runs")
    with opened(tmp_path / "runs", str(tmp_path / "gone")) as lab:
        run = next(iter(identifiers(lab).values()))
        assert "gone" in post(lab, "api/compare", {"first": run}, status=400)["error"]
    with opened(tmp_path / "runs") as lab:
        assert "pellucid lab" in post(lab, "api/compare", {"first": run}, status=400)["error"]


def test_choices_are_those_that_surgery_takes(lab: Opened) -> None:
    name, run = next(iter(identifiers(lab).items()))
    found = lab.get(f"api/runs/{run}/edits")
    model = ImageClassifier.load(lab.lab.runs.root / name)
    for layer in found["layers"]:
        if layer["channels"]:
            model.edited(Mute(layer["name"], layer["channels"] - 1))
        if layer["swap"]:
            model.edited(SwapPooling(layer["name"]))
        if layer["remove"]:
            model.edited(Remove(layer["name"]))
        if layer["kernel"]:
            gallery = next(each for each in found["gallery"] if each["name"] == "sharpen")
            model.edited(SetKernel(layer["name"], 0, np.array(gallery["matrix"])[1:4, 1:4]))
        for weight, shape in layer["weights"].items():
            model.edited(SetWeight(weight, tuple(n - 1 for n in shape), 0.5))
    assert {layer["name"] for layer in found["layers"] if layer["swap"]} == {"pool1", "pool2"}


@pytest.mark.parametrize(
    "edit",
    [
        Mute("conv1", 3),
        SetWeight("conv1.kernel", (0, 1, 2, 3), 0.5),
        SetKernel("conv1", 2, np.array([[0.0, 1.0], [2.0, 3.0]], np.float32), "own"),
        SwapPooling("pool1"),
        Remove("relu1"),
    ],
)
def test_an_edit_is_what_its_record_says(edit: Any) -> None:
    assert EDITS[edit.kind] is type(edit)
    assert edit_record(edit_of(edit_record(edit))) == edit_record(edit)
    assert type(edit_of(edit_record(edit))) is type(edit)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abc", "abc", "abc"),
        ("abcd", "axd", "abcxd"),
        ("ab", "xyab", "xyab"),
        ("ab", "abxy", "abxy"),
        ("ab", "cd", "abcd"),
        ("ab", "ba", "bab"),
    ],
)
def test_layers_of_two_networks(first: str, second: str, expected: str) -> None:
    found = merged(first, second)
    assert sorted(found) == sorted(set(first + second))
    if expected != "bab":  # no order suits both
        assert "".join(found) == expected
