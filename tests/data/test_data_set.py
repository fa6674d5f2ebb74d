from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from pellucid.data import Dataset, Splits
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import noise

IMAGES = noise(0, 6, 4, 3, 1)
LABELS = np.array([0, 1, 2, 0, 1, 2])
CLASSES = ("cat", "dog", "고양이")


def dataset(**changes: Any) -> Dataset:
    settings: dict[str, Any] = {"images": IMAGES, "places": LABELS, "classes": CLASSES}
    return Dataset(**settings | changes)


def test_what_it_tells() -> None:
    data = dataset(name="pets")
    assert len(data) == 6
    assert data.image_shape == (4, 3, 1)
    assert repr(data) == "Dataset('pets': 6 pictures of 4×3×1, 3 classes)"
    assert data.picture_name(5) == "pets[5]"
    assert dataset(names=tuple("abcdef")).picture_name(5) == "f"


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.dtype(">i4")])
def test_places_of_any_integer_type(dtype: Any) -> None:
    places = dataset(places=LABELS.astype(dtype)).places
    assert places.dtype == np.int64
    np.testing.assert_array_equal(places, LABELS)


def test_labels_are_values_of_the_classes() -> None:
    """Places count classes; labels are what they are called: integers where they spell some."""
    assert dataset().labels.tolist() == [CLASSES[k] for k in LABELS]
    numbers = dataset(classes=("30", "-7", "5"), label_kind="int")
    assert numbers.labels.dtype == np.int64
    assert numbers.labels.tolist() == [(30, -7, 5)[k] for k in LABELS]
    assert numbers.subset([2, 1]).labels.tolist() == [(30, -7, 5)[k] for k in LABELS[[2, 1]]]
    bools = dataset(places=LABELS % 2, classes=("False", "True"), label_kind="bool")
    assert bools.labels.tolist() == [k % 2 == 1 for k in LABELS]


def test_labels_in_place_of_places() -> None:
    whole = dataset().fingerprint()
    for labels in (LABELS, LABELS.tolist(), [CLASSES[k] for k in LABELS]):
        assert Dataset(IMAGES, labels=labels, classes=CLASSES).fingerprint() == whole
    numbers = Dataset(IMAGES, labels=LABELS + 3, classes=("4", "3", "5"), label_kind="int")
    assert numbers.labels.tolist() == (LABELS + 3).tolist()
    with pytest.raises(ArgumentError, match="both places and labels"):
        dataset(labels=LABELS)
    for wrong in ([CLASSES[0]] * 5, ["unknown"] * 6, [0, 1, 2, 3, 4, 5], [None] * 6):
        with pytest.raises(DataError):
            Dataset(IMAGES, labels=wrong, classes=CLASSES)


@pytest.mark.parametrize("odd", ["cat", "07", "+7", " 7", "7.0", "1_0", "٣", "9" * 19, "--7", "-"])
def test_class_names_that_spell_no_integer(odd: str) -> None:
    assert dataset(classes=("1", odd, "2")).classes[1] == odd
    with pytest.raises(DataError, match="int"):
        dataset(classes=("1", odd, "2"), label_kind="int")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": IMAGES.tolist()}, "images are a list; expected a NumPy array"),
        ({"images": IMAGES / 255}, "images are float64; expected uint8 values 0..255"),
        ({"images": IMAGES[..., 0]}, r"shape \(6, 4, 3\); .*numpy.newaxis"),
        ({"images": IMAGES[0, 0]}, r"shape \(3, 1\); expected \(N, H, W, C\)$"),
        ({"images": noise(0, 6, 4, 3, 2)}, "2 channels last"),
        ({"images": noise(0, 6, 3, 4, 5)}, "5 channels last"),
        ({"images": IMAGES[:0], "places": LABELS[:0]}, r"shape \(0, 4, 3, 1\); expected at least"),
        ({"images": IMAGES[:, :0]}, "at least one pixel"),
        ({"places": LABELS.tolist()}, "places are a list"),
        ({"places": LABELS.astype(float)}, "places are float64; expected integers 0..2"),
        ({"places": LABELS > 0}, "places are bool"),
        ({"places": LABELS[:5]}, r"places have shape \(5,\); expected \(6,\)"),
        ({"places": LABELS[:, None]}, r"places have shape \(6, 1\)"),
        ({"places": LABELS + 1}, r"place 3 is outside 0..2 \(3 classes\)"),
        ({"places": LABELS - 1}, "place -1 is outside 0..2"),
        ({"classes": "abc"}, "classes are 'abc'; expected a tuple"),
        ({"classes": ()}, "there are no classes"),
        ({"classes": ("a", "", "c")}, "class name ''"),
        ({"classes": ("a", 1, "c")}, "class name 1"),
        ({"classes": ("a", "b", "a")}, "class name 'a' is given twice"),
        ({"names": ("a",)}, "1 name for 6 pictures"),
    ],
)
def test_what_it_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^pets: .*{message}") as caught:
        dataset(name="pets", **changes)
    assert "\n" not in str(caught.value)


