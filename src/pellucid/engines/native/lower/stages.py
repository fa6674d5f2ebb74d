"""From a graph to stages: what is computed in one go, with which operations fused.

Fused are a convolution, dense layer or batch norm with the ReLU behind it, and with a max pooling
whose windows do not overlap; a convolution in groups, or an addition, with its ReLU. A flattening
costs nothing where dense layers and functions of each value alone follow, which take feature maps
as they lie; elsewhere it is a copy. A dropout costs nothing at inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.pooling import NONE
from pellucid.engines.native.lower.wanted import Wanted
from pellucid.graph import INPUT, Node

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.operation import Operation, Shape


class Declined(Exception):  # noqa: N818 - not an error: another engine computes the graph
    """The native engine has no kernel for a layer; the message says which and why."""


@dataclass(frozen=True)
class Stage:
    """Operations computed together.

    Attributes:
        kind: Which kernel: a value of :data:`KINDS`; ``depthwise`` or ``grouped`` for convolutions
            in groups; ``normalise`` for the first, which takes pixels.
        node: The node that gives it its name and weights.
        sources: The values it reads, by the name of the node that made them.
        target: The value it makes, by the name of its last node.
        shape: The shape of that value as it lies in memory: that of the feature maps where they
            are flattened by name alone.
        rectify: Whether a ReLU is part of it; of a pooling by itself, one before it.
        pool: The max pooling that is part of it, if any.
        nodes: All nodes in it, in order.
    """

    kind: str
    node: Node
    sources: tuple[str, ...]
    target: str
    shape: Shape
    rectify: bool = False
    pool: ops.MaxPool | None = None
    nodes: tuple[str, ...] = ()


KINDS: dict[type[Operation], str] = {
    ops.Conv2D: "convolve",
    ops.Dense: "convolve",
    ops.MaxPool: "pool",
    ops.AveragePool: "pool",
    ops.ReLU: "activate",
    ops.ReLU6: "activate",
    ops.LeakyReLU: "activate",
    ops.Sigmoid: "activate",
    ops.Tanh: "activate",
    ops.PReLU: "prelu",
    ops.BatchNorm: "norm",
    ops.LocalResponseNorm: "local response",
    ops.Normalise: "rescale",
    ops.Softmax: "softmax",
    ops.Dropout: "dropout",
    ops.Add: "add",
    ops.Concatenate: "concatenate",
    ops.Subsample: "subsample",
    ops.GlobalAveragePool: "average",
    ops.Flatten: "flatten",
}
"""Which kernel computes an operation; convolutions in groups have kernels of their own. What is not
here is computed by the operation's own code, between compiled stages."""

EACH_ALONE = (ops.ReLU, ops.ReLU6, ops.LeakyReLU, ops.Sigmoid, ops.Tanh, ops.Dropout)
"""Functions of each value alone, to which it makes no difference how values lie."""


@dataclass(frozen=True)
class Lowered:
    """A graph in stages.

    Attributes:
        stages: In the order of the graph's nodes.
        makers: The target of the stage that makes each node's value; ``input`` too.
    """

    stages: list[Stage]
    makers: dict[str, str]


NOTHING = Wanted()


def lower(graph: Graph, *, training: bool = True, wanted: Wanted = NOTHING) -> Lowered:
    """The stages of a graph.

    Args:
        graph: The graph.
        training: Whether the program shall learn as well; else dropout is left out.
        wanted: What is read besides the answer. Where values are, what computes them gives the bits
            that it would give without: only how far it is fused differs.
    """
    readers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)

    stages = [_pixels(graph, readers, wanted)]
    made = {INPUT: stages[0].target}  # a node's name → the value that holds its result
    made[stages[0].node.name] = stages[0].target
    shapes = {stages[0].target: stages[0].shape}
    taken = set(stages[0].nodes)
    for node in graph.nodes:
        if node.name in taken:
            continue
        sources = tuple(made[name] for name in node.inputs)
        # What the last stage makes is the answer, and it is not the pixels themselves.
        ends = node.name == graph.output
        copied = ends and (len(stages) == 1 or sources[0] != stages[-1].target)
        # Of the gradient at another name, other readers of the value have no part.
        differs = wanted.backward and node.name in wanted.names
        named = _only_a_name(graph, node, shapes[sources[0]], readers, training=training)
        if named and not copied and not differs:
            made[node.name] = sources[0]
            continue
        for stage in _stages(graph, node, sources, shapes, readers, wanted):
            stages.append(stage)
            taken.update(stage.nodes)
            made[stage.target], shapes[stage.target] = stage.target, stage.shape
    return Lowered(stages, made)


def _pixels(graph: Graph, readers: dict[str, list[Node]], wanted: Wanted) -> Stage:
    """The first stage: pixels become floats, normalised where the network begins with that."""
    first = readers[INPUT]
    name = first[0].name
    alone = len(first) == 1 and name != graph.output and INPUT not in wanted.names
    if alone and isinstance(first[0].operation, ops.Normalise):
        return Stage("normalise", first[0], (), name, graph.input_shape, nodes=(name,))
    channels = graph.input_shape[2]
    as_they_are = ops.Normalise((0.0,) * channels, (1.0,) * channels)
    return Stage("normalise", Node(INPUT, as_they_are), (), INPUT, graph.input_shape)


