"""Labels of pictures: one rule for what they may be, wherever arrays of labels are given.

Labels are integers, texts or bools, one a picture. Whole floats count as integers, one column as
a row; text may come as Python objects. Missing labels (NaN, None, pandas.NA), bytes, measurements,
a column a class and mixtures are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.errors import DataError
from pellucid.text import brief_repr, counted, listed, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LabelKind = Literal["int", "text", "bool"]
"""What labels are: integers, texts or bools."""

IN_WORDS: dict[str, str] = {"int": "integers", "text": "texts", "bool": "bools"}
"""The kinds of labels, as messages name them."""

_MISSING = ("NoneType", "NAType", "NaTType", "MaskedConstant")
"""Types of what Python, pandas and NumPy write where nothing is known."""


def checked_labels(labels: object, name: str, count: int | None = None) -> NDArray[Any]:
    """Return labels as one row of int64, text or bool.

    Args:
        labels: A sequence, an array, or what NumPy can make one of (a pandas Series): (N,) or
            (N, 1).
        name: What the labels are called in messages.
        count: How many pictures there are; None where that is not known.

    Returns:
        An array (N,) of int64, text (``U``) or bool.

    Raises:
        DataError: The labels are none, too few or too many, of another shape, or not all integers,
            all texts or all bools; the message names the first that is wrong and how many are.
    """
    values = _one_row(_array(labels, name), name)
    if count is not None and len(values) != count:
        raise DataError(
            f"{name}: {counted(len(values), 'label')} for {counted(count, 'picture')}; give one a "
            f"picture"
        )
    if not len(values):
        raise DataError(f"{name}: no labels; give one a picture")
    if values.dtype.kind in "OT":
        values = _of_one_type(values.tolist(), name)
    if values.dtype.kind == "f":
        return _whole(values, name)
    if values.dtype.kind == "S":
        raise _bytes(len(values), 0, values[0], name)
    if values.dtype.kind == "u" and values.max() >= 2**63:
        raise DataError(f"{name}: {values.max()} is too large; expected integers below 2**63")
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind == "U":
        return _not_empty(values, name)
    if values.dtype.kind != "b":
        raise DataError(f"{name}: {values.dtype} values; expected integers or texts, one a picture")
    return values


def label_kind(values: NDArray[Any]) -> LabelKind:
    """Return the kind of labels that :func:`checked_labels` returned."""
    return {"i": "int", "b": "bool"}.get(values.dtype.kind, "text")  # type: ignore[return-value]


def class_values(classes: Sequence[str], kind: LabelKind, name: str) -> NDArray[Any]:
    """Return what the classes are as labels, in their order.

    Args:
        classes: The K class names.
        kind: What labels are.
        name: What the data or the model is called in messages.

    Returns:
        An array (K,): int64, text or bool.

    Raises:
        DataError: There is no such kind, or a class name spells no integer (or bool).
    """
    if kind == "text":
        return np.array(classes)
    if kind == "bool":
        wrong = [entry for entry in classes if entry not in ("False", "True")]
        values = np.array([entry == "True" for entry in classes])
    elif kind == "int":
        wrong = [entry for entry in classes if not is_integer(entry)]
        values = np.array([] if wrong else [int(entry) for entry in classes], np.int64)
    else:
        raise DataError(f"{name}: label kind {kind!r:.80}; expected one of {', '.join(IN_WORDS)}")
    if wrong:
        raise DataError(
            f"{name}: the class {quoted(wrong[0], 80)} is no {kind}; give classes that are, "
            f"or the label kind 'text'"
        )
    return values


def places_in(
    values: NDArray[Any], classes: Sequence[str], kind: LabelKind, name: str
) -> NDArray[np.int64]:
    """Return the place of each label among classes.

    Args:
        values: What :func:`checked_labels` returned, (N,).
        classes: The K class names.
        kind: What labels of these classes are.
        name: What the labels are called in messages.

    Returns:
        Places 0..K-1, int64 (N,).

    Raises:
        DataError: The labels are of another kind than the classes, or one is no class.
    """
    given = label_kind(values)
    if given != kind:
        spelled = all(map(is_integer, classes))
        hint = "give them as the classes are"
        if given == "int" and kind == "text":
            hint += ": labels.astype(str)" if spelled else "; places of classes: classes_[labels]"
        elif given == "text" and kind == "int":
            hint += ": labels.astype(int)"
        own = ", ".join(brief_repr(value) for value in class_values(classes, kind, name)[:4])
        raise DataError(
            f"{name}: {IN_WORDS[given]} (the first is {brief_repr(values[0])}), but the classes "
            f"are {IN_WORDS[kind]} ({own}{', …' if len(classes) > 4 else ''}); {hint}"
        )
    present, index = np.unique(values, return_inverse=True)
    place_of = {value: k for k, value in enumerate(class_values(classes, kind, name).tolist())}
    unknown = [i for i, value in enumerate(present.tolist()) if value not in place_of]
    if unknown:
        wrong = np.isin(index, unknown)
        first = int(wrong.argmax())
        raise DataError(
            f"{name}: {quoted(str(values[first]), 80)} (position {first}) is no class; there "
            f"are {listed(list(classes))}{_how_many(int(wrong.sum()))}"
        )
    return np.array([place_of[value] for value in present.tolist()], np.int64)[index]


def _array(labels: object, name: str) -> NDArray[Any]:
    """Labels as an array; those of a list keep their types, which NumPy would make texts of."""
    if isinstance(labels, str | bytes | dict | set | frozenset) or labels is None:
        raise DataError(
            f"{name}: {brief_repr(labels)} ({type(labels).__name__}); expected one label a picture"
        )
    try:
        if isinstance(labels, np.ma.MaskedArray):
            hidden = np.ma.getmaskarray(labels)
            if not hidden.any():
                return np.asarray(labels.data)
            objects = labels.data.astype(object)
            objects[hidden] = None
            return objects
        if isinstance(labels, list | tuple) and not set(map(type, labels)) <= {int}:
            return np.asarray(labels, dtype=object)
        return np.asarray(labels)
    except Exception as error:  # other libraries' arrays raise what they like
        raise DataError(
            f"{name}: a {type(labels).__name__} of which NumPy makes no array "
            f"({printable(str(error))[:100]}); give a list or an array, one label a picture"
        ) from error


def _one_row(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim == 1:
        return values
    hint = ""
    if values.ndim == 2 and len(values):
        try:
            marks = values.astype(float)
            several = bool(np.isin(marks, (0, 1)).all() and (marks.sum(axis=1) > 1).any())
        except (TypeError, ValueError):
            several = False
        hint = "; for a column a class: labels.argmax(axis=1)"
        if len(values) == 1:
            hint = "; for one row: labels[0]"
        if several:
            hint = "; several classes a picture cannot be learned, choose one for each"
    what = (
        f"the shape {values.shape}"
        if values.ndim
        else f"{brief_repr(values.tolist())}, no sequence"
    )
    raise DataError(f"{name}: {what}; expected (N,), one label a picture{hint}")


def _of_one_type(values: list[Any], name: str) -> NDArray[Any]:
    """Python objects as an array, if they are labels and all of one type."""
    of_type = {kind: _type_name(kind) for kind in set(map(type, values))}
    types = [of_type[type(value)] for value in values]
    types = [
        "missing" if kind == "float" and value != value else kind  # NaN
        for kind, value in zip(types, values, strict=True)
    ]
    missing = types.count("missing")
    if missing:
        first = types.index("missing")
        raise _are_missing(missing, len(values), first, values[first], name)
    if "bytes" in types:
        first = types.index("bytes")
        raise _bytes(types.count("bytes"), first, values[first], name)
    if "other" in types:
        first = types.index("other")
        odd = values[first]
        raise DataError(
            f"{name}: {brief_repr(odd)} ({type(odd).__name__}, position {first}) is no label"
            f"{_how_many(types.count('other'))}; expected integers or texts"
        )
    found = set(types)
    if len(found) > 1 and found != {"int", "float"}:
        one, other = sorted(found)[:2]
        raise DataError(
            f"{name}: {IN_WORDS.get(one, f'{one}s')} and {IN_WORDS.get(other, f'{other}s')} are "
            f"mixed ({brief_repr(values[types.index(one)])} at position {types.index(one)}, "
            f"{brief_repr(values[types.index(other)])} at {types.index(other)}); use one of them"
        )
    if found == {"text"}:
        return np.array([str.__str__(value) for value in values])
    if found == {"bool"}:
        return np.array(values, bool)
    try:
        return np.array(values, np.int64 if found == {"int"} else np.float64)
    except OverflowError as error:
        raise DataError(f"{name}: an integer is too large; expected below 2**63") from error


def _type_name(kind: type) -> str:
    for types, name in (
        (str, "text"),
        (bytes | bytearray, "bytes"),
        (bool | np.bool_, "bool"),
        (int | np.integer, "int"),
        (float | np.floating, "float"),
    ):
        if issubclass(kind, types):
            return name
    return "missing" if kind.__name__ in _MISSING else "other"


def _whole(values: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Whole floats as integers."""
    missing = np.isnan(values)
    if missing.any():
        first = int(missing.argmax())
        raise _are_missing(int(missing.sum()), len(values), first, values[first], name)
    with np.errstate(invalid="ignore"):
        wrong = (values != np.round(values)) | (np.abs(values) >= 2.0**63)
    if wrong.any():
        first = int(wrong.argmax())
        raise DataError(
            f"{name}: {values[first]:.6g} (position {first}) is no whole number"
            f"{_how_many(int(wrong.sum()))}; is it a measurement? An ImageRegressor learns those; "
            f"classes are integers or texts: numpy.digitize(labels, limits) makes such"
        )
    return values.astype(np.int64)


def _not_empty(values: NDArray[Any], name: str) -> NDArray[Any]:
    empty = np.char.str_len(np.char.strip(values)) == 0
    if empty.any():
        raise _are_missing(
            int(empty.sum()), len(values), int(empty.argmax()), str(values[empty.argmax()]), name
        )
    return values


def _are_missing(number: int, of: int, first: int, value: object, name: str) -> DataError:
    return DataError(
        f"{name}: {number} of {counted(of, 'label')} {'is' if number == 1 else 'are'} missing, the "
        f"first at position {first} ({brief_repr(value)}); label those pictures or leave them out"
    )


def _bytes(number: int, first: int, value: object, name: str) -> DataError:
    return DataError(
        f"{name}: {brief_repr(value)} (position {first}) is bytes{_how_many(number)}; give texts: "
        f"[label.decode() for label in labels]"
    )


def _how_many(number: int) -> str:
    return f" ({number} such labels)" if number > 1 else ""


def is_integer(text: str) -> bool:
    """Whether a text is an int64 as Python writes it: no sign +, no blanks, no leading zeros."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
        return False
    return str(int(text)) == text and -(2**63) <= int(text) < 2**63
