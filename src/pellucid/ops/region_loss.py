"""Region loss: the class of each region of a picture, and how it becomes the box of a thing.

A row of outputs is a region (six numbers, :class:`pellucid.ops.Propose`), K + 1 logits, that of
background first, and four numbers a class. A region belongs to the box that it overlaps most, if by
an IoU of at least 0.5, and is background otherwise; rows without a region, and background of which
half or more lies in a box that is to be ignored, do not count. Of the n rows that count,

    L = 1/n · Σ_i (−ln softmax(z_i)_{k_i} + [k_i is no background] Σ_4 h(t_{i,k_i} − t*_i))

where t* describes the box relative to the region (:mod:`pellucid.ops.anchors`), divided by 0.1,
0.1, 0.2 and 0.2, and h is smooth L1. The batch's loss is the mean over its pictures. Regions are
given: the gradient at their numbers is 0.

Girshick 2015, *Fast R-CNN*, section 2.3. Computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.anchors import NOT_COUNTED, encoded, matched, wanted_boxes
from pellucid.ops.box_loss import COLUMNS, BoxLoss
from pellucid.ops.operation import describe
from pellucid.ops.smooth_l1 import smooth_l1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array, Shape

    Floats = NDArray[np.float64]

DEVIATIONS = np.array([0.1, 0.1, 0.2, 0.2])
"""What the numbers of a box are divided by, about their standard deviations."""

NUMBERS = ("x", "y", "width", "height")
"""What the four numbers of a box are about: its middle across and down, and its size."""

BETA = 1.0
"""Up to which errors of a box's numbers are squared."""


class WantedRegions(NamedTuple):
    """What boxes ask of the regions of a picture.

    Attributes:
        rows: Those that count, (n,).
        classes: Of each of these, 0 for background, else 1 to K, (n,).
        numbers: What those with a class should become, (P, 4).
    """

    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    numbers: Floats


@dataclass(frozen=True)
class RegionLoss(BoxLoss):
    """The loss of rows of regions, logits and numbers, (R, 7 + 5K), and of boxes, (M, 6).

    See :mod:`pellucid.ops.box_loss` for how boxes are given.

    Attributes:
        boxes: M, the most boxes of a picture, 1 to 10 000.
        overlap: The least IoU of a region with its box, 0.01 to 1.
    """

    kind: ClassVar[str] = "region_loss"
    boxes: int = 100
    overlap: float = 0.5

    def __post_init__(self) -> None:
        checks.whole("boxes", self.boxes, 1, 10_000)
        checks.number("overlap", self.overlap, 0.01, 1.0)

    def check_outputs(self, outputs: Shape) -> None:
        check_rows(outputs)

    def of_picture(self, outputs: Array, targets: Array) -> tuple[float, Floats]:
        wanted = wanted_regions(self, outputs, targets)
        count = max(1, len(wanted.rows))
        _, logits, numbers = parted(outputs)
        slopes = np.zeros(outputs.shape)
        _, at_logits, at_numbers = parted(slopes)
        z = logits[wanted.rows]
        log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
        own = np.arange(len(z)), wanted.classes
        total = -log_p[own].sum()
        step = np.exp(log_p)
        step[own] -= 1.0
        at_logits[wanted.rows] = step / count
        things = wanted.classes > 0
        at = wanted.rows[things], wanted.classes[things] - 1
        errors, of_errors = smooth_l1(numbers[at] - wanted.numbers, BETA)
        at_numbers[at] = of_errors / count
        return float(total + errors.sum()) / count, slopes


def wanted_regions(loss: RegionLoss, rows: Array, targets: Array) -> WantedRegions:
    """What boxes of one picture, (M, 6), ask of its regions, (R, 7 + 5K)."""
    regions, _, _ = parted(rows)
    there = np.flatnonzero(regions[:, 5] >= 0)
    places = matched(regions[there, :4], targets, loss.overlap)
    counts = places != NOT_COUNTED
    there, places = there[counts], places[counts]
    boxes, _ = wanted_boxes(targets)
    classes = np.zeros(len(there), np.int64)
    things = places >= 0
    own = boxes[places[things]]
    classes[things] = own[:, 4].astype(np.int64) + 1
    numbers = encoded(regions[there[things], :4], own[:, :4]) / DEVIATIONS
    return WantedRegions(there, classes, numbers)


def width_of(classes: int) -> int:
    """Numbers of a row: a region, K + 1 logits, and four numbers a class."""
    return COLUMNS + 1 + 5 * classes


def check_rows(shape: Shape) -> int:
    """Check the shape of rows of regions, logits and numbers.

    Returns:
        K.

    Raises:
        ShapeError: If it is another.
    """
    classes = (shape[-1] - COLUMNS - 1) // 5
    if len(shape) != 2 or classes < 1 or shape[1] != width_of(classes):
        raise ShapeError(
            "takes regions with K + 1 logits and 4 numbers a class, (R, 7 + 5K), got "
            f"{describe(shape)}"
        )
    return classes


def parted(rows: Array) -> tuple[Floats, Floats, Floats]:
    """Rows (R, 7 + 5K) in float64 as regions (R, 6), logits (R, K + 1) and numbers (R, K, 4)."""
    classes = check_rows(rows.shape)
    wide = rows.astype(np.float64, copy=False)
    regions, logits, numbers = np.split(wide, [COLUMNS, COLUMNS + classes + 1], axis=1)
    return regions, logits, numbers.reshape(len(rows), classes, 4)
