"""First weights of a classifier: as the initialisers draw them, with small ones at the logits.

Where logits start large, the untrained network is certain of answers that it made up: the first
loss is far above ln K, that of guessing among K classes, and the first steps only take it back. So
the weights that make the logits are drawn as everywhere and then multiplied by a small number. It
is not zero, since gradients must pass through them to the other layers from the first step on. A
layer that asks for another initialiser than the default gets it as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.graph.network import initial_weights

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from pellucid.graph.graph import Graph
    from pellucid.graph.network import Weights

SMALL = 0.05
"""What the weights of output layers are multiplied with."""

DEFAULT_INITIALIZER = "he"
"""The initialiser of layers that ask for no other."""


def classifier_weights(graph: Graph, seed: int, dtype: DTypeLike = np.float32) -> Weights:
    """First weights with which a network gives all classes nearly the same probability.

    As :func:`initial_weights` draws them, but those of :func:`output_layers` times :data:`SMALL`.
    A kernel with another initialiser than :data:`DEFAULT_INITIALIZER` is left as it is.

    Args:
        graph: From images to logits, (K,).
        seed: 0 to 2³² − 1; the same seed gives the same bits.
        dtype: Of the arrays.
    """
    weights = initial_weights(graph, seed, dtype)
    for name, factor in first_factors(graph).items():
        weights[name] *= factor
    return weights


def first_factors(graph: Graph) -> dict[str, float]:
    """What first weights are multiplied with, by full name; others are left as they are drawn."""
    last = output_layers(graph)
    return {
        str(name): SMALL
        for name, parameter in graph.parameters.items()
        if name.node in last
        and (
            (parameter.role == "kernel" and parameter.initializer == DEFAULT_INITIALIZER)
            or parameter.role == "scale"
        )
    }


def output_layers(graph: Graph) -> frozenset[str]:
    """The layers with weights that lie nearest to the outputs, on every way to them.

    Mostly one, the last dense layer. Activations, poolings and the like behind it are passed, and
    of an addition or a concatenation every branch is followed.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(graph.outputs.values())
    nodes = {node.name: node for node in graph.nodes}
    while waiting:
        name = waiting.pop()
        if name not in nodes or name in seen:
            continue
        seen.add(name)
        node = nodes[name]
        if node.operation.sets_scale:
            found.add(name)
        else:
            waiting += node.inputs
    return frozenset(found)