def test_subset() -> None:
    part = dataset(names=tuple("abcdef")).subset([5, 0, 0], "few")
    np.testing.assert_array_equal(part.images, IMAGES[[5, 0, 0]])
    assert part.places.tolist() == [2, 0, 0]
    assert part.names == ("f", "a", "a")
    assert part.name == "few"
    assert part.classes == CLASSES
    assert dataset(name="whole").subset(np.array([1])).name == "whole"
    part.images[:] = 0
    assert IMAGES.any()


@pytest.mark.parametrize(
    ("indices", "kind", "message"),
    [
        ([6], ArgumentError, r"index 6 is outside 0..5 \(6 pictures\)"),
        ([-1], ArgumentError, "index -1 is outside"),
        ([0.5], ArgumentError, "type float64"),
        (LABELS > 0, ArgumentError, "type bool; .*numpy.flatnonzero"),
        ([[0]], ArgumentError, r"shape \(1, 1\)"),
        ([], DataError, "no pictures"),
    ],
)
def test_subsets_that_cannot_be(indices: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        dataset().subset(indices)


def test_fingerprint_is_of_the_contents() -> None:
    whole = dataset().fingerprint()
    assert len(whole) == 64
    assert dataset(name="other", names=tuple("abcdef")).fingerprint() == whole
    assert dataset(places=LABELS.astype(">i2")).fingerprint() == whole
    assert dataset(images=np.asfortranarray(IMAGES)).fingerprint() == whole
    changed = IMAGES.copy()
    changed[3, 2, 1, 0] ^= 1
    turned = IMAGES.reshape(6, 3, 4, 1)
    others = [
        dataset(images=changed),
        dataset(images=turned),
        dataset(places=LABELS[::-1]),
        dataset(classes=("cat", "dog", "bird")),
        dataset(classes=("cat\udcff", "dog", "bird")),
        dataset().subset([0, 1, 2]),
    ]
    assert len({whole, *(other.fingerprint() for other in others)}) == 7


def test_the_fingerprint_keeps_its_meaning() -> None:
    """Model files store it: another formula would make every data set look changed."""
    expected = "388c3e10b8d22958e8cc997cace3f32717f154714dfeb4d1a658f14d03a91577"
    data = Dataset(np.arange(12, dtype=np.uint8).reshape(2, 2, 3, 1), np.array([1, 0]), ("a", "ß"))
    assert data.fingerprint() == expected


def test_splits_must_belong_together() -> None:
    train = dataset(name="train")
    assert Splits(train, None, dataset(name="test")).notes == ()
    with pytest.raises(DataError, match="test has the classes"):
        Splits(train, None, dataset(classes=("a", "b", "c"), name="test"))
    with pytest.raises(DataError, match=r"validation has pictures of shape \(3, 4, 1\), train of"):
        Splits(train, dataset(images=IMAGES.reshape(6, 3, 4, 1), name="validation"), None)


def test_importing_is_light() -> None:
    heavy = "{'PIL', 'lzma', 'concurrent.futures', 'torch', 'rich', 'typer'}"
    code = f"import sys, pellucid.data; print(*sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""
