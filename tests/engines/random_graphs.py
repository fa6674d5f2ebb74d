"""Small graphs drawn at random from every operation there is, with all their settings.

A graph grows value by value: an operation and its settings are drawn, and what it reads from the
values so far, so that branches part and join anywhere and some lead nowhere. Half of them have
several inputs and outputs, and nodes that share weights. Shapes at which kernels change come up
often: one filter, kernels of 1×1 and of one row, strides, dilation, groups, one channel, and
batches that threads share unevenly.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.errors import PellucidError
from pellucid.graph import INPUT, Graph, Node
from pellucid.ops.pointwise import Pointwise
from pellucid.ops.types import Type
from tests.engines import random_resampling as resampling
from tests.engines import random_sequences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pellucid.ops.operation import Operation, Parameter, Shape
    from pellucid.ops.window import Padding

MOST_VALUES = 6_000
"""Of one image in one node: larger ones are not drawn, so that the reference is quick."""

ANSWER = "answer"
"""The node that a loss can judge, and its output."""

SHARED = 0.25
"""How often a node with weights has a second one that shares them, in graphs that are not plain."""

PIXELS = "pixels"
"""What values that are pictures' pixels, as they come in, are called."""


@dataclass
class Growing:
    """A graph in the making.

    Attributes:
        draw: Where chance comes from.
        inputs: By name: a picture's shape, or that of a vector.
        nodes: So far.
        shapes: Of every value so far, by name.
    """

    draw: random.Random
    inputs: dict[str, Shape]
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shapes.update(self.inputs)

    def add(self, operation: Operation, *inputs: str, name: str = "", weights: str = "") -> str:
        """Append a node; its name.

        Raises:
            PellucidError: If the operation cannot take these inputs, or makes too much of them.
        """
        shape = operation.output_shape(*(self.shapes[each] for each in inputs))
        if not 0 < prod(shape) <= MOST_VALUES:
            raise PellucidError("too large")
        name = name or f"{operation.kind}{len(self.nodes)}"
        self.nodes.append(Node(name, operation, inputs, weights))
        self.shapes[name] = shape
        return name

    def any_value(self, *, maps: bool | None = None) -> str:
        """The name of a value, late ones more often; a picture as it comes in never."""
        names = [
            name
            for name, shape in self.shapes.items()
            if not (name in self.inputs and len(shape) == 3)
            and not name.startswith(PIXELS)
            and len(shape) != 2
            and (maps is None or maps == (len(shape) == 3))
        ]
        if not names:
            raise PellucidError("there is no such value")
        return names[max(self.draw.randrange(len(names)) for _ in range(3))]

    def fitting(self, fits: Callable[[Shape], bool]) -> list[str]:
        """Values of shapes that fit."""
        return [name for name, shape in self.shapes.items() if fits(shape)]

    def share(self) -> None:
        """Append a node that does with another value what the last one with weights does.

        Where that has biases, the new one sometimes has none, and the other way round.
        """
        # A word that a network computes may be between two, which rounding decides.
        learned = [
            node
            for node in self.nodes
            if self._weights_of(node) and not isinstance(node.operation, ops.Embedding)
        ]
        if not learned:
            return
        node = learned[-1]
        operation, needed = node.operation, self._weights_of(node)
        if (
            isinstance(operation, ops.Conv2D | ops.ConvTranspose2D | ops.Dense)
            and self.draw.random() < 0.4
        ):
            operation = replace(operation, bias=not operation.bias)
        names = [
            name
            for name in self.shapes
            if name not in self.inputs
            and (name,) != node.inputs
            and self._could_take(operation, needed, name)
        ]
        if names:
            self.add(operation, self.draw.choice(names), weights=node.weights or node.name)

    def _could_take(self, operation: Operation, needed: Mapping[str, Parameter], name: str) -> bool:
        try:
            own = operation.parameters(self.shapes[name])
        except PellucidError:
            return False
        return all(own[each] == needed[each] for each in own.keys() & needed.keys())

    def _weights_of(self, node: Node) -> dict[str, Parameter]:
        return node.operation.parameters(*(self.shapes[name] for name in node.inputs))


