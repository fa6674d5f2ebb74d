"""From a graph to regions: what is computed in one go, and by which kernel.

A region grows from its anchor for as long as a single reader follows that its kernel can fuse. A
flattening costs nothing where dense layers and functions of each value alone follow, which take
feature maps as they lie; elsewhere it is a copy. A reshaping is one where numbers lie otherwise
after it. A dropout costs nothing at inference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.kernels.pixels import Pixels
from pellucid.engines.native.kernels.plan import as_image
from pellucid.engines.native.kernels.pointwise import POINTWISE
from pellucid.engines.native.kernels.region import Region
from pellucid.engines.native.kernels.registry import choose
from pellucid.engines.native.wanted import NOTHING
from pellucid.graph import Node

if TYPE_CHECKING:
    from collections.abc import Collection

    from pellucid.engines.native.target import Target
    from pellucid.engines.native.wanted import Wanted
    from pellucid.graph import Graph
    from pellucid.ops.operation import Operation, Shape


@dataclass(frozen=True)
class Lowered:
    """A graph in regions.

    Attributes:
        regions: In the order of the graph's nodes.
        makers: The target of the region that makes each node's value, and each input's.
    """

    regions: list[Region]
    makers: dict[str, str]


def lower(
    graph: Graph,
    target: Target,
    *,
    training: bool = True,
    wanted: Wanted = NOTHING,
    compared: Collection[str] = (),
) -> Lowered:
    """The regions of a graph.

    Args:
        graph: The graph.
        target: What the code is for.
        training: Whether the program also learns; else dropout is left out.
        wanted: What is read besides the outputs. Where values are, what computes them gives the
            bits that it would give without: only how far it is fused differs.
        compared: Values that losses read.
    """
    return _Lowering(graph, target, training, wanted, frozenset(compared)).run()


def alone(operation: Operation) -> bool:
    """Whether it makes of each value one by itself, so that it matters not how values lie."""
    return type(operation) in POINTWISE or isinstance(
        operation, ops.Dropout | ops.Quantise | ops.Bfloat16
    )


class _Lowering:
    """The state of :func:`lower`."""

    def __init__(
        self,
        graph: Graph,
        target: Target,
        training: bool,
        wanted: Wanted,
        compared: frozenset[str],
    ) -> None:
        self._graph, self._target, self._wanted = graph, target, wanted
        self._training, self._backward = training, training or wanted.backward
        # What is read where it is made, so that nothing may be fused over it.
        # An output that is an input need not be computed.
        outputs = {*graph.outputs.values()} - graph.inputs.keys()
        self._ends = compared.union(wanted.values, outputs)
        self._regions: dict[str, Region] = {}
        self._makers: dict[str, str] = {}
        self._readers: dict[str, list[Node]] = {}
        for node in graph.nodes:
            for name in node.inputs:
                self._readers.setdefault(name, []).append(node)

    def run(self) -> Lowered:
        """Lower the graph."""
        regions, makers = self._regions, self._makers
        taken: set[str] = set()
        for name in self._graph.inputs:
            if name in self._readers or name in self._ends:
                pixels = self._pixels(name)
                regions[pixels.target] = pixels
                taken.update(pixels.nodes)
                makers |= {name: pixels.target, pixels.name: pixels.target}
        for node in self._graph.nodes:
            if node.name in taken:
                continue
            sources = tuple(makers[name] for name in node.inputs)
            # Of the gradient at another name, other readers of the value have no part.
            differs = self._wanted.backward and node.name in self._wanted.names
            lies = regions[sources[0]].shape
            if not differs and self._only_a_name(node, lies):
                makers[node.name] = sources[0]
                continue
            shape = lies if alone(node.operation) else self._graph.shapes[node.name]
            for region in self._made_of(self._region(node, sources, shape, self._maker(node))):
                regions[region.target] = region
                taken.update(region.nodes)
                makers[region.target] = region.target
        return Lowered([*regions.values()], makers)

    def _pixels(self, name: str) -> Region:
        """Pixels become floats, normalised where the network begins with that."""
        shape, readers = self._graph.inputs[name].shape, self._readers.get(name, [])
        read = self._ends | self._wanted.names
        first = readers[0] if len(readers) == 1 and name not in read else None
        if first is None or not isinstance(first.operation, ops.Normalise) or first.name in read:
            channels = as_image(shape)[-1]
            plain = ops.Normalise((0.0,) * channels, (1.0,) * channels)
            first = Node(name, plain, (name,))
        return Region(first, (), (shape,), first.name, shape, Pixels)

    def _maker(self, node: Node) -> Region | None:
        """The region that makes what a node reads, where nobody else reads that or asks for it."""
        name = node.inputs[0]
        kept = self._backward or name in self._ends
        if kept or len(node.inputs) > 1 or len(self._readers[name]) > 1:
            return None
        return self._regions.get(name)

    def _region(
        self, node: Node, sources: tuple[str, ...], shape: Shape, maker: Region | None = None
    ) -> Region:
        """A node by itself, with the kernel that computes it."""
        inputs, learns = self._graph.inputs_of(node), self._backward
        plain = Region(
            node, sources, inputs, node.name, shape, Pixels, backward=learns, maker=maker
        )
        return replace(plain, kernel=choose(plain, self._target))

    def _made_of(self, anchor: Region) -> list[Region]:
        """The region that grows from an anchor; or several, where what is inside it is wanted."""
        region, wanted = self._grown(anchor), self._wanted
        if wanted.backward and wanted.names.intersection(region.nodes):
            return [anchor]  # a gradient inside a region is nowhere, at its end is masked
        if self._ends.intersection(region.nodes[:-1]):
            return self._one_by_one(anchor, region.epilogue)
        return [region]

    def _grown(self, region: Region) -> Region:
        """A region with all that can be fused: each the only reader of the one before."""
        while True:
            following = self._readers.get(region.target, [])
            # Learning, a region ends where a value is read: its gradient is found there too.
            if len(following) != 1 or (self._training and region.target in self._ends):
                return region
            longer = self._followed(region, following[0])
            if longer is None or region.kernel.declines(longer, self._target):
                return region
            region = longer

    def _followed(self, region: Region, node: Node) -> Region | None:
        """A region with the node that reads its value; none where that reads what comes later."""
        others = [name for name in node.inputs if name != region.target]
        if not all(name in self._makers for name in others):
            return None
        made = tuple(self._makers[name] for name in others)
        return region.followed_by(node, self._graph.shapes[node.name], made)

    def _one_by_one(self, anchor: Region, epilogue: tuple[Node, ...]) -> list[Region]:
        """The regions of nodes that would be fused, each with its value, to the same bits.

        A fused pooling takes the largest before the ReLU, although that comes before it: so it
        does here, where otherwise the sign of a zero might differ.
        """
        regions = [anchor]
        for before, node in pairwise((anchor.anchor, *epilogue)):
            source, function = before.name, tuple[Node, ...]()
            if isinstance(node.operation, ops.MaxPool) and before is not anchor.anchor:
                source, function = anchor.name, (before,)
                if before.name not in self._ends:  # the pooling does not read it
                    regions.pop()
            others = tuple(self._makers[name] for name in node.inputs if name != before.name)
            region = self._region(node, (source, *others), self._graph.shapes[node.name])
            regions.append(replace(region, epilogue=function))
        return regions

    def _only_a_name(self, node: Node, shape: Shape) -> bool:
        """Whether a node's result is its input, of a shape that lies in memory, by another name."""
        if isinstance(node.operation, ops.Dropout):
            return not self._training
        if isinstance(node.operation, ops.Reshape):
            return as_image(shape) == as_image(self._graph.shapes[node.name])
        flat = shape[:-1] in ((), (1, 1))
        return isinstance(node.operation, ops.Flatten) and (
            flat or self._as_it_lies(node, pairs=shape[-1] % 2 == 0)
        )

    def _as_it_lies(self, node: Node, *, pairs: bool) -> bool:
        """Whether all that read a flattened value can read the feature maps instead.

        Args:
            node: What flattens, or a function of each value behind it.
            pairs: Whether the maps have an even number of channels: sums of bfloat16 go by pairs,
                which must be those of the flattened value.
        """
        return node.name not in self._ends and all(
            isinstance(reader.operation, ops.Dense | ops.QuantisedDense)
            or (isinstance(reader.operation, ops.Bfloat16Dense) and pairs)
            or (
                (isinstance(reader.operation, ops.Flatten) or alone(reader.operation))
                and self._as_it_lies(reader, pairs=pairs)
            )
            for reader in self._readers.get(node.name, [])
        )
