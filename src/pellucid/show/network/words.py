"""What the boxes of a drawing say: the layers' names and settings, short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.ops.operation import describe
from pellucid.show.network.outline import Branches, Step
from pellucid.text import counted

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


@dataclass(frozen=True)
class Settings:
    """What a layer's settings say, where they are not what one expects of its kind.

    Attributes:
        depthwise: Whether each map is made of its own input map alone.
        size: Of kernels or windows, ``3×3``.
        maps: How many maps, or numbers, a layer with kernels makes.
        stride: ``2``, or ``2×1``.
        dilation: Of kernels, ``2``, or ``2×1``.
        groups: Into how many the channels are divided.
    """

    depthwise: bool = False
    size: str | None = None
    maps: int | None = None
    stride: str | None = None
    dilation: str | None = None
    groups: int | None = None

    @classmethod
    def of(cls, node: Node, graph: Graph) -> Settings:
        """The settings of a layer of a graph."""
        operation: Any = node.operation
        channels = graph.inputs_of(node)[0][-1]
        size, stride = getattr(operation, "size", None), getattr(operation, "stride", None)
        dilation = getattr(operation, "dilation", (1, 1))
        groups = getattr(operation, "groups", 1)
        default = (1, 1) if operation.family == "convolution" else size
        return cls(
            depthwise=groups > 1 and groups == channels,
            size=describe(size) if isinstance(size, tuple) else None,
            maps=graph.shapes[node.name][-1] if _weighs(node) else None,
            stride=None if stride is None or stride == default else _pair(stride),
            dilation=None if dilation == (1, 1) else _pair(dilation),
            groups=groups if 1 < groups < channels else None,
        )


def described(node: Node, graph: Graph) -> str:
    """A layer with its settings: ``convolution 3×3 → 64, stride 2``."""
    settings = Settings.of(node, graph)
    words = f"depthwise {named(node.operation)}" if settings.depthwise else named(node.operation)
    if settings.size is not None:
        words += f" {settings.size}"
    if settings.maps is not None:
        words += f" → {settings.maps}"
    if settings.stride is not None:
        words += f", stride {settings.stride}"
    if settings.dilation is not None:
        words += f", dilation {settings.dilation}"
    if settings.groups is not None:
        words += f", {counted(settings.groups, 'group')}"
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


def _pair(pair: int | tuple[int, int]) -> str:
    if isinstance(pair, int):
        return str(pair)
    return str(pair[0]) if pair[0] == pair[1] else describe(pair)
