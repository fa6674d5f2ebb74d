"""Settings that cannot be, at every door of Python: one line that names the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset, Preprocessing, Splits, load, load_for
from pellucid.data.check import inspect
from pellucid.errors import DataError, PellucidError
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.user_cache import user_cache
from tests.data.made_files import noise, picture_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

X, Y = noise(0, 60, 6, 5, 1), np.arange(60) % 3
SHARES = (
    -0.1, -1, float("nan"), float("inf"), "x", b"x", True, False, 1.0, 1e9, 10**9, [1],
    np.bool_(True), np.array(0.1), "x" * 999,
)  # fmt: skip
SIZES: tuple[Any, ...] = (
    (0, 0), (8,), 8, "8x8", (8, 8, 3), (8.0, 8.0), (True, 8), (float("nan"), 8), (10**9, 8),
    b"x", {}, (None, 8), 0, False, "",
)  # fmt: skip
LIMITS = (0, -1, True, 1.5, "x", float("nan"), float("inf"), [1], b"x")
SEEDS = (-1, True, 1.5, "x", None, float("nan"), [0], b"x")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return picture_folder(tmp_path / "data", {"a": 20, "b": 20})


def model(**settings: Any) -> pl.ImageClassifier:
    layers = Sequential([Flatten(), Dense(3)])
    return pl.ImageClassifier(layers, epochs=1, **settings)


def refused(name: str, *doors: Callable[[], object]) -> None:
    for door in doors:
        with pytest.raises(PellucidError) as caught:
            door()
        message = str(caught.value)
        assert name in message
        assert "\n" not in message
        assert len(message) < 400


@pytest.mark.parametrize("share", SHARES, ids=lambda value: repr(value)[:20])
def test_validation(folder: Path, share: Any) -> None:
    everything = Dataset(X, Y, ("a", "b", "c"))
    refused(
        "validation",
        lambda: load(folder, validation=share),
        lambda: load({"x": X, "y": Y}, validation=share),
        lambda: model(validation=share).fit(folder),
        lambda: model(validation=share).fit(X, Y),
        lambda: model(validation=share).fit({"x": X, "y": Y}),
        lambda: model(validation=share).fit(everything),
        lambda: model(validation=share).fit(Splits(everything, None, None)),
        lambda: model(validation=share).find_learning_rate(X, Y),
    )
    if share != 10**9 or isinstance(share, float):  # too many of these, but not of all
        refused("validation", lambda: model(validation=share).check_settings())


@pytest.mark.parametrize("size", SIZES, ids=repr)
def test_image_size(folder: Path, size: Any) -> None:
    refused(
        "",
        lambda: load(folder, image_size=size),
        lambda: load({"x": X, "y": Y}, image_size=size),
        lambda: load("mnist", image_size=size),
        lambda: model(image_size=size).fit(folder),
        lambda: model(image_size=size).fit(X, Y),
        lambda: model(image_size=size).check_settings(),
    )


@pytest.mark.parametrize("limit", LIMITS, ids=repr)
def test_max_pixels(folder: Path, limit: Any) -> None:
    preprocessing = Preprocessing(6, 5, 1)
    refused(
        "max_pixels",
        lambda: load(folder, max_pixels=limit),
        lambda: load({"x": X, "y": Y}, max_pixels=limit),
        lambda: load_for(folder, preprocessing=preprocessing, classes=("a", "b"), max_pixels=limit),
        lambda: inspect(folder, max_pixels=limit),
        lambda: model(max_pixels=limit).fit(X, Y),
        lambda: model(max_pixels=limit).check_settings(),
        lambda: preprocessing.read(X[0], max_pixels=limit),
    )


@pytest.mark.parametrize("seed", SEEDS, ids=repr)
def test_seed(folder: Path, seed: Any) -> None:
    refused(
        "seed",
        lambda: load(folder, seed=seed),
        lambda: load({"x": X, "y": Y}, seed=seed),
        lambda: model(seed=seed).fit(folder),
        lambda: model(seed=seed).fit(X, Y),
        lambda: model(seed=seed, validation=0.1).fit(X, Y),
        lambda: model(seed=seed).check_settings(),
    )


def test_a_share_of_arrays_is_held_out() -> None:
    held: list[int] = []
    for share in (None, 0, 0.25, 15):
        fitted = model(validation=share).fit(X, Y)
        row = fitted.history_[0]
        held.append(0 if row.validation_loss is None else 1)
        assert fitted.model_.provenance["data"]["pictures"] == 60 - 15 * held[-1]
    assert held == [0, 0, 1, 1]


def test_splits_that_bring_a_validation_part() -> None:
    everything = Dataset(X, Y, ("a", "b", "c"))
    splits = Splits(everything, everything.subset(range(9), "validation"), None)
    refused("these Splits have a validation part", lambda: model(validation=0.1).fit(splits))


def test_arrays_are_not_resized() -> None:
    with pytest.raises(DataError, match="arrays are not resized"):
        model(image_size=(8, 8)).fit(X, Y)
    model(image_size=(6, 5)).fit(X, Y)


@pytest.mark.parametrize("name", ["~nouser/x", "/dev/null/x", "a" * 5000])
def test_folders_that_cannot_be_a_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    expected = load(folder, cache=False)
    kept = load(folder, cache=name)
    assert kept.train.fingerprint() == expected.train.fingerprint()
    monkeypatch.setenv("PELLUCID_CACHE", name)
    found = load(folder)
    assert found.train.fingerprint() == expected.train.fingerprint()
    assert any(note.startswith("decoded pictures are not kept: ") for note in found.notes)
    assert user_cache()[0] is None
