"""The blocks of a body, from the picture to the features: what ``--fine-tune 2`` counts.

A block is what lies between two values that everything passes through, and has weights: a
convolution with its norm and activation, or a residual block with all its branches. Blocks that
follow one another and whose layers are named alike up to a hyphen (``block3-expand``,
``block3-project``) are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.graph.graph import unknown
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.graph import Graph, Node

ALL = "all"
"""Every block."""


def find_blocks(body: Graph) -> list[tuple[Node, ...]]:
    """The nodes of each block, in their order; every node is in one.

    Args:
        body: A graph of one input and one output.
    """
    last_read = {name: place for place, node in enumerate(body.nodes) for name in node.inputs}
    found: list[list[Node]] = []
    part: list[Node] = []
    waited_for = max(last_read[name] for name in body.inputs)
    for place, node in enumerate(body.nodes):
        part.append(node)
        if waited_for > place:  # a value from before passes this one by
            waited_for = max(waited_for, last_read.get(node.name, place))
            continue
        waited_for = last_read.get(node.name, place)
        joined = found and (
            not (_has_kernels(part) and _has_kernels(found[-1]))
            or _label(part) == _label(found[-1]) != ""
        )
        if joined:
            found[-1] += part
        else:
            found.append(part)
        part = []
    if part:
        found.append(part)
    return [tuple(each) for each in found]


def last_blocks(body: Graph, asked: int | str) -> tuple[Node, ...]:
    """The nodes that learn where a number of the last blocks do.

    Args:
        body: A graph of one input and one output.
        asked: How many blocks, at least 1; or the name of a layer, whose block is then the first
            that learns; or ``"all"``. A number may be a text.

    Raises:
        ArgumentError: If there are fewer blocks, or no such layer.
    """
    blocks = find_blocks(body)
    if isinstance(asked, str) and asked.strip().isdecimal():
        asked = int(asked)
    if asked == ALL:
        first = 0
    elif isinstance(asked, str):
        places = [k for k, block in enumerate(blocks) if asked in {node.name for node in block}]
        if not places:
            raise unknown("layer", asked, [node.name for node in body.nodes])
        first = places[0]
    elif type(asked) is not int or not 1 <= asked <= len(blocks):
        raise ArgumentError(
            f"the body has {counted(len(blocks), 'block')}, so fine_tune must be 1 to "
            f"{len(blocks)}, the name of a layer, or all; got {asked!r:.80}"
        )
    else:
        first = len(blocks) - asked
    return tuple(node for block in blocks[first:] for node in block)


def _has_kernels(nodes: list[Node]) -> bool:
    return any(_has_kernel(node) for node in nodes)


def _has_kernel(node: Node) -> bool:
    """Whether a layer has weights of its own that mix its inputs, as a norm's do not."""
    return node.operation.family in ("convolution", "dense")


def _label(nodes: list[Node]) -> str:
    """What the layers with kernels are named up to a hyphen; empty if they differ or have none."""
    labels = {node.name.rpartition("-")[0] for node in nodes if _has_kernel(node)}
    return labels.pop() if len(labels) == 1 else ""
