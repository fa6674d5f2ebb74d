"""Labels of every kind, and everything that is none, at the doors that take arrays of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.data import Dataset, load
from pellucid.data.labels import checked_labels, places_in
from pellucid.errors import DataError, PellucidError

Y = np.arange(12) % 3


class Series:
    """Labels as a data frame's column holds them: known by what NumPy makes of it."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.values, dtype=dtype)


class NAType:
    """A missing value that cannot be compared, as pandas has it."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __ne__(self, other: object) -> Any:
        return self

    __hash__ = None  # type: ignore[assignment]


class Tensor:
    """An array of another library that does not give its values away."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise RuntimeError("call detach() first\nplease")


WORDS = np.array(["a", "b", "c"])[Y]


@pytest.mark.parametrize(
    ("given", "expected", "dtype"),
    [
        (Y.astype(np.uint8), Y, "i8"),
        (Y.tolist(), Y, "i8"),
        (tuple(Y.tolist()), Y, "i8"),
        (Y.astype(np.float32), Y, "i8"),
        ([float(k) for k in Y], Y, "i8"),
        ([np.int8(1), 2, 3.0], [1, 2, 3], "i8"),
        (Y[:, None], Y, "i8"),
        (Y[:, None].tolist(), Y, "i8"),
        (Y.astype(object), Y, "i8"),
        (Series(Y), Y, "i8"),
        (np.ma.masked_array(Y), Y, "i8"),
        (WORDS, WORDS, "U1"),
        (WORDS.tolist(), WORDS, "U1"),
        (WORDS.astype(object), WORDS, "U1"),
        ([np.str_("a"), "bc"], ["a", "bc"], "U2"),
        (Series(WORDS.astype(object)), WORDS, "U1"),
        (Y > 0, Y > 0, "?"),
        ((Y > 0).tolist(), Y > 0, "?"),
        ((Y > 0).astype(object), Y > 0, "?"),
        ([-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1], "i8"),
    ],
)
def test_labels_of_one_kind(given: Any, expected: Any, dtype: str) -> None:
    found = checked_labels(given, "labels", len(expected))
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == list(expected)


WRONG: list[tuple[Any, str]] = [
    (np.where(Y == 1, np.nan, Y), "4 of 12 .*position 1 .*nan"),
    ([0, 1, None], "1 of 3 .*position 2 .*None"),
    (["a", float("nan"), "b", None], "2 of 4 .*position 1 .*nan"),
    (["a", NAType(), "b"], "1 of 3 .*position 1"),
    (np.array(["a", np.datetime64("NaT", "D")], object), "NaT"),
    (np.ma.masked_equal([1, 2, 3], 3), "1 of 3 .*position 2"),
    (["a", " ", "b"], "1 of 3 .*position 1"),
    (np.linspace(0, 9.3, 60), r"0\.157627 \(position 1\).*59 .*measurement"),
    ([1, 2.5], r"2\.5 \(position 1\).*measurement"),
    ([1.0, np.inf], r"inf \(position 1\)"),
    (np.array([b"a", b"b"]), r"b'a' \(position 0\).*bytes.*2 such"),
    (["a", b"b"], r"b'b' \(position 1\).*bytes"),
    (["a", 1], "integers and texts are mixed .1 at position 1, 'a' at 0"),
    ([True, 2], "bools and integers are mixed"),
    (np.eye(3)[Y], r"\(12, 3\).*argmax\(axis=1\)"),
    (np.array([[1, 1, 0], [0, 0, 1]]), r"\(2, 3\).*several classes"),
    (Y[None], r"\(1, 12\).*labels\[0\]"),
    (np.zeros((2, 2, 2), int), r"\(2, 2, 2\)"),
    ([[1], [2, 3]], r"\[1\] \(list, position 0\)"),
    ([object()], "object, position 0"),
    (np.array(3), "3, no sequence"),
    ([], "no labels"),
    ("abc", "'abc'"),
    (b"abc", "b'abc'"),
    ({"a": 1}, "dict"),
    (iter([1, 2]), "no sequence"),
    ([2**63], str(2**63)),
    ([2**80], r"below 2\*\*63"),
    (np.array([1j]), "complex128"),
    (np.array(["2020-01-01"], "M8[D]"), "datetime64"),
    (Tensor(), r"Tensor.*detach\(\) first\\nplease"),
    (["x\ny", 3], r"'x\\ny'"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_what_is_no_labels_is_refused_in_one_line(given: Any, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        checked_labels(given, "labels")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(("given", "_"), WRONG)
def test_the_same_labels_by_name(given: Any, _: str) -> None:
    with pytest.raises(PellucidError):
        load({"x": np.zeros((12, 4, 4), np.uint8), "y": given}, task="single-label")


def test_a_label_for_each_picture() -> None:
    with pytest.raises(DataError, match="12 labels for 13 pictures"):
        checked_labels(Y, "labels", 13)


@pytest.mark.parametrize(
    ("labels", "kind", "expected"),
    [
        (np.array([7, 3, 7]), "int", [1, 0, 1]),
        (np.array(["7", "3"]), "text", [1, 0]),
    ],
)
def test_places_of_labels(labels: Any, kind: Any, expected: list[int]) -> None:
    assert places_in(labels, ("3", "7"), kind, "labels").tolist() == expected


@pytest.mark.parametrize(
    ("labels", "kind", "words"),
    [
        (np.array([7, 3]), "text", r"integers \(.* 7\).*texts \('3', '7'\).*astype\(str\)"),
        (np.array(["7", "3"]), "int", r"texts \(.*'7'\).*integers \(3, 7\).*astype\(int\)"),
        (np.array([True]), "int", "bools .*integers"),
        (np.array([7, 8, 8]), "int", r"'8' \(position 1\).*2 such labels"),
    ],
)
def test_labels_of_another_kind_or_class(labels: Any, kind: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        places_in(labels, ("3", "7"), kind, "labels")


def test_bools_by_name() -> None:
    train = load({"x": np.zeros((12, 4, 4), np.uint8), "y": Y > 0}, validation=0).train
    assert isinstance(train, Dataset)
    assert train.classes == ("False", "True")
    assert train.labels.dtype == bool
    assert train.labels.sum() == (Y > 0)[: len(train)].sum() or len(train) < 12