def random_graph(seed: int, *, plain: bool = False) -> tuple[Graph, int]:
    """A graph with an output of one number a class, and how many images to give it.

    Args:
        seed: Of all that is drawn.
        plain: Whether it has one input and one output, and shares no weights; else half do.
    """
    draw = random.Random(f"graph {seed}")
    plain = plain or draw.random() < 0.5
    while True:
        try:
            return _graph(draw, plain=plain), draw.choice((1, 1, 2, 3, 4, 5, 8, 16, 17))
        except PellucidError:  # e.g. everything shrank to nothing
            continue


def _graph(draw: random.Random, *, plain: bool) -> Graph:
    picture = (draw.randint(5, 14), draw.randint(5, 18), draw.choice((1, 2, 3)))
    inputs: dict[str, Shape] = {INPUT: picture}
    if not plain and draw.random() < 0.6:
        other = (draw.randint(4, 9), draw.randint(4, 9), 2)
        inputs["other"] = draw.choice((picture, picture, other))
    if not plain and draw.random() < 0.4:
        inputs["vector"] = (draw.choice((1, 5, 16)),)
    growing = Growing(draw, inputs)
    for name, shape in inputs.items():
        if len(shape) == 3:
            # Means between two pixel values: no value is exactly at a kink.
            mean, std = (tuple(a + 0.37 * c for c in range(shape[2])) for a in (120.3, 64.0))
            growing.add(ops.Normalise(mean, std), name)
    if draw.random() < 0.9:
        _try(growing, _conv2d)
    wanted = draw.randint(3, 11)
    for _ in range(8 * wanted):
        if len(growing.nodes) >= wanted:
            break
        _try(growing, MAKERS[draw.choice(KINDS)])
        if not plain and draw.random() < SHARED:
            _try(growing, Growing.share)
    _end(growing)
    outputs = {ANSWER: ANSWER}
    if not plain:
        others = [node.name for node in growing.nodes[:-1]]
        for number, name in enumerate(draw.sample(others, draw.randint(0, 2))):
            outputs[f"output {number}"] = name
    read = {name for node in growing.nodes for name in node.inputs}
    types = {name: Type(shape) for name, shape in inputs.items() if name in read}
    return Graph(types, growing.nodes, outputs)


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
    growing.add(ops.Dense(draw.choice((2, 3, 10)), draw.random() < 0.8), joined, name=ANSWER)


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


def _embedding(growing: Growing) -> str:
    """Of pixels: whole numbers, so that every engine takes the same rows."""
    draw = growing.draw
    source = draw.choice([name for name in growing.inputs if len(growing.shapes[name]) == 3])
    operation = ops.Embedding(draw.choice((5, 90, 256)), draw.choice((1, 2, 5)))
    pixels = growing.add(ops.Flatten(), source, name=f"{PIXELS}{len(growing.nodes)}")
    name = growing.add(operation, pixels)
    for follower in draw.choice(((), (ops.PReLU,), (ops.BatchNorm, ops.ReLU), (ops.Softmax,))):
        name = growing.add(follower(), name)
    return growing.add(ops.Flatten(), name)


def _add(growing: Growing) -> str:
    """A sum of values so far, or of one and what a convolution makes of it."""
    draw, first = growing.draw, growing.any_value()
    if len(growing.shapes[first]) == 3 and draw.random() < 0.6:
        channels = growing.shapes[first][2]
        body = growing.add(ops.Conv2D(channels, (3, 3), padding="same"), first)
        return growing.add(ops.Add(), *draw.sample((first, body), 2))
    return growing.add(
        ops.Add(), first, *_some(growing, growing.fitting(growing.shapes[first].__eq__))
    )


def _concatenate(growing: Growing) -> str:
    first = growing.any_value()
    shape = growing.shapes[first]

    def beside(other: Shape) -> bool:
        return len(other) == len(shape) and other[:-1] == shape[:-1]

    return growing.add(ops.Concatenate(), first, *_some(growing, growing.fitting(beside)))


def _multiply(growing: Growing) -> str:
    """A gate of any kind: for each value, each channel or each position."""
    draw, first = growing.draw, growing.any_value()
    shape = growing.shapes[first]
    gates = [shape]
    if len(shape) == 3:
        gates += [shape[2:], (1, 1, shape[2]), (*shape[:2], 1)]
    gate = draw.choice(gates)
    found = growing.fitting(gate.__eq__)
    if gate != shape and not found:
        if len(gate) == 1:
            found = [growing.add(ops.GlobalAveragePool(), first)]
        elif gate[2] == 1:
            found = [growing.add(ops.Conv2D(1, (1, 1)), first)]
    if not found:
        raise PellucidError("nothing to multiply by")
    second = draw.choice(found)
    if draw.random() < 0.5:
        second = growing.add(draw.choice((ops.Sigmoid, ops.HardSigmoid))(), second)
    return growing.add(ops.Multiply(), first, second)


