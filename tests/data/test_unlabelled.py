"""Data without labels, or whose labels do not matter: folders, lists, arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid import data
from pellucid.data.targets import ClassTargets, Numbers
from pellucid.data.unlabelled import Unlabelled
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

KIND = Unlabelled.kind


def put(folder: Path, names: list[str]) -> Path:
    """Pictures of one grey level each, by place."""
    for level, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), level).save(path)
    return folder


def levels(part: data.Dataset | None) -> list[int]:
    assert part is not None
    assert part.kind == KIND
    assert part.classes == ()
    return sorted(part.images[:, 0, 0, 0].tolist())


def load(source: object, **options: object) -> data.Splits:
    return data.load(source, task=KIND, validation=0, cache=False, **options)  # type: ignore[arg-type]


def test_folders(tmp_path: Path) -> None:
    names = [f"{n}.png" for n in range(12)]
    flat = load(put(tmp_path / "flat", names))
    assert levels(flat.train) + levels(flat.test) != []
    assert sorted(levels(flat.train) + levels(flat.test)) == list(range(12))
    deep = put(tmp_path / "deep", ["a.png", *(f"of/{n}.png" for n in range(1, 11)), "x/y/z.png"])
    found = load(deep)
    assert sorted(levels(found.train) + levels(found.test)) == list(range(12))
    parts = put(tmp_path / "parts", [f"train/{n}.png" for n in range(5)] + ["test/cat/5.png"])
    found = load(parts)
    assert (levels(found.train), levels(found.test)) == (list(range(5)), [5])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no pictures"):
        load(tmp_path / "empty")


def test_lists(tmp_path: Path) -> None:
    put(tmp_path, [f"{n}.png" for n in range(12)])
    rows = "\n".join(f"{n}.png,train,\n{n}.png,train,2.5" for n in range(10))
    (tmp_path / "a.csv").write_text(f"path,split,label\n{rows}\n10.png,test,cat\n11.png,test,\n")
    found = load(tmp_path / "a.csv")
    assert (levels(found.train), levels(found.test)) == (list(range(10)), [10, 11])
    (tmp_path / "b.csv").write_text("picture\n" + "\n".join(f"{n}.png" for n in range(12)))
    assert len(load(tmp_path / "b.csv").train) == 11
    boxes = "\n".join(f"{n}.png,1,1,5,5,cell\n{n}.png,2,2,6,6,cell" for n in range(12))
    (tmp_path / "c.csv").write_text(f"path,x0,y0,x1,y1,class\n{boxes}\n")
    found = load(tmp_path / "c.csv")
    assert sorted(levels(found.train) + levels(found.test)) == list(range(12))
    (tmp_path / "d.csv").write_text("a,b\n0.png,1.png\n")
    with pytest.raises(DataError):
        load(tmp_path / "d.csv")


def test_arrays() -> None:
    x = np.arange(20, dtype=np.uint8)[:, None, None] * np.ones((8, 8), np.uint8)
    for arrays in ({"x": x}, {"x": x, "y": np.arange(20) % 2}, {"x": x, "y": x[:, 0, 0] / 3}):
        found = load(arrays)
        assert sorted(levels(found.train) + levels(found.test)) == list(range(20))
    found = load({"x_train": x[:15], "x_test": x[15:]})
    assert levels(found.test) == list(range(15, 20))


def test_labels_are_left_behind() -> None:
    like = Unlabelled.of(0)
    for other in (ClassTargets(np.array([0, 1]), ("a", "b")), Numbers(np.ones((2, 1)), ("x",))):
        assert len(like.adopt(other, "data")) == 2
    images = np.zeros((3, 4, 4, 1), np.uint8)
    with pytest.raises(DataError, match="3 pictures"):
        data.Dataset(images, targets=Unlabelled.of(2))
    whole = data.Dataset(images, targets=Unlabelled.of(3))
    assert len(whole.subset([0, 2])) == 2
    assert whole.labels.shape == (3, 0)
