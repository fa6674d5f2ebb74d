"""Which layers inference computes image by image, and which for a whole group of images.

Layers follow each other. Image by image, what a layer has made is still in the caches when the next
one reads it, but the weights of all these layers are read again for each image. Layer by layer, a
group of images shares each layer's weights, and its values go to memory. So images go one by one
through a network's beginning, where values are many and weights few, and together through its end.
"""

from __future__ import annotations

from itertools import takewhile
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.kernels.region import Region
    from pellucid.graph import Graph, Node


def one_by_one(graph: Graph) -> frozenset[str]:
    """The nodes that images go through one by one: the first of the network.

    As many as make least what is read or written for an image: the weights of these, and what the
    others with weights read and write.
    """
    numbers = [_numbers(graph, node) for node in graph.nodes]
    cost = sum(values for weights, values in numbers if weights)
    least, first = cost, 0
    for number, (weights, values) in enumerate(numbers):
        if weights:
            if cost < least:
                least, first = cost, number
            cost += weights - values
    if cost < least:
        first = len(numbers)
    return frozenset(node.name for node in graph.nodes[:first])


def _numbers(graph: Graph, node: Node) -> tuple[int, int]:
    """How many weights a node has, and how many values it reads and writes for an image."""
    shapes = graph.inputs_of(node)
    weights = sum(prod(each.shape) for each in node.operation.parameters(*shapes).values())
    return weights, prod(graph.shapes[node.name]) + sum(map(prod, shapes))


def light(graph: Graph, regions: Sequence[Region]) -> frozenset[str]:
    """The regions of which an image's values outweigh the weights, by their targets.

    Where a program learns, or values are asked for, all values are kept: images then go one by one
    through those of these whose stages follow each other.
    """
    found = set()
    for region in regions:
        weights, values = _numbers(graph, region.anchor) if region.sources else (0, 1)
        if weights < values:
            found.add(region.target)
    return frozenset(found)


def regions_one_by_one(graph: Graph, regions: Sequence[Region]) -> int:
    """How many regions, the first, images go through one by one."""
    names = one_by_one(graph)
    taken = takewhile(
        lambda region: region.kernel.by_image and (not region.sources or region.target in names),
        regions,
    )
    return len(list(taken))


def passing(regions: Sequence[Region], alone: int) -> frozenset[str]:
    """The values of the first regions that nothing else reads, by their targets."""
    later = {source for region in regions[alone:] for source in region.sources}
    return frozenset(region.target for region in regions[:alone]) - later
