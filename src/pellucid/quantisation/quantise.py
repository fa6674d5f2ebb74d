"""A trained model with whole numbers of 8 bits in its convolutions and dense layers.

Batch norms are folded into what comes before them. Weights get a scale for each output, such that
the largest weight becomes 127; values before a layer one scale in all, from pictures
(:mod:`pellucid.quantisation.ranges`). What is not quantised goes on computing with real numbers:
convolutions in groups of several channels, additions, poolings, activations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.files import Model
from pellucid.graph import Graph, Network, Node, is_quantised
from pellucid.graph.fold import fold
from pellucid.ops.whole_numbers import LARGEST_BIAS, MOST_TERMS
from pellucid.quantisation.ranges import find_ranges
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning, Generation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines import Engine
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array, Operation, Shape

MOST_PICTURES = 500
"""Pictures that ranges are found from where nothing else is asked for."""


@short_repr
@dataclass(frozen=True, eq=False)
class Quantised:
    """What quantising made.

    Attributes:
        model: The quantised model.
        layers: The layers that compute with whole numbers.
        left: Why each other layer with a kernel does not, by its name.
        pictures: How many pictures the scales were found from.
    """

    model: Model
    layers: tuple[str, ...]
    left: dict[str, str]
    pictures: int


def quantise(model: Model, images: NDArray[np.uint8], *, engine: Engine | None = None) -> Quantised:
    """Quantise a model.

    Args:
        model: A trained model, which stays as it is.
        images: Pictures as the network takes them, (N, H, W, C), best some hundred of those that it
            learned from.
        engine: Who computes the values that scales are found from; by default the default engine.

    Raises:
        ArgumentError: If the model is quantised already, has nothing to quantise, or is for
            something else than answers to pictures; or there is no picture.
    """
    _check(model)
    folded = fold(model.network.graph)
    network = Network(folded.graph, folded.weights(model.network.weights))
    reasons = {
        node.name: why_not(network.graph, node)
        for node in network.graph.nodes
        if "kernel" in network.graph.parameters_of(node)
    }
    layers = [name for name, reason in reasons.items() if not reason]
    if not layers:
        raise ArgumentError(
            "the network has no layer that can be quantised; there must be a Conv2D() without "
            "groups, or a Dense()"
        )
    read = list(dict.fromkeys(network.graph[name].inputs[0] for name in layers))
    ranges = find_ranges(network, read, images, engine or get_engine())
    steps = {name: ranges[name].quantise for name in read}
    made = _network(network, set(layers), steps)
    left = {name: reason for name, reason in reasons.items() if reason}
    provenance = {
        **model.provenance,
        "quantised": {"pictures": len(images), "layers": layers, "left": left},
    }
    whole = Model(made, model.task, model.preprocessing, provenance)
    return Quantised(whole, tuple(layers), left, len(images))


def _check(model: Model) -> None:
    graph = model.network.graph
    if is_quantised(graph):
        raise ArgumentError("the model is quantised already; take the one that it was made from")
    chooses = any(node.operation.kind in ops.CHOICES for node in graph.nodes)
    if isinstance(model.task, Captioning | Generation) or chooses:
        raise ArgumentError(
            f"models for {model.task.title} are not quantised, only those whose one network "
            "answers a picture at once"
        )


def why_not(graph: Graph, node: Node) -> str:
    """Why a layer with a kernel is not quantised; empty if it can be."""
    operation, (shape, *_) = node.operation, graph.inputs_of(node)
    if not isinstance(operation, ops.Conv2D | ops.Dense):
        return f"a {operation.kind} has no form for whole numbers"
    if isinstance(operation, ops.Conv2D) and not _cut_alike(operation, shape):
        return "a convolution in groups of several channels has no form for whole numbers"
    if node.inputs[0] in graph.inputs:
        return "it reads the network's input, which is not normalised"
    terms = operation.parameters(shape)["kernel"].fan_in
    return f"sums {terms} products, more than {MOST_TERMS}" if terms > MOST_TERMS else ""


def _network(network: Network, layers: set[str], steps: Mapping[str, ops.Quantise]) -> Network:
    """A network with some layers replaced, and what they read quantised before."""
    graph, nodes = network.graph, list[Node]()
    weights: Weights = {}
    taken = {*graph.types}
    whole: dict[str, str] = {}
    for node in graph.nodes:
        own = {name: network.weights[stored] for name, stored in graph.parameters_of(node).items()}
        if node.name not in layers:
            nodes.append(node)
            weights |= {f"{node.store}.{name}": array for name, array in own.items()}
            continue
        (read,) = node.inputs
        step = steps[read]
        if read not in whole:
            whole[read] = _free(f"{read}_whole", taken)
            nodes.append(Node(whole[read], step, (read,)))
        nodes.append(Node(node.name, _operation(node.operation, step.scale), (whole[read],)))
        made = _weights(own["kernel"], own.get("bias"), step.scale)
        weights |= {f"{node.name}.{name}": array for name, array in made.items()}
    return Network(Graph(graph.inputs, nodes, graph.outputs), weights)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _operation(operation: Operation, scale: float) -> Operation:
    if isinstance(operation, ops.Dense):
        return ops.QuantisedDense(operation.units, scale)
    assert isinstance(operation, ops.Conv2D)
    return ops.QuantisedConv2D(
        operation.filters, operation.size, operation.stride, operation.dilation,
        operation.padding, scale, operation.groups > 1,
    )  # fmt: skip


def _cut_alike(operation: ops.Conv2D, shape: Shape) -> bool:
    """Whether it has no groups, or one for each channel and filter."""
    return operation.groups == 1 or operation.groups == operation.filters == shape[-1]


def _weights(kernel: Array, bias: Array | None, scale: float) -> Weights:
    """Whole weights and their scales, (outputs,): the largest of an output's becomes ±127."""
    outputs = kernel.shape[-1]
    real = kernel.reshape(-1, outputs).astype(np.float64)
    added = np.zeros(outputs) if bias is None else bias.astype(np.float64)
    # A bias far larger than all weights must fit as well.
    least = np.abs(added) / (scale * LARGEST_BIAS)
    scales = np.maximum(np.abs(real).max(axis=0) / 127, least)
    scales = np.where(scales > 0, scales, 1.0).astype(np.float32)
    whole = np.clip(np.rint(real / scales), -127, 127)
    steps = scales * np.float32(scale)
    return {
        "kernel": whole.reshape(kernel.shape).astype(np.float32),
        "bias": np.rint(np.where(steps > 0, added / steps, 0.0)).astype(np.float32),
        "scale": scales,
    }


def weight_bytes(network: Network) -> int:
    """Bytes of a network's weights as a model file keeps them."""
    return sum(
        math.prod(each.shape) * np.dtype(each.dtype).itemsize
        for each in network.parameters.values()
    )
