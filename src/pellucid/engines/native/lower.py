"""From a graph to stages: what is computed in one go, with which operations fused.

Fused are a convolution or dense layer with the ReLU behind it, and with a max pooling whose windows
do not overlap; batch norm with its ReLU; an addition with its ReLU. A flattening costs nothing: a
dense layer reads feature maps as they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.pooling import NONE
from pellucid.graph import INPUT, Node
from pellucid.ops.window import Window

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.operation import Operation


class Declined(Exception):  # noqa: N818 - not an error: another engine computes the graph
    """The native engine has no kernel for a layer; the message says which and why."""


@dataclass(frozen=True)
class Stage:
    """Operations computed together.

    Attributes:
        kind: Which kernel: ``normalise``, ``convolve``, ``pool``, ``activate``, ``norm``, ``add``,
            ``average``, ``dropout``.
        node: The node that gives it its name and weights.
        sources: The values it reads, by the name of the node that made them.
        target: The value it makes, by the name of its last node.
        rectify: Whether a ReLU is part of it.
        pool: The max pooling that is part of it, if any.
        nodes: All nodes in it, in order.
    """

    kind: str
    node: Node
    sources: tuple[str, ...]
    target: str
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
    ops.BatchNorm: "norm",
    ops.Add: "add",
    ops.GlobalAveragePool: "average",
}


def lower(graph: Graph) -> list[Stage]:
    """The stages of a graph, in the order of its nodes.

    Raises:
        Declined: If an operation has no kernel here.
    """
    readers: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)

    stages = [_pixels(graph, readers)]
    made = {INPUT: stages[0].target}  # a node's name → the value that holds its result
    made[stages[0].node.name] = stages[0].target
    taken = set(stages[0].nodes)
    for node in graph.nodes:
        if node.name in taken:
            continue
        operation = node.operation
        if isinstance(operation, ops.Flatten):
            made[node.name] = made[node.inputs[0]]
            continue
        if type(operation) not in KINDS:
            raise Declined(f"layer {node.name!r}: there is no kernel for {operation.kind}")
        _check(graph, node)
        chain = _chain(node, readers)
        taken.update(n.name for n in chain)
        pools = [n.operation for n in chain if isinstance(n.operation, ops.MaxPool)]
        fused = chain[1:]
        stage = Stage(
            KINDS[type(operation)],
            node,
            tuple(made[name] for name in node.inputs),
            chain[-1].name,
            rectify=any(isinstance(n.operation, ops.ReLU) for n in fused),
            pool=pools[0] if pools and not isinstance(operation, ops.MaxPool) else None,
            nodes=tuple(n.name for n in chain),
        )
        stages.append(stage)
        made[stage.target] = stage.target
    if made[graph.output] != stages[-1].target or len(stages) == 1:
        raise Declined("the network must end with the layer that makes its answer")
    return stages


def _pixels(graph: Graph, readers: dict[str, list[Node]]) -> Stage:
    """The first stage: pixels become floats, normalised where the network begins with that."""
    first = readers[INPUT]
    if len(first) == 1 and isinstance(first[0].operation, ops.Normalise):
        return Stage("normalise", first[0], (), first[0].name, nodes=(first[0].name,))
    channels = graph.input_shape[2]
    as_they_are = ops.Normalise((0.0,) * channels, (1.0,) * channels)
    return Stage("normalise", Node(INPUT, as_they_are), (), INPUT)


def _chain(node: Node, readers: dict[str, list[Node]]) -> list[Node]:
    """A node and those fused with it: each the only reader of the one before."""
    chain = [node]
    wanted: tuple[type[Operation], ...] = ()
    if isinstance(node.operation, ops.Conv2D | ops.Dense):
        wanted = (ops.ReLU, ops.MaxPool)
    elif isinstance(node.operation, (ops.BatchNorm, ops.Add)):
        wanted = (ops.ReLU,)
    while wanted:
        following = readers.get(chain[-1].name, [])
        if len(following) != 1 or not isinstance(following[0].operation, wanted):
            break
        pool = following[0].operation
        if isinstance(pool, ops.MaxPool) and not apart(pool):
            break
        chain.append(following[0])
        wanted = tuple(kind for kind in wanted if not isinstance(following[0].operation, kind))
    return chain


def apart(pool: ops.MaxPool) -> bool:
    """Whether a pooling's windows neither overlap nor leave the image."""
    small = pool.size[0] * pool.size[1] < NONE
    return small and pool.size == pool.stride and pool.padding == "valid" and pool.edge == "drop"


def _check(graph: Graph, node: Node) -> None:
    """Refuse what the kernels cannot do yet.

    Raises:
        Declined: With the layer and the reason.
    """
    operation = node.operation
    if isinstance(operation, ops.Conv2D):
        if operation.groups != 1:
            raise Declined(f"layer {node.name!r}: there is no kernel for groups")
        strided = operation.stride != (1, 1)
        if strided and operation.dilation != (1, 1):
            raise Declined(f"layer {node.name!r}: there is no kernel for stride with dilation")
    if isinstance(operation, ops.MaxPool) and operation.size[0] * operation.size[1] >= NONE:
        raise Declined(f"layer {node.name!r}: a window's winner must have a number below {NONE}")
    if isinstance(operation, ops.Add) and len(node.inputs) != len(set(node.inputs)):
        raise Declined(f"layer {node.name!r}: there is no kernel for adding a value to itself")
    window = getattr(operation, "window", None)
    if isinstance(window, Window) and len(graph.inputs_of(node)[0]) != 3:
        raise Declined(f"layer {node.name!r}: windows need feature maps")
