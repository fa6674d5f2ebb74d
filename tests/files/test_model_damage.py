"""Damaged model files: refused in one line, or loaded as the model that was saved."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from pellucid.engines import get_engine
from pellucid.errors import FileFormatError
from pellucid.files import Model, load_model, save_model
from tests.files.models import assert_same, model, opened, sealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 20_240_607
Key = str | int


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "model.safetensors"
    save_model(path, model())
    return path


def refused(path: Path) -> str | None:
    """The one line with which a file is refused, or none if the saved model is loaded."""
    try:
        loaded = load_model(path)
    except FileFormatError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()
        assert len(message) < 1000
        return message
    assert_same(loaded, model())
    return None


def test_every_byte_of_the_header_flipped(good: Path, tmp_path: Path) -> None:
    data, path = good.read_bytes(), tmp_path / "damaged"
    draw = random.Random(SEED)
    end = 8 + int.from_bytes(data[:8], "little")
    accepted = 0
    for position in range(end):
        damaged = bytearray(data)
        damaged[position] ^= draw.randrange(1, 256)
        path.write_bytes(damaged)
        accepted += refused(path) is None
    assert accepted < end / 100  # spaces that pad the header may change, hardly anything else


def test_bytes_of_the_arrays_flipped(good: Path, tmp_path: Path) -> None:
    data, path = good.read_bytes(), tmp_path / "damaged"
    draw = random.Random(SEED)
    start = 8 + int.from_bytes(data[:8], "little")
    for _ in range(300):
        damaged = bytearray(data)
        damaged[draw.randrange(start, len(data))] ^= draw.randrange(1, 256)
        path.write_bytes(damaged)
        assert "does not match its checksum" in (refused(path) or "")


def test_cut_short_anywhere(good: Path, tmp_path: Path) -> None:
    data, path = good.read_bytes(), tmp_path / "damaged"
    draw = random.Random(SEED)
    tenths = [len(data) * tenth // 10 for tenth in range(10)]
    for length in [*tenths, *range(12), len(data) - 1, *draw.sample(range(len(data)), 200)]:
        path.write_bytes(data[:length])
        message = refused(path)
        assert message is not None
        assert length < 9 or "cut short" in message, length


def test_something_behind_the_end(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(good.read_bytes() + b"x")
    assert "longer than its arrays" in (refused(path) or "")


def test_random_blocks_overwritten(good: Path, tmp_path: Path) -> None:
    data, path = good.read_bytes(), tmp_path / "damaged"
    draw = random.Random(SEED)
    for _ in range(300):
        damaged = bytearray(data)
        start = draw.randrange(len(data))
        block = draw.randbytes(draw.randrange(1, 200))
        damaged[start : start + len(block)] = block
        path.write_bytes(damaged[: len(data)])
        refused(path)


# ------------------------------------------------------------------ descriptions, rightly sealed

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    3,
    1 << 19,
    1 << 40,
    -(10**400),
    0.5,
    1e308,
    "",
    "x",
    "relu",
    "\0\n\x1b[31m\ud800",
    "x" * 2000,
    [],
    {},
    [[1, 2], [3, 4]],
    ["a", "b", "c"],
    {"kind": "relu"},
    {"x": 1},
    json.loads("[" * 50 + "]" * 50),
]


def places(value: Any, above: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """The way to every value inside a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield (*above, key)
        if isinstance(member, dict | list):
            yield from places(member, (*above, key))


def spoilt(document: dict[str, Any], place: tuple[Key, ...], value: Any) -> dict[str, Any]:
    """A copy with another value at a place; ``...`` deletes it."""
    made = copy.deepcopy(document)
    parent: Any = made
    for key in place[:-1]:
        parent = parent[key]
    if value is ...:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return made


def harmless(place: tuple[Key, ...], value: Any) -> bool:
    """Whether a change makes another valid model, which is not for the loader to refuse."""
    match place:
        case ("provenance", *_):
            return len(place) > 1 or isinstance(value, dict)
        case ("task", "classes"):
            return bool(value == ["a", "b", "c"])
        case ("task", "label_kind"):
            return value is ... or value == "text"
        case ("task", "classes", int()) | ("self_test", "engine"):
            return isinstance(value, str)
        case ("preprocessing", "background" | "border"):
            return type(value) is int
        case ("preprocessing", "decoding"):  # models that are older do not have it
            return value is ...
        case _:
            return False


def answers(model: Model) -> list[list[float]]:
    """The logits of images that are not in the self-test."""
    images = np.random.default_rng(SEED).integers(0, 256, (9, 6, 5, 3), np.uint8)
    logits: list[list[float]] = get_engine("reference").load(model.network).forward(images).tolist()
    return logits


def loaded(path: Path) -> Model | None:
    try:
        return load_model(path)
    except FileFormatError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert message.isprintable()
        assert len(message) < 1000
        return None


def test_every_value_of_the_description_deleted_or_replaced(good: Path, tmp_path: Path) -> None:
    _, document = opened(good.read_bytes())
    arrays, path = load_file(good), tmp_path / "spoilt"
    expected = answers(load_model(good))
    tried = 0
    for place in places(document):
        if place == ("checksum",):
            continue
        for value in [..., *VALUES]:
            changed = spoilt(document, place, value)
            if changed == document:
                continue
            tried += 1
            path.write_bytes(sealed(changed, arrays))
            model = loaded(path)
            if model is None:
                continue
            # Another graph is harmless if it answers alike: a default written out or left out, how
            # weights once started, a padding that no window reaches.
            same = place[0] == "graphs" and answers(model) == expected
            assert same or harmless(place, value), (place, value)
            if place[0] != "provenance":  # every value there is harmless
                save_model(tmp_path / "again", model)
                assert_same(load_model(tmp_path / "again"), model)
    assert tried > 2000


def test_keys_added_anywhere(good: Path, tmp_path: Path) -> None:
    _, document = opened(good.read_bytes())
    arrays, path = load_file(good), tmp_path / "spoilt"
    objects = [(), *(p for p in places(document) if isinstance(at(document, p), dict))]
    for place in objects:
        path.write_bytes(sealed(spoilt(document, (*place, "surprise"), 1), arrays))
        assert (loaded(path) is None) == (not place or place[0] != "provenance"), place


def at(document: Any, place: tuple[Key, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def test_nodes_in_disorder(good: Path, tmp_path: Path) -> None:
    _, document = opened(good.read_bytes())
    arrays, path = load_file(good), tmp_path / "spoilt"
    nodes = document["graphs"]["main"]["nodes"]
    draw = random.Random(SEED)
    for _ in range(100):
        some = [draw.choice(nodes) for _ in range(draw.randrange(1, 9))]
        if some == nodes:
            continue
        document["graphs"]["main"]["nodes"] = some
        path.write_bytes(sealed(document, arrays))
        assert loaded(path) is None


def test_a_good_file_is_good(good: Path, tmp_path: Path) -> None:
    """The way in which these tests seal files is right: otherwise they would prove nothing."""
    _, document = opened(good.read_bytes())
    (tmp_path / "copy").write_bytes(sealed(document, load_file(good)))
    assert refused(tmp_path / "copy") is None
    arrays = {**load_file(good), "dense1.bias": np.zeros(3, np.float32)}
    (tmp_path / "copy").write_bytes(sealed(document, arrays))
    assert "fails its self-test" in (refused(tmp_path / "copy") or "")
