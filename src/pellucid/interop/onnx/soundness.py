"""Whether a file's graph is one at all, before it is read: what other programs refuse, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import FileFormatError
from pellucid.interop.onnx.nodes import graphs_of
from pellucid.interop.onnx.reading import MOST_NODES
from pellucid.text import quoted, truncated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from onnx import GraphProto, ModelProto, NodeProto

    from pellucid.interop.onnx.nodes import OnnxNode

_Key = tuple[str, str]


def without_functions(model: ModelProto) -> ModelProto:
    """A file's content with the nodes of its own functions in place of their calls.

    Raises:
        FileFormatError: If they call each other in a circle, or would make too many nodes.
    """
    if model.functions:
        from onnx.inliner import inline_local_functions

        _check_amount(model)
        try:
            model = inline_local_functions(model)
        except Exception as error:
            reason = truncated(" ".join(str(error).split()), 200)
            raise FileFormatError(f"its functions cannot be read: {reason}") from error
    _check_number(len(model.graph.node))
    return model


def _check_number(nodes: int) -> None:
    if nodes > MOST_NODES:
        count = f"{nodes:,}" if nodes < 10**15 else "countless"
        raise FileFormatError(f"has {count} nodes, at most {MOST_NODES:,} are read")


def _check_amount(model: ModelProto) -> None:
    """Count the nodes that calls of functions stand for, which calls of calls multiply."""
    bodies: dict[_Key, Iterable[NodeProto]] = {
        (each.domain, each.name): each.node for each in model.functions
    }
    known: dict[_Key, int] = {}
    _check_number(_amount(model.graph.node, bodies, known, ()))


def _amount(
    nodes: Iterable[NodeProto],
    bodies: Mapping[_Key, Iterable[NodeProto]],
    known: dict[_Key, int],
    within: tuple[_Key, ...],
) -> int:
    total = 0
    for node in nodes:
        for graph in graphs_of(node):
            total += _amount(graph.node, bodies, known, within)
        key = (node.domain, node.op_type)
        if key not in bodies:
            total += 1
            continue
        if key in within:
            raise FileFormatError(f"its function {quoted(node.op_type, 80)} calls itself")
        if key not in known:
            known[key] = _amount(bodies[key], bodies, known, (*within, key))
        total += known[key]
    return total


def check_names(graph: GraphProto) -> None:
    """Check that each tensor is made once: by a node, as a constant, or as an input.

    Raises:
        FileFormatError: If one is made twice; which of the two is meant is not known.
    """
    made: set[str] = set()
    constants = [each.name for each in graph.initializer]
    inputs = {each.name for each in graph.input} - set(constants)  # old files list constants too
    outputs = (name for node in graph.node for name in node.output if name)
    for name in (*constants, *inputs, *outputs):
        if name in made:
            raise FileFormatError(f"makes the tensor {quoted(name, 80)} twice")
        made.add(name)


def check_node(node: OnnxNode) -> None:
    """Check a node against the definition of its operator: inputs, outputs, kinds of settings.

    Raises:
        RefusedError: If it is not as it is defined.
    """
    from onnx import checker

    context = checker.C.CheckerContext()
    context.ir_version = checker.DEFAULT_CONTEXT.ir_version
    context.opset_imports = {"": node.opset}
    try:
        checker.check_node(node.proto, context)
    except checker.ValidationError as error:
        reason = " ".join(str(error).split("==>")[0].split())
        raise node.refuse(f"is not as ONNX defines it: {truncated(reason, 200)}") from error
