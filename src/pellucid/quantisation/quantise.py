"""A trained model with whole numbers of 8 bits in its convolutions and dense layers.

Batch norms are folded into what comes before them. Weights get a scale for each output, such that
the largest weight becomes 127; values before a layer one scale in all, from pictures
(:mod:`pellucid.quantisation.ranges`). What is not quantised goes on computing with real numbers:
convolutions in groups of several channels, additions, poolings, activations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ops
from pellucid.engines import get_engine
from pellucid.files import Model
from pellucid.ops.types import BYTES
from pellucid.ops.whole_numbers import LARGEST_BIAS, MOST_TERMS
from pellucid.quantisation.ranges import find_ranges
from pellucid.quantisation.replaced import (
    Quantised,
    check_model,
    cut_alike,
    folded_network,
    layers_of,
    replaced,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines import Engine
    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.operation import Array, Operation

MOST_PICTURES = 500
"""Pictures that ranges are found from where nothing else is asked for."""


def quantise(
    model: Model,
    images: NDArray[np.uint8],
    *,
    engine: Engine | None = None,
    decisions: dict[str, Any] | None = None,
) -> Quantised:
    """Quantise a model.

    Args:
        model: A trained model, which stays as it is.
        images: Pictures as the network takes them, (N, H, W, C), best some hundred of those that it
            learned from.
        engine: Who computes the values that scales are found from; by default the default engine.
        decisions: What was decided about the pictures, for the provenance; None: nothing.

    Raises:
        ArgumentError: If the model is quantised already, has nothing to quantise, or is for
            something else than answers to pictures; or there is no picture.
    """
    check_model(model)
    network = folded_network(model)
    layers, left = layers_of(network.graph, why_not, "a Conv2D() without groups, or a Dense()")
    read = list(dict.fromkeys(network.graph[name].inputs[0] for name in layers))
    ranges = find_ranges(network, read, images, engine or get_engine())
    steps = {name: ranges[name].quantise for name in read}

    def replacement(node: Node, own: Weights) -> tuple[Operation, Weights]:
        scale = steps[node.inputs[0]].scale
        return _operation(node.operation, scale), _weights(own["kernel"], own.get("bias"), scale)

    made = replaced(network, layers, steps, replacement, "whole")
    about: dict[str, Any] = {"pictures": len(images), "layers": [*layers], "left": left}
    if decisions is not None:
        about["decisions"] = decisions
    provenance = {**model.provenance, "quantised": about}
    whole = Model(made, model.task, model.preprocessing, provenance)
    return Quantised(whole, layers, left, len(images))


def why_not(graph: Graph, node: Node) -> str:
    """Why a layer with a kernel is not quantised; empty if it can be."""
    operation, (shape, *_) = node.operation, graph.inputs_of(node)
    if not isinstance(operation, ops.Conv2D | ops.Dense):
        return f"a {operation.kind} has no form for whole numbers"
    if isinstance(operation, ops.Conv2D) and not cut_alike(operation, shape):
        return "a convolution in groups of several channels has no form for whole numbers"
    if isinstance(operation, ops.Conv2D) and shape[-1] == 1:
        return "of one channel, a quarter of a word of four, floats are faster"
    if node.inputs[0] in graph.inputs:
        return "it reads the network's input, which is not normalised"
    terms = operation.parameters(shape)["kernel"].fan_in
    return f"sums {terms} products, more than {MOST_TERMS}" if terms > MOST_TERMS else ""


def _operation(operation: Operation, scale: float) -> Operation:
    if isinstance(operation, ops.Dense):
        return ops.QuantisedDense(operation.units, scale)
    assert isinstance(operation, ops.Conv2D)
    return ops.QuantisedConv2D(
        operation.filters, operation.size, operation.stride, operation.dilation,
        operation.padding, scale, operation.groups > 1,
    )  # fmt: skip


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
    return sum(math.prod(each.shape) * BYTES[each.dtype] for each in network.parameters.values())
