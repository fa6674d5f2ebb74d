"""Product of two sequences as matrices: what attention scores, and what it takes, are made of.

    y[n, t, l] = Σ_d a[n, t, d] · b[n, l, d]    transposed: of each row of a with each row of b
    y[n, t, c] = Σ_l a[n, t, l] · b[n, l, c]    else: the rows of b, weighted

Scaled, the sums are divided by the square root of their length, so that scores of longer rows are
no larger. Dot-product attention is softmax(Q·Kᵀ/√D)·V (Luong et al. 2015, *Effective approaches to
attention-based neural machine translation*, equation 8; Vaswani et al. 2017, *Attention is all you
need*, equation 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.reads import Reads, along, whole
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class MatrixProduct(Operation):
    """a·b, or a·bᵀ; a is (N, T, D), b is (N, D, C), or transposed (N, L, D).

    Attributes:
        transposed: Whether rows of b are what rows of a are multiplied with.
        scaled: Whether sums are divided by √D.
    """

    kind: ClassVar[str] = "matrix_product"
    title: ClassVar[str] = "sequences, multiplied"
    family: ClassVar[Family] = "joint"
    rule: ClassVar[Rule] = "sampled"
    transposed: bool = False
    scaled: bool = False

    def __post_init__(self) -> None:
        checks.truth("transposed", self.transposed)
        checks.truth("scaled", self.scaled)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes 2 inputs, got {len(inputs)}")
        first, second = inputs
        if len(first) != 2 or len(second) != 2:
            raise ShapeError(
                f"takes two sequences, (T, D) and {self._second}, got {describe(first)} and "
                f"{describe(second)}"
            )
        if first[1] != second[1 if self.transposed else 0]:
            raise ShapeError(
                f"cannot multiply {describe(first)} by {describe(second)}; rows of {first[1]} "
                f"numbers need {self._second} with D = {first[1]}"
            )

    @property
    def _second(self) -> str:
        return "(L, D)" if self.transposed else "(D, C)"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (steps, _), second = inputs
        return steps, second[0 if self.transposed else 1]

    def multiply_adds(self, *inputs: Shape) -> int:
        return math.prod(self.output_shape(*inputs)) * inputs[0][1]

    def factor(self, length: int) -> float:
        """What a sum of ``length`` products is multiplied with."""
        return 1.0 / math.sqrt(length) if self.scaled else 1.0

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        a, b = inputs
        columns = b.swapaxes(1, 2) if self.transposed else b
        return (a @ columns) * self.factor(a.shape[2]), (a, b)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        a, b = saved
        inner = gradient * self.factor(a.shape[2])
        if self.transposed:
            return (inner @ b, inner.swapaxes(1, 2) @ a), {}
        return (inner @ b.swapaxes(1, 2), a.swapaxes(1, 2) @ inner), {}

    def reads(self, *inputs: Shape) -> Reads:
        (steps, depth), (rows, columns) = inputs
        second = (whole(rows), along(1, columns))
        if self.transposed:
            second = (along(1, rows), whole(columns))
        return Reads(((along(0, steps), whole(depth)), second), self.output_shape(*inputs))

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        """Each number of b is a term; the number of a that it meets, scaled, is its factor."""
        sources = self.reads(*(x.shape for x in inputs)).sources(at)
        values = sources.values(inputs)
        mine = sources.table[:, 0] == 1
        factors = np.full(len(values), np.nan)
        factors[mine] = values[~mine] * self.factor(inputs[0].shape[1])
        products = np.where(mine, values * factors, 0.0)
        return Terms("sampled", sources.table, values, factors, products)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        a, b = inputs
        depth = at[1] if branch == 0 or self.transposed else at[0]
        second = b[output[1], depth] if self.transposed else b[depth, output[1]]
        other = second if branch == 0 else a[output[0], depth]
        return float(other) * self.factor(a.shape[1])

    def opening(self, *inputs: Shape) -> dict[str, Any]:
        return {"paired": self.factor(inputs[0][1])}

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return ()

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (a, b), (step, k) = inputs, at
        last = a.shape[1] - 1
        row = a.block((step, 0), (step, last))
        if self.transposed:
            found = f"SUMPRODUCT({row},{b.block((k, 0), (k, last))})"
        else:
            found = f"SUM(MMULT({row},{b.block((0, k), (last, k))}))"
        return f"{found}*{constant(self.factor(last + 1))}" if self.scaled else found
