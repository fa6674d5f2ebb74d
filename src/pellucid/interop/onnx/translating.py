"""The nodes of an ONNX file, one after the other, as layers of a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.errors import FileFormatError
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.interop.onnx.builder import OTHERWISE, Builder
from pellucid.interop.onnx.constants import MOST_PARAMETERS, Constants
from pellucid.interop.onnx.nodes import OnnxNode
from pellucid.interop.onnx.reading import MOST_NODES, opset_of
from pellucid.interop.onnx.translations import TRANSLATIONS
from pellucid.interop.onnx.views import Value, of_maps
from pellucid.text import listed, truncated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onnx import ModelProto, ValueInfoProto

    from pellucid.interop.onnx.options import Layout
    from pellucid.ops.operation import Shape

ENDS = {"softmax": "softmax", "sigmoid": "sigmoid"}
"""Operations that make probabilities of logits, which a network here ends in."""


@dataclass(frozen=True)
class Asked:
    """What a user says of a file.

    Attributes:
        size: Height and width of pictures, where the file leaves them open.
        layout: The order of its input's axes; None: channels last where the last axis has 1 or 3
            and the first has not.
        output: Which of its outputs; None for the first.
        mean: What is subtracted from grey levels 0 .. 255 before the file's own nodes, a channel
            each or one for all; None: nothing.
        std: What they are then divided by, a channel each or one for all; None: nothing.
        most_parameters: Numbers of all constants together.
    """

    size: tuple[int, int] | None = None
    layout: Layout | None = None
    output: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    most_parameters: int = MOST_PARAMETERS


@dataclass(frozen=True, eq=False)
class Translated:
    """A network that was read from an ONNX file.

    Attributes:
        network: From raw pixels to logits.
        end: What the file makes of the logits at its end: ``"softmax"``, ``"sigmoid"`` or ``""``.
        output: Which of its outputs it is.
        others: Its other outputs.
        input: What its input is called.
        layout: The order of its input's axes.
        values: What each tensor is in the network, by name.
        opset: The version of ONNX's operators.
    """

    network: Network
    end: str
    output: str
    others: tuple[str, ...]
    input: str
    layout: Layout
    values: dict[str, Value]
    opset: int


def translated(model: ModelProto, asked: Asked, folder: Path | None) -> Translated:
    """The network in an ONNX file.

    Args:
        model: The file's content.
        asked: What the user says of it.
        folder: Where data outside the file may lie; None: nowhere.

    Raises:
        FileFormatError: If it is no network of layers that there are; the message names the node.
    """
    opset = opset_of(model)
    if model.functions:
        from onnx.inliner import inline_local_functions

        model = inline_local_functions(model)
    graph = model.graph
    if len(graph.node) > MOST_NODES:
        raise FileFormatError(f"has {len(graph.node)} nodes, at most {MOST_NODES} are read")
    if graph.sparse_initializer:
        raise FileFormatError("has sparse constants, which are not read")
    constants = Constants(graph.initializer, folder, asked.most_parameters)
    source, shape, layout = _input(
        [each for each in graph.input if each.name not in constants], asked
    )
    names = [each.name for each in graph.output]
    output = names[0] if asked.output is None and names else asked.output
    if output is None or output not in names:
        raise FileFormatError(f"has no output {output!r:.80}; it has {listed(names)}")
    nodes = _needed([OnnxNode(each, opset) for each in graph.node], output)
    maps = of_maps(INPUT, shape)
    height, width, channels = maps.ours
    value = maps if layout == "nchw" else maps.seen_as(height, width, channels)
    batch = source.type.tensor_type.shape.dim[0].dim_value or 1
    builder = Builder(constants, (source.name, value, shape), batch, nodes, names)
    if asked.mean is not None or asked.std is not None:
        _normalise(builder, source.name, asked)
    for node in nodes:
        _translate(builder, node)
    network, end = _finish(builder, nodes, output, shape)
    others = tuple(name for name in names if name != output)
    return Translated(network, end, output, others, source.name, layout, builder.values, opset)


def _input(given: Sequence[ValueInfoProto], asked: Asked) -> tuple[ValueInfoProto, Shape, Layout]:
    """The only input, the shape of its pictures (H, W, C), and the order of its axes."""
    from onnx import TensorProto

    described = [f"{truncated(each.name, 40)} {_described(each)}" for each in given]
    tensors = [each.type.tensor_type for each in given]
    kinds = (TensorProto.FLOAT, TensorProto.UINT8, TensorProto.FLOAT16, TensorProto.DOUBLE)
    if len(given) != 1 or len(tensors[0].shape.dim) != 4 or tensors[0].elem_type not in kinds:
        raise FileFormatError(
            f"takes {listed(described, 4) or 'no input'}; a network for pictures takes one input "
            "of floats or bytes, (N, C, H, W) or (N, H, W, C)"
        )
    sizes = [each.dim_value for each in tensors[0].shape.dim[1:]]
    last = sizes[0] not in (1, 3) and sizes[2] in (1, 3)
    last = last if asked.layout is None else asked.layout == "nhwc"
    places = (0, 1, 2) if last else (1, 2, 0)
    height, width, channels = (sizes[k] for k in places)
    if asked.size is not None:
        wanted = [(height, asked.size[0]), (width, asked.size[1])]
        if any(own not in (0, size) for own, size in wanted):
            raise FileFormatError(
                f"takes pictures of {height}×{width} (height×width), not of "
                f"{asked.size[0]}×{asked.size[1]}"
            )
        height, width = asked.size
    if min(height, width, channels) < 1:
        raise FileFormatError(
            f"leaves the size of its pictures open, {described[0]}; give height and width "
            "(image_size, --image-size)"
        )
    return given[0], (height, width, channels), "nhwc" if last else "nchw"


def _described(given: ValueInfoProto) -> str:
    from onnx import TensorProto

    tensor = given.type.tensor_type
    try:
        kind = TensorProto.DataType.Name(tensor.elem_type).lower()
    except ValueError:
        kind = "of an unknown type"
    axes = (each.dim_param or each.dim_value or "?" for each in tensor.shape.dim)
    return f"{kind} ({', '.join(truncated(str(each), 20) for each in axes)})"


def _needed(nodes: Sequence[OnnxNode], output: str) -> list[OnnxNode]:
    """The nodes that an output is computed by, in order."""
    wanted, found = {output}, []
    for node in reversed(nodes):
        if wanted & set(node.outputs):
            wanted |= set(node.inputs)
            found.append(node)
    return found[::-1]


def _normalise(builder: Builder, source: str, asked: Asked) -> None:
    import numpy as np

    value = builder.values[source]
    channels = builder.shape(value.node)[2]
    mean, std = (
        np.array((default,) if given is None else given, np.float64)
        for given, default in ((asked.mean, 0.0), (asked.std, 1.0))
    )
    if not {len(mean), len(std)} <= {1, channels}:
        raise FileFormatError(
            f"takes {channels} channels; give one mean and std or as many (mean, std), got "
            f"{len(mean)} and {len(std)}"
        )
    builder.values[source] = builder.affine(value, 1.0 / std, -mean / std)


def _translate(builder: Builder, node: OnnxNode) -> None:
    if node.proto.domain not in ("", "ai.onnx"):
        raise node.refuse(
            f"is an operator of {truncated(node.proto.domain, 40)!r}, not one of ONNX's own"
        )
    if any(each.HasField("g") or each.graphs for each in node.proto.attribute):
        raise node.refuse("it has graphs of its own (control flow), which are not read")
    if all(name in builder.constants for name in node.inputs if name) and node.kind != "Shape":
        builder.constants.fold(node)
        return
    if node.kind == "Shape" and node.input(0) in builder.constants:
        builder.constants.fold(node)
        return
    translate = TRANSLATIONS.get(node.kind)
    if translate is None:
        raise node.refuse("there is no layer for it")
    try:
        translate(builder, node)
    except (ArithmeticError, IndexError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise node.refuse(f"its settings cannot be: {truncated(str(error), 100)}") from error


def _finish(
    builder: Builder, nodes: Sequence[OnnxNode], output: str, shape: Shape
) -> tuple[Network, str]:
    """The network up to its logits, and what the file makes of them."""
    if output not in builder.values or not nodes:
        raise FileFormatError(f"output {output!r:.80} is a constant, or an input")
    last = nodes[-1]
    value = builder.values[output]
    if value.neighbours is not None:
        raise last.refuse(OTHERWISE)
    end = "softmax" if value.logarithm else ""
    value = builder.plain(last, builder.vector(last, replace(value, logarithm=False)))
    laid_out = {node.name: node for node in builder.nodes.values()}
    if not end:
        value, end = _without_end(laid_out, value)
    graph = Graph(shape, list(laid_out.values()), {value.node: value.node})
    graph = graph.select(value.node)
    weights = {str(name): builder.weights[str(name)] for name in graph.parameters}
    return Network(graph, weights), end


def _without_end(nodes: dict[str, Node], value: Value) -> tuple[Value, str]:
    """The network without probabilities at its end: nodes that only lay them out may follow."""
    name, after = value.node, ""
    while name in nodes:
        operation = nodes[name].operation
        if operation.kind in ENDS:
            (before,) = nodes[name].inputs
            if before not in nodes:
                break
            if not after:
                return replace(value, node=before), ENDS[operation.kind]
            nodes[after] = replace(nodes[after], inputs=(before,))
            del nodes[name]
            return value, ENDS[operation.kind]
        if not isinstance(operation, (ops.Flatten, ops.Dropout)):
            break
        name, after = nodes[name].inputs[0], name
    return value, ""
