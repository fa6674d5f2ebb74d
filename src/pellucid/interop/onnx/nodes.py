"""A node of an ONNX file: its attributes and inputs, and how it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import FileFormatError
from pellucid.text import quoted, truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import GraphProto, NodeProto

MOST_TEXT = 80
"""Characters of a name that messages write."""


class RefusedError(FileFormatError):
    """A node cannot become a layer; the message names it and says why."""


def graphs_of(proto: NodeProto) -> Iterator[GraphProto]:
    """The graphs that a node has of its own, as the branches of an ``If``."""
    for attribute in proto.attribute:
        yield from attribute.graphs
        if attribute.HasField("g"):
            yield attribute.g


def reads_of(proto: NodeProto) -> Iterator[str]:
    """The tensors that a node reads: its inputs, and what the graphs within it read or give."""
    yield from proto.input
    for graph in graphs_of(proto):
        yield from (each.name for each in graph.output)
        for node in graph.node:
            yield from reads_of(node)


class OnnxNode:
    """A node with the version of the operators that it is written in.

    Args:
        proto: The node.
        opset: Version of ONNX's operators in its file.
    """

    def __init__(self, proto: NodeProto, opset: int) -> None:
        from onnx.helper import get_attribute_value

        self.proto, self.opset = proto, opset
        self.kind: str = proto.op_type
        self.inputs: list[str] = list(proto.input)
        self.outputs: list[str] = list(proto.output)
        self._attributes = {each.name: get_attribute_value(each) for each in proto.attribute}

    @property
    def name(self) -> str:
        """Its name, or else that of its first output."""
        return self.proto.name or next(iter(self.outputs), "")

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute; texts are text."""
        value = self._attributes.get(name, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def has(self, name: str) -> bool:
        """Whether an attribute is given."""
        return name in self._attributes

    def input(self, place: int) -> str:
        """The name of an input; empty if it is left out."""
        return self.inputs[place] if place < len(self.inputs) else ""

    def refuse(self, reason: str) -> RefusedError:
        """The error for a node that cannot become a layer."""
        return RefusedError(
            f"node {quoted(self.name, MOST_TEXT)} ({truncated(self.kind, MOST_TEXT)}): {reason}"
        )
