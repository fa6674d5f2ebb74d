"""Boxes that are right for a picture, as a detector's loss takes them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.boxes import NO_BOX
from pellucid.data.target import JOINT
from pellucid.errors import ArgumentError
from pellucid.text import brief_repr, counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations
    from pellucid.tasks import Detection

EXAMPLE = "a box is its class and four numbers, e.g. 'cat 10,20,50,60; dog 0,0,30,40' (';': no box)"


def boxes_in_words(names: Sequence[str]) -> str:
    """Boxes by the names of their classes: ``12 RBC, 1 WBC``; ``no box``."""
    return ", ".join(f"{n} {name}" for name, n in Counter(names).most_common()) or "no box"


def right_boxes(
    activations: Activations, task: Detection, right: Any
) -> tuple[str, NDArray[np.float64]]:
    """Boxes that are right, in words, and as the loss takes them, (M, 6).

    Args:
        activations: The picture in its network.
        task: The detector's, whose M is how many boxes of a picture were learned at most.
        right: A text such as ``"cat 10,20,50,60; dog 0,0,30,40"``, or rows of a class and four
            numbers: x0, y0, x1, y1 in pixels of the picture as it was given. None: the boxes that
            the detector itself shows.

    Raises:
        ArgumentError: If there is no such class, a box is none, or there are more than M.
    """
    targets = np.zeros((task.boxes, 6))
    targets[:, 4] = NO_BOX
    if right is None:
        rows = activations.answer
        rows = rows[(rows[:, 5] >= 0) & (rows[:, 4] >= task.shown)][: task.boxes]
        targets[: len(rows), :4], targets[: len(rows), 4] = rows[:, :4], rows[:, 5]
        return boxes_in_words([task.classes[int(k)] for k in rows[:, 5]]), targets
    given = _of_text(right) if isinstance(right, str) else list(right)
    if len(given) > task.boxes:
        raise ArgumentError(
            f"{counted(len(given), 'box')}; the detector learned from pictures of at most "
            f"{task.boxes}, and its loss takes no more"
        )
    placed = activations.placement
    for k, row in enumerate(given):
        name, box = _checked(row)
        place = activations.class_index(name)
        inside = box if placed is None else placed.to_network(box)
        if not (inside[2:] > inside[:2]).all():
            raise ArgumentError(
                f"box {k + 1}, {printable(name)} {box.tolist()}, has no area in the picture; "
                f"{EXAMPLE}"
            )
        targets[k, :4], targets[k, 4] = inside, place
    return boxes_in_words([row[0] for row in given]), targets


def _of_text(text: str) -> list[tuple[str, ...]]:
    """Rows of a class and four numbers as texts."""
    found: list[tuple[str, ...]] = []
    for part in filter(None, map(str.strip, text.split(JOINT))):
        name, _, numbers = part.rpartition(" ")
        found.append((name.strip(), *numbers.split(",")))
    return found


def _checked(row: Any) -> tuple[str, NDArray[np.float64]]:
    parts = list(row) if isinstance(row, list | tuple) else [row]
    try:
        name, *numbers = parts
        box = np.array([float(each) for each in numbers])
    except (TypeError, ValueError):
        name, box = None, np.zeros(0)
    if not (isinstance(name, str) and box.shape == (4,) and np.isfinite(box).all()):
        raise ArgumentError(f"{brief_repr(row)} is no box; {EXAMPLE}")
    return name, box
