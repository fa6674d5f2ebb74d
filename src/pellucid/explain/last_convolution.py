"""The layer whose feature maps Grad-CAM looks into by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from pellucid.graph import Graph, Node


def default_layer(graph: Graph) -> tuple[str, str]:
    """The last convolution, and the layer that hands its feature maps on.

    That is the end of what follows it without changing positions: batch norm, the joint of a block,
    activation. Of a network that ends in a map, whose last convolutions give the answer itself, it
    is the last that all answers pass: where its branches begin.

    Raises:
        ArgumentError: If the network has no convolution.
    """
    convolutions = [node.name for node in graph.nodes if node.operation.family == "convolution"]
    if not convolutions:
        raise ArgumentError(
            "the network has no convolution for Grad-CAM to look into; use integrated-gradients or "
            "occlusion"
        )
    if len(graph.output_shape) == 3:
        convolutions = convolutions[: _last_passed(graph, convolutions) + 1]
    name = convolutions[-1]
    while True:
        readers = [node for node in graph.nodes if name in node.inputs]
        if len(readers) != 1 or not _hands_on(graph, readers[0]):
            return convolutions[-1], name
        name = readers[0].name


def _last_passed(graph: Graph, convolutions: list[str]) -> int:
    """The number of the last convolution that no other passes by, if others follow it."""
    for k in range(len(convolutions) - 2, 0, -1):
        name = convolutions[k]
        connected = {*graph.nodes_after([name]), *graph.select(name).nodes}
        if {node.name for node in connected}.issuperset(convolutions):
            return k
    return len(convolutions) - 1


def _hands_on(graph: Graph, node: Node) -> bool:
    """Whether a layer makes each value of feature maps from the one at its own place."""
    reads = node.operation.reads(*graph.inputs_of(node))
    return len(reads.output) == 3 and reads.value_by_value
