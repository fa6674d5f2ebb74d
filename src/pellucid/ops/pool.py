"""What all poolings share: a window that slides over each feature map alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pellucid.errors import ArgumentError
from pellucid.ops.operation import Operation, image_shape
from pellucid.ops.reads import Reads, along, whole
from pellucid.ops.window import Edge, Padding, Window

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Details, Position, Weights
    from pellucid.ops.operation import Family, Shape
    from pellucid.ops.terms import Terms


@dataclass(frozen=True)
class Pool(Operation):
    """A pooling window.

    Attributes:
        size: The window's (height, width).
        stride: Step between windows, (down, across); smaller than the size, windows overlap.
        padding: ``"same"``, ``"valid"`` or ``((top, bottom), (left, right))``, less than the size.
        edge: Windows that hang over the end: ``"count"`` them, as the lecture does, or ``"drop"``.
    """

    family: ClassVar[Family] = "pooling"
    stem: ClassVar[str] = "pool"
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

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        axes = (self.window.reads(0, height), self.window.reads(1, width), along(2, channels))
        return Reads((axes,), self.output_shape(*inputs))

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        places = terms.sources[:, 1:3]
        return {
            "window": {"first": places.min(axis=0).tolist(), "last": places.max(axis=0).tolist()}
        }

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        return self.window.cost(*image_shape(inputs[0]))


@dataclass(frozen=True)
class GlobalPool(Operation):
    """A pooling over all positions of each feature map; x is (N, H, W, C), y is (N, C)."""

    family: ClassVar[Family] = "pooling"
    stem: ClassVar[str] = "pool"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return (image_shape(inputs[0])[2],)

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        return Reads(((whole(height), whole(width), along(0, channels)),), (channels,))
