"""Every layer's values as formulas: what one output's cell computes from other cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.explain.activations import Position
    from pellucid.graph import Node
    from pellucid.show.spreadsheet.sheets import Sheet


@dataclass(frozen=True)
class Formulas:
    """The formulas of one layer.

    Attributes:
        node: The layer.
        inputs: The sheets of the values that reach it.
        weights: The sheets of its weights, by short name.
        own: The sheet of its values, which those of later steps are made of.
    """

    node: Node
    inputs: list[Sheet]
    weights: Mapping[str, Sheet]
    own: Sheet | None = None

    def of(self, at: Position) -> str:
        """The formula of one output value, with its ``=``."""
        operation = self.node.operation
        own = [self.own] if operation.recurs and self.own is not None else []
        return f"={operation.formula(at, [*self.inputs, *own], self.weights)}"