def _channel_shuffle(growing: Growing) -> str:
    source = growing.any_value()
    channels = growing.shapes[source][-1]
    groups = [each for each in range(2, channels + 1) if channels % each == 0]
    if not groups:
        raise PellucidError("nothing to shuffle")
    return growing.add(ops.ChannelShuffle(growing.draw.choice(groups)), source)


def _channel_slice(growing: Growing) -> str:
    source = growing.any_value()
    start, stop = sorted(growing.draw.choices(range(growing.shapes[source][-1] + 1), k=2))
    return growing.add(ops.ChannelSlice(start, stop), source)


def _sides(draw: random.Random, most: int) -> tuple[tuple[int, int], tuple[int, int]]:
    top, bottom, left, right = (draw.randint(0, most) for _ in range(4))
    return (top, bottom), (left, right)


def _crop(growing: Growing) -> str:
    return growing.add(ops.Crop(_sides(growing.draw, 2)), growing.any_value(maps=True))


def _pad(growing: Growing) -> str:
    value = growing.draw.choice((0.0, 0.0, 0.5))
    return growing.add(ops.Pad(_sides(growing.draw, 2), value), growing.any_value(maps=True))


def _some(growing: Growing, names: list[str]) -> list[str]:
    return growing.draw.choices(names, k=growing.draw.choice((1, 1, 2)))


def _plain(make: Callable[[random.Random], Operation]) -> Callable[[Growing], str]:
    """What adds an operation that takes any value, or only feature maps."""
    return lambda growing: growing.add(make(growing.draw), growing.any_value())


def _functions() -> dict[str, Callable[[Growing], str]]:
    """What draws each function of one value, with its default settings."""
    functions = [made() for made in ops.OPERATIONS.values() if issubclass(made, Pointwise)]
    return {made.kind: _plain(partial(_ignoring, made)) for made in functions}


def _ignoring(made: Operation, draw: random.Random) -> Operation:
    return made


MAKERS: dict[str, Callable[[Growing], str]] = {
    **_functions(),
    "add": _add,
    "average_pool": _average_pool,
    "batch_norm": _batch_norm,
    "channel_shuffle": _channel_shuffle,
    "channel_slice": _channel_slice,
    "clip": _plain(lambda draw: ops.Clip(*draw.choice(((0.0, 1.0), (-0.7, 0.4), (-3.0, 2.0))))),
    "concatenate": _concatenate,
    "conv2d": _conv2d,
    "conv_transpose2d": resampling.conv_transpose2d,
    "crop": _crop,
    "dense": _dense,
    "dropout": _plain(lambda draw: ops.Dropout(draw.choice((0.1, 0.5)))),
    "embedding": _embedding,
    "flatten": _plain(lambda draw: ops.Flatten()),
    "global_average_pool": _plain(lambda draw: ops.GlobalAveragePool()),
    "gru": random_sequences.gru,
    "lstm": random_sequences.lstm,
    "matrix_product": random_sequences.matrix_product,
    "global_max_pool": _plain(lambda draw: ops.GlobalMaxPool()),
    "leaky_relu": _plain(lambda draw: ops.LeakyReLU(draw.choice((0.01, 0.3)))),
    "local_response_norm": _local_response_norm,
    "max_pool": _max_pool,
    "multiply": _multiply,
    "normalise": _normalise,
    "pad": _pad,
    "prelu": _plain(lambda draw: ops.PReLU()),
    "reshape": resampling.reshape,
    "roi_align": resampling.roi_align,
    "roi_pool": resampling.roi_pool,
    "resize": resampling.resize,
    "affine_grid": resampling.affine_grid,
    "projective_grid": resampling.projective_grid,
    "perspective_divide": resampling.perspective_divide,
    "grid_sample": resampling.grid_sample,
    "softmax": _plain(lambda draw: ops.Softmax()),
    "subsample": _subsample,
}
"""What draws each operation, by its kind."""

KINDS = [*sorted(MAKERS), *("conv2d",) * 4, *("add", "concatenate", "multiply") * 2]
"""What is drawn from: joins and convolutions, whose kernels are many, more often."""
