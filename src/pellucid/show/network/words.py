"""What the boxes of a drawing say: the layers' names and settings, short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.ops.operation import describe
from pellucid.show.network.outline import Branches, Step

if TYPE_CHECKING:
    from pellucid.graph import Graph, Node
    from pellucid.ops.operation import Operation
    from pellucid.show.network.outline import Item, Series

FORMS = {"add": "residual block", "concatenate": "branches, joined", "multiply": "gate"}
"""What branches that end in a joint are called."""


def lines(step: Step, graph: Graph) -> list[str]:
    """The lines of a box: what it computes, activations and such, and what lines do not show."""
    if step.source:
        title = step.source
        others = step.nodes
    else:
        title = described(step.nodes[0], graph)
        others = step.nodes[1:]
    found = [title]
    if others:
        found.append(", ".join(named(node.operation) for node in others))
    found += [f"with the weights of {node.weights}" for node in step.nodes if node.weights]
    if len(graph.outputs) > 1:
        found += [f"output {name}" for name, value in graph.outputs.items() if value == step.last]
    if step.reads:
        found.append(f"{step.first}, reads {' and '.join(step.reads)}")
    return found


def described(node: Node, graph: Graph) -> str:
    """A layer with its settings: ``convolution 3×3 → 64, stride 2``."""
    operation: Any = node.operation
    inputs = graph.inputs_of(node)
    size, stride = getattr(operation, "size", None), getattr(operation, "stride", None)
    groups = getattr(operation, "groups", 1)
    words = named(operation)
    if groups > 1 and groups == inputs[0][-1]:
        words = f"depthwise {words}"
    if isinstance(size, tuple):
        words += f" {describe(size)}"
    if operation.family in ("convolution", "dense"):
        words += f" → {graph.shapes[node.name][-1]}"
    default = (1, 1) if operation.family == "convolution" else size
    if stride is not None and stride != default:
        words += f", stride {_pair(stride)}"
    if getattr(operation, "dilation", (1, 1)) != (1, 1):
        words += f", dilation {_pair(operation.dilation)}"
    if 1 < groups < inputs[0][-1]:
        words += f", {groups} groups"
    return words


def named(operation: Operation) -> str:
    """``convolution``, ``batch norm``, ``ReLU``, ``added``."""
    if operation.family != operation.kind and (
        operation.title.startswith("step ") or operation.family == "joint"
    ):
        return operation.title.split(", ", 1)[-1]
    return operation.kind.replace("_", " ")


def form_of(block: Branches) -> str:
    """What kind of block branches and their joint make."""
    if block.joint is None:
        return f"{len(block.ways)} ends"
    kind = block.joint.nodes[0].operation.kind
    if kind == "concatenate" and () in block.ways:
        return "layer of a dense block"
    if kind == "add" and len(block.ways) > 2:
        return f"{len(block.ways)} branches, added"
    return FORMS.get(kind, f"branches, {named(block.joint.nodes[0].operation)}")


def own_name(block: Branches) -> str:
    """The name of the joint where it is one that somebody gave it; else empty."""
    if block.joint is None:
        return ""
    node = block.joint.nodes[0]
    stem = node.operation.stem or node.operation.kind
    numbered = node.name.startswith(stem) and node.name[len(stem) :].isdigit()
    return "" if numbered else node.name


def numbers(block: Branches, graph: Graph) -> str:
    """What differs between blocks that are built alike: their numbers of maps, and strides."""
    ways = [way for way in block.ways if way]
    if not ways:
        return ""
    if block.joint is not None and block.joint.nodes[0].operation.kind == "concatenate":
        ends = [str(graph.shapes[way[-1].last][-1]) if way else "all" for way in block.ways]
        return f"{' + '.join(ends)} maps"
    longest = max(ways, key=len)
    strides = {
        getattr(node.operation, "stride", (1, 1)) for way in ways for node in layers(way)
    } - {(1, 1)}
    maps = [str(graph.shapes[node.name][-1]) for node in layers(longest) if _weighs(node)]
    written = f"{' → '.join(maps)} maps" if maps else ""
    return written + "".join(f", stride {_pair(each)}" for each in sorted(strides))


def layers(items: Series) -> list[Node]:
    """All layers of a series."""
    return [node for item in items for node in _layers_of(item)]


def _layers_of(item: Item) -> list[Node]:
    if isinstance(item, Step):
        return list(item.nodes)
    if isinstance(item, Branches):
        inside = [node for way in item.ways for node in layers(way)]
        return [*inside, *(item.joint.nodes if item.joint is not None else ())]
    return layers(item.items)


def _weighs(node: Node) -> bool:
    return node.operation.family in ("convolution", "dense")


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else describe(pair)
