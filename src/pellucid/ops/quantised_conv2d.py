"""Convolution of whole numbers of 8 bits, see :mod:`pellucid.ops.whole_numbers`.

y[n, i, j, o] = s · t[o] · (b[o] + Σ_{ky, kx, c} q[n, i·s − p + ky·d, …, c] · K[ky, kx, c, o])
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.conv2d import Conv2D
from pellucid.ops.whole_numbers import WholeSum, scaled
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Position
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Family, Shape
    from pellucid.ops.reads import Reads
    from pellucid.ops.window import Padding, Window


@dataclass(frozen=True)
class QuantisedConv2D(WholeSum):
    """A convolution of whole numbers; q is (N, H, W, C), y is (N, H', W', filters).

    Attributes:
        filters: How many kernels, and so how many feature maps come out.
        size: The kernel's (height, width).
        stride: Step between windows, (down, across).
        dilation: Distance between neighbouring kernel cells.
        padding: ``"same"``, ``"valid"`` or ``((top, bottom), (left, right))`` pixels of zeros.
        input_scale: What a step of the input's whole numbers is worth, 1e-30 to 1e30.
        depthwise: Whether each channel has a kernel of its own, so that there are as many filters.
    """

    kind: ClassVar[str] = "quantised_conv2d"
    title: ClassVar[str] = "step 1, convolution"
    family: ClassVar[Family] = "convolution"
    stem: ClassVar[str] = "conv"
    filters: int
    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = "valid"
    input_scale: float = 1.0
    depthwise: bool = False

    def __post_init__(self) -> None:
        checks.number("input_scale", self.input_scale, 1e-30, 1e30)
        checks.truth("depthwise", self.depthwise)
        _ = self.summed  # checks the rest

    @cached_property
    def summed(self) -> Conv2D:
        groups = self.filters if self.depthwise else 1
        return Conv2D(
            self.filters, self.size, self.stride, self.dilation, self.padding, groups, bias=False
        )

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = super().output_shape(*inputs)
        if self.depthwise and inputs[0][-1] != self.filters:
            raise ShapeError(
                f"has a kernel for each of {counted(self.filters, 'channel')}, got "
                f"{counted(inputs[0][-1], 'channel')}"
            )
        return shape

    @property
    def window(self) -> Window:
        """The window that slides."""
        return self.summed.window

    def with_outputs(self, count: int) -> QuantisedConv2D:
        return replace(self, filters=count)

    def reads(self, *inputs: Shape) -> Reads:
        return self.summed.reads(*inputs)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return scaled(self, self.summed.formula(at, inputs, weights), at, weights)

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        return self.summed.window_cost(*inputs)
