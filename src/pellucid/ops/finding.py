"""What operations that find boxes have in common: which candidates become rows, and how many.

Class by class, candidates whose probability is at least a threshold are taken by falling
probability, of equals in the order in which they come; one that overlaps a box of its class that
was taken before by more than a bound is left out (:mod:`pellucid.ops.suppression`).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.reads import Axis, Reads
from pellucid.ops.suppression import suppressed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

    Floats = NDArray[np.float64]
    Places = tuple[NDArray[np.int64], ...]

NOT_FOUND = -1.0
"""The class of a row without a box."""

CANDIDATES = 10
"""Candidates that are looked at for each box that is answered, at most: a bound on the work."""


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

    def chosen(
        self,
        p: Floats,
        boxes_of: Callable[[Places], Floats],
        peaks: NDArray[np.bool_] | bool = True,
    ) -> tuple[Floats, Places]:
        """Rows of the boxes that are found, and where among the probabilities each of them is.

        Args:
            p: Probabilities, classes last.
            boxes_of: Makes boxes in pixels, (n, 4), of places among the probabilities.
            peaks: Which of them may be found, shaped as they are.
        """
        places = np.nonzero((p >= self.least) & peaks)
        order = np.argsort(-p[places], kind="stable")[: CANDIDATES * self.most]
        places = tuple(each[order] for each in places)
        boxes = boxes_of(places)
        kept = suppressed(boxes, places[-1], self.overlap, self.most)
        places = tuple(each[kept] for each in places)
        return np.column_stack([boxes[kept], p[places], places[-1]]), places
