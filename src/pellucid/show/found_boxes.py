"""Boxes that a detector found: in words, as a table, on the picture, and the one asked about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.place import anchors_of
from pellucid.numerals import figure as written
from pellucid.numerals import percent
from pellucid.show import document as d
from pellucid.show.boxed import SIDE, boxed, of_class
from pellucid.show.palette import INK
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.explain.activations import Activations
    from pellucid.explain.score import Score
    from pellucid.tasks import Task
    from pellucid.tasks.found_box import FoundBox

BOXES = d.Limit(12, 100, "less probable boxes")
"""Boxes in a table, the most probable first."""

EDGES = "left, top, right, bottom, as the network sees it"
"""The head of edges in pixels of what the network takes, which may be smaller than the picture."""


def boxes_words(task: Task, read: NDArray[Any]) -> str:
    """How many boxes of each class are shown to users: ``14 boxes: 12 RBC, 2 Platelets``.

    Args:
        task: The detector's.
        read: What it found, (M, 6).
    """
    count = Counter(str(each["class"]) for each in task.described(read))
    classes = ", ".join(f"{n} {name}" for name, n in count.most_common())
    total = counted(count.total(), "box") if count else "no box"
    return f"{total}: {classes}" if classes else total


def boxes_table(activations: Activations) -> d.Table:
    """The boxes, and the outputs that each comes from; those that ``predict`` shows, else all."""
    found = activations.boxes
    shown = len(activations.model.task.described(activations.answer))
    listed = found[: shown or None]
    rows = [
        (
            str(n),
            each.name,
            percent(each.probability),
            ", ".join(written(edge, ".1f") for edge in each.box),
            origin,
        )
        for n, (each, origin) in enumerate(
            zip(listed, _origins(activations, listed), strict=True), 1
        )
    ]
    heads = ("box", "class", "probability", EDGES, "found in")
    return d.Table("boxes", heads, rows, left=2, limit=BOXES)


def _origins(activations: Activations, boxes: Sequence[FoundBox]) -> list[str]:
    """Where boxes were found; of regions also the anchors that became them."""
    if not activations.model.task.of_regions:
        return [box.words for box in boxes]
    found = []
    anchors = anchors_of(activations, [box.logit[0] for box in boxes])
    for box, anchor in zip(boxes, anchors, strict=True):
        row, column = anchor.cell
        side, ratio = written(anchor.scale, ".3g"), written(anchor.ratio, ".3g")
        found.append(f"{box.words}: row {row}, column {column}, {side} px, {ratio}")
    return found


def boxes_picture(activations: Activations) -> Image.Image:
    """What the network sees, with the boxes that are shown to users, numbered."""
    task = activations.model.task
    shown = activations.boxes[: len(task.described(activations.answer))]
    drawn = [
        of_class(each.box, f"{n} {each.name}", task.names.index(each.name))
        for n, each in enumerate(shown, 1)
    ]
    return boxed(box_image(activations), drawn[::-1], SIDE)


def box_image(activations: Activations) -> Image.Image:
    """What the network sees, for boxes to be drawn on."""
    from PIL import Image

    pixels = activations.pixels
    return Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])


def boxes_pixels(activations: Activations) -> NDArray[np.uint8]:
    """The same as pixels, (H, W, 3)."""
    return np.asarray(boxes_picture(activations), np.uint8)


def boxes_parts(activations: Activations) -> list[d.Part]:
    """The table, and where there is room the picture above it."""
    picture = d.Picture(lambda: boxes_picture(activations), ("boxes, numbered as in the table",))
    return [d.Only("page", [d.Pictures([picture], SIDE)]), boxes_table(activations)]


def mark_box(axes: Axes, scored: Score) -> None:
    """Draw the box that a score is about on its picture, and the cell that it was found in."""
    if scored.box is None:
        return
    from matplotlib.patches import Rectangle

    x0, y0, x1, y1 = scored.box.box
    corner = x0 - 0.5, y0 - 0.5  # pixels are drawn around whole numbers
    for colour, width in (("white", 2.6), (INK, 1.2)):
        axes.add_patch(Rectangle(corner, x1 - x0, y1 - y0, fill=False, ec=colour, lw=width))
