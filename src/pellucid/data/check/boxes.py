"""What is found out about boxes around things: how many, how large, doubled, tiny, none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.box_geometry import areas, intersection_over_union
from pellucid.data.check.report import BoxCount, found, gravest_first
from pellucid.data.preprocessing import Preprocessing
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.boxes import Boxes
    from pellucid.data.check.fingerprint import Fingerprint
    from pellucid.data.check.report import DataReport, Finding

DOUBLED = 0.9
"""Two boxes of a class with a larger intersection over union are one that was drawn twice."""

TINY = 8
"""Pixels of the network's picture: of a box with a shorter side hardly anything is left."""

FEW_BOXES = 50
"""With fewer boxes to learn from a class is called small."""

EXAMPLES = 6
"""Pictures that are shown with their boxes."""


@dataclass(frozen=True, eq=False)
class PicturesWithBoxes:
    """Pictures and their boxes, in the network's pixels.

    Attributes:
        names: What each is called.
        parts: The part of each.
        boxes: Those of each.
        size: Height and width of what a network gets by default.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    boxes: Boxes
    size: tuple[int, int]


def box_counts(pictures: PicturesWithBoxes, parts: Sequence[str]) -> tuple[BoxCount, ...]:
    """Numbers and sizes of the boxes of each class, in their order."""
    boxes = pictures.boxes
    of_part = np.array(pictures.parts)
    counts = []
    for k, name in enumerate(boxes.classes):
        own = (boxes.places == k) & ~boxes.ignored
        numbers = own.sum(axis=1)
        corners = boxes.boxes[own]
        order = np.argsort(areas(corners), kind="stable")
        sizes = [_size(corners[order[at]]) for at in (0, len(order) // 2, -1)] if len(order) else []
        counts.append(
            BoxCount(
                name,
                {part: int(numbers[of_part == part].sum()) for part in parts},
                int(((boxes.places == k) & boxes.ignored).sum()),
                *(sizes or (None, None, None)),
            )
        )
    return tuple(counts)


def box_findings(
    pictures: PicturesWithBoxes, counts: Sequence[BoxCount], parts: Sequence[str]
) -> list[Finding]:
    """Boxes that are drawn twice, tiny ones, classes of few, and pictures without any."""
    boxes, names = pictures.boxes, pictures.names
    findings = []
    for i, name in enumerate(names):
        for k, count, share in _doubled(boxes, i):
            words = (
                f"{counted(count, 'box')} of {printable(boxes.classes[k])} twice, up to "
                f"{share:.0%} the same"
            )
            findings.append(
                found(
                    "box-doubled",
                    (name,),
                    words,
                    count=count,
                    label=printable(boxes.classes[k]),
                    share=f"{share:.0%}",
                )
            )
    height, width = pictures.size
    shorter = (boxes.boxes[..., 2:] - boxes.boxes[..., :2]).min(axis=-1)
    for k, class_name in enumerate(boxes.classes):
        tiny = (boxes.places == k) & ~boxes.ignored & (shorter < TINY)
        if tiny.any():
            words = (
                f"{counted(int(tiny.sum()), 'box')} of {printable(class_name)} narrower than "
                f"{TINY} pixels in pictures of {width}×{height}"
            )
            where = np.flatnonzero(tiny.any(axis=1)).tolist()
            findings.append(
                found(
                    "box-tiny", tuple(names[i] for i in where), words,
                    count=int(tiny.sum()), label=printable(class_name), side=TINY,
                    size=f"{width}×{height}",
                )
            )  # fmt: skip
    origin = "train" if "train" in parts else "all"
    for each in counts:
        number = each.boxes.get(origin, 0)
        if 0 < number < FEW_BOXES:
            words = f"{counted(number, 'box')} to learn from, fewer than {FEW_BOXES}"
            findings.append(found("few-boxes", (each.name,), words, count=number, least=FEW_BOXES))
    empty = np.flatnonzero(~boxes.present.any(axis=1)).tolist()
    if empty:
        words = f"{counted(len(empty), 'picture')} of {len(names)} without boxes"
        bare = tuple(names[i] for i in empty)
        findings.append(found("no-boxes", bare, words, count=len(empty), of=len(names)))
    return findings


def examples(pictures: PicturesWithBoxes) -> tuple[str, ...]:
    """Names of pictures that show boxes of every class first, then others from the whole data."""
    marks = pictures.boxes.marks
    chosen: dict[int, None] = {}
    for k in range(marks.shape[1]):
        if marks[:, k].any() and not any(marks[i, k] for i in chosen):
            chosen[int(marks[:, k].argmax())] = None
    with_boxes = np.flatnonzero(pictures.boxes.present.any(axis=1))
    for at in np.linspace(0, len(with_boxes) - 1, EXAMPLES).astype(int) if len(with_boxes) else ():
        if len(chosen) < EXAMPLES:
            chosen[int(with_boxes[at])] = None
    return tuple(pictures.names[i] for i in sorted(chosen)[:EXAMPLES])


def _doubled(boxes: Boxes, i: int) -> list[tuple[int, int, float]]:
    """The classes of which a picture has boxes twice: how many, and how much they share."""
    doubled = []
    counts = boxes.present[i] & ~boxes.ignored[i]
    for k in np.unique(boxes.places[i][counts]).tolist():
        own = boxes.boxes[i][counts & (boxes.places[i] == k)].astype(np.float64)
        shared = np.triu(intersection_over_union(own, own), 1)
        if shared.max(initial=0) > DOUBLED:
            doubled.append((k, int((shared > DOUBLED).any(axis=0).sum()), float(shared.max())))
    return doubled


def _size(box: NDArray[np.float32]) -> tuple[float, float]:
    """Height and width of a box."""
    x0, y0, x1, y1 = box.tolist()
    return round(y1 - y0, 1), round(x1 - x0, 1)


def with_boxes(
    report: DataReport,
    boxes: Boxes,
    fingerprints: Sequence[Fingerprint],
    size: tuple[int, int] | None,
) -> DataReport:
    """A report with what is to be said of boxes.

    Args:
        report: Without.
        boxes: In pixels of the pictures as they are.
        fingerprints: The pictures.
        size: Height and width that they are brought to; None for theirs.
    """
    sizes = [(picture.width, picture.height) for picture in fingerprints]
    if size is None:
        size = sizes[0][::-1]
    names = tuple(picture.name for picture in fingerprints)
    pictures = PicturesWithBoxes(
        names,
        tuple(picture.part for picture in fingerprints),
        boxes.placed(sizes, Preprocessing(*size, channels=3)),
        size,
    )
    counts = box_counts(pictures, report.parts)
    place_of = {name: i for i, name in enumerate(names)}
    findings = [*report.findings, *box_findings(pictures, counts, report.parts)]
    return replace(
        report,
        findings=gravest_first(findings),
        boxes=counts,
        network_size=size,
        boxes_of=lambda name: boxes.rows(place_of[name]) if name in place_of else [],
        examples=examples(pictures),
    )
