"""The graph: named operations, joined; immutable, and every shape known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pellucid.checks import brief
from pellucid.errors import ArgumentError, ShapeError, TooSmallError
from pellucid.ops.operation import describe
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.ops.operation import Operation, Parameter, Shape

INPUT = "input"
"""The name under which nodes refer to the image itself."""

LARGEST_INPUT = 1024
"""How far the search for a smallest workable image goes, in pixels a side."""

MOST_TRIES = 100_000
"""How many layers that search may look at in all, so that a hostile file cannot keep it busy."""


@dataclass(frozen=True)
class Node:
    """One operation at its place: its name, and the names of the nodes it takes its inputs from."""

    name: str
    operation: Operation
    inputs: tuple[str, ...] = (INPUT,)


class ParameterName(NamedTuple):
    """Where a parameter lives: node ``conv1``, parameter ``kernel``; written ``conv1.kernel``."""

    node: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.node}.{self.parameter}"


@short_repr
@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after its inputs; the last one is the output.

    Attributes:
        input_shape: The image's (height, width, channels).
        nodes: The nodes.

    Raises:
        ShapeError: If a layer cannot take what reaches it. The message names the layer, the shape
            that came, the rule, and the smallest image that would work.
        ArgumentError: If names clash or point nowhere.
    """

    input_shape: Shape
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if len(self.input_shape) != 3 or min(self.input_shape) < 1:
            raise ShapeError(
                "a network's input must be (height, width, channels), each at least 1, got "
                f"{describe(self.input_shape)}"
            )
        _check_names(self.nodes)
        _ = self.shapes

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every node's output for one image, by name; ``input`` too."""
        try:
            return infer_shapes(self.nodes, self.input_shape)
        except TooSmallError as error:
            smallest = _smallest_input(self.nodes, self.input_shape)
            if smallest is None:
                raise
            raise TooSmallError(
                f"{error}; the smallest image that works is {describe(smallest)}, "
                f"got {describe(self.input_shape)}"
            ) from error

    @cached_property
    def parameters(self) -> dict[ParameterName, Parameter]:
        """Every parameter of the network, in the order of its nodes."""
        return {
            ParameterName(node.name, name): parameter
            for node in self.nodes
            for name, parameter in node.operation.parameters(*self.inputs_of(node)).items()
        }

    def __getitem__(self, name: str) -> Node:
        """The node of that name.

        Raises:
            ArgumentError: If there is none; the message names the nearest.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        from difflib import get_close_matches

        known = [node.name for node in self.nodes]
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise ArgumentError(f"the network has no layer {brief(name)}; {hint}")

    @property
    def output(self) -> str:
        """The name of the node whose value is the network's answer."""
        return self.nodes[-1].name

    @property
    def output_shape(self) -> Shape:
        """The shape of that answer for one image."""
        return self.shapes[self.output]

    def inputs_of(self, node: Node) -> tuple[Shape, ...]:
        """The shapes that reach a node."""
        return tuple(self.shapes[name] for name in node.inputs)


def infer_shapes(nodes: Sequence[Node], input_shape: Shape) -> dict[str, Shape]:
    """The output shape of every node.

    Raises:
        ShapeError: Naming the first layer that cannot take what reaches it.
    """
    shapes = {INPUT: input_shape}
    for node in nodes:
        inputs = tuple(shapes[name] for name in node.inputs)
        try:
            shapes[node.name] = node.operation.output_shape(*inputs)
        except ShapeError as error:
            came = " and ".join(map(describe, inputs))
            raise type(error)(
                f"layer {brief(node.name)} ({node.operation.kind}), input {came}: {error}"
            ) from error
    return shapes


def _smallest_input(nodes: Sequence[Node], input_shape: Shape) -> Shape | None:
    """The least enlargement of the image for which every layer works; none if size is no cure."""
    height, width, channels = input_shape
    least = min(height, width)
    for side in range(least, min(LARGEST_INPUT + 1, least + MOST_TRIES // len(nodes))):
        fits = _fits(nodes, (max(height, side), max(width, side), channels))
        if fits is None:
            return None
        if fits:
            # Both sides grew together; one of them may have grown further than it must.
            tall, wide = max(height, side), max(width, side)
            taller = _first_fit(nodes, [(h, wide, channels) for h in range(height, tall)])
            tall = tall if taller is None else taller[0]
            wider = _first_fit(nodes, [(tall, w, channels) for w in range(width, wide)])
            return wider or (tall, wide, channels)
    return None


def _first_fit(nodes: Sequence[Node], shapes: Sequence[Shape]) -> Shape | None:
    return next((shape for shape in shapes if _fits(nodes, shape)), None)


def _fits(nodes: Sequence[Node], input_shape: Shape) -> bool | None:
    """Whether an image is large enough; none if its layers do not fit for another reason."""
    try:
        infer_shapes(nodes, input_shape)
    except TooSmallError:
        return False
    except ShapeError:
        return None
    return True


def _check_names(nodes: Sequence[Node]) -> None:
    if not nodes:
        raise ArgumentError("a network needs at least one layer, got none")
    known = {INPUT}
    for node in nodes:
        if node.name in known:
            raise ArgumentError(f"two layers are named {brief(node.name)}; give one another name")
        if not node.name.isprintable() or not node.name or "." in node.name:
            raise ArgumentError(
                f"a layer's name must be printable text without dots, got {brief(node.name)}"
            )
        for name in node.inputs:
            if name not in known:
                raise ArgumentError(
                    f"layer {brief(node.name)} takes {brief(name)}, which does not precede it"
                )
        known.add(node.name)
