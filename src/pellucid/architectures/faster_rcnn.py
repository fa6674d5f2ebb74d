"""Faster R-CNN on any body: where something may be, and then what, and where exactly.

On a pyramid's map at 8 pixels a cell (:mod:`pellucid.architectures.pyramid`) a convolution gives,
for each of a cell's anchors, a logit and four numbers, of which boxes are proposed
(:class:`pellucid.ops.Propose`). What the map shows in each of these is brought to 7×7 cells
(:class:`pellucid.ops.RoIAlign`), from which two dense layers, the same for every region, find K + 1
logits and a box a class. Ren et al. 2015, *Faster R-CNN*, section 3; He et al. 2017, *Mask R-CNN*,
section 3 (RoIAlign).

Unlike there, the map is that of a pyramid: the paper's has one cell in 16×16 pixels, in which small
things leave no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pellucid.architectures.pyramid import STRIDE, convolution, pyramid
from pellucid.graph import TRAINING, Graph, Network, Node, initial_weights
from pellucid.layers import (
    Concatenate,
    Conv2D,
    Dense,
    Input,
    Layer,
    ReLU,
    Reshape,
    RoIAlign,
    connect,
)
from pellucid.ops import AnchorLoss, Propose, SampleRegions
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.graph import Weights

RATIOS = (0.5, 1.0, 2.0)
"""Height to width of the anchors of each scale (section 3.3)."""

PROPOSALS, CANDIDATES, SAMPLE = 300, 3000, 64
"""Boxes that are proposed, out of how many anchors; and regions of a picture that are learned from:
the paper's 300, and half of its 6000 and of *Fast R-CNN*'s 128 a batch. With 100, large things that
are many took the places of small ones that are few."""

SIZE, HIDDEN = 7, 256
"""Cells of a region along each axis, and units of both dense layers."""

ANCHORS, PROPOSED, REGIONS, TARGETS = "anchors", "proposals", "regions", "targets"
"""The map of anchors, the boxes of it, those that are learned from, and the boxes wanted."""

LOGITS, NUMBERS = "classes", "corners"
"""The last layers: K + 1 logits, and four numbers a class."""

FIRST = {"objectness": 0.01, "offsets": 0.01, LOGITS: 0.01, NUMBERS: 0.001}
"""The standard deviation of the first weights of layers that answer (section 3.3; Girshick 2015,
*Fast R-CNN*, section 2.3)."""


def faster_rcnn(body: Graph, classes: int, scales: tuple[float, ...]) -> Graph:
    """A body's graph, with both stages behind it.

    Args:
        body: From a picture to feature maps, as :func:`pellucid.architectures.pyramid.pyramid`
            takes it.
        classes: K.
        scales: Sides of the square anchors, in pixels.

    Returns:
        The graph to rows of regions, logits and numbers, (R, 7 + 5K); see
        :mod:`pellucid.ops.region_loss`.

    Raises:
        ShapeError: If the picture's size does not fit, or the body has no such maps.
    """
    maps = pyramid(body)
    top = Input(maps.output_shape)
    propose = Propose(STRIDE, scales, RATIOS, most=PROPOSALS, candidates=CANDIDATES)
    of_cell = propose.anchors_of_cell
    hidden = convolution("anchors-hidden", 3)(top)
    anchors = Concatenate(name=ANCHORS)(
        Conv2D(of_cell, 1, name="objectness")(hidden),
        Conv2D(4 * of_cell, 1, name="offsets")(hidden),
    )
    proposals = Layer(propose, PROPOSED)(anchors)
    x = RoIAlign(SIZE, scale=1 / STRIDE, name="aligned")(top, proposals)
    x = Reshape((0, -1), name="rows")(x)
    for name in ("dense1", "dense2"):
        x = ReLU(name=f"{name}-relu")(Dense(HIDDEN, name=name)(x))
    answer = Concatenate(name="boxes")(
        proposals, Dense(classes + 1, name=LOGITS)(x), Dense(4 * classes, name=NUMBERS)(x)
    )
    head = connect({maps.output: top}, {"boxes": answer})
    return maps.extend(head.nodes, head.outputs)


def with_classes(graph: Graph, classes: int) -> Graph:
    """Faster R-CNN's graph with another number of classes."""
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
        kernel = weights[f"{name}.kernel"]
        weights[f"{name}.kernel"] = (kernel * (deviation / kernel.std())).astype(kernel.dtype)
    return weights


def for_training(network: Network, boxes: int) -> Network:
    """The network with the graph that it is trained with.

    There, regions are drawn among the proposals and the boxes that are wanted, and the map of
    anchors is an output, whose loss has the weight 1 (section 3.2: "approximate joint training").

    Args:
        network: That of :func:`faster_rcnn`.
        boxes: The most boxes of a picture, M.
    """
    graph = network.graph
    proposed = graph[PROPOSED]
    nodes = []
    for node in graph.nodes:
        inputs = tuple(REGIONS if name == PROPOSED else name for name in node.inputs)
        nodes.append(replace(node, inputs=inputs))
        if node is proposed:
            nodes.append(Node(REGIONS, SampleRegions(SAMPLE), (PROPOSED, TARGETS)))
    with_targets = {**graph.inputs, TARGETS: Type((boxes, COLUMNS))}
    training = Graph(with_targets, nodes, {**graph.outputs, ANCHORS: proposed.inputs[0]})
    settings = cast("Propose", proposed.operation)
    loss = AnchorLoss(settings.stride, settings.scales, settings.ratios, boxes)
    return Network(graph, network.weights, {TRAINING: training}, {ANCHORS: 1.0}, {ANCHORS: loss})


def scales_for(sizes: NDArray[np.floating[Any]]) -> tuple[float, ...]:
    """Sides of square anchors for boxes: powers of √2, of which one is near to almost every box.

    A square has an anchor of 0.71 to 1.41 times its area then, and so, where both have one centre,
    of an IoU of at least 0.7, from which on anchors are positive. With powers of two, as in the
    paper, few small things would have one.

    Args:
        sizes: √area of boxes in pixels, (n,), n at least 1.

    Returns:
        From the power nearest to the 2.5th percentile to that of the 97.5th, 8 to 512.
    """
    low, high = np.clip(np.rint(2 * np.log2(np.percentile(sizes, [2.5, 97.5]))), 6, 18)
    return tuple(float(2 ** (power / 2)) for power in range(int(low), int(high) + 1))
