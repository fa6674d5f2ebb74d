"""What all poolings share: a window that slides over each feature map alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.ops.operation import Operation, Reach, image_shape
from pellucid.ops.window import Edge, Padding, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Shape


@dataclass(frozen=True)
class Pool(Operation):
    """A pooling window.

    Attributes:
        size: The window's (height, width).
        stride: Step between windows, (down, across); smaller than the size, windows overlap.
        padding: ``"same"``, ``"valid"`` or ``((top, bottom), (left, right))``, less than the size.
        edge: Windows that hang over the end: ``"count"`` them, as the lecture does, or ``"drop"``.
    """

    size: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (2, 2)
    padding: Padding = "valid"
    edge: Edge = "drop"

    def __post_init__(self) -> None:
        window = self.window
        if isinstance(self.padding, tuple) and any(
            max(sides) >= size for sides, size in zip(self.padding, window.size, strict=True)
        ):
            raise ArgumentError(
                f"padding must be less than the pooling window of {self.size[0]}×{self.size[1]}, "
                f"so that each window holds a pixel, got {self.padding!r}"
            )

    @cached_property
    def window(self) -> Window:
        """The window that slides."""
        return Window(self.size, self.stride, (1, 1), self.padding, self.edge)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        height, width, channels = image_shape(inputs[0])
        return (*self.window.output(height, width), channels)

    def reach(self, shape: Shape) -> Reach:
        height, width, _ = image_shape(shape)
        before = self.window.along(0, height).before, self.window.along(1, width).before
        return Reach(self.size, self.stride, before)

    def sources(self, at: tuple[int, ...], shape: Shape) -> NDArray[np.int64]:
        """The image positions under the window at one output position, as terms list them."""
        row, column, channel = at
        rows, columns = self.window.rows_and_columns((row, column), *shape[:2])
        return np.array([(0, y, x, channel) for _, y in rows for _, x in columns], np.int64)
