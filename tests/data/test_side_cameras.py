"""Pictures of side cameras: learned from with a correction, never judged, with their own moment."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ArgumentError, DataError, PellucidError
from tests.data.made_files import encoded, write
from tests.messages import check_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COUNT = 40
CAMERAS = ("centre", "left", "right")
SHIFTS = {"centre": 0.0, "left": 0.25, "right": -0.25}


def made(root: Path, *more: str, heads: Sequence[str] = (*CAMERAS, "angle")) -> Path:
    """A list of moments; each picture's level says its moment and its camera."""
    rows = [[*heads, *more]]
    for k in range(COUNT):
        names = [f"{camera}{k}.png" for camera in CAMERAS]
        for at, name in enumerate(names):
            write(root / name, encoded(np.full((6, 6), 5 * k + at, np.uint8)))
        rows.append([*names, str(k / 100), *(["train", "test", "train"][k % 3] for _ in more)])
    with (root / "drive.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return root / "drive.csv"


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("drive"))


def moments(data: pl.data.Dataset | None) -> dict[str, list[int]]:
    """The moments by camera; whether names and numbers are those of the pixels."""
    assert data is not None
    found: dict[str, list[int]] = {camera: [] for camera in CAMERAS}
    assert data.names is not None
    levels = [int(level) for level in data.images[:, 0, 0, 0]]
    for level, name, angle in zip(levels, data.names, data.labels.tolist(), strict=True):
        moment, camera = level // 5, CAMERAS[level % 5]
        assert name == f"{camera}{moment}.png"
        assert angle == pytest.approx(moment / 100 + SHIFTS[camera])
        found[camera].append(moment)
    return found


def check(splits: pl.data.Splits) -> None:
    train = moments(splits.train)
    assert train["centre"] == sorted(train["left"]) == sorted(train["right"])
    assert splits.train.own == len(train["centre"])
    assert moments(splits.train.subset(range(splits.train.own)))["centre"] == train["centre"]
    every = list(train["centre"])
    for part in (splits.validation, splits.test):
        found = moments(part)
        assert not found["left"]
        assert not found["right"]
        every += found["centre"]
    assert sorted(every) == list(range(COUNT))


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize(
    "settings", [{}, {"seed": 3}, {"group": "rows:4"}, {"group": "rows:4", "test_fold": "2/5"}]
)
def test_they_are_in_training_alone(settings: dict[str, Any], cache: bool, drive: Path) -> None:
    splits = pl.data.load(drive, side_cameras=0.25, cache=cache, **settings)
    check(splits)
    without = pl.data.load(drive, cache=cache, **settings)
    assert without.test is not None
    assert moments(without.test) == moments(splits.test)  # the same draw
    assert moments(without.train)["centre"] == moments(splits.train)["centre"]
    assert "80 pictures beside the middle ones" in " ".join(splits.notes)
    assert without.train.own is None


def test_parts_that_the_list_brings(tmp_path: Path) -> None:
    splits = pl.data.load(made(tmp_path, "split"), side_cameras=0.25)
    check(splits)
    assert moments(splits.test)["centre"] == list(range(1, COUNT, 3))


def test_columns_of_other_names_and_missing_pictures(tmp_path: Path) -> None:
    source = made(tmp_path, heads=("image", "port", "starboard", "y"))
    splits = pl.data.load(source, side_cameras=0.25, side_columns="port, Starboard")
    check(splits)
    source.write_text(source.read_text().replace("left7.png", ""))
    found = pl.data.load(source, side_cameras=0.25, side_columns="port,starboard", validation=0)
    assert 7 not in moments(found.train)["left"]


def test_bad_pictures(tmp_path: Path) -> None:
    """Of a middle picture that cannot be used, nothing is learned; of a side one, the others."""
    source = made(tmp_path)
    for name in ("centre3.png", "left5.png"):
        (tmp_path / name).write_bytes(b"no picture")
    for seed in range(2):
        splits = pl.data.load(source, side_cameras=0.25, seed=seed)
        train = moments(splits.train)
        assert 3 not in [*train["centre"], *train["left"], *train["right"]]
        assert set(train["left"]) == set(train["centre"]) - {5}
        assert {file.name for file in splits.quarantined} == {"centre3.png", "left5.png"}


def test_the_judgement_is_of_what_was_set_aside(drive: Path) -> None:
    splits = pl.data.load(drive, side_cameras=0.25, seed=4)
    assert splits.test is not None
    model = pl.ImageRegressor(
        pl.layers.Sequential([pl.layers.Flatten(), pl.layers.Dense(1)]), epochs=1, seed=4, verbose=0
    )  # fmt: skip
    model.fit(splits)
    pictures, notes = pl.files.held_out.held_out(drive, model.model_)
    assert moments(pictures) == moments(splits.test)
    assert "set aside for the test" in notes[-1]
    assert json.loads(json.dumps(model.model_.provenance))["own"]["pictures"] == splits.train.own


def test_parts_are_not_drawn_from_them(drive: Path) -> None:
    train = pl.data.load(drive, side_cameras=0.25).train
    with pytest.raises(ArgumentError, match="side cameras"):
        pl.data.split(train, (0.5, 0.5))
    with pytest.raises(ArgumentError, match="side cameras"):
        pl.ImageRegressor("lenet5", validation=0.2, verbose=0).fit(train)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"side_cameras": "much"}, ArgumentError, "side_cameras"),
        ({"side_cameras": float("nan")}, ArgumentError, "side_cameras"),
        ({"side_columns": "left,right"}, ArgumentError, "without side_cameras"),
        ({"side_cameras": 0.2, "side_columns": "left"}, ArgumentError, "'left,right'"),
        ({"side_cameras": 0.2, "side_columns": "left,back"}, DataError, "centre, left, right"),
        ({"side_cameras": 0.2, "task": "single-label"}, ArgumentError, "single-label"),
    ],
)
def test_what_cannot_be(
    settings: dict[str, Any], error: type[PellucidError], message: str, drive: Path
) -> None:
    with pytest.raises(error, match=message) as caught:
        pl.data.load(drive, **settings)
    check_line(caught.value, 300)


def test_only_of_lists(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.png", encoded(np.zeros((6, 6), np.uint8)))
    with pytest.raises(ArgumentError, match="no CSV file"):
        pl.data.load(tmp_path, side_cameras=0.2)


def test_a_number_that_is_none(tmp_path: Path) -> None:
    source = made(tmp_path)
    source.write_text(source.read_text().replace("0.07", "straight"))
    with pytest.raises(DataError, match="straight"):
        pl.data.load(source, side_cameras=0.25)
