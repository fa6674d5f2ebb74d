"""The networks that engines are compared on, and batches for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.architectures import ARCHITECTURES
from pellucid.graph import INPUT, Graph, Network, Node, initial_weights
from pellucid.layers import (
    GRU,
    LSTM,
    Attention,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    ChannelSlice,
    Concatenate,
    Conv2D,
    ConvTranspose2D,
    Crop,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Gated,
    GlobalAveragePool,
    GlobalMaxPool,
    HardSigmoid,
    HardSwish,
    Input,
    Layer,
    LeakyReLU,
    LocalResponseNorm,
    MaxPool,
    Normalise,
    Pad,
    Parallel,
    PReLU,
    ReLU,
    ReLU6,
    Reshape,
    Residual,
    Resize,
    RoIAlign,
    RoIPool,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    SpatialTransformer,
    Subsample,
    Tanh,
    connect,
)
from tests.architectures.small import FOR_SMALL_PICTURES
from tests.ops.cases.pointwise import REGISTERED

if TYPE_CHECKING:
    from pellucid.layers import Block
    from pellucid.ops.operation import Array, Shape


def every_operation() -> Graph:
    """Residual and parallel blocks with most operations of the registry; 5 classes."""
    # Layers before a batch norm have no bias: its gradient would be rounding alone, which
    # Adam blows up to whole steps, different ones in each engine.
    inception = Parallel(
        [
            [Conv2D(4, 3, padding="same", dilation=(2, 1)), ReLU6()],
            [MaxPool(3, stride=1, padding="same"), Conv2D(3, 1), Sigmoid()],
            [AveragePool(3, stride=1, padding=1, count_padding=True), Tanh()],
            [],
        ]
    )
    residual = Residual(
        [
            Conv2D(8, 3, padding="same", groups=2, bias=False),
            BatchNorm(momentum=0.2),
            ReLU(),
            # Lets its input through at inference, which another branch reads as well.
            Residual([Dropout(0.3)]),
        ],
        shortcut=[Conv2D(8, 1, bias=False), BatchNorm()],
    )
    ends = Parallel(
        [
            [GlobalAveragePool(), Dense(6), PReLU()],
            [Flatten(), Dense(7, bias=False), BatchNorm(), Softmax(), Flatten()],
        ]
    )
    layers: list[Block] = [
        Normalise([100.0, 120.0, 90.0], [60.0, 70.0, 80.0]),
        Conv2D(6, (3, 2), padding="same"),
        LeakyReLU(0.1),
        residual,
        PReLU(),
        inception,
        LocalResponseNorm(5, alpha=0.01),
        MaxPool((3, 2), stride=2, edge="count"),
        AveragePool(2, stride=1, padding=((1, 0), (0, 1))),
        Subsample(2, edge="count"),
        ends,
        Dropout(0.2),
        Dense(5),
    ]
    return Sequential(layers).graph((11, 9, 3))


def further_operations() -> Graph:
    """A network with a gate, and with what the first one lacks of the registry; 4 classes."""
    gate = [GlobalAveragePool(), Dense(3), ReLU(), Dense(8), Sigmoid()]
    where = [Conv2D(1, 1), HardSigmoid()]
    activations = [Layer(each) for each in REGISTERED if each.kind not in ("relu", "sigmoid")]
    halves = Parallel(
        [
            [ChannelSlice(0, 3), Pad(((1, 0), (0, 2)), value=0.5), Crop(((0, 1), (1, 1)))],
            [ChannelSlice(3, 8), HardSwish()],
        ]
    )
    layers: list[Block] = [
        Normalise([110.0, 100.0, 90.0], [60.0, 70.0, 80.0]),
        Pad(1),
        Conv2D(8, 3),
        SiLU(),
        Gated(gate),
        ChannelShuffle(2),
        halves,
        Gated(where),
        Conv2D(len(activations), 1),
        Parallel(
            [
                [ChannelSlice(k, k + 1), activation, *(() if k % 2 else (Conv2D(2, 1),))]
                for k, activation in enumerate(activations)
            ]
        ),
        Parallel([[GlobalMaxPool()], [GlobalAveragePool()]]),
        Dense(4),
    ]
    return Sequential(layers).graph((9, 7, 3))


def resampling_operations() -> Graph:
    """A network that makes maps larger again, and takes them at other places; 4 classes."""
    layers: list[Block] = [
        Normalise([110.0, 100.0, 90.0], [60.0, 70.0, 80.0]),
        Conv2D(8, 3, stride=2, padding=1),
        LeakyReLU(0.2),
        ConvTranspose2D(6, (4, 3), stride=2, padding=1, bias=False),
        BatchNorm(),
        ReLU(),
        ConvTranspose2D(9, (3, 2), stride=(1, 2), padding=((1, 0), (0, 2)), output_padding=(0, 1)),
        Tanh(),
        MaxPool((2, 3)),
        Parallel([[Resize(2), Conv2D(5, 3)], [Resize(size=(8, 6), method="bilinear")]]),
        Resize(size=(7, 8), method="bilinear"),
        ReLU(),
        SpatialTransformer([MaxPool(2), Conv2D(3, 2), Tanh(), Flatten(), Dense(5), ReLU()], (4, 5)),
        SpatialTransformer([Flatten(), Dense(4), Tanh()], (5, 6), transform="projective"),
        Resize(size=(3, 4)),
        Flatten(),
        Dense(4),
    ]
    return Sequential(layers).graph((9, 7, 3))


def region_operations() -> Graph:
    """Regions of a map, some of them no boxes, sampled and pooled; 4 classes."""
    pixels = Input((14, 12, 3))
    maps = Sequential([Normalise([100.0] * 3, [60.0] * 3), Conv2D(8, 3), BatchNorm(), ReLU()])(
        pixels
    )
    boxes = Sequential([Flatten(), Dense(5 * 6), Reshape((5, 6))])(maps)
    both = [each(maps, boxes) for each in (RoIAlign((2, 3), scale=0.7), RoIPool((2, 3), scale=0.7))]
    rows = [Sequential([Reshape((0, -1)), Dense(7), ReLU()])(each) for each in both]
    logits = Sequential([Flatten(), Dense(4)])(Concatenate()(*rows))
    return connect({INPUT: pixels}, {"logits": logits})


def words() -> Graph:
    """A network that takes pixels for words, beside one that sees them; 4 classes."""
    layers: list[Block] = [
        Parallel(
            [
                [
                    *[Flatten(), Embedding(200, 5), PReLU(), BatchNorm(), Dense(7), ReLU()],
                    *[Reshape((6, 5, -1)), Conv2D(3, 2), Reshape((-1, 6)), Dense(2), Tanh()],
                    *[Flatten(), Dense(6)],
                ],
                [Normalise([110.0], [60.0]), Conv2D(3, 3), Tanh(), Flatten(), Dense(4)],
            ]
        ),
        ReLU(),
        Dense(4),
    ]
    return Sequential(layers).graph((5, 6, 1))


def sequences() -> Graph:
    """Pixels as words, in sequences that begin with states made of what is seen; 4 classes."""
    pixels = Input((3, 4, 1))
    seen = Tanh()(Dense(4)(Flatten()(Normalise([110.0], [60.0])(pixels))))
    words = Embedding(200, 5)(Flatten()(pixels))
    read = GRU(4)(words, seen)
    places = Reshape((-1, 4))(Conv2D(4, 2)(Normalise([110.0], [60.0])(pixels)))
    again = LSTM(4)(GRU(5)(places))
    told = LSTM(4)(Attention()(read, places, again), seen, seen)
    joined = Concatenate()(*(Flatten()(each) for each in (read, again, told)))
    return connect({INPUT: pixels}, {"answer": Dense(4, name="answer")(joined)})


def sequence_operations() -> Graph:
    """Pixels as words that a unit reads and then looks at places by; 4 classes."""
    pixels = Input((3, 4, 1))
    seen = Sequential([Normalise([110.0], [60.0])])(pixels)
    first = Tanh()(Dense(16)(Flatten()(seen)))
    read = GRU(16)(Embedding(200, 5)(Flatten()(pixels)), first)
    places = Dense(16)(Reshape((-1, 4))(Conv2D(4, 2)(seen)))
    look = Attention()(read, GRU(16)(places), places)
    told = LSTM(32)(look, *[Dense(32)(first)] * 2)
    joined = Concatenate()(read, look, LSTM(16)(told))
    answer = Dense(4, name="answer")(Flatten()(Dense(3)(joined)))
    return connect({INPUT: pixels}, {"answer": answer})


def architecture(name: str) -> Graph:
    """One of the named architectures behind a normalisation; 28×28 grey images, 10 classes."""
    layers: list[Block] = [Normalise([33.3], [78.6]), ARCHITECTURES[name](10)]
    return Sequential(layers).graph((28, 28, 1))


GRAPHS = {
    "every operation": every_operation(),
    "further operations": further_operations(),
    "resampling operations": resampling_operations(),
    **{name: architecture(name) for name in FOR_SMALL_PICTURES},
}
"""What engines are compared on, by name."""

DIFFERENT = {
    name: GRAPHS[name]
    for name in (
        "every operation",
        "further operations",
        "resampling operations",
        "lecture",
        "vgg-small",
        "resnet20",
    )
}
"""Those that a compiler sees as different; the others are chains of the same layers in other sizes,
which take long to compile."""


WORDS = {"words": words(), "sequences": sequences()}
"""Of words and sequences, some with units that fill no vectors, and with what has no kernels."""


def network(graph: Graph, seed: int = 0) -> Network:
    """A network in the midst of its training: no bias is zero, no statistic as it starts."""
    random = np.random.default_rng(seed)
    weights = initial_weights(graph, seed, np.float64)
    for name, parameter in graph.parameters.items():
        if parameter.role != "kernel":
            weights[str(name)] += random.uniform(0.02, 0.2, parameter.shape)
    return Network(graph, weights)


def batch(graph: Graph, count: int, seed: int = 0) -> tuple[Array, Array]:
    """Images of bytes and their labels, drawn at random."""
    random = np.random.default_rng([seed, count])
    (classes,) = graph.output_shape
    images = random.integers(0, 256, (count, *graph.input_shape), dtype=np.uint8)
    return images, random.integers(0, classes, count)


def made(name: str, shape: Shape, flat: str, *, bias: bool = True) -> list[Node]:
    """Nodes that make a value of some shape of the input: maps of its positions, or numbers.

    Args:
        name: Of the value.
        shape: (H, W, C) with the input's height and width, or any other.
        flat: The name of the flattened input.
        bias: Whether biases are added.
    """
    if len(shape) == 3:
        return [Node(name, ops.Conv2D(shape[2], (1, 1), bias=bias), (INPUT,))]
    dense = ops.Dense(math.prod(shape), bias=bias)
    if len(shape) == 1:
        return [Node(name, dense, (flat,))]
    numbers = f"numbers of {name}"
    return [Node(numbers, dense, (flat,)), Node(name, ops.Reshape(shape), (numbers,))]