def _stages(
    graph: Graph,
    node: Node,
    sources: tuple[str, ...],
    shapes: dict[str, Shape],
    readers: dict[str, list[Node]],
    wanted: Wanted,
) -> list[Stage]:
    """What computes a node, and those behind it that are fused with it."""
    operation = node.operation
    chain = _chain(graph, node, readers)
    if wanted.backward and any(each.name in wanted.names for each in chain):
        chain = chain[:1]  # a gradient in the midst of a stage is nowhere, at its end is masked
    elif any(each.name in wanted.names for each in chain[:-1]):
        return _one_by_one(graph, chain, sources, wanted)
    fused = [n.operation for n in chain[1:]]
    alone = isinstance(operation, EACH_ALONE)
    stage = Stage(
        _kind(graph, node),
        node,
        sources,
        chain[-1].name,
        shapes[sources[0]] if alone else graph.shapes[chain[-1].name],
        rectify=any(isinstance(each, ops.ReLU) for each in fused),
        pool=next((each for each in fused if isinstance(each, ops.MaxPool)), None),
        nodes=tuple(n.name for n in chain),
    )
    return [stage]


def _one_by_one(
    graph: Graph, chain: list[Node], sources: tuple[str, ...], wanted: Wanted
) -> list[Stage]:
    """The stages of nodes that would be fused, each with its value, to the same bits.

    A fused pooling takes the largest before the ReLU, although that stands before it: so it does
    here, where otherwise the sign of a zero might differ.
    """

    def stage(node: Node, sources: tuple[str, ...], *, rectify: bool = False) -> Stage:
        shape, nodes = graph.shapes[node.name], (node.name,)
        return Stage(
            _kind(graph, node), node, sources, node.name, shape, rectify=rectify, nodes=nodes
        )

    stages = [stage(chain[0], sources)]
    for before, node in pairwise(chain):
        source, rectify = before.name, False
        if isinstance(node.operation, ops.MaxPool) and isinstance(before.operation, ops.ReLU):
            source, rectify = chain[0].name, True
            if before.name not in wanted.names:  # the pooling does not read it
                stages.pop()
        stages.append(stage(node, (source,), rectify=rectify))
    return stages


def _only_a_name(
    graph: Graph, node: Node, shape: Shape, readers: dict[str, list[Node]], *, training: bool
) -> bool:
    """Whether a node's result is its input, of a shape that lies in memory, by another name."""
    if isinstance(node.operation, ops.Dropout):
        return not training
    flat = shape[:-1] in ((), (1, 1))
    return isinstance(node.operation, ops.Flatten) and (flat or _as_it_lies(graph, node, readers))


def _as_it_lies(graph: Graph, node: Node, readers: dict[str, list[Node]]) -> bool:
    """Whether all that read a flattened value can read the feature maps instead."""
    return node.name != graph.output and all(
        isinstance(reader.operation, ops.Dense)
        or (
            isinstance(reader.operation, (ops.Flatten, *EACH_ALONE))
            and _as_it_lies(graph, reader, readers)
        )
        for reader in readers.get(node.name, [])
    )


def _kind(graph: Graph, node: Node) -> str:
    operation = node.operation
    if isinstance(operation, ops.Conv2D) and operation.groups > 1:
        channels = graph.inputs_of(node)[0][2]
        return "depthwise" if operation.groups == channels == operation.filters else "grouped"
    return KINDS.get(type(operation), "by reference")


def _chain(graph: Graph, node: Node, readers: dict[str, list[Node]]) -> list[Node]:
    """A node and those fused with it: each the only reader of the one before."""
    chain = [node]
    wanted = fusable(node.operation)
    while wanted:
        following = readers.get(chain[-1].name, [])
        if len(following) != 1 or not isinstance(following[0].operation, wanted):
            break
        pool = following[0].operation
        if isinstance(pool, ops.MaxPool) and not tiles(pool):
            break
        if isinstance(pool, ops.MaxPool) and isinstance(node.operation, ops.BatchNorm):
            height, width, _ = graph.shapes[node.name]
            if height % pool.size[0] or width % pool.size[1]:
                break  # the backward pass must reach every position, also those in no window
        chain.append(following[0])
        wanted = tuple(kind for kind in wanted if not isinstance(following[0].operation, kind))
    return chain


def fusable(operation: Operation) -> tuple[type[Operation], ...]:
    """What may be fused behind an operation."""
    if type(operation) not in KINDS:
        return ()
    if isinstance(operation, ops.Conv2D) and operation.groups > 1:
        return (ops.ReLU,)
    if isinstance(operation, ops.Conv2D | ops.Dense | ops.BatchNorm):
        return ops.ReLU, ops.MaxPool
    return (ops.ReLU,) if isinstance(operation, ops.Add) else ()


def tiles(pool: ops.MaxPool) -> bool:
    """Whether a pooling's windows neither overlap nor leave the image."""
    return not why_not_fusable(pool)


def why_not_fusable(pool: ops.MaxPool) -> str:
    """Why a pooling cannot be fused, in words; empty where it can."""
    if pool.size[0] * pool.size[1] >= NONE:
        return f"a window has {NONE} positions or more"
    if pool.size != pool.stride:
        overlap = any(size > step for size, step in zip(pool.size, pool.stride, strict=True))
        return "windows overlap" if overlap else "windows leave positions out"
    if pool.padding != "valid":
        return "the image is padded"
    return "" if pool.edge == "drop" else "windows may hang over the edge"
