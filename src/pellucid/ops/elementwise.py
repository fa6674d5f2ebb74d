"""Operations each of whose values reads the values at its own place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ops.operation import Operation
from pellucid.ops.reads import Reads, elementwise

if TYPE_CHECKING:
    from pellucid.ops.operation import Shape


class Elementwise(Operation):
    """An operation that keeps the shape of its inputs and reads them value by value."""

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0]

    def reads(self, *inputs: Shape) -> Reads:
        return elementwise(*inputs)
