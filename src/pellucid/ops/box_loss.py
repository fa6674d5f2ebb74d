"""What losses of boxes have in common: how wanted boxes are given and checked, and the mean."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.loss import Loss
from pellucid.ops.operation import describe
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array, Shape

COLUMNS = 6
"""Numbers of a wanted box: x0, y0, x1, y1 in pixels, its class, and whether it is to be ignored."""


class BoxLoss(Loss):
    """A loss of some outputs and of boxes in pixels, (M, 6).

    A row of boxes is x0, y0, x1, y1, the class 0..K − 1 or −1 for no box, and 1 to be ignored.

    Attributes:
        boxes: M, the most boxes of a picture, 1 to 10 000.
    """

    boxes: int

    @abstractmethod
    def check_outputs(self, outputs: Shape) -> None:
        """Check the shape of the outputs.

        Raises:
            ShapeError: If it is another.
        """

    @abstractmethod
    def of_picture(self, outputs: Array, targets: Array) -> tuple[float, NDArray[np.float64]]:
        """The loss of one picture, not yet divided, and its slopes at the outputs.

        Args:
            outputs: Of the picture, of the shape that :meth:`check_outputs` takes.
            targets: Its boxes, (M, 6).
        """

    def count(self, targets: Array) -> float:
        """What the sum over pictures is divided by.

        Args:
            targets: Their boxes, (N, M, 6).
        """
        return self.divisor(self.amount(targets))

    def per_image(self, logits: Array, targets: Array) -> Array:
        pairs = zip(logits, targets, strict=True)
        return np.array([self.of_picture(z, t)[0] / self.count(t[None]) for z, t in pairs])

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        total, slopes, count = 0.0, np.empty(logits.shape), self.count(targets)
        for n, (z, t) in enumerate(zip(logits, targets, strict=True)):
            found, slopes[n] = self.of_picture(z, t)
            total += found
        return total / count, (slopes / count).astype(logits.dtype)

    def target_shape(self, outputs: Shape) -> Shape:
        return (self.boxes, COLUMNS)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes outputs and boxes, got {counted(len(inputs), 'input')}")
        outputs, targets = inputs
        self.check_outputs(outputs)
        if targets != self.target_shape(outputs):
            raise ShapeError(
                f"takes {describe(self.target_shape(outputs))} numbers of boxes, got "
                f"{describe(targets)}"
            )

    def check_targets(self, targets: Array, count: int | None, shape: Shape) -> Array:
        if targets.ndim != 3 or targets.shape[1:] != shape or targets.dtype.kind not in "iuf":
            raise ShapeError(
                f"boxes must be numbers (N, {shape[0]}, {COLUMNS}), got {targets.dtype} "
                f"{targets.shape}"
            )
        if count is not None and len(targets) != count:
            raise ShapeError(
                f"takes rows of boxes for {counted(count, 'image')}, got {len(targets)}"
            )
        given = targets[targets[..., 4] >= 0]
        sizes = given[:, 2:4] - given[:, :2]
        if not (np.isfinite(given).all() and (sizes > 0).all()):
            raise ArgumentError("boxes must be finite, x0 < x1 and y0 < y1")
        return targets
