"""How large a network may be: what running it once, on one image, may cost.

A few bytes of a hostile model file can describe a network that would need terabytes (a padding of a
million pixels) or years (a window of a million places). So the cost is computed from the shapes, in
Python's unbounded integers, before anything is. The bounds hold for saving too: no file is written
that could not be read again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.ops import LocalResponseNorm
from pellucid.ops.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.graph import Graph, Node
    from pellucid.ops.operation import Shape

MOST_VALUES = 1 << 29
"""Values in memory at once, for one image, weights not counted: 2 GiB of float32."""

MOST_WORK = 1 << 37
"""Multiply-adds and values read by windows, for one image: nine times VGG-16's 1.5·10¹⁰."""

MOST_PLACES = 1 << 20
"""Places in all windows together; the reference engine takes one at a time."""

_HELD = 3
"""Arrays as large as its output that a layer keeps: its output, and what its backward would need
(max pooling: the winners, in 64 bits)."""

_SCRATCH = 2
"""Arrays as large as input and output together that a layer uses while it works."""


@dataclass(frozen=True)
class Cost:
    """What a network costs on one image, on the reference engine, up to one of its layers.

    Attributes:
        values: The most that are in memory at once, in float32; weights not counted.
        places: Places of all windows.
        work: Multiply-adds, and values read by windows.
    """

    values: int
    places: int
    work: int


def check_limits(graph: Graph) -> None:
    """Check that a network can be run on one image within the bounds above.

    Raises:
        ArgumentError: Naming the first layer that crosses a bound.
    """
    for node, cost in running_costs(graph):
        for needs, value, most in (
            ("memory for {} values", cost.values, MOST_VALUES),
            ("windows of {} places", cost.places, MOST_PLACES),
            ("{} multiply-adds", cost.work, MOST_WORK),
        ):
            if value > most:
                shown = f"{value:.3g}" if value < 1 << 1000 else "more than 1e301"
                raise ArgumentError(
                    f"layer {node.name!r} ({node.operation.kind}): up to it one image needs "
                    f"{needs.format(shown)}, at most {most:.3g} are allowed; make the images or "
                    "the layers smaller"
                )


def running_costs(graph: Graph) -> Iterator[tuple[Node, Cost]]:
    """Each node with what the network costs up to and with it."""
    held = _HELD * math.prod(graph.input_shape)
    peak = places = work = 0
    for node in graph.nodes:
        inputs = graph.inputs_of(node)
        size_in, size_out = sum(map(math.prod, inputs)), math.prod(graph.shapes[node.name])
        held += _HELD * size_out
        window, border, read = _window_cost(node, inputs)
        peak = max(peak, held + _SCRATCH * (size_in + size_out) + 2 * (border + read))
        places += window
        work += size_out + read + node.operation.multiply_adds(*inputs)
        yield node, Cost(peak, places, work)


def _window_cost(node: Node, inputs: tuple[Shape, ...]) -> tuple[int, int, int]:
    """A window's places, the values of its input with the border round it, and those it reads."""
    operation = node.operation
    window = getattr(operation, "window", None)
    if isinstance(window, Window):
        height, width, channels = inputs[0]
        spans = window.along(0, height), window.along(1, width)
        sides = [span.before + span.length + span.after + span.overhang for span in spans]
        places = math.prod(window.size)
        read = math.prod(span.output for span in spans) * places * channels
        return places, math.prod(sides) * channels, read
    if isinstance(operation, LocalResponseNorm):  # its window slides over channels
        positions, channels = math.prod(inputs[0][:-1]), inputs[0][-1]
        return operation.size, positions * (channels + operation.size), 0
    return 0, 0, 0
