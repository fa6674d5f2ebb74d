"""What the layers behind a value make of it, as far as it stays one value.

Those are activations, norms, dropout, and the poolings that it enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.explain.records import number

if TYPE_CHECKING:
    from pellucid.explain.activations import Activations, Position


@dataclass(frozen=True)
class Use:
    """What one layer made of a value.

    Attributes:
        layer: Its name.
        kind: Its operation.
        at: The place of the result in its output.
        before: What came in.
        after: What came out.
        wins: For a maximum: whether this value won its window; none for all others.
    """

    layer: str
    kind: str
    at: Position
    before: float
    after: float
    wins: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "layer": self.layer,
            "operation": self.kind,
            "at": list(self.at),
            "before": number(self.before),
            "after": number(self.after),
            "wins": self.wins,
        }


def downstream(activations: Activations, layer: str, at: Position) -> tuple[Use, ...]:
    """What the layers that read a value make of it, and those behind them, up to poolings."""
    found: list[Use] = []
    before = float(activations.values[layer][at])
    for node in activations.readers(layer):
        operation, values = node.operation, activations.values[node.name]
        shapes = activations.graph.inputs_of(node)
        reads = operation.reads(*shapes)
        if len(shapes) == 1 and reads.value_by_value:
            for place in reads.dependents(0, at):  # none where channels are cut off
                after = float(values[place])
                found.append(Use(node.name, operation.kind, place, before, after))
                found.extend(downstream(activations, node.name, place))
        elif operation.family == "pooling" and len(reads.output) == len(at):
            for place in reads.dependents(0, at):
                wins = None
                if operation.rule == "maximum":
                    terms = operation.terms(activations.inputs_of(node), {}, place)
                    wins = terms.source(terms.own)[1] == at
                found.append(
                    Use(node.name, operation.kind, place, before, float(values[place]), wins)
                )
    return tuple(found)
