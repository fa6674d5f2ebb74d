from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data import Preprocessing, load, load_for
from pellucid.errors import DataError
from tests.data.made_files import idx_bytes, noise, write

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = noise(0, 40, 6, 5)
TEST = noise(1, 12, 6, 5)
TRAIN_LABELS = np.tile(np.array([1, 2, 7, 200], np.uint8), 10)
TEST_LABELS = np.tile(np.array([200, 1, 7], np.uint8), 4)


def idx_folder(root: Path, dash: str = "-", dot: str = "-", ending: str = "") -> Path:
    for part, pixels, labels in (("train", TRAIN, TRAIN_LABELS), ("t10k", TEST, TEST_LABELS)):
        for what, values in (("images", pixels), ("labels", labels)):
            content = idx_bytes(values)
            name = f"{part}{dash}{what}{dot}idx{values.ndim}{dash}ubyte{ending}"
            write(root / name, gzip.compress(content) if ending else content)
    return root


@pytest.mark.parametrize(
    ("dash", "dot", "ending"), [("-", "-", ""), ("-", "-", ".gz"), ("-", ".", ""), ("_", "_", "")]
)
def test_names_as_they_are_met(tmp_path: Path, dash: str, dot: str, ending: str) -> None:
    splits = load(idx_folder(tmp_path, dash, dot, ending), validation=0)
    np.testing.assert_array_equal(splits.train.images[..., 0], TRAIN)
    assert splits.test is not None
    np.testing.assert_array_equal(splits.test.images[..., 0], TEST)
    assert splits.train.classes == ("1", "2", "7", "200")
    assert splits.train.places[:4].tolist() == [0, 1, 2, 3]
    assert splits.test.places[:3].tolist() == [3, 0, 2]
    assert splits.validation is None


def test_validation_is_drawn_from_training_pictures(tmp_path: Path) -> None:
    splits = load(idx_folder(tmp_path), seed=3)
    assert splits.validation is not None
    assert (len(splits.train), len(splits.validation)) == (36, 4)
    assert np.bincount(splits.validation.places).tolist() == [1, 1, 1, 1]


def test_the_plain_file_counts_where_both_lie_there(tmp_path: Path) -> None:
    idx_folder(tmp_path)
    write(tmp_path / "train-images-idx3-ubyte.gz", b"anything")
    np.testing.assert_array_equal(load(tmp_path, validation=0).train.images[..., 0], TRAIN)


def test_a_missing_partner_is_named(tmp_path: Path) -> None:
    (idx_folder(tmp_path) / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte .*put t10k-labels-idx1-ubyte"):
        load(tmp_path)
    idx_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte .*put train-images-idx3-ubyte"):
        load(tmp_path)


def test_nothing_to_train_with(tmp_path: Path) -> None:
    idx_folder(tmp_path)
    for path in tmp_path.glob("train*"):
        path.unlink()
    with pytest.raises(DataError, match="nothing to train with, only the part test"):
        load(tmp_path)


def test_one_class_only(tmp_path: Path) -> None:
    write(tmp_path / "train-images-idx3-ubyte", idx_bytes(TRAIN))
    write(tmp_path / "train-labels-idx1-ubyte", idx_bytes(np.full(40, 7, np.uint8)))
    with pytest.raises(DataError, match="one class only, 7"):
        load(tmp_path)


def test_a_class_of_the_test_set_that_cannot_be_learned(tmp_path: Path) -> None:
    idx_folder(tmp_path)
    write(tmp_path / "t10k-labels-idx1-ubyte", idx_bytes(np.full(12, 9, np.uint8)))
    with pytest.raises(DataError, match="the class 9 has no pictures to train with"):
        load(tmp_path)


def test_the_sets_have_different_shapes(tmp_path: Path) -> None:
    idx_folder(tmp_path)
    write(tmp_path / "t10k-images-idx3-ubyte", idx_bytes(noise(1, 12, 5, 6)))
    with pytest.raises(DataError, match=r"test .*\(5, 6, 1\), train .*\(6, 5, 1\)"):
        load(tmp_path)


def test_arrays_are_not_resized(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"6×5 .rows×columns., and image_size asks for 6×6"):
        load(idx_folder(tmp_path), image_size=(6, 6))
    assert load(tmp_path, image_size=(6, 5)).train.image_shape == (6, 5, 1)


def test_for_a_model(tmp_path: Path) -> None:
    idx_folder(tmp_path)
    preprocessing = Preprocessing(6, 5, 1)
    test = load_for(tmp_path, preprocessing=preprocessing, classes=("7", "0", "200", "1"))
    np.testing.assert_array_equal(test.images[..., 0], TEST)
    assert test.places[:3].tolist() == [2, 3, 0]
    assert test.classes == ("7", "0", "200", "1")
    with pytest.raises(DataError, match="does not know the class 200; it knows 1, 7"):
        load_for(tmp_path, preprocessing=preprocessing, classes=("1", "7"))
    with pytest.raises(DataError, match=r"6×5×1 .*, but the model takes 8×8×3"):
        load_for(tmp_path, preprocessing=Preprocessing(8, 8, 3), classes=("1", "7", "200"))
    with pytest.raises(DataError, match="no validation part; it has train and test"):
        load_for(tmp_path, preprocessing=preprocessing, classes=("1",), split="validation")
