"""Finding boxes in rows of regions, as :mod:`pellucid.ops.region_loss` learns them.

Of each region, probabilities are the softmax of its logits, and each class has a box of its own,
that its numbers describe relative to the region, cut off at the picture's edges
(:mod:`pellucid.ops.finding`). Girshick 2015, *Fast R-CNN*, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.box_geometry import clipped
from pellucid.ops.anchors import decoded
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.finding import Finding
from pellucid.ops.region_loss import DEVIATIONS, check_rows, parted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.finding import Places
    from pellucid.ops.operation import Array, Shape

    Floats = NDArray[np.float64]


class FoundRegions(NamedTuple):
    """Boxes of one picture's regions, the most probable first.

    Attributes:
        rows: x0, y0, x1, y1, probability, class; (n, 6).
        regions: The row of the region that each was found in, (n,).
    """

    rows: Floats
    regions: NDArray[np.int64]


@dataclass(frozen=True)
class FindRegions(Finding):
    """Boxes of regions: x is (N, R, 7 + 5K), y is (N, M, 6), see :mod:`pellucid.ops.finding`.

    Attributes:
        size: Height and width of the picture in pixels, 1 to 2²⁰ each.
        most: M, 1 to 10 000.
        least: The least probability, 0.001 to 1.
        overlap: The most IoU of two boxes of one class, 0 to 1.
    """

    kind: ClassVar[str] = "find_regions"
    size: tuple[int, int] = (416, 416)
    most: int = 100
    least: float = 0.05
    overlap: float = 0.5

    def __post_init__(self) -> None:
        checks.pair("size", self.size)
        super().__post_init__()

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        check_rows(inputs[0])
        return (self.most, COLUMNS)

    def rows_of(self, x: Array) -> Floats:
        return self.of_picture(x).rows

    def of_picture(self, x: Array) -> FoundRegions:
        """The boxes of one picture's rows, (R, 7 + 5K), at most M, and their regions."""
        regions, logits, numbers = parted(x)
        p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))[:, 1:]
        p[regions[:, 5] < 0] = 0.0
        height, width = self.size

        def boxes_of(places: Places) -> Floats:
            boxes = decoded(regions[places[0], :4], numbers[places] * DEVIATIONS)
            return clipped(boxes, width, height)

        rows, places = self.chosen(p, boxes_of)
        return FoundRegions(rows, places[0])
