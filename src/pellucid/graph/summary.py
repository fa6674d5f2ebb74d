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
        receptive_field: (height, width) in pixels, at most the image's; none where there are
            several inputs, or no picture.
    """

    layer: str
    kind: str
    inputs: tuple[str, ...]
    output_shape: Shape
    parameters: int
    statistics: int
    multiply_adds: int
    receptive_field: tuple[int, int] | None


@short_repr
@dataclass(frozen=True)
class Summary(Record):
    """A network's layers and their cost.

    Attributes:
        graph: The network.
        rows: One a layer.
    """

    record_kind: ClassVar[str] = "summary"
    endings: ClassVar[tuple[str, ...]] = (".svg", ".html", ".json")
    graph: Graph
    rows: tuple[Row, ...]

    @property
    def input_shape(self) -> Shape:
        """Of the only input; raises ArgumentError if there are several."""
        return self.graph.input_shape

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
            **self._inputs(),
            "layers": [asdict(row) for row in self.rows],
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
        }

    def _inputs(self) -> dict[str, Any]:
        if len(self.graph.inputs) == 1:
            return {"input_shape": self.input_shape}
        return {"inputs": {name: each.shape for name, each in self.graph.inputs.items()}}


def summarise(graph: Graph) -> Summary:
    """Layer by layer: output shape, parameters, multiply-adds, receptive field."""
    fields = _fields(graph)
    rows = []
    for node in graph.nodes:
        inputs = graph.inputs_of(node)
        parameters = node.operation.parameters(*inputs).values()
        rows.append(
            Row(
                node.name,
                node.operation.kind,
                node.inputs,
                graph.shapes[node.name],
                sum(math.prod(p.shape) for p in parameters if p.trainable),
                sum(math.prod(p.shape) for p in parameters if not p.trainable),
                node.operation.multiply_adds(*inputs),
                fields.get(node.name),
            )
        )
    return Summary(graph, tuple(rows))


def _fields(graph: Graph) -> dict[str, tuple[int, int]]:
    """The receptive field of each layer, in pixels, where the only input is a picture."""
    shapes = [each.shape for each in graph.inputs.values()]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        return {}
    height, width, _ = shapes[0]
    return {
        name: (min(down.size, height), min(across.size, width))
        for name, (down, across) in receptive_fields(graph).items()
    }
