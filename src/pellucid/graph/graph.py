"""The graph: named operations, joined; immutable, and the type of every value known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pellucid.checks import brief
from pellucid.errors import ArgumentError, ShapeError, TooSmallError
from pellucid.graph.smallest import smallest_input
from pellucid.ops.loss import Loss
from pellucid.ops.operation import describe
from pellucid.ops.types import Type
from pellucid.short_repr import short_repr
from pellucid.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pellucid.ops.operation import Operation, Parameter, Shape

INPUT = "input"
"""The name of the picture, where a graph's input is given as a shape alone."""


@dataclass(frozen=True)
class Node:
    """One operation at its place.

    Attributes:
        name: The name of the node and of the value that it makes.
        operation: What it computes.
        inputs: The values that it takes, by name.
        weights: The node under whose name its weights are stored; empty: its own. Nodes with the
            same one share their weights.
    """

    name: str
    operation: Operation
    inputs: tuple[str, ...] = (INPUT,)
    weights: str = ""

    @property
    def store(self) -> str:
        """The name under which its weights are stored: ``conv1`` for ``conv1.kernel``."""
        return self.weights or self.name


class ParameterName(NamedTuple):
    """Where a parameter is stored: ``conv1``, parameter ``kernel``; written ``conv1.kernel``."""

    node: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.node}.{self.parameter}"


