"""What operations that find boxes have in common: which candidates become rows, and how many.

Class by class, candidates whose probability is at least a threshold are taken by falling
probability, of equals in the order in which they come; one that overlaps a box of its class that
was taken before by more than a bound is left out (:mod:`pellucid.ops.suppression`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.box_geometry import areas
from pellucid.errors import ShapeError
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.reads import Axis, Reads
from pellucid.ops.suppression import suppressed, suppression
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

    Floats = NDArray[np.float64]
    Places = tuple[NDArray[np.int64], ...]


class Candidates(NamedTuple):
    """What may be found in one picture.

    Attributes:
        p: Probabilities, classes last.
        boxes_of: Makes boxes in pixels, (n, 4), of places among the probabilities.
        peaks: Which of them may be found, shaped as they are.
    """

    p: Floats
    boxes_of: Callable[[Places], Floats]
    peaks: NDArray[np.bool_] | bool = True


NOT_FOUND = -1.0
"""The class of a row without a box."""

CANDIDATES = 10
"""Candidates that are looked at for each box that is answered, at most: a bound on the work."""


PROBABILITY, CLASS = 4, 5
"""Columns of a row behind the four coordinates."""

FOUND, THRESHOLD, NEIGHBOUR, CANDIDATE, AREA, OVERLAP, LIMIT = (
    "found", "threshold", "neighbour", "candidates", "area", "overlap", "limit",
)  # fmt: skip
"""Where a candidate ends: it is a row; it is less probable than the threshold, or than a cell
beside it; it is behind too many candidates; it has no area within the picture; it overlaps a row of
its class; or there are as many rows already as are answered."""


class Fates(NamedTuple):
    """What became of every candidate of one picture, n of them.

    Attributes:
        places: Of each candidate its place among the probabilities, an array an axis, (n,).
        boxes: In pixels, (n, 4).
        probabilities: (n,).
        steps: Where each ended: :data:`FOUND` and so on, (n,).
        rows: The row that it is, or of the box that it overlaps too much; −1 for neither, (n,).
    """

    places: Places
    boxes: Floats
    probabilities: Floats
    steps: NDArray[np.str_]
    rows: NDArray[np.int64]


class Finding(Operation):
    """An operation that answers boxes of each picture, (N, M, 6); a frozen dataclass.

    A row is x0, y0, x1, y1 in pixels, within the picture, the probability and the class, by falling
    probability; rows without a box are zeros and the class −1.

    Attributes:
        most: M, 1 to 10 000.
        least: The least probability, 0.001 to 1.
        overlap: The most IoU of two boxes of one class, 0 to 1.
    """

    title: ClassVar[str] = "boxes"
    family: ClassVar[Family] = "probabilities"
    rule: ClassVar[Rule] = "function"
    most: int
    least: float
    overlap: float

    def __post_init__(self) -> None:
        checks.whole("most", self.most, 1, 10_000)
        checks.number("least", self.least, 0.001, 1.0)
        checks.number("overlap", self.overlap, 0.0, 1.0)

    @abstractmethod
    def rows_of(self, x: Array) -> Floats:
        """The boxes of one picture as rows, (n, 6) with n at most M."""

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        found = np.zeros((len(x), self.most, COLUMNS))
        found[..., 5] = NOT_FOUND
        for rows, each in zip(found, x, strict=True):
            boxes = self.rows_of(each)
            rows[: len(boxes)] = boxes
        return found.astype(x.dtype), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        """None: which boxes are found jumps; explain what they are found in.

        Raises:
            ShapeError: Always.
        """
        raise ShapeError("boxes that were found have no gradient; take that of the value before")

    def reads(self, *inputs: Shape) -> Reads:
        return Reads((tuple(Axis(n, taps=n) for n in inputs[0]),), self.output_shape(*inputs))

    @abstractmethod
    def candidates(self, x: Array) -> Candidates:
        """What may be found in one picture."""

    def no_terms(self, x: Array, column: int) -> Terms:
        """Of a row without a box: it reads nothing."""
        none, plain = np.zeros(0), np.zeros((0, 1 + x.ndim), np.int64)
        bias = NOT_FOUND if column == CLASS else 0.0
        return Terms("function", plain, none, none, none, bias)

    def chosen(self, x: Array) -> tuple[Floats, Places]:
        """Rows of the boxes of one picture, and where among the probabilities each of them is."""
        p, boxes_of, peaks = self.candidates(x)
        places = np.nonzero((p >= self.least) & peaks)
        order = np.argsort(-p[places], kind="stable")[: CANDIDATES * self.most]
        places = tuple(each[order] for each in places)
        boxes = boxes_of(places)
        kept = suppressed(boxes, places[-1], self.overlap, self.most)
        places = tuple(each[kept] for each in places)
        return np.column_stack([boxes[kept], p[places], places[-1]]), places

    def fates(self, x: Array) -> Fates:
        """What became of every candidate of one picture: in which step it was lost, or found."""
        p, boxes_of, peaks = self.candidates(x)
        places = tuple(each.reshape(-1) for each in np.indices(p.shape))
        order = np.argsort(-p[places], kind="stable")
        places = tuple(each[order] for each in places)
        boxes, scores = boxes_of(places), p[places]
        may = np.broadcast_to(peaks, p.shape)[places]
        probable = scores >= self.least  # which NaN is not
        steps = np.where(~probable, THRESHOLD, np.where(may, LIMIT, NEIGHBOUR))
        steps = steps.astype("<U10")
        inside = np.flatnonzero(steps == LIMIT)
        steps[inside[CANDIDATES * self.most :]] = CANDIDATE
        inside = inside[: CANDIDATES * self.most]
        kept, by = suppression(boxes[inside], places[-1][inside], self.overlap, self.most)
        steps[inside[areas(boxes[inside]) <= 0]] = AREA
        steps[inside[by >= 0]] = OVERLAP
        rows = np.full(len(scores), -1)
        rows[inside] = by
        steps[inside[kept]], rows[inside[kept]] = FOUND, np.arange(len(kept))
        return Fates(places, boxes, scores, steps, rows)
