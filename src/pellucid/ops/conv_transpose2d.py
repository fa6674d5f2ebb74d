"""Transposed convolution: each value spreads a kernel over a larger map, where all are added up.

    y[n, i·s + ky − p, j·s + kx − p, o] = b[o] + Σ x[n, i, j, c] · K[ky, kx, c, o]

summed over all i, j, ky, kx and c that meet there. It is what the gradient of a convolution with
the same window goes through on its way back from its outputs to its input; learned upwards, it
makes pictures of few numbers (Radford et al. 2016, *Unsupervised representation learning with deep
convolutional generative adversarial networks*, section 3).

Of n positions come (n − 1)·s + k − (padding before and after) + (output padding): a convolution's
size rule, read backwards. Where its stride leaves positions over, several sizes fit, and
``output_padding`` adds that many rows below and columns on the right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.errors import ArgumentError, TooSmallError
from pellucid.ops import patches
from pellucid.ops.conv2d import Conv2D
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter, image_shape
from pellucid.ops.reads import Axis, Follow, Reads, WeightPlace, whole
from pellucid.ops.window import check_sides

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule
    from pellucid.ops.window import Sides, Window


@dataclass(frozen=True)
class ConvTranspose2D(Operation):
    """A transposed convolution's linear part; x is (N, H, W, C), y is (N, H', W', filters).

    Attributes:
        filters: How many feature maps come out.
        size: The kernel's (height, width).
        stride: Output positions from one input's kernel to the next, (down, across).
        padding: Rows and columns cut off the result, ``((top, bottom), (left, right))``.
        output_padding: Rows below and columns on the right that are made besides, less than the
            stride.
        bias: Whether each feature map adds a learned constant.
        initializer: How the kernels start; biases start at zero.
    """

    kind: ClassVar[str] = "conv_transpose2d"
    title: ClassVar[str] = "step 1, transposed convolution"
    family: ClassVar[Family] = "convolution"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "deconv"
    sets_scale: ClassVar[bool] = True
    filters: int
    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[Sides, Sides] = ((0, 0), (0, 0))
    output_padding: tuple[int, int] = (0, 0)
    bias: bool = True
    initializer: str | float = "he"

    def __post_init__(self) -> None:
        checks.whole("filters", self.filters)
        checks.pair("size", self.size)
        checks.pair("stride", self.stride)
        check_sides("padding", self.padding)
        checks.pair("output_padding", self.output_padding, least=0)
        checks.truth("bias", self.bias)
        check_initializer("initializer", self.initializer)
        for more, step in zip(self.output_padding, self.stride, strict=True):
            if more >= step:
                raise ArgumentError(
                    f"output_padding must be less than the stride of {self.stride}, got "
                    f"{self.output_padding}"
                )

    def convolution(self, channels: int) -> Conv2D:
        """The convolution that it is the transpose of, from its outputs to some channels."""
        return Conv2D(channels, self.size, self.stride, padding=self.padding, bias=False)

    @property
    def window(self) -> Window:
        """The window of that convolution, which slides over the outputs."""
        return self.convolution(1).window

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (shape,) = inputs
        height, width, _ = image_shape(shape)
        return self._output(0, height), self._output(1, width), self.filters

    def _output(self, axis: int, length: int) -> int:
        before, after = self.padding[axis]
        made = (length - 1) * self.stride[axis] + self.size[axis] + self.output_padding[axis]
        if made <= before + after:
            side = ("height", "width")[axis]
            least = -(-(before + after + 1 - made) // self.stride[axis]) + length
            raise TooSmallError(
                f"{side} {length} is too small: of {made} positions that are made, padding cuts "
                f"off {before + after}; its input needs a {side} of at least {least}"
            )
        return made - before - after

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        _, _, channels = image_shape(inputs[0])
        inside, steps = self.size[0] * self.size[1], self.stride[0] * self.stride[1]
        kernel = Parameter(
            (*self.size, channels, self.filters),
            self.initializer,
            "kernel",
            # An output is reached by every stride-th place of the kernel alone.
            fan_in=max(1, inside * channels // steps),
            fan_out=inside * self.filters,
        )
        if not self.bias:
            return {"kernel": kernel}
        return {"kernel": kernel, "bias": Parameter((self.filters,), 0.0, "bias")}

    def with_outputs(self, count: int) -> ConvTranspose2D:
        return replace(self, filters=count)

    def multiply_adds(self, *inputs: Shape) -> int:
        height, width, channels = image_shape(inputs[0])
        return height * width * channels * self.size[0] * self.size[1] * self.filters

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        n, height, width, channels = x_nhwc.shape
        spread = x_nhwc.reshape(-1, channels) @ _matrix(weights["kernel"])
        placed = spread.reshape(n, height, width, *self.size, self.filters)
        y = patches.paste(placed, self.window, self._output(0, height), self._output(1, width))
        return (y + weights["bias"] if self.bias else y), x_nhwc

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x_nhwc: Array = saved
        channels, kernel = x_nhwc.shape[3], weights["kernel"]
        rows = self._rows(gradient)
        # The kernel's gradient is Σ x·∂y over positions, for each of its places.
        dk = (x_nhwc.reshape(-1, channels).T @ rows).reshape(channels, *self.size, self.filters)
        gradients = {"kernel": dk.transpose(1, 2, 0, 3)}
        if self.bias:
            gradients["bias"] = gradient.sum(axis=(0, 1, 2))
        return ((rows @ _matrix(kernel).T).reshape(x_nhwc.shape),), gradients

    def input_gradients(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        return ((self._rows(gradient) @ _matrix(weights["kernel"]).T).reshape(saved.shape),)

    def _rows(self, y_nhwo: Array) -> Array:
        """What each input spreads over, as a row: (N·H·W, kh·kw·filters)."""
        places = self.size[0] * self.size[1]
        return patches.cut(y_nhwo, self.window).reshape(-1, places * self.filters)

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        # Output o meets input (o + before − tap) / stride, where that is a whole number.
        rows, columns = (
            Axis(length, (Follow(axis),), size, dilation=-1, before=-before, divisor=stride)
            for axis, (length, size, stride, (before, _)) in enumerate(
                zip((height, width), self.size, self.stride, self.padding, strict=True)
            )
        )
        kernel = WeightPlace("kernel", (("tap", 0), ("tap", 1), ("tap", 2), ("output", 2)))
        return Reads(((rows, columns, whole(channels)),), self.output_shape(*inputs), kernel)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,), kernel, o = inputs, weights["kernel"], at[2]
        last, top = x.shape[2] - 1, o * self.size[0]  # each map's kernel lies below the one before
        rows, columns, _ = (axis.read(at) for axis in self.reads(x.shape).inputs[0])
        products = []
        for ky, row in rows:
            for kx, column in columns:
                values = x.block((row, column, 0), (row, column, last))
                factors = kernel.block((top + ky, kx, 0), (top + ky, kx, last))
                products.append(f"SUMPRODUCT({values},{factors})")
        bias = f"+{weights['bias'].cell((o,))}" if self.bias else ""
        return ("+".join(products) or "0") + bias

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        return self.window.cost(*self.output_shape(*inputs))


def _matrix(kernel: Array) -> Array:
    """The kernel as one matrix: (channels, kh·kw·filters)."""
    return kernel.transpose(2, 0, 1, 3).reshape(kernel.shape[2], -1)
