"""Full connection of bfloat16, see :mod:`pellucid.ops.bfloat16`.

y[n, o] = b[o] + Σ_i x[n, i] · K[i, o], and of rows each alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from pellucid.ops.bfloat16 import Bfloat16Sum
from pellucid.ops.dense import Dense

if TYPE_CHECKING:
    from pellucid.ops.operation import Family


@dataclass(frozen=True)
class Bfloat16Dense(Bfloat16Sum):
    """A dense layer of bfloat16; x is (N, F), y is (N, units), float32; of rows each alone.

    Attributes:
        units: How many outputs.
    """

    kind: ClassVar[str] = "bfloat16_dense"
    title: ClassVar[str] = "step 4, full connection"
    family: ClassVar[Family] = "dense"
    stem: ClassVar[str] = "dense"
    units: int

    def __post_init__(self) -> None:
        _ = self.summed  # checks units

    @cached_property
    def summed(self) -> Dense:
        return Dense(self.units)

    def with_outputs(self, count: int) -> Bfloat16Dense:
        return replace(self, units=count)
