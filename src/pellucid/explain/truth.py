"""What is right for a picture: a class, some labels, or numbers, as the loss is given it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.targets import split_labels
from pellucid.data.transcripts import NO_UNIT, normalised, units_of
from pellucid.errors import ArgumentError
from pellucid.explain.box_truth import right_boxes
from pellucid.numerals import figure
from pellucid.ops.loss import one_hot
from pellucid.short_repr import short_repr
from pellucid.tasks import Detection, MultiLabel, Regression, Transcription, check_one_class
from pellucid.text import brief_repr, counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations

    BoxRow = tuple[str, float, float, float, float]
    Right = str | int | float | Sequence[str] | Sequence[float] | Sequence[BoxRow] | NDArray[Any]
    """A class; labels by their names (``"cat; pet"``) or as a row of 0 and 1; numbers; or boxes."""


@short_repr
@dataclass(frozen=True, eq=False)
class Truth:
    """What is right for a picture.

    Attributes:
        words: In words: a class, labels, or numbers in their units.
        targets: What the loss compares the network's outputs with, (K,): wanted probabilities,
            or standardised numbers; of boxes (M, 6) in pixels of what the network takes; of
            texts (L,) the class of each word or character, −1 behind them.
        given: Whether it was said; else it is the network's own answer.
    """

    words: str
    targets: NDArray[np.float64]
    given: bool = True


def truth_of(activations: Activations, right: Right | None) -> Truth:
    """What is right, as the loss of a model's task takes it.

    Args:
        activations: The picture in its network.
        right: Of one class a picture see :meth:`Activations.label_index`. Of several labels a text
            such as ``"cat; pet"`` (``";"``: none of them), their names, or a row of 0 and 1. Of
            numbers one each, or a text such as ``"3.2"`` or ``"3.2; 4"``. Of boxes see
            :func:`pellucid.explain.box_truth.right_boxes`. Of speech the text.
            None: the network's own answer.

    Raises:
        ArgumentError: If there is no such class or label, or there are not as many numbers as the
            network gives.
    """
    task, given = activations.model.task, right is not None
    if isinstance(task, Detection):
        return Truth(*right_boxes(activations, task, right), given)
    if isinstance(task, Transcription):
        return Truth(*_text(activations, task, right), given)
    if isinstance(task, MultiLabel):
        marks = (
            activations.answer >= task.threshold if right is None else _marks(activations, right)
        )
        names = [name for name, mark in zip(task.classes, marks, strict=True) if mark]
        return Truth("; ".join(names) or "no label", np.asarray(marks, np.float64), given)
    if isinstance(task, Regression):
        if right is None:
            outputs = activations.values[activations.logits].astype(np.float64)
            return Truth(_in_words(task, activations.answer), outputs, given)
        values = _numbers(task, right)
        return Truth(_in_words(task, values), task.standardised(values), given)
    check_one_class(task, "what is right")
    place = (
        int(activations.answer.argmax()) if right is None else activations.label_index(right)  # type: ignore[arg-type]  # which checks it
    )
    targets = one_hot(np.array([place]), len(task.names))[0]
    return Truth(task.names[place], np.asarray(targets), given)


def _text(
    activations: Activations, task: Transcription, right: Right | None
) -> tuple[str, NDArray[np.float64]]:
    """A text, and the classes of its words or characters as the loss takes them."""
    if right is None:
        text = str(task.described(activations.answer))
    elif isinstance(right, str):
        text = normalised(right)
    else:
        raise ArgumentError(f"what is said is a text, got {brief_repr(right)}")
    classes = [1 + activations.class_index(unit) for unit in units_of(text, task.units)]
    if not 1 <= len(classes) <= task.labels:
        heard, hint = ("what was heard, ", "; give what is said") if right is None else ("", "")
        count = counted(len(classes), task.units.removesuffix("s"))
        raise ArgumentError(
            f"{heard}{text!r:.60} has {count}; the loss takes 1 to {task.labels}, as many as were "
            f"learned{hint}"
        )
    row = np.full(task.labels, float(NO_UNIT))
    row[: len(classes)] = classes
    outputs = activations.model.network.graph.output_shape
    task.loss().check_fit(row[None], (outputs[-2], outputs[-1]))
    return printable(text), row


def _marks(activations: Activations, right: Right) -> NDArray[np.float64]:
    """Labels as 0 and 1, (K,)."""
    classes = activations.classes
    marks = np.zeros(len(classes))
    if isinstance(right, str):
        right = split_labels(right)
    elif isinstance(right, int | np.integer):  # a bool, or an integer, which may be a label's name
        right = [str(right)]
    row = list(right) if isinstance(right, list | tuple | set | np.ndarray) else [right]
    if all(isinstance(name, str) for name in row):
        for name in row:
            marks[activations.class_index(str(name))] = 1.0
        return marks
    if len(row) != len(classes) or not all(
        isinstance(n, int | float | np.number | np.bool_) and n in (0, 1) for n in row
    ):
        raise ArgumentError(
            f"labels are given by their names, or as {counted(len(classes), 'number')} 0 or 1, got "
            f"{brief_repr(row)}; there are {listed(classes)}"
        )
    return np.array(row, np.float64)


def _numbers(task: Regression, right: Right) -> NDArray[np.float64]:
    """Numbers in their units, (M,)."""
    parts: Any = right
    if isinstance(right, str):
        parts = [part for part in right.replace(";", " ").split() if part]
    elif not isinstance(right, list | tuple | np.ndarray) or np.ndim(right) == 0:
        parts = [right]
    try:
        values = [float(part) for part in parts]
    except (TypeError, ValueError):
        values = []
    count = len(task.columns)
    if len(values) != count or not all(map(math.isfinite, values)):
        wanted = "a finite number" if count == 1 else f"{count} finite numbers"
        example = "; ".join(["3.2"] * count)
        shown = printable(right) if isinstance(right, str) else brief_repr(right)
        raise ArgumentError(
            f"{shown!s:.80} is not {wanted} ({listed(task.columns)}); give for example {example!r}"
        )
    return np.array(values)


def _in_words(task: Regression, values: NDArray[Any]) -> str:
    named = zip(task.columns, values.tolist(), strict=True)
    return ", ".join(f"{printable(name)} {figure(value)}" for name, value in named)
