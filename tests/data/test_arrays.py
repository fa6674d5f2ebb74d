"""Arrays by name, in memory and in NumPy files."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data import Preprocessing, listing, load, load_for
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import noise, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

X, Y = noise(0, 40, 6, 5), np.tile([3, 1, 7, 1], 10)
X_TEST, Y_TEST = noise(1, 8, 6, 5), np.tile([7, 3], 4)


def stored(path: Path, arrays: Mapping[str, Any], *, packed: bool = False) -> Path:
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


@pytest.mark.parametrize("form", ["memory", "plain", "packed"])
@pytest.mark.parametrize(
    "names",
    [
        ("x", "y", "x_test", "y_test"),
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
def test_training_and_test_part(tmp_path: Path, names: tuple[str, ...], form: str) -> None:
    arrays = dict(zip(names, (X, Y, X_TEST, Y_TEST), strict=True))
    source: Any = arrays
    if form != "memory":
        source = stored(tmp_path / "digits.npz", arrays | {"other": X}, packed=form == "packed")
    splits = load(source, validation=0)
    assert splits.train.classes == ("1", "3", "7")
    assert splits.train.places[:4].tolist() == [1, 0, 2, 0]
    np.testing.assert_array_equal(splits.train.images[..., 0], X)
    assert splits.validation is None
    assert splits.test is not None
    assert splits.test.places[:2].tolist() == [2, 1]
    np.testing.assert_array_equal(splits.test.images[..., 0], X_TEST)
    judged = load_for(source, preprocessing=Preprocessing(6, 5, 1), classes=("7", "3", "1"))
    assert judged.places[:2].tolist() == [0, 1]


def test_not_divided(tmp_path: Path) -> None:
    before = X.copy()
    arrays = {"x": X, "y": Y}
    path = stored(tmp_path / "a.npz", arrays).rename(tmp_path / "a.NPZ")
    for source in (arrays, path):
        splits = load(source, seed=2)
        assert splits.validation is not None
        assert splits.test is not None
        assert (len(splits.train), len(splits.validation), len(splits.test)) == (32, 4, 4)
        judged = load_for(source, preprocessing=Preprocessing(6, 5, 1), classes=("1", "3", "7"))
        assert len(judged) == 40
    np.testing.assert_array_equal(X, before)


def test_a_validation_part_of_its_own() -> None:
    arrays = {"x": X, "y": Y, "x_val": X_TEST, "y_val": Y_TEST}
    splits = load(arrays)
    assert splits.validation is not None
    assert (len(splits.train), len(splits.validation), splits.test) == (40, 8, None)
    assert len(load(arrays, validation=0).train) == 40
    with pytest.raises(ArgumentError, match="arrays brings a validation part of its own"):
        load(arrays, validation=0.1)


@pytest.mark.parametrize("kind", ["u1", "i8", "u8", ">i2"])
def test_labels_of_any_integer_type_and_in_a_column(kind: str) -> None:
    splits = load({"x": X, "y": Y.astype(kind)[:, None]}, validation=0)
    assert splits.train.classes == ("1", "3", "7")


def test_class_names(tmp_path: Path) -> None:
    words = np.array(["dog", "cat", "owl", "cat"] * 10)
    by_name = load(stored(tmp_path / "a.npz", {"x": X, "y": words}), validation=0).train
    assert by_name.classes == ("cat", "dog", "owl")
    numbers = np.array([1, 2, 0, 2] * 10)
    given = np.array(["owl", "dog", "cat"])
    for labels in (numbers, words):
        path = stored(tmp_path / "b.npz", {"x": X, "y": labels, "classes": given})
        train = load(path, validation=0).train
        assert train.classes == ("owl", "dog", "cat")
        assert train.fingerprint() != by_name.fingerprint()
        assert [train.classes[k] for k in train.places] == [
            by_name.classes[k] for k in by_name.places
        ]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "no arrays; expected the arrays x .pictures. and y"),
        ({"a": X, "b\n": Y}, r"a, b\\n; expected the arrays x"),
        ({"x": X}, "x without y; add the array y"),
        ({"y_test": Y, "x": X, "y": Y}, "y_test without x_test"),
        ({"x": X, "y": Y, "x_train": X, "y_train": Y}, "both x and x_train; keep one"),
        ({"x": X, "y": Y, "x_val": X, "y_val": Y, "val_images": X, "val_labels": Y}, "both x_val"),
        ({"x": X, "y": Y[:-1]}, "39 labels for 40 pictures"),
        ({"x": X[0, 0], "y": Y}, r"x has the shape \(5,\)"),
        ({"x": X / 255, "y": Y}, "images are float64; expected uint8 values 0..255 .for values 0"),
        ({"x": noise(0, 40, 3, 6, 5), "y": Y}, "5 channels last; expected"),
        (
            {"x": X, "y": Y, "x_test": X, "y_test": Y.astype(str)},
            "integers in train and texts in test",
        ),
        ({"x": X, "y": Y, "classes": np.array(["a", "b"])}, "2 class names for the labels 1 to 7"),
        ({"x": X, "y": -Y, "classes": np.array(["a", "b"])}, "labels -7 to -1"),
        ({"x": X, "y": Y, "classes": np.array(["a"] * 8)}, "'a' is given twice"),
        ({"x": X, "y": Y, "classes": np.arange(7)}, r"7' \(position 2\) is no class"),
        (
            {"x": X, "y": Y.astype(str), "classes": np.array(["1", "3"])},
            r"7' \(position 2\) is no class; there are 1, 3",
        ),
        ({"x": X, "y": np.ones(40, int)}, "one class only, 1; expected at least two"),
        ({"x_test": X, "y_test": Y}, "nothing to train with, only the part test"),
        ({"x": X[:0], "y": Y[:0]}, "at least one|no labels"),
        (
            {"x": X, "y": Y, "x_test": X_TEST, "y_test": Y_TEST + 1},
            "the class 4 .and 1 other class. has no pictures to train with",
        ),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    for source in (arrays, stored(tmp_path / "a.npz", arrays)):
        with pytest.raises(DataError, match=message) as caught:
            load(source)
        assert "\n" not in str(caught.value)


def test_arrays_are_not_resized_nor_fitted_to_a_model() -> None:
    with pytest.raises(DataError, match=r"6×5 .rows×columns., and image_size asks for 6×6"):
        load({"x": X, "y": Y}, image_size=(6, 6))
    with pytest.raises(DataError, match=r"6×5×1 .*, but the model takes 8×8×1"):
        load_for({"x": X, "y": Y}, preprocessing=Preprocessing(8, 8, 1), classes=("1", "3", "7"))
    with pytest.raises(DataError, match="no validation part; it has train and test"):
        load_for(
            {"x": X, "y": Y, "x_test": X_TEST, "y_test": Y_TEST},
            preprocessing=Preprocessing(6, 5, 1),
            classes=("1", "3", "7"),
            split="validation",
        )


def npy(header: bytes, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + data


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return buffer.getvalue()


HUGE = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000, 1000), }"
EMPTY_TEXTS = b"{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,), }"
PICKLED = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no NumPy file of several arrays"),
        (b"hello", r"no NumPy file .*make it with numpy\.savez_compressed\('a\.npz', x=pictures"),
        (zipped(x=b"hello"), "damaged or cut short"),
        (zipped(x=npy(HUGE)), "claims .1000000, 1000000, 1000. values of uint8, which is not what"),
        (zipped(y=npy(EMPTY_TEXTS)), "claims .1000000000000,. values"),
        (zipped(x=npy(b"import os")), "damaged or cut short"),
        (zipped(x=npy(HUGE, version=b"\x09\x00")), "unknown version 9.0; save it again"),
        (zipped(x=npy(PICKLED, b"cos\nsystem\n")), "holds Python objects, which are never loaded"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path / "a.npz", content)
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_objects_are_never_loaded(tmp_path: Path) -> None:
    labels = np.array(["cat", "dog", None, 3] * 10, object)
    with pytest.raises(DataError, match=r"y\.npy holds Python objects, which are never loaded"):
        load(stored(tmp_path / "a.npz", {"x": X, "y": labels}))


@pytest.mark.parametrize("packed", [False, True])
def test_damage(tmp_path: Path, packed: bool) -> None:
    """Cut anywhere, or with a byte changed within an array, it is refused."""
    content = stored(tmp_path / "a.npz", {"x": X, "y": Y}, packed=packed).read_bytes()
    for length in range(0, len(content), len(content) // 23):
        with pytest.raises(DataError):
            load(write(tmp_path / "cut.npz", content[:length]))
    changed = bytearray(content)
    changed[len(content) // 3] ^= 1
    with pytest.raises(DataError, match="damaged"):
        load(write(tmp_path / "changed.npz", bytes(changed)))


def test_arrays_have_no_picture_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.npz: arrays; expected a folder of picture files or a"):
        listing(stored(tmp_path / "a.npz", {"x": X, "y": Y}))
