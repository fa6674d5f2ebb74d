"""Blocks of pictures that follow one another, and folds of groups as the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

import pellucid as pl
from pellucid.data.groups import Groups
from pellucid.data.split import stratified_split
from pellucid.errors import ArgumentError, DataError, PellucidError
from tests.data.made_files import encoded, write
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 53


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of frames whose brightness grows; names in another order than the list."""
    root = tmp_path_factory.mktemp("film")
    lines = ["path,angle,scene"]
    for k in range(COUNT):
        name = f"{(k * 7) % COUNT}.png"
        write(root / name, encoded(np.full((8, 8), 4 * k, np.uint8)))
        lines.append(f"{name},{k / 10 + 0.05},{'abcdef'[k // 9]}")
    (root / "film.csv").write_text("\n".join(lines) + "\n")
    return root / "film.csv"


def rows(data: pl.data.Dataset | None) -> list[int]:
    """The rows that pictures were in, by their brightness."""
    assert data is not None
    return [int(level) // 4 for level in data.images[:, 0, 0, 0]]


def parts(splits: pl.data.Splits) -> list[set[int]]:
    return [set(rows(part)) for part in (splits.train, splits.validation, splits.test)]


@pytest.mark.parametrize("cache", [True, False])
def test_blocks_stay_whole(film: Path, cache: bool) -> None:
    for seed in range(3):
        found = parts(pl.data.load(film, group="rows:5", seed=seed, cache=cache))
        assert sorted(row for part in found for row in part) == list(range(COUNT))
        assert all(found)
        for block in range(0, COUNT, 5):
            inside = set(range(block, min(block + 5, COUNT)))
            assert sum(bool(part & inside) for part in found) == 1


def test_every_picture_is_in_one_test_fold(film: Path) -> None:
    judged = []
    for k in range(5):
        splits = pl.data.load(film, group="rows:5", test_fold=f"{k + 1}/5", seed=k)
        assert rows(splits.test) == [row for row in range(COUNT) if row // 5 % 5 == k]
        train, validation, test = parts(splits)
        assert not train & validation
        assert len(train) + len(validation) + len(test) == COUNT
        judged += rows(splits.test)
    assert sorted(judged) == list(range(COUNT))


def test_one_group_left_out(film: Path) -> None:
    """As many folds as groups: those of scikit-learn, in some order."""
    scenes = [k // 9 for k in range(COUNT)]
    expected = {tuple(test) for _, test in GroupKFold(6).split(scenes, groups=scenes)}
    found = {
        tuple(rows(pl.data.load(film, group="scene", test_fold=f"{k}/6").test)) for k in range(1, 7)
    }
    assert found == expected


def test_blocks_of_a_folder(tmp_path: Path) -> None:
    for k in range(40):
        write(tmp_path / "ab"[k // 20] / f"{k:02}.png", encoded(np.full((8, 8), 4 * k, np.uint8)))
    found = pl.data.load(tmp_path, group="rows:4", test_fold="1/5")
    assert rows(found.test) == [*range(4), *range(20, 24)]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"group": "rows:0"}, ArgumentError, "rows:100"),
        ({"group": "rows:many"}, ArgumentError, "rows:100"),
        ({"test_fold": "1/5"}, ArgumentError, "rows:100"),
        ({"group": "rows:5", "test_fold": "6/5"}, ArgumentError, "2/5"),
        ({"group": "rows:5", "test_fold": "1/1"}, ArgumentError, "2/5"),
        ({"group": "rows:5", "test_fold": 2}, ArgumentError, "2/5"),
        ({"group": "rows:20", "test_fold": "1/5"}, DataError, "only 3 groups"),
    ],
)
def test_what_cannot_be(
    settings: dict[str, Any], error: type[PellucidError], message: str, film: Path
) -> None:
    with pytest.raises(error, match=message) as caught:
        pl.data.load(film, **settings)
    check_line(caught.value, 300)


def test_divided_data_have_their_own_test(film: Path, tmp_path: Path) -> None:
    lines = film.read_text().splitlines()
    divided = film.parent / "divided.csv"
    divided.write_text(
        "\n".join([f"{lines[0]},split", *(f"{line},{'test' if i % 9 == 0 else 'train'}"
                                          for i, line in enumerate(lines[1:]))])
    )  # fmt: skip
    with pytest.raises(DataError, match="the parts test and train"):
        pl.data.load(divided, group="rows:5", test_fold="1/5")


def test_a_fold_of_a_whole_class() -> None:
    groups = Groups(tuple("111222333"), "", "2/3")
    with pytest.raises(DataError, match="all pictures of 1 class"):
        stratified_split(np.repeat([0, 1, 2], 3), {"test": 0.1}, groups=groups)
