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
from pellucid.ops.anchors import MOST_LOG, decoded
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.finding import CLASS, PROBABILITY, Candidates, Finding
from pellucid.ops.region_loss import DEVIATIONS, check_rows, parted
from pellucid.ops.terms import Terms, function_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Details, Position, Weights
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
        rows, places = self.chosen(x)
        return FoundRegions(rows, places[0])

    def candidates(self, x: Array) -> Candidates:
        regions, logits, numbers = parted(x)
        p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))[:, 1:]
        p[regions[:, 5] < 0] = 0.0
        height, width = self.size

        def boxes_of(places: Places) -> Floats:
            boxes = decoded(regions[places[0], :4], numbers[places] * DEVIATIONS)
            return clipped(boxes, width, height)

        return Candidates(p, boxes_of)

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        """What a number of a box is made of, all in the row of its region.

        The probability is the share of the class's exponential in the sum of all, the class that of
        its logit. An edge is made of both edges of the region along its axis, l and h, and of the
        numbers t and s of the box, at the deviations d and e: it lies at (l + h)/2 + d·t·(h − l)
        ∓ e^(e·s)·(h − l)/2, and is cut off at the picture's edge, which is counted to the bias.
        """
        (x,), (n, column) = inputs, at
        found = self.of_picture(x)
        if n >= len(found.rows):
            return self.no_terms(x, column)
        region, row = int(found.regions[n]), found.rows[n]
        k, classes = int(row[CLASS]), check_rows(x.shape)
        wide = x[region].astype(np.float64)
        if column >= PROBABILITY:
            logits = list(range(COLUMNS, COLUMNS + classes + 1))
            if column == CLASS:
                source = (region, int(logits[k + 1]))
                return function_of(source, float(wide[source[1]]), float(k))
            values = wide[logits]
            sources = [(0, region, c) for c in logits]
            powers, unknown = np.exp(values - values.max()), np.full(len(values), np.nan)
            return Terms("share", np.array(sources), values, unknown, powers, own=k + 1)
        axis, first = column % 2, COLUMNS + classes + 1 + 4 * k
        columns = [axis, axis + 2, first + axis, first + axis + 2]
        low, high, shift, log = values = wide[columns]
        size, sign = high - low, -1 if column < 2 else 1
        half = size / 2 * np.exp(np.clip(DEVIATIONS[axis + 2] * log, -MOST_LOG, MOST_LOG))
        parts = np.array([low / 2, high / 2, DEVIATIONS[axis] * shift * size, sign * half])
        cut = float(row[column] - parts.sum())
        sources = [(0, region, c) for c in columns]
        return Terms("function", np.array(sources), values, np.full(4, np.nan), parts, cut)

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        if not len(terms.values):
            return {}
        region = int(terms.sources[0, 1])
        found: Details = {"region": region, "region_box": inputs[0][region, :4].tolist()}
        if at[1] == PROBABILITY:
            found |= {
                "largest": float(terms.values.max()),
                "exponentials": terms.products.tolist(),
                "sum": float(terms.products.sum()),
            }
        return found
