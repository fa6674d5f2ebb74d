"""Layers and blocks of them, and how they are joined into a graph by being called on values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pellucid import checks, ops
from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.graph import INPUT, Graph, Node
from pellucid.known_names import find_name
from pellucid.ops.types import Type
from pellucid.short_repr import short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Operation, Shape
    from pellucid.ops.plane_grid import PlaneGrid
    from pellucid.ops.types import DType


class Value:
    """What an input brings or a layer makes, before it is part of a graph.

    Attributes:
        layer: What makes it; none for an input.
        inputs: What the layer reads.
        type: Of an input.
        place: Which layer of which block made it: values of one place share their weights.
        side: What also reads the only input, which is the value itself; see :class:`SideOutput`.
    """

    def __init__(
        self,
        layer: Layer | None,
        inputs: tuple[Value, ...],
        type_: Type | None = None,
        place: tuple[object, ...] = (),
        side: Side | None = None,
    ) -> None:
        self.layer, self.inputs, self.type, self.place = layer, inputs, type_, place
        self.side = side


class Side(NamedTuple):
    """An answer at the side of a network, which it has while it is trained.

    Attributes:
        name: Of the output.
        weight: Of its loss, beside 1 of the network's own.
        value: What is compared.
    """

    name: str
    weight: float
    value: Value


def Input(shape: Shape, dtype: DType = "float32") -> Value:  # noqa: N802 - written like the layers
    """An input of a network.

    Args:
        shape: Of one example: (height, width, channels), (features,).
        dtype: See :class:`pellucid.ops.types.Type`.
    """
    return Value(None, (), Type(shape, dtype))


class OnValues:
    """What can be called on values: ``y = Dense(10)(x)``.

    Layers that are called again share their weights with the first call.
    """

    def __call__(self, *values: Value) -> Value:
        """The value that it makes of others.

        Raises:
            ArgumentError: If these are no values.
        """
        for value in values:
            if not isinstance(value, Value):
                raise ArgumentError(
                    f"a layer is called on values, an Input(...) or what layers gave, got "
                    f"{brief(value)}"
                )
        return _called(self, values, (self,))


@dataclass(frozen=True)
class Layer(OnValues):
    """An operation and the name it asks for, if any."""

    operation: Operation
    name: str | None = None


@short_repr
@dataclass(frozen=True)
class Sequential(OnValues):
    """Layers one after the other.

    Attributes:
        layers: Layers, and blocks of them; at least one.
    """

    layers: Sequence[Block]

    def graph(self, input_shape: Shape) -> Graph:
        """The graph for images of one shape.

        Args:
            input_shape: (height, width, channels).

        Raises:
            ShapeError: If a layer cannot take what reaches it.
            ArgumentError: If two layers ask for one name, or there is no layer.
        """
        source = Value(None, ())
        _, nodes, _ = _laid_out({INPUT: source}, [self(source)])
        return Graph(input_shape, nodes)

    def training_graph(self, input_shape: Shape) -> tuple[Graph, dict[str, float]]:
        """The graph with its side outputs, and the weight of each one's loss.

        The first output is the network's own, under the name of its value, as :meth:`graph` has
        it; layers are called as there, so that both graphs are over one store of weights.

        Args:
            input_shape: (height, width, channels).

        Returns:
            The graph, and the weights by the side outputs' names; no weights where there are no
            side outputs.

        Raises:
            ShapeError: If a layer cannot take what reaches it.
            ArgumentError: If two layers or outputs ask for one name, or there is no layer.
        """
        source = Value(None, ())
        end = self(source)
        _, _, sides = _laid_out({INPUT: source}, [end])
        names, nodes, _ = _laid_out({INPUT: source}, [end, *(side.value for side in sides)])
        outputs = {names[end]: names[end]}
        for side in sides:
            if side.name in outputs:
                raise ArgumentError(f"two outputs are named {brief(side.name)}; rename one")
            outputs[side.name] = names[side.value]
        return Graph(input_shape, nodes, outputs), {side.name: side.weight for side in sides}


@short_repr
@dataclass(frozen=True)
class Residual(OnValues):
    """Layers whose output is added to their input (He et al. 2015, ResNet).

    Attributes:
        layers: The body, one after the other.
        shortcut: Layers on the way round it; none lets the input through as it is.
        name: Of the addition; none: ``add1`` and so on.
    """

    layers: Sequence[Block]
    shortcut: Sequence[Block] = ()
    name: str | None = None


@short_repr
@dataclass(frozen=True)
class Parallel(OnValues):
    """Branches that all take the same input; their feature maps are joined (GoogLeNet's Inception).

    Attributes:
        branches: Each a list of layers; an empty one lets the input through.
        name: Of the joint; none: ``join1`` and so on.
    """

    branches: Sequence[Sequence[Block]]
    name: str | None = None


@short_repr
@dataclass(frozen=True)
class Gated(OnValues):
    """Layers whose output their input is multiplied by: a gate (Hu et al. 2017, SE networks).

    Squeeze-and-excitation of C channels, for example, is ``Gated([GlobalAveragePool(), Dense(C //
    4), ReLU(), Dense(C), Sigmoid()])``.

    Attributes:
        layers: What makes the gate: the input's shape, or one value a channel or a position.
        name: Of the multiplication; none: ``multiply1`` and so on.
    """

    layers: Sequence[Block]
    name: str | None = None


TRANSFORMS: dict[str, tuple[type[PlaneGrid], *tuple[Operation, ...]]] = {
    "affine": (ops.AffineGrid,),
    "projective": (ops.ProjectiveGrid, ops.PerspectiveDivide()),
}
"""How a spatial transformer moves positions, by name: a grid, and what makes places of it."""


@short_repr
@dataclass(frozen=True)
class SpatialTransformer(OnValues):
    """Layers that look at feature maps, and say which part of them, turned and scaled, goes on.

    Behind them a dense layer makes the six numbers of an affine map,
    :class:`pellucid.ops.AffineGrid` the places that it leads to, and
    :class:`pellucid.ops.GridSample` the values there; or the eight of a projective map, which also
    sees aslant, by :class:`pellucid.ops.ProjectiveGrid` and
    :class:`pellucid.ops.PerspectiveDivide`. The dense layer starts with zeros, and its
    numbers count from the identity: at first the maps go on as they are, in the size that is asked
    for (Jaderberg et al. 2015, *Spatial transformer networks*). Places must move more slowly than
    all else that learns, or they leave the maps for good; so the numbers of the map are scaled.

    Attributes:
        localisation: Layers from the maps to a vector, as ``[MaxPool(2), Conv2D(20, 5), ReLU(),
            Flatten(), Dense(20), ReLU()]``.
        size: (height, width) of the maps that go on, or one number for both.
        scale: What the numbers of the map are multiplied with.
        name: Of the sampling; none: ``grid_sample1`` and so on.
        transform: ``"affine"`` or ``"projective"``.

    Raises:
        ArgumentError: If there is no such transform.
    """

    localisation: Sequence[Block]
    size: int | tuple[int, int]
    scale: float = 0.1
    name: str | None = None
    transform: str = "affine"

    def __post_init__(self) -> None:
        found = find_name("transform", self.transform, TRANSFORMS)
        object.__setattr__(self, "transform", found)


@short_repr
@dataclass(frozen=True)
class Attention(OnValues):
    """What each step of a sequence finds where it looks: softmax(Q·Kᵀ/√D)·V.

    Called on queries (T, D), keys (L, D) and values (L, C) it gives (T, C): of each step a mean of
    the values, by weights that sum to 1, more where the key is more like the query. Called on one
    sequence, that is all three. The weights, (T, L), are a node of their own, whose name ends in
    ``_weights``: which place each step looked at (Xu et al. 2015, *Show, attend and tell*; see
    :class:`pellucid.ops.MatrixProduct`).

    Attributes:
        name: Of what is found; scores and weights are ``name_scores`` and ``name_weights``.
    """

    name: str = "attention"


@short_repr
@dataclass(frozen=True)
class SideOutput(OnValues):
    """Layers that answer, too, from the middle of a network, while it is trained.

    What they read goes on as it is. Their loss is added to the network's own, so that gradients
    reach early layers by a short way (Szegedy et al. 2014, *Going deeper with convolutions*,
    section 5). The network that answers has none of them: see :meth:`Sequential.training_graph`.

    Attributes:
        layers: From the value at their place to an answer of the network's shape. Names that they
            ask for must not be taken.
        name: Of the output.
        weight: Of its loss, beside 1 of the network's own; more than 0, at most 1000.

    Raises:
        ArgumentError: If the weight is out of range.
    """

    layers: Sequence[Block]
    name: str
    weight: float = 0.3

    def __post_init__(self) -> None:
        checks.number("weight", self.weight, 1e-6, 1e3)


Block = (
    Layer | Sequential | Residual | Parallel | Gated | SpatialTransformer | SideOutput | Attention
)


def connect(inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> Graph:
    """The graph between named inputs and named outputs.

    Nodes come in the order in which the outputs need them.

    Args:
        inputs: What :func:`Input` made, by name.
        outputs: What layers made of them, by name.

    Raises:
        ShapeError: If a layer cannot take what reaches it.
        ArgumentError: If two layers ask for one name, or an input that is read has no name.
    """
    for name, value in inputs.items():
        if getattr(value, "type", None) is None:
            raise ArgumentError(f"input {brief(name)} must be an Input(...), got {brief(value)}")
    names, nodes, _ = _laid_out(inputs, list(outputs.values()))
    types = {name: value.type for name, value in inputs.items() if value.type is not None}
    graph = Graph(types, nodes, {name: names[value] for name, value in outputs.items()})
    if any(node.weights and not graph.parameters_of(node) for node in nodes):
        nodes = [node if graph.parameters_of(node) else replace(node, weights="") for node in nodes]
        graph = Graph(types, nodes, graph.outputs)
    return graph


def _called(block: object, values: tuple[Value, ...], place: tuple[object, ...]) -> Value:
    """The value that a block makes, whose layers lie at places below its own."""
    if isinstance(block, Layer):
        return Value(block, values, place=place)
    if isinstance(block, Attention) and len(values) in (1, 3):
        queries, keys, given = values if len(values) == 3 else values * 3
        score = ops.MatrixProduct(transposed=True, scaled=True)
        seen = Value(Layer(score, f"{block.name}_scores"), (queries, keys), place=(*place, 0))
        weights = Layer(ops.Softmax(), f"{block.name}_weights")
        looked = Value(weights, (seen,), place=(*place, 1))
        return Value(Layer(ops.MatrixProduct(), block.name), (looked, given), place=(*place, 2))
    if isinstance(block, Attention):
        raise ArgumentError(
            f"Attention takes queries, keys and values, got {counted(len(values), 'value')}"
        )
    if isinstance(block, OnValues) and len(values) != 1:
        raise ArgumentError(
            f"{type(block).__name__} takes one value, got {len(values)}; layers such as Add take "
            "several"
        )
    if isinstance(block, Sequential):
        return _chain(block.layers, values[0], place)
    if isinstance(block, Residual):
        body = _chain(block.layers, values[0], (*place, "body"))
        shortcut = _chain(block.shortcut, values[0], (*place, "shortcut"))
        return Value(Layer(ops.Add(), block.name), (body, shortcut), place=place)
    if isinstance(block, Gated):
        gate = _chain(block.layers, values[0], place)
        return Value(Layer(ops.Multiply(), block.name), (values[0], gate), place=place)
    if isinstance(block, Parallel):
        ends = [_chain(each, values[0], (*place, n)) for n, each in enumerate(block.branches)]
        return Value(Layer(ops.Concatenate(), block.name), tuple(ends), place=place)
    if isinstance(block, SpatialTransformer):
        size = (block.size, block.size) if isinstance(block.size, int) else block.size
        seen = _chain(block.localisation, values[0], place)
        grid, *rest = TRANSFORMS[block.transform]
        made = grid(size, relative=True, scale=block.scale)
        dense = ops.Dense(len(grid.identity), initializer="zeros")
        for number, operation in enumerate((dense, made, *rest)):
            seen = Value(Layer(operation), (seen,), place=(*place, "places", number))
        return Value(Layer(ops.GridSample(), block.name), (values[0], seen), place=place)
    if isinstance(block, SideOutput):
        side = Side(block.name, block.weight, _chain(block.layers, values[0], place))
        return Value(None, values, place=place, side=side)
    raise ArgumentError(
        "a network is made of layers, Sequential, Residual, Parallel, Gated, SpatialTransformer, "
        f"Attention and SideOutput, got {brief(block)}"
    )


def _chain(blocks: Sequence[Block], value: Value, place: tuple[object, ...]) -> Value:
    for number, block in enumerate(blocks):
        value = _called(block, (value,), (*place, number))
    return value


def _laid_out(
    inputs: Mapping[str, Value], ends: Sequence[Value]
) -> tuple[dict[Value, str], list[Node], list[Side]]:
    """The names of all values, the nodes that make them, each after its inputs; and what is aside.

    What lies aside is laid out where its values are among the ends.
    """
    names = {value: name for name, value in inputs.items()}
    counts: Counter[str] = Counter()
    first: dict[tuple[object, ...], str] = {}  # the first node of each place has the weights
    nodes: list[Node] = []
    sides: list[Side] = []
    waiting = list(reversed(ends))
    while waiting:
        value = waiting[-1]
        missing = [each for each in value.inputs if each not in names]
        if value in names or missing:
            waiting.pop() if value in names else waiting.extend(reversed(missing))
            continue
        layer = value.layer
        if value.side is not None:
            names[value] = names[value.inputs[0]]
            sides.append(value.side)
            continue
        if layer is None:
            raise ArgumentError("an input that layers read is not among the inputs; name it")
        place = (id(value.place[0]), *value.place[1:])
        name = layer.name
        if name is None or place in first:
            operation = layer.operation
            stem = (operation.stem or operation.kind) if name is None else f"{name}_"
            counts[stem] += 1
            name = f"{stem}{counts[stem] + (layer.name is not None)}"
        node = Node(name, layer.operation, tuple(names[each] for each in value.inputs))
        if place in first:
            node = replace(node, weights=first[place])
        first.setdefault(place, name)
        nodes.append(node)
        names[value] = name
    return names, nodes, sides
