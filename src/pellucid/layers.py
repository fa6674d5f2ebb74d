"""What a user writes: layers, and how they are joined into one graph.

    Sequential([Conv2D(32, 3, padding="same"), ReLU(), MaxPool(2), Flatten(), Dense(10)])

A layer is an operation with an optional name; one without gets its kind and number: ``conv1``,
``relu1``, ``pool1``, ``conv2``. Sizes and strides are one number for both axes or a pair (height,
width).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.graph import INPUT, Graph, Node
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.ops.operation import Operation, Shape
    from pellucid.ops.window import Edge, Padding, Sides

Pair = int | tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """An operation and the name it asks for, if any."""

    operation: Operation
    name: str | None = None


@short_repr
@dataclass(frozen=True)
class Sequential:
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
        builder = _Builder()
        builder.add(self, INPUT)
        return Graph(input_shape, builder.nodes)


@short_repr
@dataclass(frozen=True)
class Residual:
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
class Parallel:
    """Branches that all take the same input; their feature maps are joined (GoogLeNet's Inception).

    Attributes:
        branches: Each a list of layers; an empty one lets the input through.
        name: Of the joint; none: ``join1`` and so on.
    """

    branches: Sequence[Sequence[Block]]
    name: str | None = None


@short_repr
@dataclass(frozen=True)
class Gated:
    """Layers whose output their input is multiplied by: a gate (Hu et al. 2017, SE networks).

    Squeeze-and-excitation of C channels, for example, is ``Gated([GlobalAveragePool(), Dense(C //
    4), ReLU(), Dense(C), Sigmoid()])``.

    Attributes:
        layers: What makes the gate: the input's shape, or one value a channel or a position.
        name: Of the multiplication; none: ``multiply1`` and so on.
    """

    layers: Sequence[Block]
    name: str | None = None


Block = Layer | Sequential | Residual | Parallel | Gated


@dataclass
class _Builder:
    """Lays blocks out as nodes and names them."""

    nodes: list[Node] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, block: Block, source: str) -> str:
        """Append a block's nodes after the node ``source``; the name of its last node."""
        if isinstance(block, Layer):
            return self._append(block.operation, (source,), block.name)
        if isinstance(block, Sequential):
            return self._chain(block.layers, source)
        if isinstance(block, Residual):
            body = self._chain(block.layers, source)
            shortcut = self._chain(block.shortcut, source)
            return self._append(ops.Add(), (body, shortcut), block.name)
        if isinstance(block, Gated):
            gate = self._chain(block.layers, source)
            return self._append(ops.Multiply(), (source, gate), block.name)
        if isinstance(block, Parallel):
            ends = tuple(self._chain(branch, source) for branch in block.branches)
            return self._append(ops.Concatenate(), ends, block.name)
        raise ArgumentError(
            f"a network is made of layers, Sequential, Residual, Parallel and "
            f"Gated, got {brief(block)}"
        )

    def _chain(self, blocks: Sequence[Block], source: str) -> str:
        for block in blocks:
            source = self.add(block, source)
        return source

    def _append(self, operation: Operation, inputs: tuple[str, ...], name: str | None) -> str:
        if name is None:
            stem = operation.stem or operation.kind
            self.counts[stem] += 1
            name = f"{stem}{self.counts[stem]}"
        self.nodes.append(Node(name, operation, inputs))
        return name


def Conv2D(  # noqa: N802 - layers are written like the classes they make
    filters: int,
    size: Pair,
    *,
    stride: Pair = 1,
    dilation: Pair = 1,
    padding: Padding | int = "valid",
    groups: int = 1,
    bias: bool = True,
    initializer: str | float = "he",
    name: str | None = None,
) -> Layer:
    """A convolution; see :class:`pellucid.ops.Conv2D`. Padding may be one number for all sides."""
    operation = ops.Conv2D(
        filters,
        _pair(size),
        _pair(stride),
        _pair(dilation),
        _padding(padding),
        groups,
        bias,
        initializer,
    )
    return Layer(operation, name)


def MaxPool(  # noqa: N802
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding | int = "valid",
    edge: Edge = "drop",
    name: str | None = None,
) -> Layer:
    """Max pooling; see :class:`pellucid.ops.MaxPool`. Without a stride, windows do not overlap."""
    stride = size if stride is None else stride
    return Layer(ops.MaxPool(_pair(size), _pair(stride), _padding(padding), edge), name)


def AveragePool(  # noqa: N802
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding | int = "valid",
    edge: Edge = "drop",
    count_padding: bool = False,
    name: str | None = None,
) -> Layer:
    """Average pooling; see :class:`pellucid.ops.AveragePool`."""
    stride = size if stride is None else stride
    operation = ops.AveragePool(
        _pair(size), _pair(stride), _padding(padding), edge, count_padding=count_padding
    )
    return Layer(operation, name)


def Subsample(  # noqa: N802
    size: Pair = 2,
    *,
    stride: Pair | None = None,
    padding: Padding | int = "valid",
    edge: Edge = "drop",
    initializer: str | float = 0.25,
    name: str | None = None,
) -> Layer:
    """Trainable subsampling; see :class:`pellucid.ops.Subsample`."""
    stride = size if stride is None else stride
    operation = ops.Subsample(
        _pair(size), _pair(stride), _padding(padding), edge, initializer=initializer
    )
    return Layer(operation, name)


def Dense(  # noqa: N802
    units: int, *, bias: bool = True, initializer: str | float = "he", name: str | None = None
) -> Layer:
    """A fully connected layer; see :class:`pellucid.ops.Dense`."""
    return Layer(ops.Dense(units, bias, initializer), name)


def LeakyReLU(slope: float = 0.01, *, name: str | None = None) -> Layer:  # noqa: N802
    """Leaky ReLU; see :class:`pellucid.ops.LeakyReLU`."""
    return Layer(ops.LeakyReLU(slope), name)


def PReLU(initializer: str | float = 0.25, *, name: str | None = None) -> Layer:  # noqa: N802
    """PReLU; see :class:`pellucid.ops.PReLU`."""
    return Layer(ops.PReLU(initializer), name)


def BatchNorm(  # noqa: N802
    *, momentum: float = 0.1, epsilon: float = 1e-5, name: str | None = None
) -> Layer:
    """Batch normalisation; see :class:`pellucid.ops.BatchNorm`."""
    return Layer(ops.BatchNorm(momentum, epsilon), name)


def Dropout(rate: float = 0.5, *, name: str | None = None) -> Layer:  # noqa: N802
    """Dropout; see :class:`pellucid.ops.Dropout`."""
    return Layer(ops.Dropout(rate), name)


def LocalResponseNorm(  # noqa: N802
    size: int = 5,
    *,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 2.0,
    name: str | None = None,
) -> Layer:
    """Local response normalisation; see :class:`pellucid.ops.LocalResponseNorm`."""
    return Layer(ops.LocalResponseNorm(size, alpha, beta, k), name)


def Clip(low: float = 0.0, high: float = 1.0, *, name: str | None = None) -> Layer:  # noqa: N802
    """Clipping; see :class:`pellucid.ops.Clip`."""
    return Layer(ops.Clip(low, high), name)


def Pad(  # noqa: N802
    padding: int | tuple[Sides, Sides], *, value: float = 0.0, name: str | None = None
) -> Layer:
    """A border; see :class:`pellucid.ops.Pad`. Padding may be one number for all sides."""
    return Layer(ops.Pad(_sides(padding), value), name)


def Crop(  # noqa: N802
    cropping: int | tuple[Sides, Sides], *, name: str | None = None
) -> Layer:
    """Cropping; see :class:`pellucid.ops.Crop`. It may be one number for all sides."""
    return Layer(ops.Crop(_sides(cropping)), name)


def ChannelSlice(start: int, stop: int, *, name: str | None = None) -> Layer:  # noqa: N802
    """Some of the channels; see :class:`pellucid.ops.ChannelSlice`."""
    return Layer(ops.ChannelSlice(start, stop), name)


def ChannelShuffle(groups: int = 2, *, name: str | None = None) -> Layer:  # noqa: N802
    """Channel shuffle; see :class:`pellucid.ops.ChannelShuffle`."""
    return Layer(ops.ChannelShuffle(groups), name)


def Normalise(  # noqa: N802
    mean: Sequence[float], std: Sequence[float], *, name: str | None = None
) -> Layer:
    """Fixed normalisation of pixels; see :class:`pellucid.ops.Normalise`."""
    return Layer(ops.Normalise(tuple(map(float, mean)), tuple(map(float, std))), name)


def _plain(operation: type[Operation]) -> Callable[..., Layer]:
    """What writes a layer whose operation has no settings."""

    def layer(*, name: str | None = None) -> Layer:
        return Layer(operation(), name)

    layer.__name__ = layer.__qualname__ = operation.__name__
    layer.__doc__ = operation.__doc__
    return layer


ReLU = _plain(ops.ReLU)
ReLU6 = _plain(ops.ReLU6)
Sigmoid = _plain(ops.Sigmoid)
Tanh = _plain(ops.Tanh)
Softmax = _plain(ops.Softmax)
Flatten = _plain(ops.Flatten)
GlobalAveragePool = _plain(ops.GlobalAveragePool)
GlobalMaxPool = _plain(ops.GlobalMaxPool)
HardSigmoid = _plain(ops.HardSigmoid)
HardSwish = _plain(ops.HardSwish)
SiLU = _plain(ops.SiLU)


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _padding(value: Padding | int) -> Padding:
    return _sides(value) if isinstance(value, int) else value


def _sides(value: int | tuple[Sides, Sides]) -> tuple[Sides, Sides]:
    return ((value, value), (value, value)) if isinstance(value, int) else value
