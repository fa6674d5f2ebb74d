"""Full connection of whole numbers of 8 bits, see :mod:`pellucid.ops.whole_numbers`.

y[n, o] = s · t[o] · (b[o] + Σ_i q[n, i] · K[i, o]), and of rows each alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.ops.dense import Dense
from pellucid.ops.whole_numbers import WholeSum, scaled

if TYPE_CHECKING:
    from pellucid.ops.arguments import Position
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Family, Shape
    from pellucid.ops.reads import Reads


@dataclass(frozen=True)
class QuantisedDense(WholeSum):
    """A dense layer of whole numbers; q is (N, F), y is (N, units); of rows (N, T, F) each alone.

    Attributes:
        units: How many outputs.
        input_scale: What a step of the input's whole numbers is worth, 1e-30 to 1e30.
    """

    kind: ClassVar[str] = "quantised_dense"
    title: ClassVar[str] = "step 4, full connection"
    family: ClassVar[Family] = "dense"
    stem: ClassVar[str] = "dense"
    units: int
    input_scale: float = 1.0

    def __post_init__(self) -> None:
        checks.number("input_scale", self.input_scale, 1e-30, 1e30)
        _ = self.summed  # checks the rest

    @cached_property
    def summed(self) -> Dense:
        return Dense(self.units, bias=False)

    def with_outputs(self, count: int) -> QuantisedDense:
        return replace(self, units=count)

    def reads(self, *inputs: Shape) -> Reads:
        return self.summed.reads(*inputs)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return scaled(self, self.summed.formula(at, inputs, weights), at, weights)
