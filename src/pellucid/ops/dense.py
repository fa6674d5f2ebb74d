"""Full connection: every output is a weighted sum of all inputs.

y[n, o] = b[o] + Σ_i x[n, i] · K[i, o]

Of rows, such as the steps of a sequence or the regions of a picture, each is connected alone, all
with the same kernel: y[n, t, o] = b[o] + Σ_i x[n, t, i] · K[i, o].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter, flat_shape
from pellucid.ops.reads import Reads, WeightPlace, along, whole

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Dense(Operation):
    """A fully connected layer's linear part; x is (N, F), y is (N, units).

    Rows (N, T, F) become rows (N, T, units).

    Attributes:
        units: How many outputs.
        bias: Whether each output adds a learned constant.
        initializer: How the kernel starts; biases start at zero.
    """

    kind: ClassVar[str] = "dense"
    title: ClassVar[str] = "step 4, full connection"
    family: ClassVar[Family] = "dense"
    rule: ClassVar[Rule] = "sum"
    sets_scale: ClassVar[bool] = True
    units: int
    bias: bool = True
    initializer: str | float = "he"

    def __post_init__(self) -> None:
        checks.whole("units", self.units)
        checks.truth("bias", self.bias)
        check_initializer("initializer", self.initializer)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        rows, _ = _rows(inputs[0])
        return (*rows, self.units)

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        _, features = _rows(inputs[0])
        kernel = Parameter(
            (features, self.units), self.initializer, "kernel", fan_in=features, fan_out=self.units
        )
        if not self.bias:
            return {"kernel": kernel}
        return {"kernel": kernel, "bias": Parameter((self.units,), 0.0, "bias")}

    def with_outputs(self, count: int) -> Dense:
        return replace(self, units=count)

    def multiply_adds(self, *inputs: Shape) -> int:
        return math.prod(inputs[0]) * self.units

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        y = x @ weights["kernel"]
        return (y + weights["bias"] if self.bias else y), x

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x: Array = saved
        rows, slopes = (array.reshape(-1, array.shape[-1]) for array in (x, gradient))
        gradients = {"kernel": rows.T @ slopes}
        if self.bias:
            gradients["bias"] = slopes.sum(axis=0)
        return self.input_gradients(gradient, saved, weights), gradients

    def input_gradients(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        return (gradient @ weights["kernel"].T,)

    def reads(self, *inputs: Shape) -> Reads:
        rows, features = _rows(inputs[0])
        last = len(rows)
        kernel = WeightPlace("kernel", (("tap", last), ("output", last)))
        axes = *(along(k, length) for k, length in enumerate(rows)), whole(features)
        return Reads((axes,), (*rows, self.units), kernel)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,), (*row, unit) = inputs, at
        last = x.shape[-1] - 1
        read = x.block((*row, 0), (*row, last))
        kernel = weights["kernel"].block((0, 0, unit), (last, 0, unit))
        bias = f"+{weights['bias'].cell((unit,))}" if self.bias else ""
        if row:  # a step lies across, the kernel down
            return f"SUMPRODUCT(MMULT({read},{kernel})){bias}"
        return f"SUMPRODUCT({read},{kernel}){bias}"


def _rows(shape: Shape) -> tuple[Shape, int]:
    """The axes of an input's rows, none or one, and how many numbers a row has.

    Raises:
        ShapeError: If it is that of feature maps, or of a single number.
    """
    if len(shape) == 2:
        return shape[:-1], shape[-1]
    return (), flat_shape(shape)
