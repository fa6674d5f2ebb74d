"""Small graphs drawn at random from every operation there is, with all their settings.

A graph grows value by value: an operation and its settings are drawn, and what it reads from the
values so far, so that branches part and join anywhere and some lead nowhere. Shapes at which
kernels change come up often: one filter, kernels of 1×1 and of one row, strides, dilation, groups,
one channel, and batches that threads share unevenly.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.errors import PellucidError
from pellucid.graph import INPUT, Graph, Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.ops.operation import Operation, Shape
    from pellucid.ops.window import Padding

MOST_VALUES = 6_000
"""Of one image in one node: larger ones are not drawn, so that the reference is quick."""


@dataclass
class Growing:
    """A graph in the making.

    Attributes:
        draw: Where chance comes from.
        image: Shape of an image.
        nodes: So far.
        shapes: Of every value so far, by name.
    """

    draw: random.Random
    image: tuple[int, int, int]
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shapes[INPUT] = self.image

    def add(self, operation: Operation, *inputs: str) -> str:
        """Append a node; its name.

        Raises:
            PellucidError: If the operation cannot take these inputs, or makes too much of them.
        """
        shape = operation.output_shape(*(self.shapes[name] for name in inputs))
        size = 1
        for length in shape:
            size *= length
        if not 0 < size <= MOST_VALUES:
            raise PellucidError("too large")
        name = f"{operation.kind}{len(self.nodes)}"
        self.nodes.append(Node(name, operation, inputs))
        self.shapes[name] = shape
        return name

    def any_value(self, *, maps: bool | None = None) -> str:
        """The name of a value, late ones more often; the image itself never."""
        names = [
            name
            for name, shape in self.shapes.items()
            if name != INPUT and (maps is None or maps == (len(shape) == 3))
        ]
        if not names:
            raise PellucidError("there is no such value")
        return names[max(self.draw.randrange(len(names)) for _ in range(3))]

    def alike(self, first: str) -> list[str]:
        """Values of the same shape."""
        return [name for name, shape in self.shapes.items() if shape == self.shapes[first]]

    def beside(self, first: str) -> list[str]:
        """Values that can be joined with one along their channels."""
        shape = self.shapes[first]
        return [
            name
            for name, other in self.shapes.items()
            if len(other) == len(shape) and other[:-1] == shape[:-1]
        ]


def random_graph(seed: int) -> tuple[Graph, int]:
    """A graph that ends in one logit a class, and how many images to give it."""
    draw = random.Random(f"graph {seed}")
    while True:
        try:
            return _graph(draw), draw.choice((1, 1, 2, 3, 4, 5, 8, 16, 17))
        except PellucidError:  # e.g. everything shrank to nothing
            continue


def _graph(draw: random.Random) -> Graph:
    channels = draw.choice((1, 2, 3))
    growing = Growing(draw, (draw.randint(5, 14), draw.randint(5, 18), channels))
    # Means between two pixel values: no value is exactly at a kink.
    mean, std = (tuple(each + 0.37 * c for c in range(channels)) for each in (120.3, 64.0))
    growing.add(ops.Normalise(mean, std), INPUT)
    if draw.random() < 0.9:
        _try(growing, _conv2d)
    wanted = draw.randint(3, 11)
    for _ in range(8 * wanted):
        if len(growing.nodes) >= wanted:
            break
        _try(growing, MAKERS[draw.choice(KINDS)])
    _end(growing)
    return Graph(growing.image, tuple(growing.nodes))


def _try(growing: Growing, make: Callable[[Growing], object]) -> None:
    """Add nodes, or none where what was drawn does not fit."""
    before, shapes = list(growing.nodes), dict(growing.shapes)
    try:
        make(growing)
    except PellucidError:
        growing.nodes, growing.shapes = before, shapes


def _end(growing: Growing) -> None:
    """Join some of the values that nothing reads, and answer with logits."""
    draw = growing.draw
    read = {name for node in growing.nodes for name in node.inputs}
    ends = [node.name for node in growing.nodes if node.name not in read]
    chosen = draw.sample(ends, min(len(ends), draw.choice((1, 2, 3, 9))))
    flat = []
    for name in chosen:
        if len(growing.shapes[name]) == 3:
            large = growing.shapes[name][0] * growing.shapes[name][1] > 60
            pool = large or draw.random() < 0.4
            name = growing.add(ops.GlobalAveragePool() if pool else ops.Flatten(), name)
        flat.append(name)
    joined = flat[0] if len(flat) == 1 else growing.add(ops.Concatenate(), *flat)
    growing.add(ops.Dense(draw.choice((2, 3, 10)), draw.random() < 0.8), joined)


# ------------------------------------------------------------------------------------- operations


def _conv2d(growing: Growing) -> str:
    draw, source = growing.draw, growing.any_value(maps=True)
    channels = growing.shapes[source][2]
    groups = draw.choice((1, 1, 1, 1, 2, 3, channels))
    filters = draw.choice((1, 1, 2, 3, 4, 8, 16))
    if groups > 1:
        filters = groups * draw.choice((1, 1, 2, 3))
    side = draw.choice((1, 1, 2, 3, 5))
    operation = ops.Conv2D(
        filters,
        (side, side) if draw.random() < 0.7 else (side, draw.choice((1, 2, 3))),
        (draw.choice((1, 1, 2, 3)), draw.choice((1, 1, 2, 3))),
        (draw.choice((1, 1, 2)), draw.choice((1, 1, 3))),
        _padding(draw),
        groups,
        draw.random() < 0.7,
    )
    name = growing.add(operation, source)
    if draw.random() < 0.6:  # what engines compute in one go with it
        for follower in draw.choice(((ops.ReLU,), (ops.BatchNorm, ops.ReLU), (ops.BatchNorm,))):
            name = growing.add(follower(), name)
    if draw.random() < 0.2:
        name = growing.add(ops.MaxPool(), name)
    return name


def _padding(draw: random.Random) -> Padding:
    choices: list[Padding] = ["same", "same", "valid", ((1, 0), (0, 2)), ((1, 1), (1, 1))]
    return draw.choice(choices)


def _window(growing: Growing) -> tuple[tuple[int, int], tuple[int, int], Padding, str]:
    """Size, stride, padding and edge of a pooling; the padding is less than a window."""
    draw = growing.draw
    size = (draw.choice((1, 2, 2, 3)), draw.choice((1, 2, 2, 3)))
    stride = size if draw.random() < 0.5 else (draw.choice((1, 2)), draw.choice((1, 2, 3)))
    sides = tuple((draw.randrange(k), draw.randrange(k)) for k in size)
    padding = draw.choice(("valid", "valid", "same", (sides[0], sides[1])))
    return size, stride, padding, draw.choice(("drop", "count"))


def _max_pool(growing: Growing) -> str:
    return growing.add(ops.MaxPool(*_window(growing)), growing.any_value(maps=True))


def _average_pool(growing: Growing) -> str:
    counts = growing.draw.random() < 0.5
    operation = ops.AveragePool(*_window(growing), count_padding=counts)
    return growing.add(operation, growing.any_value(maps=True))


def _subsample(growing: Growing) -> str:
    return growing.add(ops.Subsample(*_window(growing)), growing.any_value(maps=True))


def _batch_norm(growing: Growing) -> str:
    draw = growing.draw
    operation = ops.BatchNorm(draw.choice((0.1, 0.3, 1.0)), draw.choice((1e-5, 1e-3)))
    return growing.add(operation, growing.any_value())


def _local_response_norm(growing: Growing) -> str:
    draw = growing.draw
    size, alpha = draw.choice((1, 3, 5, 9)), draw.choice((1e-4, 0.1))
    operation = ops.LocalResponseNorm(
        size, alpha, draw.choice((0.5, 0.75)), draw.choice((1.0, 2.0))
    )
    return growing.add(operation, growing.any_value(maps=True))


def _normalise(growing: Growing) -> str:
    source = growing.any_value(maps=True)
    channels = growing.shapes[source][2]
    mean = tuple(0.05 * c - 0.1 for c in range(channels))
    return growing.add(ops.Normalise(mean, tuple(0.7 + 0.2 * c for c in range(channels))), source)


def _dense(growing: Growing) -> str:
    draw, source = growing.draw, growing.any_value()
    if len(growing.shapes[source]) == 3:
        source = growing.add(ops.Flatten(), source)
    operation = ops.Dense(draw.choice((1, 3, 8, 17)), draw.random() < 0.7)
    return growing.add(operation, source)


def _add(growing: Growing) -> str:
    """A sum of values so far, or of one and what a convolution makes of it."""
    draw, first = growing.draw, growing.any_value()
    if len(growing.shapes[first]) == 3 and draw.random() < 0.6:
        channels = growing.shapes[first][2]
        body = growing.add(ops.Conv2D(channels, (3, 3), padding="same"), first)
        return growing.add(ops.Add(), *draw.sample((first, body), 2))
    return growing.add(ops.Add(), first, *_some(growing, growing.alike(first)))


def _concatenate(growing: Growing) -> str:
    first = growing.any_value()
    return growing.add(ops.Concatenate(), first, *_some(growing, growing.beside(first)))


def _some(growing: Growing, names: list[str]) -> list[str]:
    return [growing.draw.choice(names) for _ in range(growing.draw.choice((1, 1, 2)))]


def _plain(make: Callable[[random.Random], Operation]) -> Callable[[Growing], str]:
    """What adds an operation that takes any value, or only feature maps."""
    return lambda growing: growing.add(make(growing.draw), growing.any_value())


MAKERS: dict[str, Callable[[Growing], str]] = {
    "add": _add,
    "average_pool": _average_pool,
    "batch_norm": _batch_norm,
    "concatenate": _concatenate,
    "conv2d": _conv2d,
    "dense": _dense,
    "dropout": _plain(lambda draw: ops.Dropout(draw.choice((0.1, 0.5)))),
    "flatten": _plain(lambda draw: ops.Flatten()),
    "global_average_pool": _plain(lambda draw: ops.GlobalAveragePool()),
    "leaky_relu": _plain(lambda draw: ops.LeakyReLU(draw.choice((0.01, 0.3)))),
    "local_response_norm": _local_response_norm,
    "max_pool": _max_pool,
    "normalise": _normalise,
    "prelu": _plain(lambda draw: ops.PReLU()),
    "relu": _plain(lambda draw: ops.ReLU()),
    "relu6": _plain(lambda draw: ops.ReLU6()),
    "sigmoid": _plain(lambda draw: ops.Sigmoid()),
    "softmax": _plain(lambda draw: ops.Softmax()),
    "subsample": _subsample,
    "tanh": _plain(lambda draw: ops.Tanh()),
}
"""What draws each operation, by its kind."""

KINDS = [*sorted(MAKERS), *("conv2d",) * 4, *("add", "concatenate") * 2]
"""What is drawn from: joins and convolutions, whose kernels are many, more often."""
