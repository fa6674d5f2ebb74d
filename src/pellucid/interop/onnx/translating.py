"""The nodes of an ONNX file, one after the other, as layers of a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.errors import FileFormatError, PellucidError
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.interop.onnx.builder import OTHERWISE, Builder
from pellucid.interop.onnx.constants import Constants
from pellucid.interop.onnx.inputs import Asked, Source, input_of
from pellucid.interop.onnx.nodes import MOST_TEXT, OnnxNode, graphs_of, reads_of
from pellucid.interop.onnx.reading import opset_of
from pellucid.interop.onnx.soundness import check_names, check_node, without_functions
from pellucid.interop.onnx.translations import TRANSLATIONS
from pellucid.text import counted, listed, quoted, truncated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onnx import ModelProto

    from pellucid.interop.onnx.views import Value
    from pellucid.ops.operation import Shape

ENDS = {"softmax": "softmax", "sigmoid": "sigmoid"}
"""Operations that make probabilities of logits, which a network here ends in."""


@dataclass(frozen=True, eq=False)
class Translated:
    """A network that was read from an ONNX file.

    Attributes:
        network: From raw pixels to logits.
        end: What the file makes of the logits at its end: ``"softmax"``, ``"sigmoid"`` or ``""``.
        output: Which of its outputs it is.
        others: Its other outputs.
        source: Its input.
        values: What each tensor is in the network, by name.
        opset: The version of ONNX's operators.
    """

    network: Network
    end: str
    output: str
    others: tuple[str, ...]
    source: Source
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
    model = without_functions(model)
    graph = model.graph
    check_names(graph)
    if graph.sparse_initializer:
        raise FileFormatError("has sparse constants, which are not read")
    constants = Constants(graph.initializer, folder, asked.most_parameters)
    given = [each for each in graph.input if each.name not in constants]
    source = input_of(graph, given, asked)
    names = [each.name for each in graph.output]
    output = names[0] if asked.output is None and names else asked.output
    if output is None or output not in names:
        asked_for = "" if output is None else f" {output!r:.80}; it has {listed(names) or 'none'}"
        raise FileFormatError(f"has no output{asked_for}")
    nodes = _needed([OnnxNode(each, opset) for each in graph.node], output)
    value = source.value(INPUT)
    builder = Builder(constants, (source.name, value, source.shape), source.batch, nodes, names)
    if asked.mean is not None or asked.std is not None:
        _normalise(builder, source.name, asked)
    for node in nodes:
        _translate(builder, node)
    network, end = _finish(builder, nodes, output, source.shape)
    others = tuple(name for name in names if name != output)
    taken_on = builder.pads.keys() | builder.lower.keys()  # such tensors are no layer's values
    values = {name: each for name, each in builder.values.items() if name not in taken_on}
    return Translated(network, end, output, others, source, values, opset)


def _needed(nodes: Sequence[OnnxNode], output: str) -> list[OnnxNode]:
    """The nodes that an output is computed by, in order."""
    wanted, found = {output}, []
    for node in reversed(nodes):
        if wanted & set(node.outputs):
            wanted |= set(reads_of(node.proto))
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
            f"takes {counted(channels, 'channel')}; give one mean and std or as many (mean, std), "
            f"got {len(mean)} and {len(std)}"
        )
    builder.values[source] = builder.affine(value, 1.0 / std, -mean / std)


def _translate(builder: Builder, node: OnnxNode) -> None:
    if node.proto.domain not in ("", "ai.onnx"):
        raise node.refuse(
            f"is an operator of {quoted(node.proto.domain, 40)}, not one of ONNX's own"
        )
    if node.kind == "If" and node.input(0) in builder.constants:
        _take_branch(builder, node)
        return
    if any(graphs_of(node.proto)):
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
    check_node(node)
    try:
        translate(builder, node)
    except (ArithmeticError, IndexError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, PellucidError):
            raise
        raise node.refuse(f"its settings cannot be: {truncated(str(error), 100)}") from error


def _take_branch(builder: Builder, node: OnnxNode) -> None:
    """The nodes of one branch in place of an ``If`` that is known beforehand."""
    taken = bool(builder.constant(node, 0).any())
    branch = node.attribute("then_branch" if taken else "else_branch")
    if branch is None or len(branch.output) != len(node.outputs):
        raise node.refuse("its branches do not give what it gives")
    known = builder.constants
    inside = [name for each in branch.node for name in each.output if name]
    for name in (*inside, *(each.name for each in branch.initializer)):
        if name in known or name in builder.values or inside.count(name) > 1:
            raise node.refuse(f"makes the tensor {quoted(name, MOST_TEXT)} twice")
    known.hold(branch.initializer)
    for each in branch.node:
        _translate(builder, OnnxNode(each, node.opset))
    for place, made in enumerate(branch.output):
        if made.name in known:
            known.set(node.outputs[place], known[made.name])
        elif made.name in builder.values:
            builder.result(node, builder.values[made.name], place)
        else:
            raise node.refuse("its branch makes nothing")


def _finish(
    builder: Builder, nodes: Sequence[OnnxNode], output: str, shape: Shape
) -> tuple[Network, str]:
    """The network up to its logits, and what the file makes of them."""
    if not nodes and output not in builder.values and output not in builder.constants:
        raise FileFormatError(f"nothing makes its output {output!r:.80}")
    if not nodes or output not in builder.values:
        raise FileFormatError(f"its output {output!r:.80} is a constant, or its input")
    last = nodes[-1]
    value = builder.values[output]
    if value.neighbours is not None:
        raise last.refuse(OTHERWISE)
    if value.batch:
        raise last.refuse(f"its output is {builder.described(value)}; the batch must come first")
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
