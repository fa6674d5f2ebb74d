"""Convolution: a kernel slides over the feature maps, and every position gives one value.

    y[n, i, j, o] = b[o] + Σ_{ky, kx, c} x[n, i·s − p + ky·d, j·s − p + kx·d, c] · K[ky, kx, c, o]

As everywhere in deep learning this is cross-correlation: the kernel is not turned round, as the
integral (f * g)(t) = ∫ f(τ) g(t − τ) dτ would have it; a learned kernel does not care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops import patches
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter, image_shape
from pellucid.ops.reads import Axis, Follow, Reads, WeightPlace
from pellucid.ops.window import Padding, Window
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Conv2D(Operation):
    """A convolutional layer's linear part; x is (N, H, W, C), y is (N, H', W', filters).

    Attributes:
        filters: How many kernels, and so how many feature maps come out.
        size: The kernel's (height, width).
        stride: Step between windows, (down, across).
        dilation: Distance between neighbouring kernel cells, 1 for a solid kernel.
        padding: ``"same"``, ``"valid"`` or ``((top, bottom), (left, right))`` pixels of zeros.
        groups: Into how many groups channels and filters are cut, each convolved alone; as many
            groups as channels is a depthwise convolution.
        bias: Whether each feature map adds a learned constant.
        initializer: How the kernels start; biases start at zero.
    """

    kind: ClassVar[str] = "conv2d"
    title: ClassVar[str] = "step 1, convolution"
    family: ClassVar[Family] = "convolution"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "conv"
    sets_scale: ClassVar[bool] = True
    filters: int
    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = "valid"
    groups: int = 1
    bias: bool = True
    initializer: str | float = "he"

    def __post_init__(self) -> None:
        checks.whole("filters", self.filters)
        checks.whole("groups", self.groups)
        checks.truth("bias", self.bias)
        check_initializer("initializer", self.initializer)
        _ = self.window  # checks the rest

    @cached_property
    def window(self) -> Window:
        """The window that slides."""
        return Window(self.size, self.stride, self.dilation, self.padding)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        height, width, channels = image_shape(inputs[0])
        if channels % self.groups or self.filters % self.groups:
            raise ShapeError(
                f"{counted(channels, 'channel')} and {counted(self.filters, 'filter')} cannot "
                f"both be cut into {counted(self.groups, 'group')}; choose groups that divide both"
            )
        return (*self.window.output(height, width), self.filters)

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        _, _, channels = image_shape(inputs[0])
        inside = self.size[0] * self.size[1]
        joined, reached = channels // self.groups, self.filters // self.groups
        kernel = Parameter(
            (*self.size, joined, self.filters),
            self.initializer,
            "kernel",
            fan_in=inside * joined,
            fan_out=inside * reached,
        )
        if not self.bias:
            return {"kernel": kernel}
        return {"kernel": kernel, "bias": Parameter((self.filters,), 0.0, "bias")}

    def with_outputs(self, count: int) -> Conv2D:
        return replace(self, filters=count)

    def multiply_adds(self, *inputs: Shape) -> int:
        height, width, filters = self.output_shape(*inputs)
        return height * width * filters * self.parameters(*inputs)["kernel"].fan_in

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        n, height, width, _ = x_nhwc.shape
        rows_gmk = self._rows(x_nhwc)
        y_gmo = rows_gmk @ self._kernels(weights["kernel"])
        y = y_gmo.transpose(1, 0, 2).reshape(n, *self.window.output(height, width), self.filters)
        return (y + weights["bias"] if self.bias else y), x_nhwc

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x_nhwc: Array = saved
        kernel = weights["kernel"]

        # Each output is a row of x times the kernels, so ∂K = rowsᵀ·∂y and ∂rows = ∂y·Kᵀ.
        dk_gko = self._rows(x_nhwc).transpose(0, 2, 1) @ self._grouped(gradient)

        gradients = {"kernel": dk_gko.transpose(1, 0, 2).reshape(kernel.shape)}
        if self.bias:
            gradients["bias"] = gradient.sum(axis=(0, 1, 2))
        return self.input_gradients(gradient, saved, weights), gradients

    def input_gradients(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        kernels_gko = self._kernels(weights["kernel"])
        drows_gmk = self._grouped(gradient) @ kernels_gko.transpose(0, 2, 1)
        return (self._unrows(drows_gmk, saved.shape),)

    def _rows(self, x_nhwc: Array) -> Array:
        """Every patch as a row, group by group: (groups, N·H'·W', kh·kw·channels of a group)."""
        cut = patches.cut(x_nhwc, self.window)
        inside, joined = self.size[0] * self.size[1], x_nhwc.shape[3] // self.groups
        m = cut.shape[0] * cut.shape[1] * cut.shape[2]
        grouped = cut.reshape(m, inside, self.groups, joined).transpose(2, 0, 1, 3)
        return grouped.reshape(self.groups, m, inside * joined)

    def _unrows(self, rows_gmk: Array, shape: Shape) -> Array:
        """The transpose of :meth:`_rows`: rows are added back into images of the given shape."""
        n, height, width, channels = shape
        inside, joined = self.size[0] * self.size[1], channels // self.groups
        cut = rows_gmk.reshape(self.groups, -1, inside, joined).transpose(1, 2, 0, 3)
        placed = cut.reshape(n, *self.window.output(height, width), *self.size, channels)
        return patches.paste(placed, self.window, height, width)

    def _grouped(self, y_nhwo: Array) -> Array:
        """Outputs as rows, group by group: (groups, N·H'·W', filters of a group)."""
        return y_nhwo.reshape(-1, self.groups, self.filters // self.groups).transpose(1, 0, 2)

    def _kernels(self, kernel: Array) -> Array:
        """The kernels as one matrix a group: (groups, kh·kw·channels of a group, filters of it)."""
        flat = kernel.reshape(-1, self.groups, self.filters // self.groups)
        return flat.transpose(1, 0, 2)

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        joined = channels // self.groups
        group = () if self.groups == 1 else (Follow(2, joined, self.filters // self.groups),)
        axes = (
            self.window.reads(0, height),
            self.window.reads(1, width),
            Axis(channels, group, taps=joined),
        )
        kernel = WeightPlace("kernel", (("tap", 0), ("tap", 1), ("tap", 2), ("output", 2)))
        return Reads((axes,), self.output_shape(*inputs), kernel)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,), kernel, o = inputs, weights["kernel"], at[2]
        bias = f"+{weights['bias'].cell((o,))}" if self.bias else ""
        rows, columns, joined = (axis.read(at) for axis in self.reads(x.shape).inputs[0])
        top = o * self.size[0]  # each map's kernel lies below the one before
        if self.dilation != (1, 1) or self.groups > 1:
            parts = [([row], [column]) for row in rows for column in columns]
        else:
            parts = [(rows, columns)] if rows and columns else []
        products = [
            "SUMPRODUCT({},{})".format(
                x.block(
                    (down[0][1], across[0][1], joined[0][1]),
                    (down[-1][1], across[-1][1], joined[-1][1]),
                ),
                kernel.block(
                    (top + down[0][0], across[0][0], 0),
                    (top + down[-1][0], across[-1][0], joined[-1][0]),
                ),
            )
            for down, across in parts
        ]
        return ("+".join(products) or "0") + bias

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        return self.window.cost(*image_shape(inputs[0]))
