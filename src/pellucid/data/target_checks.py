"""Checks of targets: names, places, labels as 0 and 1, numbers; each mistake has one wording."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError
from pellucid.known_names import alternatives, near_names
from pellucid.text import brief_repr, counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def checked_names(name: str, classes: object) -> tuple[str, ...]:
    """Names of classes or columns: texts that are not empty, each once.

    Raises:
        DataError: If they are not.
    """
    if isinstance(classes, str) or not isinstance(classes, (tuple, list)):
        raise DataError(f"{name}: classes are {classes!r}; expected a tuple of names")
    if not classes:
        raise DataError(f"{name}: there are no classes; expected a name for each label")
    for entry in classes:
        if not isinstance(entry, str) or not entry:
            raise DataError(f"{name}: class name {entry!r}; expected a text that is not empty")
    if len(set(classes)) < len(classes):
        (repeated, _), *_ = Counter(classes).most_common(1)
        raise DataError(f"{name}: class name {repeated!r} is given twice; expected each once")
    return tuple(classes)


def checked_marks(marks: object, name: str, count: int | None = None) -> NDArray[np.uint8]:
    """Labels as 0 and 1, a column a class, once they are found good: uint8 (N, K).

    Raises:
        DataError: If they have another shape, or hold anything but 0 and 1.
    """
    values = _table(marks, name, count)
    wrong = ~np.isin(values, (0, 1))
    if wrong.any():
        i, k = (int(at) for at in np.argwhere(wrong)[0])
        raise DataError(
            f"{name}: {brief_repr(values[i, k])} (row {i}, column {k}) is neither 0 nor 1"
            f"{_how_many(int(wrong.sum()))}; for several labels a picture give 1 where a picture "
            "has a label and 0 elsewhere"
        )
    return values.astype(np.uint8)


def checked_numbers(numbers: object, name: str, count: int | None = None) -> NDArray[np.float64]:
    """Targets of a regression once they are found good: float64 (N, M).

    Raises:
        DataError: If they have another shape, or are not finite numbers.
    """
    values = np.asarray(numbers)
    values = _table(values[:, np.newaxis] if values.ndim == 1 else values, name, count)
    values = values.astype(np.float64)
    wrong = ~np.isfinite(values).all(axis=1)
    if wrong.any():
        first = int(wrong.argmax())
        what = "NaN" if np.isnan(values[first]).any() else "infinite"
        raise DataError(
            f"{name}: the target of {counted(int(wrong.sum()), 'picture')} of {len(values)} is no "
            f"finite number, the first at position {first} ({what}); leave those pictures out, or "
            "give their numbers"
        )
    return values


def places_among(
    theirs: tuple[str, ...],
    used: NDArray[np.integer[Any]],
    ours: tuple[str, ...],
    name: str,
) -> NDArray[np.int64]:
    """Where each of their classes is among ours; −1 for those that are not.

    Args:
        theirs: Class names.
        used: The places of those that occur.
        ours: Class names.
        name: What their data are called in messages.

    Raises:
        DataError: If a class that occurs is none of ours.
    """
    place_of = {each: place for place, each in enumerate(ours)}
    unknown = [theirs[k] for k in used.tolist() if theirs[k] not in place_of]
    if unknown:
        raise unknown_class(name, unknown[0], ours)
    return np.array([place_of.get(each, -1) for each in theirs], np.int64)


def unknown_class(name: str, given: str, known: Sequence[str], what: str = "class") -> DataError:
    """The error for a class of some data that a model does not know; it names the nearest.

    Args:
        name: What the data are called.
        given: The class.
        known: Those that the model knows.
        what: What it is instead of a class, in a word.
    """
    near = near_names(given, known)
    if near:
        remedy = f"did you mean {alternatives(near)}? Write it so, or leave that {what} out"
    else:
        remedy = (
            f"it knows {listed(tuple(known))}: leave that {what} out, or use a model that was "
            "trained on it"
        )
    return DataError(f"{name}: the model does not know the {what} {printable(given)}; {remedy}")


def _table(given: object, name: str, count: int | None) -> NDArray[Any]:
    try:
        values = np.asarray(given)
        if values.dtype.kind == "O":
            values = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name}: not all are numbers ({printable(str(error))[:80]}); give numbers"
        ) from error
    if values.ndim != 2 or values.dtype.kind not in "biuf" or not values.shape[1]:
        raise DataError(
            f"{name}: an array of {values.dtype} {values.shape}; expected numbers, a row a picture"
        )
    if count is not None and len(values) != count:
        raise DataError(
            f"{name}: targets of {counted(len(values), 'picture')} for "
            f"{counted(count, 'picture')}; give one row a picture"
        )
    if not len(values):
        raise DataError(f"{name}: no targets; give one a picture")
    return values


def checked_places(name: str, places: object, count: int, classes: int) -> NDArray[np.int64]:
    """Places of classes once they are found good: int64 (N,), 0 to K − 1.

    Raises:
        DataError: If they are not.
    """
    if not isinstance(places, np.ndarray):
        raise DataError(
            f"{name}: places are a {type(places).__name__}; expected a NumPy array of integers"
        )
    if places.dtype.kind not in "iu":
        raise DataError(
            f"{name}: places are {places.dtype}; expected integers 0..{classes - 1} "
            f"(places.astype(numpy.int64))"
        )
    if places.shape != (count,):
        raise DataError(
            f"{name}: places have shape {places.shape}; expected ({count},), one per picture"
        )
    if places.min() < 0 or places.max() >= classes:
        wrong = int(places.min() if places.min() < 0 else places.max())
        raise DataError(
            f"{name}: place {wrong} is outside 0..{classes - 1} ({counted(classes, 'class')}); "
            f"give one class name per place"
        )
    return places.astype(np.int64, copy=False)


def _how_many(number: int) -> str:
    return f" ({number} such entries)" if number > 1 else ""
