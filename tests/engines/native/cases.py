"""Cases with more channels than a vector has lanes, and networks that try a backward pass.

The battery's own cases have few channels, so that many shapes stay quick; whole vectors, and what
is left over after them, are seen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.ops import (
    GRU,
    LSTM,
    Add,
    AveragePool,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    LeakyReLU,
    LocalResponseNorm,
    MatrixProduct,
    MaxPool,
    Normalise,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Subsample,
    Tanh,
)
from tests.engines.networks import made, network
from tests.ops.cases import Case

if TYPE_CHECKING:
    from pellucid.ops.operation import Operation, Shape
    from pellucid.ops.window import Padding


def _grouped(
    channels: int,
    filters: int,
    groups: int,
    size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: Padding = "valid",
) -> Case:
    operation = Conv2D(filters, size, stride, dilation, padding, groups)
    about = f"{channels} channels, {operation}"
    return Case(about, operation, ((7, 6, channels),))


def _of_maps(operation: Operation, *shapes: Shape) -> list[Case]:
    return [Case(f"{shape} {operation}", operation, (shape,)) for shape in shapes]


def _joined(operation: Operation, size: tuple[int, ...], *channels: int) -> Case:
    about = f"{channels} channels of {size}, {operation}"
    return Case(about, operation, tuple((*size, c) for c in channels))


WIDE = [
    # Groups that fill whole vectors where they are read, written, both, or not at all.
    _grouped(16, 32, 2, (3, 3), (1, 1), (1, 1), "same"),
    _grouped(16, 24, 2, (3, 2), (2, 1)),
    _grouped(24, 16, 2, (2, 3), (1, 2), (1, 1), "same"),
    _grouped(20, 12, 4, (3, 3), (2, 2), (1, 1), ((1, 0), (2, 1))),
    _grouped(16, 16, 8, (1, 1), (3, 2)),
    _grouped(16, 16, 2, (7, 6)),
    _grouped(6, 12, 3, (2, 2), (2, 3), (2, 2), "same"),
    _grouped(24, 48, 24, (3, 3), (1, 1), (1, 1), "same"),
    # Depthwise: several vectors, one and a bit, a wide kernel, phases that no tap reaches.
    _grouped(24, 24, 24, (3, 3), (1, 1), (1, 1), "same"),
    _grouped(16, 16, 16, (3, 3), (2, 2), (1, 1), "same"),
    _grouped(13, 13, 13, (5, 5), (2, 1), (1, 1), "same"),
    _grouped(9, 9, 9, (2, 1), (3, 4), (1, 1), "same"),
    _grouped(8, 8, 8, (3, 2), (2, 3), (1, 2), ((2, 1), (0, 3))),
    _grouped(17, 17, 17, (7, 6)),
    *_of_maps(Conv2D(16, (3, 2), (2, 3), (3, 2), "same"), (8, 7, 9)),
    # By tiles of four outputs along an axis, which hang over the edge or do not, and of two.
    *_of_maps(Conv2D(19, (3, 3), padding="same"), (9, 10, 17)),
    *_of_maps(Conv2D(24, (3, 3)), (10, 14, 16)),
    *_of_maps(Conv2D(17, (3, 3), padding=((2, 1), (0, 2))), (6, 6, 33)),
    _joined(Concatenate(), (3, 4), 8, 16),
    _joined(Concatenate(), (3, 4), 5, 12, 2, 20),
    _joined(Concatenate(), (2, 2), 16, 3),
    _joined(Concatenate(), (2, 2), 3, 2, 1, 30, 1),
    _joined(Concatenate(), (), 13, 8, 6),
    _joined(Add(), (3, 4), 19, 19, 19),
    *_of_maps(Sigmoid(), (3, 4, 16), (3, 4, 13), (21,)),
    *_of_maps(Tanh(), (3, 4, 13), (16,)),
    *_of_maps(PReLU(), (3, 4, 16), (3, 4, 11), (19,)),
    *_of_maps(LeakyReLU(0.1), (3, 4, 11)),
    *_of_maps(Dropout(0.4), (3, 5, 16), (3, 5, 13), (5, 3, 9), (37,), (64,)),
    *_of_maps(LocalResponseNorm(5, 0.1), (3, 4, 16), (3, 4, 21)),
    *_of_maps(LocalResponseNorm(25, 0.2, 0.6, 0.7), (3, 4, 19)),
    *_of_maps(Softmax(), (3, 4, 16), (3, 4, 19), (24,), (11,)),
    *_of_maps(Subsample((3, 2), (2, 1), "same"), (7, 6, 11)),
    *_of_maps(Subsample(edge="count"), (7, 5, 16)),
    *_of_maps(BatchNorm(), (3, 4, 19)),
    *_of_maps(MaxPool((3, 2), (2, 1), "same"), (7, 6, 11)),
    *_of_maps(AveragePool((3, 2), (2, 1), "same"), (7, 6, 11)),
    *_of_maps(
        Normalise(tuple(0.1 * c for c in range(11)), tuple(1 + 0.2 * c for c in range(11))),
        (3, 4, 11),
    ),
    Case("from zeros, in vectors", GRU(16), ((4, 19),), batch=9),
    Case("from a state, in vectors", GRU(32), ((3, 16), (32,)), batch=3),
    Case("two steps, in vectors", GRU(16), ((2, 3),), batch=2),
    Case("one step, in vectors", GRU(16), ((1, 5), (16,)), batch=7),
    Case("a cell from zeros, in vectors", LSTM(16), ((4, 19),), batch=9),
    Case("from a state and a cell, in vectors", LSTM(32), ((3, 16), (32,), (32,)), batch=3),
    Case("two steps of a cell, in vectors", LSTM(16), ((2, 3),), batch=2),
    Case("one step of a cell, in vectors", LSTM(16), ((1, 5), (16,), (16,)), batch=7),
    Case("rows weighted, in vectors", MatrixProduct(), ((3, 5), (5, 77)), batch=2),
    Case("rows by rows, in vectors", MatrixProduct(True, True), ((4, 35), (19, 35)), batch=2),
    Case("long rows of a table", Embedding(300, 21), ((40,),), batch=3),
]
"""Their names tell them apart."""


def twice(case: Case) -> Network:
    """A network in which an operation occurs twice, behind layers that learn.

    Both read the same values, so that backward the second writes their gradient, and the
    first adds to it; what they read has learned only if the gradients at it are right. Their sum
    is the answer, drawn to any numbers: a layer more would take longest to compile.
    """
    count = len(case.shapes)
    maps = len(case.shapes[0]) == 3
    image = (*case.shapes[0][:2], 2) if maps else (2, 3, 2)
    nodes = [Node("flat image", Flatten())]
    for i, shape in enumerate(case.shapes):
        nodes += made(f"before {i}", shape, "flat image", bias=False)
    befores = tuple(f"before {i}" for i in range(count))
    nodes += [
        Node("first", case.operation, befores),
        Node("second", case.operation, befores),
        Node("both", Add(), ("first", "second")),
        Node("answer", Flatten(), ("both",)),
    ]
    graph = Graph(image, tuple(nodes))
    weights = dict(network(graph, case.seed).weights)
    drawn = case.draw().weights
    weights.update({f"first.{name}": array for name, array in drawn.items()})
    return Network(graph, weights)


SPARSE = ("all", "depthwise", "all of it", "grouped", "all again", "in vectors")


def _graph(image: Shape, *nodes: Node) -> Graph:
    """A graph that scales its pixels first, as ``pixels``."""
    scale = Normalise((120.0,) * image[2], (70.0,) * image[2])
    return Graph(image, (Node("pixels", scale), *nodes))


GRAPHS = {
    "a value added to itself": _graph(
        (4, 3, 2),
        Node("conv", Conv2D(9, (2, 2)), ("pixels",)),
        Node("add", Add(), ("conv", "conv", "conv")),
        Node("relu", ReLU(), ("add",)),
        Node("flat", Flatten(), ("relu",)),
        Node("answer", Dense(3), ("flat",)),
    ),
    "a value beside itself": _graph(
        (4, 3, 2),
        Node("conv", Conv2D(9, (2, 2)), ("pixels",)),
        Node("both", Concatenate(), ("conv", "conv")),
        Node("flat", Flatten(), ("both",)),
        Node("answer", Dense(3), ("flat",)),
    ),
    "pixels beside what is made of them": _graph(
        (4, 3, 3),
        Node("conv", Conv2D(8, (3, 3), padding="same"), ("pixels",)),
        Node("both", Concatenate(), ("pixels", "conv", INPUT)),
        Node("again", Normalise((1.0,) * 14, tuple(5.0 + 7 * c for c in range(14))), ("both",)),
        Node("prelu", PReLU(), ("again",)),
        Node("flat", Flatten(), ("prelu",)),
        Node("answer", Dense(3), ("flat",)),
    ),
    "activations and dropout of flattened maps": _graph(
        (5, 4, 2),
        Node("conv", Conv2D(11, (2, 2)), ("pixels",)),
        Node("flat", Flatten(), ("conv",)),
        Node("relu", ReLU6(), ("flat",)),
        Node("dropout", Dropout(0.3), ("relu",)),
        Node("sigmoid", Sigmoid(), ("dropout",)),
        Node("again", Flatten(), ("sigmoid",)),
        Node("answer", Dense(3), ("again",)),
    ),
    "channels of flattened maps": _graph(
        (5, 4, 2),
        Node("conv", Conv2D(11, (2, 2)), ("pixels",)),
        Node("flat", Flatten(), ("conv",)),
        Node("norm", BatchNorm(), ("flat",)),
        Node("softmax", Softmax(), ("norm",)),
        Node("wide", Conv2D(16, (2, 2)), ("pixels",)),
        Node("flat wide", Flatten(), ("wide",)),
        Node("prelu", PReLU(), ("flat wide",)),
        Node("both", Concatenate(), ("prelu", "softmax", "flat")),
        Node("answer", Dense(3), ("both",)),
    ),
    "softmax of scores far below zero": _graph(
        (3, 4, 2),
        Node("conv", Conv2D(5, (2, 2)), ("pixels",)),
        Node("low", Normalise((300.0,) * 5, (1.0,) * 5), ("conv",)),
        Node("softmax", Softmax(), ("low",)),
        Node("flat", Flatten(), ("softmax",)),
        Node("answer", Dense(3), ("flat",)),
    ),
    # In the backward pass, those that leave positions out come first, and another adds to all.
    "strides that leave positions out": _graph(
        (9, 9, 3),
        Node("conv", Conv2D(16, (1, 1)), ("pixels",)),
        Node("all", Conv2D(4, (9, 9)), ("conv",)),
        Node("depthwise", Conv2D(16, (1, 2), (4, 3), groups=16), ("conv",)),
        Node("more", Conv2D(12, (1, 1)), ("pixels",)),
        Node("all of it", Conv2D(4, (9, 9)), ("more",)),
        Node("grouped", Conv2D(6, (2, 1), (4, 4), groups=3), ("more",)),
        Node("wide", Conv2D(16, (1, 1)), ("pixels",)),
        Node("all again", Conv2D(4, (9, 9)), ("wide",)),
        Node("in vectors", Conv2D(16, (2, 1), (4, 4), groups=2), ("wide",)),
        *(Node(f"flat {name}", Flatten(), (name,)) for name in SPARSE),
        Node("joined", Concatenate(), tuple(f"flat {name}" for name in SPARSE)),
        Node("answer", Dense(3), ("joined",)),
    ),
    "flattened maps as the answer": _graph(
        (3, 4, 2),
        Node("conv", Conv2D(3, (2, 3)), ("pixels",)),
        Node("flat", Flatten(), ("conv",)),
        Node("answer", Sigmoid(), ("flat",)),
    ),
    "branches that lead nowhere": _graph(
        (4, 3, 2),
        Node("conv", Conv2D(11, (2, 2)), ("pixels",)),
        Node("relu", ReLU(), ("conv",)),
        Node("dead conv", Conv2D(9, (2, 1), padding="same"), ("relu",)),
        Node("dead norm", BatchNorm(), ("dead conv",)),
        Node("flat", Flatten(), ("relu",)),
        Node("dead dense", Dense(7), ("flat",)),
        Node("answer", Dense(3), ("flat",)),
    ),
    "groups with a ReLU behind": _graph(
        (6, 5, 3),
        Node("conv", Conv2D(16, (1, 1)), ("pixels",)),
        Node("depthwise", Conv2D(16, (3, 3), padding="same", groups=16), ("conv",)),
        Node("relu", ReLU(), ("depthwise",)),
        Node("grouped", Conv2D(12, (3, 3), (2, 2), groups=4), ("relu",)),
        Node("another", ReLU(), ("grouped",)),
        Node("third", Conv2D(24, (2, 2), padding="same", groups=3), ("another",)),
        Node("and its", ReLU(), ("third",)),
        Node("pool", GlobalAveragePool(), ("and its",)),
        Node("answer", Dense(3), ("pool",)),
    ),
}
"""Networks in which operations meet in ways that no single case shows."""
