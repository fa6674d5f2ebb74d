"""What the ways to narrow numbers share: which layers, and a network with these replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.errors import ArgumentError
from pellucid.graph import Graph, Network, Node, is_quantised
from pellucid.graph.fold import fold
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning, Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pellucid.files import Model
    from pellucid.graph import Weights
    from pellucid.ops.operation import Operation, Shape


@short_repr
@dataclass(frozen=True, eq=False)
class Quantised:
    """What quantising made.

    Attributes:
        model: The quantised model.
        layers: The layers that compute with narrow numbers.
        left: Why each other layer with a kernel does not, by its name.
        pictures: How many pictures scales were found from; none of bfloat16.
    """

    model: Model
    layers: tuple[str, ...]
    left: dict[str, str]
    pictures: int = 0


def check_model(model: Model) -> None:
    """Check that a model can be quantised.

    Raises:
        ArgumentError: If it is already, or is for something else than answers to pictures.
    """
    graph = model.network.graph
    if is_quantised(graph):
        raise ArgumentError("the model is quantised already; take the one that it was made from")
    chooses = any(node.operation.kind in ops.CHOICES for node in graph.nodes)
    if isinstance(model.task, Captioning | Generation) or chooses:
        raise ArgumentError(
            f"models for {model.task.title} are not quantised, only those whose one network "
            "answers a picture at once"
        )


def folded_network(model: Model) -> Network:
    """A model's network with its batch norms in what comes before them."""
    folded = fold(model.network.graph)
    return Network(folded.graph, folded.weights(model.network.weights))


def layers_of(
    graph: Graph, why_not: Callable[[Graph, Node], str], wanted: str
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The layers with a kernel that are quantised, and why each other one is not.

    Args:
        graph: The graph.
        why_not: Why a layer is not quantised; empty if it is.
        wanted: What would be, for the message.

    Raises:
        ArgumentError: If there is none.
    """
    reasons = {
        node.name: why_not(graph, node)
        for node in graph.nodes
        if "kernel" in graph.parameters_of(node)
    }
    layers = tuple(name for name, reason in reasons.items() if not reason)
    if not layers:
        raise ArgumentError(
            f"the network has no layer that can be quantised; there must be {wanted}"
        )
    return layers, {name: reason for name, reason in reasons.items() if reason}


def cut_alike(operation: ops.Conv2D, shape: Shape) -> bool:
    """Whether it has no groups, or one for each channel and filter."""
    return operation.groups == 1 or operation.groups == operation.filters == shape[-1]


def replaced(
    network: Network,
    layers: Collection[str],
    steps: Mapping[str, Operation],
    replacement: Callable[[Node, Weights], tuple[Operation, Weights]],
    ending: str,
) -> Network:
    """A network with some layers replaced, and what they read made narrow before.

    Args:
        network: The network.
        layers: The layers.
        steps: What makes each value narrow that they read, by its name.
        replacement: The operation in a layer's place, and its weights, of the layer's own.
        ending: What the names of narrow values end with.
    """
    graph, nodes = network.graph, list[Node]()
    weights: Weights = {}
    taken = {*graph.types}
    narrow: dict[str, str] = {}
    for node in graph.nodes:
        own = {name: network.weights[stored] for name, stored in graph.parameters_of(node).items()}
        if node.name not in layers:
            nodes.append(node)
            weights |= {f"{node.store}.{name}": array for name, array in own.items()}
            continue
        (read,) = node.inputs
        if read not in narrow:
            narrow[read] = _free(f"{read}_{ending}", taken)
            nodes.append(Node(narrow[read], steps[read], (read,)))
        operation, made = replacement(node, own)
        nodes.append(Node(node.name, operation, (narrow[read],)))
        weights |= {f"{node.name}.{name}": array for name, array in made.items()}
    return Network(Graph(graph.inputs, nodes, graph.outputs), weights)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
