"""What a user writes: layers, and how they are joined into one graph.

    Sequential([Conv2D(32, 3, padding="same"), ReLU(), MaxPool(2), Flatten(), Dense(10)])

Networks of several inputs or outputs are written as their drawing reads, layer by layer on values:

    picture = Input((28, 28, 1))
    features = body(picture)
    outputs = {"digit": Dense(10)(features), "angle": Dense(1)(features)}
    graph = connect({"picture": picture}, outputs)

A layer is an operation with an optional name; one without gets its kind and number: ``conv1``,
``relu1``, ``pool1``, ``conv2``. Sizes and strides are one number for both axes or a pair (height,
width).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.blocks import (
    Attention,
    Block,
    Gated,
    Input,
    Layer,
    Parallel,
    Residual,
    Sequential,
    SideOutput,
    SpatialTransformer,
    Value,
    connect,
)
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.ops.operation import Operation
    from pellucid.ops.window import Edge, Padding, Sides

__all__ = [
    "GRU",
    "LSTM",
    "Add",
    "AffineGrid",
    "Attention",
    "AveragePool",
    "BatchNorm",
    "Block",
    "ChannelShuffle",
    "ChannelSlice",
    "Clip",
    "Concatenate",
    "Conv2D",
    "ConvTranspose2D",
    "Crop",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "Gated",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GridSample",
    "HardSigmoid",
    "HardSwish",
    "Input",
    "Layer",
    "LeakyReLU",
    "LocalResponseNorm",
    "MatrixProduct",
    "MaxPool",
    "Multiply",
    "Normalise",
    "PReLU",
    "Pad",
    "Parallel",
    "PerspectiveDivide",
    "ProjectiveGrid",
    "ReLU",
    "ReLU6",
    "Reshape",
    "Residual",
    "Resize",
    "RoIAlign",
    "RoIPool",
    "Sequential",
    "SiLU",
    "SideOutput",
    "Sigmoid",
    "Softmax",
    "SpatialTransformer",
    "Subsample",
    "Tanh",
    "Value",
    "connect",
]

Pair = int | tuple[int, int]


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


def ConvTranspose2D(  # noqa: N802
    filters: int,
    size: Pair,
    *,
    stride: Pair = 1,
    padding: int | tuple[Sides, Sides] = 0,
    output_padding: Pair = 0,
    bias: bool = True,
    initializer: str | float = "he",
    name: str | None = None,
) -> Layer:
    """A transposed convolution; see :class:`pellucid.ops.ConvTranspose2D`."""
    operation = ops.ConvTranspose2D(
        filters,
        _pair(size),
        _pair(stride),
        _sides(padding),
        _pair(output_padding),
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


def Embedding(  # noqa: N802
    vocabulary: int,
    features: int,
    *,
    initializer: str | float = "lecun",
    name: str | None = None,
) -> Layer:
    """A learned row of numbers for each word; see :class:`pellucid.ops.Embedding`."""
    return Layer(ops.Embedding(vocabulary, features, initializer), name)


def GRU(  # noqa: N802
    units: int, *, initializer: str | float = "lecun", name: str | None = None
) -> Layer:
    """A gated recurrent unit, called on a sequence and perhaps a first state.

    See :class:`pellucid.ops.GRU`.
    """
    return Layer(ops.GRU(units, initializer), name)


def LSTM(  # noqa: N802
    units: int, *, initializer: str | float = "lecun", name: str | None = None
) -> Layer:
    """Long short-term memory, called on a sequence and perhaps a first state and cell.

    See :class:`pellucid.ops.LSTM`.
    """
    return Layer(ops.LSTM(units, initializer), name)


def MatrixProduct(  # noqa: N802
    *, transposed: bool = False, scaled: bool = False, name: str | None = None
) -> Layer:
    """Two sequences multiplied, called on both; see :class:`pellucid.ops.MatrixProduct`."""
    return Layer(ops.MatrixProduct(transposed, scaled), name)


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


def Resize(  # noqa: N802
    factor: Pair | None = None,
    *,
    size: Pair | None = None,
    method: str = "nearest",
    name: str | None = None,
) -> Layer:
    """Maps resized by a factor (2 by default) or to a size; see :class:`pellucid.ops.Resize`."""
    if factor is not None and size is not None:
        raise ArgumentError(f"give a factor or a size, got factor {factor!r} and size {size!r}")
    operation = ops.Resize(
        None if size is None else _pair(size), _pair(2 if factor is None else factor), method
    )
    return Layer(operation, name)


def Reshape(shape: tuple[int, ...], *, name: str | None = None) -> Layer:  # noqa: N802
    """The same numbers as other axes; see :class:`pellucid.ops.Reshape`."""
    return Layer(ops.Reshape(shape), name)


def AffineGrid(  # noqa: N802
    size: Pair,
    *,
    align_corners: bool = False,
    relative: bool = False,
    scale: float = 1.0,
    name: str | None = None,
) -> Layer:
    """Places on a map by six numbers; see :class:`pellucid.ops.AffineGrid`."""
    return Layer(ops.AffineGrid(_pair(size), align_corners, relative, scale), name)


def ProjectiveGrid(  # noqa: N802
    size: Pair,
    *,
    align_corners: bool = False,
    relative: bool = False,
    scale: float = 1.0,
    name: str | None = None,
) -> Layer:
    """Places in space by eight numbers; see :class:`pellucid.ops.ProjectiveGrid`."""
    return Layer(ops.ProjectiveGrid(_pair(size), align_corners, relative, scale), name)


def PerspectiveDivide(*, name: str | None = None) -> Layer:  # noqa: N802
    """Places on a map of those in space; see :class:`pellucid.ops.PerspectiveDivide`."""
    return Layer(ops.PerspectiveDivide(), name)


def GridSample(*, align_corners: bool = False, name: str | None = None) -> Layer:  # noqa: N802
    """Maps sampled at a grid's places, called on both; see :class:`pellucid.ops.GridSample`."""
    return Layer(ops.GridSample(align_corners), name)


def RoIAlign(  # noqa: N802
    size: Pair = 7, *, scale: float = 1 / 16, samples: int = 2, name: str | None = None
) -> Layer:
    """Regions of a map, sampled; see :class:`pellucid.ops.RoIAlign`."""
    return Layer(ops.RoIAlign(_pair(size), scale, samples), name)


def RoIPool(size: Pair = 7, *, scale: float = 1 / 16, name: str | None = None) -> Layer:  # noqa: N802
    """Regions of a map, pooled; see :class:`pellucid.ops.RoIPool`."""
    return Layer(ops.RoIPool(_pair(size), scale), name)


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


Add = _plain(ops.Add)
Multiply = _plain(ops.Multiply)
Concatenate = _plain(ops.Concatenate)
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
