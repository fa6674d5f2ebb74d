"""Faster R-CNN on any body: where something may be, and then what, and where exactly.

On a pyramid's map at 8 pixels a cell (:mod:`pellucid.architectures.pyramid`) a convolution gives,
for each of a cell's anchors, a logit and four numbers, of which boxes are proposed
(:class:`pellucid.ops.Propose`). Of each of these,
:mod:`pellucid.architectures.region_head` finds the class and the box. Ren et al. 2015, *Faster
R-CNN*, section 3.

Unlike there, the map is that of a pyramid: the paper's has one cell in 16×16 pixels, in which small
things leave no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pellucid.architectures.pyramid import STRIDE, convolution, pyramid
from pellucid.architectures.region_head import PROPOSED, ROWS, region_head, with_samples
from pellucid.graph import TRAINING, Graph, Network
from pellucid.layers import Concatenate, Conv2D, Input, Layer, connect
from pellucid.ops import AnchorLoss, Propose

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATIOS = (0.5, 1.0, 2.0)
"""Height to width of the anchors of each scale (section 3.3)."""

PROPOSALS, CANDIDATES = 300, 3000
"""Boxes that are proposed, out of how many anchors: the paper's 300, and half of its 6000. With
100, large things that are many took the places of small ones that are few."""

ANCHORS = "anchors"
"""The map of anchors."""


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
    answer = region_head(top, proposals, classes)
    head = connect({maps.output: top}, {ROWS: answer})
    return maps.extend(head.nodes, head.outputs)


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
    drawn = with_samples(graph, boxes)
    training = Graph(drawn.inputs, drawn.nodes, {**drawn.outputs, ANCHORS: proposed.inputs[0]})
    loss = anchor_loss(cast("Propose", proposed.operation), boxes)
    return Network(graph, network.weights, {TRAINING: training}, {ANCHORS: 1.0}, {ANCHORS: loss})


def anchor_loss(propose: Propose, boxes: int) -> AnchorLoss:
    """The loss of the map of anchors that boxes are proposed by.

    Args:
        propose: What proposes them.
        boxes: The most boxes of a picture, M.
    """
    return AnchorLoss(propose.stride, propose.scales, propose.ratios, boxes)


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
