"""Finding boxes in rows of regions, as :mod:`pellucid.ops.region_loss` learns them.

Of each region, probabilities are the softmax of its logits, and each class has a box of its own,
that its numbers describe relative to the region, cut off at the picture's edges. Class by class,
boxes whose probability is at least a threshold are taken by falling probability, of equals in the
order of regions; one that overlaps a box of its class that was taken before by more than a bound is
left out (:mod:`pellucid.ops.suppression`). Girshick 2015, *Fast R-CNN*, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.box_geometry import clipped
from pellucid.errors import ShapeError
from pellucid.ops.anchors import decoded
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.propose import NO_BOX
from pellucid.ops.reads import Axis, Reads
from pellucid.ops.region_loss import DEVIATIONS, check_rows, parted
from pellucid.ops.suppression import suppressed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

    Floats = NDArray[np.float64]

CANDIDATES = 10
"""Candidates that are looked at for each box that is answered, at most: a bound on the work."""


@dataclass(frozen=True)
class FindRegions(Operation):
    """Boxes of regions: x is (N, R, 7 + 5K), y is (N, M, 6).

    A row is x0, y0, x1, y1 in pixels, within the picture, the probability and the class, by falling
    probability; rows without a box are zeros and the class −1.

    Attributes:
        size: Height and width of the picture in pixels, 1 to 2²⁰ each.
        most: M, 1 to 10 000.
        least: The least probability, 0.001 to 1.
        overlap: The most IoU of two boxes of one class, 0 to 1.
    """

    kind: ClassVar[str] = "find_regions"
    title: ClassVar[str] = "boxes"
    family: ClassVar[Family] = "probabilities"
    rule: ClassVar[Rule] = "function"
    size: tuple[int, int] = (416, 416)
    most: int = 100
    least: float = 0.05
    overlap: float = 0.5

    def __post_init__(self) -> None:
        checks.pair("size", self.size)
        checks.whole("most", self.most, 1, 10_000)
        checks.number("least", self.least, 0.001, 1.0)
        checks.number("overlap", self.overlap, 0.0, 1.0)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        check_rows(inputs[0])
        return (self.most, COLUMNS)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        found = np.zeros((len(x), self.most, COLUMNS))
        found[..., 5] = NO_BOX
        for n, rows in enumerate(x):
            boxes = self.of_picture(rows)
            found[n, : len(boxes)] = boxes
        return found.astype(x.dtype), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        """None: which boxes are found jumps; explain the rows that they are found in.

        Raises:
            ShapeError: Always.
        """
        raise ShapeError("boxes that were found have no gradient; take that of the rows before")

    def reads(self, *inputs: Shape) -> Reads:
        return Reads((tuple(Axis(n, taps=n) for n in inputs[0]),), self.output_shape(*inputs))

    def of_picture(self, rows: Array) -> Floats:
        """The boxes of one picture, from (R, 7 + 5K), as rows, (n, 6) with n at most M."""
        regions, logits, numbers = parted(rows)
        p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))[:, 1:]
        p[regions[:, 5] < 0] = 0.0
        places, classes = np.nonzero(p >= self.least)
        scores = p[places, classes]
        order = np.argsort(-scores, kind="stable")[: CANDIDATES * self.most]
        places, classes, scores = places[order], classes[order], scores[order]
        height, width = self.size
        boxes = decoded(regions[places, :4], numbers[places, classes] * DEVIATIONS)
        boxes = clipped(boxes, width, height)
        kept = suppressed(boxes, classes, self.overlap, self.most)
        return np.column_stack([boxes[kept], scores[kept], classes[kept]])
