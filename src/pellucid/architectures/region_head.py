"""The second stage of detectors by regions: which class each region is, and where its box lies.

What a map shows in each region is brought to 7×7 cells (:class:`pellucid.ops.RoIAlign`), from which
two dense layers, the same for every region, find K + 1 logits and a box a class. Girshick 2015,
*Fast R-CNN*, section 2; He et al. 2017, *Mask R-CNN*, section 3 (RoIAlign).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.architectures.pyramid import STRIDE
from pellucid.graph import Graph, Node, initial_weights
from pellucid.layers import Concatenate, Dense, ReLU, Reshape, RoIAlign
from pellucid.ops import SampleRegions
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from pellucid.graph import Weights
    from pellucid.layers import Value

SAMPLE = 64
"""Regions of a picture that are learned from: half of *Fast R-CNN*'s 128 a batch of two."""

SIZE, HIDDEN = 7, 256
"""Cells of a region along each axis, and units of both dense layers."""

PROPOSED, REGIONS, TARGETS = "proposals", "regions", "targets"
"""The boxes that are looked at, those that are learned from, and the boxes wanted."""

ROWS = "boxes"
"""The output: rows of regions, logits and numbers."""

LOGITS, NUMBERS = "classes", "corners"
"""The last layers: K + 1 logits, and four numbers a class."""

FIRST = {"objectness": 0.01, "offsets": 0.01, LOGITS: 0.01, NUMBERS: 0.001}
"""The standard deviation of the first weights of layers that answer (Ren et al. 2015, *Faster
R-CNN*, section 3.3; Girshick 2015, *Fast R-CNN*, section 2.3)."""


def region_head(top: Value, regions: Value, classes: int) -> Value:
    """Rows of regions, logits and numbers, (R, 7 + 5K); see :mod:`pellucid.ops.region_loss`.

    Args:
        top: A map at :data:`pellucid.architectures.pyramid.STRIDE` pixels a cell.
        regions: (R, 6), as :class:`pellucid.ops.Propose` gives them.
        classes: K.
    """
    x = RoIAlign(SIZE, scale=1 / STRIDE, name="aligned")(top, regions)
    x = Reshape((0, -1), name="rows")(x)
    for name in ("dense1", "dense2"):
        x = ReLU(name=f"{name}-relu")(Dense(HIDDEN, name=name)(x))
    return Concatenate(name=ROWS)(
        regions, Dense(classes + 1, name=LOGITS)(x), Dense(4 * classes, name=NUMBERS)(x)
    )


def with_classes(graph: Graph, classes: int) -> Graph:
    """The graph of a detector by regions with another number of classes."""
    counts = {LOGITS: classes + 1, NUMBERS: 4 * classes}
    nodes = [
        replace(node, operation=node.operation.with_outputs(counts[node.name]))
        if node.name in counts
        else node
        for node in graph.nodes
    ]
    return Graph(graph.inputs, nodes, graph.outputs)


def first_weights(graph: Graph, seed: int) -> Weights:
    """First weights: as drawn for any network, and small in the layers that answer."""
    weights = initial_weights(graph, seed)
    for name, deviation in FIRST.items():
        kernel = weights.get(f"{name}.kernel")
        if kernel is not None:
            weights[f"{name}.kernel"] = (kernel * (deviation / kernel.std())).astype(kernel.dtype)
    return weights


def with_samples(graph: Graph, boxes: int) -> Graph:
    """The graph of a detector that learns from regions drawn among those proposed and the wanted.

    Args:
        graph: Its proposals are a node or an input, :data:`PROPOSED`.
        boxes: The most boxes of a picture, M; they are a further input, :data:`TARGETS`, (M, 6).
    """
    drawn = Node(REGIONS, SampleRegions(SAMPLE), (PROPOSED, TARGETS))
    nodes = [drawn] if PROPOSED in graph.inputs else []
    for node in graph.nodes:
        inputs = tuple(REGIONS if name == PROPOSED else name for name in node.inputs)
        nodes.append(replace(node, inputs=inputs))
        if node.name == PROPOSED:
            nodes.append(drawn)
    return Graph({**graph.inputs, TARGETS: Type((boxes, COLUMNS))}, nodes, graph.outputs)