@short_repr
@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after its inputs.

    Four methods derive other graphs, from which everything else is made: :meth:`select`,
    :meth:`split`, :meth:`extend` and :meth:`rename`.

    Attributes:
        inputs: The type of each input, by name. A shape alone is short for one input, ``input``.
        nodes: The nodes.
        outputs: The value that each output gives, by the output's name. By default the last node's
            value, under its own name.

    Raises:
        ShapeError: If a layer cannot take what reaches it. The message names the layer, the shape
            that came, the rule, and the smallest image that would work.
        ArgumentError: If names clash or point nowhere.
    """

    inputs: Mapping[str, Type]
    nodes: tuple[Node, ...]
    outputs: Mapping[str, str]

    def __init__(
        self,
        inputs: Mapping[str, Type] | Shape,
        nodes: Sequence[Node],
        outputs: Mapping[str, str] | None = None,
    ) -> None:
        set_field = object.__setattr__  # the dataclass is frozen
        if not isinstance(inputs, Mapping):
            inputs = {INPUT: _picture(inputs)}
        set_field(self, "inputs", dict(inputs))
        set_field(self, "nodes", tuple(nodes))
        _check_names(self.inputs, self.nodes)
        last = self.nodes[-1].name
        set_field(self, "outputs", {last: last} if outputs is None else dict(outputs))
        _ = self.types
        _check_outputs(self.outputs, self.types)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((tuple(self.inputs.items()), self.nodes, tuple(self.outputs.items())))

    # ------------------------------------------------------------------------------------- types

    @cached_property
    def types(self) -> dict[str, Type]:
        """The type of every value, by name: of the inputs first, then of every node."""
        try:
            return infer_types(self.nodes, self.inputs)
        except TooSmallError as error:
            image = next((name for name, t in self.inputs.items() if len(t.shape) == 3), None)
            if image is None:
                raise
            smallest = smallest_input(self.nodes, self.inputs, image)
            if smallest is None:
                raise
            raise TooSmallError(
                f"{error}; the smallest image that works is {describe(smallest)}, "
                f"got {describe(self.inputs[image].shape)}"
            ) from error

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every value for one example, by name: the inputs' first, then the nodes'."""
        return {name: value.shape for name, value in self.types.items()}

    @cached_property
    def parameters(self) -> dict[ParameterName, Parameter]:
        """Every parameter of the network, in the order of its nodes; a shared one once.

        Raises:
            ShapeError: If nodes that share weights need different ones.
        """
        found: dict[ParameterName, Parameter] = {}
        for node in self.nodes:
            own = node.operation.parameters(*self.inputs_of(node))
            for name, parameter in own.items():
                stored = found.setdefault(ParameterName(node.store, name), parameter)
                if stored != parameter:
                    raise ShapeError(
                        f"layer {brief(node.name)} shares the {name} of {brief(node.store)}, of "
                        f"shape {stored.shape}, but needs {parameter.shape}"
                    )
        return found

    @cached_property
    def compared(self) -> dict[str, tuple[tuple[Loss, Shape], ...]]:
        """The losses that compare each input with outputs of a shape, by the input's name."""
        found: dict[str, tuple[tuple[Loss, Shape], ...]] = {}
        for node in self.nodes:
            if isinstance(node.operation, Loss) and node.inputs[1] in self.inputs:
                one = node.operation, self.shapes[node.inputs[0]]
                found[node.inputs[1]] = (*found.get(node.inputs[1], ()), one)
        return found

    @cached_property
    def fed(self) -> dict[str, tuple[Operation, ...]]:
        """The operations that take each input as it is fed, by the input's name."""
        return {
            name: tuple(node.operation for node in self.nodes if name in node.inputs)
            for name in self.inputs
        }

    def parameters_of(self, node: Node) -> dict[str, str]:
        """Where each of a node's weights is stored, by its own name: ``{"kernel": …}``."""
        own = node.operation.parameters(*self.inputs_of(node))
        return {name: f"{node.store}.{name}" for name in own}

    def inputs_of(self, node: Node) -> tuple[Shape, ...]:
        """The shapes that reach a node."""
        return tuple(self.shapes[name] for name in node.inputs)

    def __getitem__(self, name: str) -> Node:
        """The node of that name.

        Raises:
            ArgumentError: If there is none; the message names the nearest.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise unknown("layer", name, [node.name for node in self.nodes])

    # --------------------------------------------------------------------- graphs of one in and out

    @property
    def input(self) -> str:
        """The name of the only input.

        Raises:
            ArgumentError: If there are several.
        """
        return _only("input", self.inputs)

    @property
    def input_shape(self) -> Shape:
        """The shape of the only input, (height, width, channels) of a picture."""
        return self.inputs[self.input].shape

    @property
    def output(self) -> str:
        """The name of the value that is the network's only answer.

        Raises:
            ArgumentError: If there are several.
        """
        return self.outputs[_only("output", self.outputs)]

    @property
    def output_shape(self) -> Shape:
        """The shape of that answer for one image."""
        return self.shapes[self.output]

    # ----------------------------------------------------------------------------- derived graphs

    def select(self, *names: str) -> Graph:
        """The part of the graph that computes some values, which become its outputs.

        Args:
            names: Of outputs, nodes or inputs.

        Raises:
            ArgumentError: If one is unknown; the message names the nearest.
        """
        outputs = {name: self.value(name) for name in names}
        nodes = self.nodes_before(outputs.values())
        read = {name for node in nodes for name in node.inputs} | set(outputs.values())
        inputs = {name: value for name, value in self.inputs.items() if name in read}
        return Graph(inputs, nodes, outputs)

    def split(self, *at: str) -> tuple[Graph, Graph]:
        """The graph in two: up to some values, and from there to the outputs.

        The second graph has these values as inputs, under their names, and the other inputs that
        are still needed.

        Args:
            at: Names of values.

        Raises:
            ArgumentError: If a name is unknown, or nothing is left for the second graph.
        """
        body = self.select(*at)
        cuts = dict.fromkeys(self.value(name) for name in at)
        nodes = self.nodes_before(self.outputs.values(), stops=cuts)
        read = {name for node in nodes for name in node.inputs}
        inputs = {name: self.types[name] for name in (*cuts, *self.inputs) if name in read}
        if not nodes:
            raise ArgumentError(f"nothing follows {', '.join(map(brief, at))}")
        return body, Graph(inputs, nodes, self.outputs)

    def extend(
        self,
        nodes: Iterable[Node] = (),
        outputs: Mapping[str, str] | None = None,
        inputs: Mapping[str, Type] | None = None,
    ) -> Graph:
        """The graph with further nodes.

        Args:
            nodes: They come after those that there are.
            outputs: All outputs of the new graph; by default those that there are.
            inputs: Further inputs.
        """
        outputs = self.outputs if outputs is None else outputs
        return Graph({**self.inputs, **(inputs or {})}, (*self.nodes, *nodes), outputs)

    def rename(
        self, prefix: str, *, values: Mapping[str, str] | None = None, weights: bool = True
    ) -> Graph:
        """The graph under other names, so that it can be joined with another one.

        Args:
            prefix: Before the name of every node, and of every input that ``values`` lacks.
            values: New names of inputs: those of another graph's values, to which the nodes are
                then appended by :meth:`extend`.
            weights: Whether weights are renamed too; else the nodes go on using those that they
                use, so that the renamed graph shares them.
        """
        new = {name: (values or {}).get(name, prefix + name) for name in self.inputs}
        new |= {node.name: prefix + node.name for node in self.nodes}
        nodes = [
            replace(
                node,
                name=new[node.name],
                inputs=tuple(new[name] for name in node.inputs),
                weights=prefix + node.store if weights else node.store,
            )
            for node in self.nodes
        ]
        nodes = [replace(node, weights="") if node.weights == node.name else node for node in nodes]
        inputs = {new[name]: value for name, value in self.inputs.items()}
        return Graph(inputs, nodes, {name: new[value] for name, value in self.outputs.items()})

    # ------------------------------------------------------------------------------ who reads whom

    def value(self, name: str) -> str:
        """The value that a name means: that of a node or an input, or else an output's.

        Raises:
            ArgumentError: If there is none; the message names the nearest.
        """
        if name in self.types:
            return name
        if name in self.outputs:
            return self.outputs[name]
        raise unknown("layer", name, [*self.types, *self.outputs])

    def nodes_before(self, names: Iterable[str], stops: Iterable[str] = ()) -> tuple[Node, ...]:
        """The nodes that some values are computed by, in order.

        Args:
            names: Of values.
            stops: Values that are given, so that what makes them is not needed.
        """
        given = set(stops)
        wanted = set(names) - given
        found = []
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted |= set(node.inputs) - given
                found.append(node)
        return tuple(reversed(found))

    def nodes_after(self, names: Iterable[str]) -> tuple[Node, ...]:
        """The nodes that are computed from some values, in order."""
        known, found = set(names), []
        for node in self.nodes:
            if node.name not in known and known & set(node.inputs):
                known.add(node.name)
                found.append(node)
        return tuple(found)


def infer_types(nodes: Sequence[Node], inputs: Mapping[str, Type]) -> dict[str, Type]:
    """The type of every input and of every node's value.

    Raises:
        ShapeError: Naming the first layer that cannot take what reaches it.
    """
    types = dict(inputs)
    for node in nodes:
        read = tuple(types[name] for name in node.inputs)
        try:
            types[node.name] = node.operation.output_type(*read)
        except ShapeError as error:
            came = " and ".join(map(str, read))
            raise type(error)(
                f"layer {brief(node.name)} ({node.operation.kind}), input {came}: {error}"
            ) from error
    return types


def unknown(what: str, name: object, known: Sequence[str]) -> ArgumentError:
    """The error for a name that a graph does not know; the message gives the nearest."""
    near = get_close_matches(name, known, n=1) if isinstance(name, str) else []
    hint = f"did you mean {near[0]!r}?" if near else f"there are {listed(tuple(known))}"
    return ArgumentError(f"the network has no {what} {brief(name)}; {hint}")


def _picture(shape: Shape) -> Type:
    if len(shape) != 3 or min(shape) < 1:
        raise ShapeError(
            "a network's input must be (height, width, channels), each at least 1, got "
            f"{describe(shape)}"
        )
    return Type(shape)


def _only(what: str, named: Mapping[str, object]) -> str:
    if len(named) != 1:
        raise ArgumentError(
            f"a network with one {what} is needed here, this one has {len(named)}: "
            f"{', '.join(map(brief, named))}"
        )
    return next(iter(named))


def _check_names(inputs: Mapping[str, Type], nodes: Sequence[Node]) -> None:
    if not nodes:
        raise ArgumentError("a network needs at least one layer, got none")
    for name in inputs:
        _check_name("an input's name", name)
    known = set(inputs)
    for node in nodes:
        if node.name in known:
            raise ArgumentError(f"two layers are named {brief(node.name)}; give one another name")
        _check_name("a layer's name", node.name)
        if node.weights:
            _check_name("the name of shared weights", node.weights)
        for name in node.inputs:
            if name not in known:
                raise ArgumentError(
                    f"layer {brief(node.name)} takes {brief(name)}, which does not precede it"
                )
        known.add(node.name)


def _check_name(what: str, name: object) -> None:
    if not isinstance(name, str) or not name.isprintable() or not name or "." in name:
        raise ArgumentError(f"{what} must be printable text without dots, got {brief(name)}")


def _check_outputs(outputs: Mapping[str, str], types: Mapping[str, Type]) -> None:
    if not outputs:
        raise ArgumentError("a network needs at least one output, got none")
    for name, value in outputs.items():
        _check_name("an output's name", name)
        if value not in types:
            raise unknown("layer", value, list(types))
