"""Surgery on a network: one thing is changed, and the network itself stays as it was.

Every edit makes a new network from another, so that a difference in what they answer has one cause.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.graph import Graph, Network, Node
from pellucid.ops import (
    AveragePool,
    BatchNorm,
    GlobalAveragePool,
    GlobalMaxPool,
    MaxPool,
)
from pellucid.renamed import old_names
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pellucid.files import Model
    from pellucid.ops.operation import Array, Operation

REMOVABLE = ("activation", "regularisation")
"""Families of layers that can be left out: they keep the shape, and no statistics follow them."""

SWAPPED: dict[type[Operation], type[Any]] = {
    AveragePool: MaxPool,
    GlobalAveragePool: GlobalMaxPool,
    GlobalMaxPool: GlobalAveragePool,
    MaxPool: AveragePool,
}
"""What a pooling is swapped with."""

MUTED = "-muted"
"""What the name of a layer that mutes another one ends with."""


@dataclass(frozen=True)
class Mute:
    """A feature map, or a unit, is 0 for all that read the layer.

    In front of a batch norm a map of zeros becomes a constant, β − γμ/σ: to silence it altogether,
    mute the batch norm or what follows.

    Attributes:
        layer: Whose output it is.
        channel: Which map or unit, from 0.
    """

    kind: ClassVar[str] = "mute"
    layer: str
    channel: int

    def __call__(self, network: Network) -> Network:
        """The network with this changed."""
        node = network.graph[self.layer]
        channels = network.graph.shapes[node.name][-1]
        if not 0 <= self.channel < channels:
            raise ArgumentError(
                f"layer {printable(node.name)} has maps or units 0 to {channels - 1}, got "
                f"{self.channel}"
            )
        dtype = network.graph.types[node.name].dtype
        if dtype != "float32":
            raise ArgumentError(
                f"layer {printable(node.name)} ({node.operation.kind}) makes {dtype} values, which "
                f"cannot be muted; mute {printable(node.inputs[0])}, which it reads"
            )
        weights = dict(network.weights)
        if node.operation.family in ("convolution", "dense"):
            for name in weights:
                if name in (f"{node.name}.kernel", f"{node.name}.bias"):
                    weights[name] = _changed(weights[name], (..., self.channel), 0.0)
            return Network(network.graph, weights)
        name = node.name + MUTED
        graph = network.graph
        if name not in graph.shapes:
            graph = _followed(graph, node, [Node(name, BatchNorm(epsilon=1e-12), (node.name,))])
            for parameter, level in (("gamma", 1), ("beta", 0), ("mean", 0), ("variance", 1)):
                weights[f"{name}.{parameter}"] = np.full(channels, level, np.float32)
        gamma = f"{name}.gamma"
        weights[gamma] = _changed(weights[gamma], self.channel, 0.0)
        return Network(graph, weights)


@dataclass(frozen=True)
class SetWeight:
    """One weight gets another value.

    Attributes:
        weight: Its array, e.g. ``conv1.kernel``.
        at: Its place in it, from 0: (row, column, channel, kernel) of a convolution.
        value: A finite number; not below 0 for a batch norm's variance.
    """

    kind: ClassVar[str] = "set"
    weight: str
    at: tuple[int, ...]
    value: float

    def __call__(self, network: Network) -> Network:
        """The network with this changed."""
        if self.weight not in network.weights:
            raise ArgumentError(
                f"the network has no weight {printable(self.weight)}; there are "
                f"{', '.join(map(printable, sorted(network.weights)))[:300]}"
            )
        array = network.weights[self.weight]
        if len(self.at) != array.ndim or not all(
            0 <= place < size for place, size in zip(self.at, array.shape, strict=False)
        ):
            raise ArgumentError(
                f"{printable(self.weight)} has the shape {array.shape}, and so no place "
                f"{','.join(map(str, self.at))}"
            )
        largest = float(np.finfo(np.float32).max)
        if not abs(self.value) <= largest or (self.weight.endswith(".variance") and self.value < 0):
            raise ArgumentError(f"{printable(self.weight)} cannot be set to {self.value}")
        weights = dict(network.weights)
        weights[self.weight] = _changed(array, self.at, self.value)
        return Network(network.graph, weights)


@short_repr
@dataclass(frozen=True, eq=False)
class SetKernel:
    """A whole kernel is replaced by a matrix.

    The matrix is laid into every channel that the kernel reads, divided by their number, as if it
    filtered their mean; a smaller one is padded with zeros. The bias stays.

    Attributes:
        layer: A convolution.
        number: Which of its kernels, from 0.
        matrix: (height, width), no larger than the kernel.
        name: What it is called.
    """

    kind: ClassVar[str] = "kernel"
    layer: str
    number: int
    matrix: Array
    name: str = "custom"

    def __call__(self, network: Network) -> Network:
        """The network with this changed."""
        node = network.graph[self.layer]
        if node.operation.family != "convolution":
            raise ArgumentError(
                f"layer {printable(node.name)} ({node.operation.kind}) has no kernels; name a "
                "convolution"
            )
        full = f"{node.name}.kernel"
        array = network.weights[full]
        height, width, channels, kernels = array.shape
        if not 0 <= self.number < kernels:
            raise ArgumentError(
                f"layer {printable(node.name)} has kernels 0 to {kernels - 1}, got {self.number}"
            )
        rows, columns = self.matrix.shape
        if rows > height or columns > width:
            raise ArgumentError(
                f"a matrix {rows}×{columns} does not fit into the kernels of "
                f"{printable(node.name)}, which are {height}×{width}"
            )
        laid = np.zeros((height, width, channels), array.dtype)
        top, left = (height - rows) // 2, (width - columns) // 2
        laid[top : top + rows, left : left + columns] = self.matrix[:, :, None] / channels
        weights = dict(network.weights)
        weights[full] = _changed(array, (..., self.number), laid)
        return Network(network.graph, weights)


@dataclass(frozen=True)
class SwapPooling:
    """Max pooling becomes average pooling over the same windows, or the other way round.

    Attributes:
        layer: A pooling, of windows or of whole maps.
    """

    kind: ClassVar[str] = "swap"
    layer: str

    def __call__(self, network: Network) -> Network:
        """The network with this changed."""
        graph = network.graph
        node = graph[self.layer]
        pool = node.operation
        if type(pool) not in SWAPPED:
            raise ArgumentError(
                f"layer {printable(node.name)} ({pool.kind}) cannot be swapped; name a max pooling "
                "or an average pooling"
            )
        made = SWAPPED[type(pool)]
        settings = {each.name: getattr(pool, each.name, None) for each in fields(made)}
        other = made(**{name: value for name, value in settings.items() if value is not None})
        nodes = _replaced(graph, replace(node, operation=other))
        return Network(Graph(graph.inputs, nodes, graph.outputs), network.weights)


@dataclass(frozen=True)
class Remove:
    """An activation, or dropout, is left out: what read it reads its input.

    Attributes:
        layer: Its name.
    """

    kind: ClassVar[str] = "remove"
    layer: str

    def __call__(self, network: Network) -> Network:
        """The network with this changed."""
        graph = network.graph
        node = graph[self.layer]
        if node.operation.family not in REMOVABLE or node.name == graph.output:
            raise ArgumentError(
                f"layer {printable(node.name)} ({node.operation.kind}) cannot be removed; "
                "activations and dropout can, unless they give the answer"
            )
        (before,) = node.inputs
        nodes = tuple(
            replace(each, inputs=tuple(before if i == node.name else i for i in each.inputs))
            for each in graph.nodes
            if each.name != node.name
        )
        kept = {
            name: array
            for name, array in network.weights.items()
            if not name.startswith(f"{node.name}.")
        }
        return Network(Graph(graph.inputs, nodes, graph.outputs), kept)


Edit = Mute | SetWeight | SetKernel | SwapPooling | Remove


def edit_model(model: Model, edits: Iterable[Edit]) -> Model:
    """A model with changes, one after the other; the one that is given stays as it is.

    The result's provenance lists them under ``surgery``.

    Raises:
        ArgumentError: If there is no such layer, map, weight or kernel, or the change does not
            suit it.
    """
    every = list(edits)
    network = model.network
    for edit in every:
        network = edit(network)
    described = [*model.provenance.get("surgery", []), *map(edit_record, every)]
    origin = {name: entry for name, entry in model.provenance.items() if name != "history"}
    return replace(model, network=network, provenance={**origin, "surgery": described})


def edit_record(edit: Edit) -> dict[str, Any]:
    """An edit as JSON values."""
    values = {name: _plain(value) for name, value in asdict(edit).items()}
    return {"edit": edit.kind, **values}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _changed(array: Array, place: Any, value: Any) -> Array:
    """A copy with other values at a place."""
    copy = np.array(array)
    copy[place] = value
    return copy


def _replaced(graph: Graph, node: Node) -> tuple[Node, ...]:
    return tuple(node if each.name == node.name else each for each in graph.nodes)


def _followed(graph: Graph, node: Node, inserted: Sequence[Node]) -> Graph:
    """Nodes are put behind another one, which may be a new one of the same name.

    All that read it read the last of them.
    """
    last = inserted[-1].name
    nodes: list[Node] = []
    for each in graph.nodes:
        inputs = tuple(last if name == node.name else name for name in each.inputs)
        nodes.append(node if each.name == node.name else replace(each, inputs=inputs))
        if each.name == node.name:
            nodes.extend(inserted)
    outputs = {name: last if value == node.name else value for name, value in graph.outputs.items()}
    return Graph(graph.inputs, nodes, outputs)


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
