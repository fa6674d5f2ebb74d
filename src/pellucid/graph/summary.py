"""What a network costs, layer by layer."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.graph.receptive import receptive_fields
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.graph.graph import Graph
    from pellucid.ops.operation import Shape


@dataclass(frozen=True)
class Row:
    """One layer of a summary.

    Attributes:
        layer: The node's name.
        kind: Its operation.
        inputs: The nodes it takes its inputs from.
        output_shape: Of one image.
        parameters: Trainable weights.
        statistics: Weights that are followed but not trained.
        multiply_adds: For one image, forward.
        receptive_field: (height, width) in pixels, at most the image's.
    """

    layer: str
    kind: str
    inputs: tuple[str, ...]
    output_shape: Shape
    parameters: int
    statistics: int
    multiply_adds: int
    receptive_field: tuple[int, int]


@short_repr
@dataclass(frozen=True)
class Summary(Record):
    """A network's layers and their cost."""

    record_kind: ClassVar[str] = "summary"
    input_shape: Shape
    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """All trainable weights."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """All multiply-adds of one image, forward."""
        return sum(row.multiply_adds for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "input_shape": self.input_shape,
            "layers": [asdict(row) for row in self.rows],
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
        }


def summarise(graph: Graph) -> Summary:
    """Layer by layer: output shape, parameters, multiply-adds, receptive field."""
    fields = receptive_fields(graph)
    height, width, _ = graph.input_shape
    rows = []
    for node in graph.nodes:
        inputs = graph.inputs_of(node)
        parameters = node.operation.parameters(*inputs).values()
        down, across = fields[node.name]
        rows.append(
            Row(
                node.name,
                node.operation.kind,
                node.inputs,
                graph.shapes[node.name],
                sum(math.prod(p.shape) for p in parameters if p.trainable),
                sum(math.prod(p.shape) for p in parameters if not p.trainable),
                node.operation.multiply_adds(*inputs),
                (min(down.size, height), min(across.size, width)),
            )
        )
    return Summary(graph.input_shape, tuple(rows))
