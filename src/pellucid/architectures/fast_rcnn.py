"""Fast R-CNN on any body: regions that somebody else proposes, of one pass over the picture.

The body and the joined map (:mod:`pellucid.architectures.pyramid`) are computed once a picture;
regions are a second input of the network, and what the map shows in each is looked at by
:mod:`pellucid.architectures.region_head`. Girshick 2015, *Fast R-CNN*, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.pyramid import pyramid
from pellucid.architectures.region_head import PROPOSED, ROWS, region_head, with_samples
from pellucid.graph import TRAINING, Graph, Network
from pellucid.layers import Input, connect
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from pellucid.layers import Value


def fast_rcnn(body: Graph, classes: int, regions: int) -> Graph:
    """A body's graph, with the second stage behind it.

    Args:
        body: From a picture to feature maps, as :func:`pellucid.architectures.pyramid.pyramid`
            takes it.
        classes: K.
        regions: R, how many are looked at; they are the input
            :data:`pellucid.architectures.region_head.PROPOSED`, rows as
            :class:`pellucid.ops.Propose` gives them, (R, 6).

    Returns:
        The graph to rows of regions, logits and numbers, (R, 7 + 5K).

    Raises:
        ShapeError: If the picture's size does not fit, or the body has no such maps.
    """
    maps = pyramid(body)
    top, given = Input(maps.output_shape), Input((regions, COLUMNS))
    inputs: dict[str, Value] = {maps.output: top, PROPOSED: given}
    head = connect(inputs, {ROWS: region_head(top, given, classes)})
    return maps.extend(head.nodes, head.outputs, {PROPOSED: Type((regions, COLUMNS))})


def for_training(network: Network, boxes: int) -> Network:
    """The network with the graph that it is trained with, which draws among the regions.

    Args:
        network: That of :func:`fast_rcnn`.
        boxes: The most boxes of a picture, M.
    """
    graph = network.graph
    return Network(graph, network.weights, {TRAINING: with_samples(graph, boxes)})
