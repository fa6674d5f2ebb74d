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
    """

    node: Node
    inputs: list[Sheet]
    weights: Mapping[str, Sheet]

    def of(self, at: Position) -> str:
        """The formula of one output value, with its ``=``."""
        return f"={self.node.operation.formula(at, self.inputs, self.weights)}"
