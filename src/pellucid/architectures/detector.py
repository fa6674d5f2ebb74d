"""A one-stage detector on any body: a map of classes and distances, at one cell in 8×8 pixels.

The body's maps at 8, 16 and 32 pixels a cell (each the last of its size) are brought to as many
channels, and joined from the coarsest to the finest (Lin et al. 2017, *Feature pyramid networks for
object detection*, section 3); two branches of convolutions on the finest give, for each cell, a
logit a class and the distances to the edges of the object whose centre lies there (Tian et al.
2019, *FCOS*, section 3; Zhou et al. 2019, *Objects as points*, section 3). What these mean, and
what is minimised, is in :mod:`pellucid.ops.centre_loss`.
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ShapeError
from pellucid.graph import Graph, initial_weights
from pellucid.layers import (
    Add,
    BatchNorm,
    Concatenate,
    Conv2D,
    Input,
    ReLU,
    Resize,
    Sequential,
    connect,
)
from pellucid.text import array_shape

if TYPE_CHECKING:
    from pellucid.graph import Weights
    from pellucid.layers import Value

STRIDE = 8
"""Pixels of the picture from one cell to the next."""

COARSEST = 32
"""Pixels from one cell to the next of the coarsest map that is used."""

WIDTH = 64
"""Channels of the pyramid and of the branches."""

FIRST_PROBABILITY = 0.01
"""Of every class in every cell before anything is learned (Lin et al. 2017, *Focal loss for dense
object detection*, section 4.1): nearly all cells are background."""

CLASSES, DISTANCES = "classes", "distances"


def detector(body: Graph, classes: int) -> Graph:
    """A body's graph, with a pyramid and a map of classes and distances behind it.

    Args:
        body: From a picture (height, width, channels), both multiples of 32, to feature maps, of
            which there are some at :data:`STRIDE` pixels a cell or finer.
        classes: K.

    Returns:
        The graph to a map (height/8, width/8, K + 4).

    Raises:
        ShapeError: If the picture's size does not fit, or the body has no such maps.
    """
    height, width, _ = body.input_shape
    if height % COARSEST or width % COARSEST:
        raise ShapeError(
            f"a detector takes pictures whose height and width are multiples of {COARSEST}, got "
            f"{array_shape((height, width))}"
        )
    taps = feature_maps(body)
    inputs = {name: Input(body.shapes[name]) for name in taps.values()}
    maps = {stride: inputs[name] for stride, name in taps.items()}
    finest = max(stride for stride in maps if stride <= STRIDE) if min(maps) <= STRIDE else 0
    if not finest:
        raise ShapeError("the body has no feature map at 8 pixels a cell, or at fewer")
    while finest < STRIDE:  # a body for small pictures: further steps down are learned here
        maps[2 * finest] = _convolution(f"down{2 * finest}", 3, 2)(maps[finest])
        finest *= 2
    top: Value | None = None
    for stride in sorted((s for s in maps if s >= STRIDE), reverse=True):
        level = _convolution(f"lateral{stride}", 1)(maps[stride])
        if top is not None:
            level = Add(name=f"joined{stride}")(Resize(2, name=f"up{stride}")(top), level)
        top = level
    assert top is not None
    top = _convolution("smooth", 3)(top)
    ends = [
        Conv2D(count, 1, name=name)(_convolution(f"{name}-hidden", 3)(top))
        for name, count in ((CLASSES, classes), (DISTANCES, 4))
    ]
    answer = Concatenate(name="boxes")(*ends)
    head = connect(inputs, {"boxes": answer})
    used = body.select(*inputs)
    return used.extend(head.nodes, head.outputs)


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


def feature_maps(body: Graph) -> dict[int, str]:
    """The last feature map of each size, by pixels from one cell to the next: 1, 2, … 32."""
    height, width, _ = body.input_shape
    found: dict[int, str] = {}
    for node in body.nodes:
        shape = body.shapes[node.name]
        if len(shape) != 3 or height % shape[0] or width % shape[1]:
            continue
        stride = height // shape[0]
        if stride == width // shape[1] and stride <= COARSEST and stride & (stride - 1) == 0:
            found[stride] = node.name
    return found


def _convolution(name: str, size: int, stride: int = 1) -> Sequential:
    return Sequential(
        [
            Conv2D(WIDTH, size, stride=stride, padding="same", bias=False, name=name),
            BatchNorm(name=f"{name}-norm"),
            ReLU(name=f"{name}-relu"),
        ]
    )
