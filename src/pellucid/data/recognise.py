"""Which task data are for, by their labels: classes, several labels a picture, or numbers.

Integers and texts are classes. Where any label is no whole number, all are numbers to be predicted.
A picture with ``a;b``, or listed with different labels, has several labels; in arrays a column of 0
and 1 for each label says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.labels import is_integer
from pellucid.data.targets import JOINT, TARGETS, ClassTargets, LabelSets, Numbers
from pellucid.errors import DataError
from pellucid.known_names import find_name
from pellucid.text import counted, printable, quoted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from pellucid.data.labels import LabelKind

MANY_INTEGERS = 50
"""From this many different integers on, they may be meant as numbers rather than as classes."""


def checked_task(task: str | None) -> str | None:
    """The name of a task, as :data:`pellucid.data.targets.TARGETS` has it; None to recognise it.

    Raises:
        ArgumentError: If there is none of that name.
    """
    return None if task is None else find_name("task", task, TARGETS)


def task_of_array(labels: object) -> str:
    """The task that an array of labels is for; those that are none at all are taken for classes."""
    try:
        values = np.asarray(labels)
    except Exception:  # noqa: BLE001  # other libraries' arrays raise what they like; see checked_labels
        return ClassTargets.kind
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2) or not values.size:
        return ClassTargets.kind
    if values.ndim == 2 and values.shape[1] > 1:
        if np.isin(values, (0, 1)).all():
            return LabelSets.kind
        return Numbers.kind if values.dtype.kind == "f" else ClassTargets.kind
    if values.dtype.kind == "f":
        finite = values[np.isfinite(values)]
        if (finite != np.round(finite)).any():
            return Numbers.kind
    return ClassTargets.kind


def task_of_texts(
    place: str,
    texts: Counter[str],
    *,
    repeated: str = "",
    places: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """The task that the labels of a list are for, and why, where that is not plain.

    Args:
        place: The list, for messages.
        texts: The labels, and how often each occurs.
        repeated: A picture that is listed with different labels; empty where there is none.
        places: The line in which each label is first, in words; None where there are none.

    Raises:
        DataError: If most labels are numbers and others are none.
    """
    numbers = {text: number for text in texts if (number := as_number(text)) is not None}
    if any(number != round(number) for number in numbers.values() if np.isfinite(number)):
        others = [text for text in texts if text not in numbers]
        if not others:
            return Numbers.kind, ""
        if 2 * sum(texts[text] for text in others) <= texts.total():
            amount = sum(texts[text] for text in others)
            place_of = (places or {}).get(others[0], "")
            there = f" in {place_of}" if place_of else ""
            raise DataError(
                f"{place}: {counted(texts.total() - amount, 'label')} are numbers and {amount} "
                f"{'is' if amount == 1 else 'are'} none, such as {quoted(others[0], 60)}"
                f"{there}; make all of them numbers, or take them for classes "
                f"(--task single-label, in Python task='single-label')"
            )
    joint = next((text for text in texts if JOINT in text), "")
    if joint or repeated:
        why = f"such as {quoted(joint, 60)}" if joint else f"{repeated} is listed with several"
        return LabelSets.kind, f"pictures have several labels, {why}"
    return ClassTargets.kind, ""


def integers_note(names: Iterable[str], kind: str) -> tuple[str, ...]:
    """A remark where classes are enough integers to be meant as numbers."""
    whole = [name for name in names if is_integer(name)] if kind == ClassTargets.kind else []
    if len(whole) <= MANY_INTEGERS:
        return ()
    described = (
        f"the labels are {len(whole)} different integers, taken for classes; if they are amounts, "
        "learn them as numbers: --task regression, in Python task='regression'"
    )
    return (described,)


def as_number(text: str) -> float | None:
    """A text as a float; None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def numbers_of(
    labels: Mapping[str, Any], names: Mapping[str, str], counts: Mapping[str, int]
) -> dict[str, Numbers]:
    """Arrays of numbers as targets, by part.

    Args:
        labels: (N,) or (N, M) numbers.
        names: What they are called in messages.
        counts: How many pictures each part has.

    Raises:
        DataError: They are no such numbers, or not equally many in all parts.
    """
    found: dict[str, Numbers] = {}
    for part, given in labels.items():
        values = _array(given, names[part])
        flat = values.ndim == 1
        table = values[:, np.newaxis] if flat else values
        width = table.shape[1] if table.ndim == 2 else 1
        columns = ("target",) if width == 1 else tuple(f"target {k}" for k in range(width))
        flat = flat or width == 1
        found[part] = Numbers(table, columns, flat).check(names[part], counts[part])
    _check_equal({part: each.columns for part, each in found.items()}, "numbers a picture")
    return found


def label_sets_of(
    labels: Mapping[str, Any], names: Mapping[str, str], counts: Mapping[str, int],
    classes: tuple[str, ...] | None,
) -> dict[str, LabelSets]:  # fmt: skip
    """Arrays of 0 and 1, a column a label, as targets, by part.

    Args:
        labels: (N, K).
        names: What they are called in messages.
        counts: How many pictures each part has.
        classes: The K labels' names; None for their numbers.

    Raises:
        DataError: They are no such arrays, or not equally wide.
    """
    found: dict[str, LabelSets] = {}
    for part, given in labels.items():
        values = _array(given, names[part])
        width = values.shape[1] if values.ndim == 2 else 0
        called = classes or tuple(str(k) for k in range(max(width, 1)))
        kind: LabelKind = "int" if classes is None else "text"
        found[part] = LabelSets(values, called, kind).check(names[part], counts[part])
    _check_equal({part: each.classes for part, each in found.items()}, "labels")
    return found


def _array(given: object, name: str) -> NDArray[Any]:
    try:
        values = np.asarray(given)
        return values.astype(np.float64) if values.dtype.kind == "O" else values
    except Exception as error:  # other libraries' arrays raise what they like
        raise DataError(
            f"{name}: a {type(given).__name__} of which NumPy makes no array of numbers "
            f"({printable(str(error))[:100]}); give numbers, a row a picture"
        ) from error


def _check_equal(names: Mapping[str, tuple[str, ...]], what: str) -> None:
    widths = {part: len(each) for part, each in names.items()}
    if len(set(widths.values())) > 1:
        described = ", ".join(f"{width} in {part}" for part, width in widths.items())
        raise DataError(f"the parts have different {what}: {described}; give the same in all parts")
