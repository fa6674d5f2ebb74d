"""Finding boxes in a map of classes and distances, as :mod:`pellucid.ops.centre_loss` learns it.

Of each class, cells are candidates whose probability is at least a threshold and the largest among
the 3×3 around; of equal neighbours the first in reading order (Zhou et al. 2019, *Objects as
points*, section 4), in the order of rows, columns and classes (:mod:`pellucid.ops.finding`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.centre_loss import MOST_LOG
from pellucid.ops.finding import CLASS, PROBABILITY, Candidates, Finding
from pellucid.ops.operation import describe
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.terms import Terms, function_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Details, Position, Weights
    from pellucid.ops.finding import Places
    from pellucid.ops.operation import Array, Shape

    Floats = NDArray[np.float64]

SIDES = ("left", "top", "right", "bottom")
"""The edges whose distances a cell gives, in the order of its channels."""


class FoundBoxes(NamedTuple):
    """Boxes of one map, the most probable first.

    Attributes:
        rows: x0, y0, x1, y1, probability, class; (n, 6).
        cells: The row and the column of the cell that each was found in, (n, 2).
    """

    rows: Floats
    cells: NDArray[np.int64]


@dataclass(frozen=True)
class FindBoxes(Finding):
    """Boxes of a map: x is (N, h, w, K + 4), y is (N, M, 6), see :mod:`pellucid.ops.finding`.

    Attributes:
        stride: Pixels from one cell to the next, 1 to 256.
        most: M, 1 to 10 000.
        least: The least probability, 0.001 to 1.
        overlap: The most IoU of two boxes of one class, 0 to 1.
    """

    kind: ClassVar[str] = "find_boxes"
    stride: int = 8
    most: int = 100
    least: float = 0.05
    overlap: float = 0.5

    def __post_init__(self) -> None:
        checks.whole("stride", self.stride, 1, 256)
        super().__post_init__()

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (shape,) = inputs
        if len(shape) != 3 or shape[2] < 5:
            raise ShapeError(
                f"takes a map of K classes and 4 distances, (h, w, K + 4), got {describe(shape)}"
            )
        return (self.most, COLUMNS)

    def multiply_adds(self, *inputs: Shape) -> int:
        return 0

    def rows_of(self, x: Array) -> Floats:
        return self.of_map(x).rows

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        """Each number of a box is a function of one value of its cell: a logit, or a distance."""
        (z,), (n, column) = inputs, at
        found = self.of_map(z)
        if n >= len(found.rows):
            return self.no_terms(z, column)
        row, place = found.rows[n], found.cells[n].tolist()
        classes = z.shape[2] - len(SIDES)
        channel = int(row[CLASS]) if column >= PROBABILITY else classes + column
        source = (*place, channel)
        return function_of(source, float(z[source]), float(row[column]))

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        if not len(terms.values):
            return {}
        _, place = terms.source(0)
        found: Details = {"cell": list(place[:2])}
        if at[1] < PROBABILITY:
            log = float(np.clip(terms.values[0], -MOST_LOG, MOST_LOG))
            middle = (place[1 - at[1] % 2] + 0.5) * self.stride
            found |= {"middle": middle, "distance": self.stride * float(np.exp(log))}
        return found

    def of_map(self, z: Array) -> FoundBoxes:
        """The boxes of one map, (h, w, K + 4), at most M, and the cells that they come from."""
        found, places = self.chosen(z)
        return FoundBoxes(found, np.stack(places[:2], axis=1))

    def candidates(self, x: Array) -> Candidates:
        height, width, _ = x.shape
        p = sigmoid(x[..., :-4].astype(np.float64))
        ends = np.array([width, height]) * self.stride

        def boxes_of(places: Places) -> Floats:
            rows, columns, _ = places
            logs = x[rows, columns, -4:].astype(np.float64)
            distances = self.stride * np.exp(np.clip(logs, -MOST_LOG, MOST_LOG))
            middles = (np.stack([columns, rows], axis=1) + 0.5) * self.stride
            low = np.clip(middles - distances[:, :2], 0, ends)
            return np.concatenate([low, np.clip(middles + distances[:, 2:], 0, ends)], axis=1)

        return Candidates(p, boxes_of, _largest_around(p))


def _largest_around(p: Floats) -> NDArray[np.bool_]:
    """Which values are the largest of the 3×3 around, of equals the first, (h, w, K)."""
    height, width, _ = p.shape
    around = np.pad(p, ((1, 1), (1, 1), (0, 0)), constant_values=-1.0)
    found = np.ones(p.shape, bool)
    for i in range(3):
        for j in range(3):
            other = around[i : i + height, j : j + width]
            if (i, j) < (1, 1):
                found &= p > other
            elif (i, j) > (1, 1):
                found &= p >= other
    return found
