"""A one-stage detector on any body: a map of classes and distances, at one cell in 8×8 pixels.

Two branches of convolutions on a pyramid's map (:mod:`pellucid.architectures.pyramid`) give, for
each cell, a logit a class and the distances to the edges of the object whose centre lies there
(Tian et al. 2019, *FCOS*, section 3; Zhou et al. 2019, *Objects as points*, section 3). What these
mean, and what is minimised, is in :mod:`pellucid.ops.centre_loss`.
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.pyramid import convolution, pyramid
from pellucid.graph import Graph, initial_weights
from pellucid.layers import Concatenate, Conv2D, Input, connect

if TYPE_CHECKING:
    from pellucid.graph import Weights

FIRST_PROBABILITY = 0.01
"""Of every class in every cell before anything is learned (Lin et al. 2017, *Focal loss for dense
object detection*, section 4.1): nearly all cells are background."""

CLASSES, DISTANCES = "classes", "distances"


def detector(body: Graph, classes: int) -> Graph:
    """A body's graph, with a pyramid and a map of classes and distances behind it.

    Args:
        body: From a picture to feature maps, as :func:`pellucid.architectures.pyramid.pyramid`
            takes it.
        classes: K.

    Returns:
        The graph to a map (height/8, width/8, K + 4).

    Raises:
        ShapeError: If the picture's size does not fit, or the body has no such maps.
    """
    maps = pyramid(body)
    top = Input(maps.output_shape)
    ends = [
        Conv2D(count, 1, name=name)(convolution(f"{name}-hidden", 3)(top))
        for name, count in ((CLASSES, classes), (DISTANCES, 4))
    ]
    head = connect({maps.output: top}, {"boxes": Concatenate(name="boxes")(*ends)})
    return maps.extend(head.nodes, head.outputs)


def with_classes(graph: Graph, classes: int) -> Graph:
    """A detector's graph with another number of classes."""
    nodes = [
        replace(node, operation=node.operation.with_outputs(classes))
        if node.name == CLASSES
        else node
        for node in graph.nodes
    ]
    return Graph(graph.inputs, nodes, graph.outputs)


def first_weights(graph: Graph, seed: int) -> Weights:
    """First weights of a detector: as drawn for any network, and nearly all cells background."""
    weights = initial_weights(graph, seed)
    bias = weights[f"{CLASSES}.bias"]
    weights[f"{CLASSES}.bias"] = np.full_like(
        bias, -log((1.0 - FIRST_PROBABILITY) / FIRST_PROBABILITY)
    )
    return weights
