"""A trained model with bfloat16 in those layers that are faster so.

An instruction multiplies twice as many numbers of bfloat16 as of float32. A 3×3 convolution that
is computed by tiles needs less than half of the multiplications (Winograd's algorithm), and stays
as it is; so do first layers of few channels, and what has no form for bfloat16. Batch norms are
folded into what comes before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.engines.native.kernels import winograd_choice
from pellucid.files import Model
from pellucid.ops.bfloat16 import nearest_bfloat16
from pellucid.quantisation.replaced import (
    Quantised,
    check_model,
    cut_alike,
    folded_network,
    layers_of,
    replaced,
)
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.graph import Graph, Node, Weights
    from pellucid.ops.operation import Operation

FEWEST = 5
"""Channels below which convolutions stay: words would be half empty, and pixels be made wider."""


def to_bfloat16(model: Model) -> Quantised:
    """Round the weights and values of a model's layers to bfloat16, where that is faster.

    Args:
        model: A trained model, which stays as it is.

    Raises:
        ArgumentError: If the model is quantised already, has no such layer, or is for something
            else than answers to pictures.
    """
    check_model(model)
    network = folded_network(model)
    layers, left = layers_of(
        network.graph, why_not, "a Dense(), or a Conv2D() that is not 3×3 with stride 1"
    )
    steps = {network.graph[name].inputs[0]: ops.Bfloat16() for name in layers}
    made = replaced(network, layers, steps, _replacement, "bfloat16")
    about = {"to": "bfloat16", "layers": [*layers], "left": left}
    provenance = {**model.provenance, "quantised": about}
    return Quantised(Model(made, model.task, model.preprocessing, provenance), layers, left)


def why_not(graph: Graph, node: Node) -> str:
    """Why a layer with a kernel is left in float32; empty if it is not."""
    operation, (shape, *_) = node.operation, graph.inputs_of(node)
    if not isinstance(operation, ops.Conv2D | ops.Dense):
        return f"a {operation.kind} has no form for bfloat16"
    if isinstance(operation, ops.Conv2D):
        if not cut_alike(operation, shape):
            return "a convolution in groups of several channels has no form for bfloat16"
        if operation.groups == 1 and shape[-1] < FEWEST:
            return f"it reads {counted(shape[-1], 'channel')}, for which float32 has a faster form"
        if winograd_choice.why_not(operation, shape)[0] is not None:
            return "it is faster by tiles (Winograd) in float32"
    if node.inputs[0] in graph.inputs:
        return "it reads the network's input, which is not normalised"
    return ""


def _replacement(node: Node, own: Weights) -> tuple[Operation, Weights]:
    operation, kernel = node.operation, own["kernel"]
    bias = own.get("bias", np.zeros(kernel.shape[-1], np.float32))
    weights = {"kernel": nearest_bfloat16(kernel), "bias": bias}
    if isinstance(operation, ops.Dense):
        return ops.Bfloat16Dense(operation.units), weights
    assert isinstance(operation, ops.Conv2D)
    narrow = ops.Bfloat16Conv2D(
        operation.filters, operation.size, operation.stride, operation.dilation,
        operation.padding, operation.groups > 1,
    )  # fmt: skip
    return narrow, weights
