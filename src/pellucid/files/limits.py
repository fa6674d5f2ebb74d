"""How large a network may be: what running it once, on one image, may cost.

A few bytes of a hostile model file can describe a network that would need terabytes (a padding of a
million pixels) or years (a window of a million places). So the cost is computed from the shapes, in
Python's unbounded integers, before anything is. The bounds hold for saving too: no file is written
that could not be read again. What a network's own weights explain is allowed besides, so that large
networks are as welcome as small ones; and who trusts a file can lift the bounds (:data:`TRUST`).
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.ops.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pellucid.graph import Graph, Node

TRUST = "PELLUCID_TRUST_MODELS"
"""The environment variable that lifts all bounds where it is ``1``."""

MOST_VALUES = 360_000_000
"""Values in memory at once, for one image, weights not counted."""

MOST_WORK = 25_000_000_000
"""Multiply-adds and values read by windows, for one image: VGG-16 has 1.5·10¹⁰."""

MOST_PLACES = 1 << 16
"""Places in all windows together; the reference engine takes one at a time."""

MOST_COMPILING = 3800
"""What compiling may cost, in layers of a few instructions: 200 layers of convolution, batch norm
and ReLU cost 3600."""

_PER_BYTE = {"values": 0.5, "work": 60.0, "places": 1e-3, "compiling": 1e-3}
"""What each byte of the weights allows besides."""

_LARGEST = 1 << 32
"""Bytes of weights that count at most: a network that is described has none yet."""

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
        compiling: What the native engine's compiler costs, in layers of a few instructions.
    """

    values: int
    places: int
    work: int
    compiling: int = 0


def check_limits(graph: Graph, environment: Mapping[str, str] = os.environ) -> None:
    """Check that a network can be compiled, and run on one image, within the bounds above.

    Args:
        graph: The network.
        environment: The process's variables; :data:`TRUST` lifts the bounds.

    Raises:
        ArgumentError: Naming the first layer that crosses a bound.
    """
    if environment.get(TRUST) == "1":
        return
    size = 4 * sum(math.prod(parameter.shape) for parameter in graph.parameters.values())
    bounds = (
        ("memory for {} values", "values", MOST_VALUES),
        ("windows of {} places", "places", MOST_PLACES),
        ("{} multiply-adds", "work", MOST_WORK),
        ("code for {} layers", "compiling", MOST_COMPILING),
    )
    for node, cost in running_costs(graph):
        for needs, name, free in bounds:
            value = getattr(cost, name)
            most = free + int(_PER_BYTE[name] * min(size, _LARGEST))
            if value > most:
                raise ArgumentError(
                    f"layer {node.name!r} ({node.operation.kind}): up to it one image needs "
                    f"{needs.format(_figure(value))}, and weights of {size} bytes allow "
                    f"{_figure(most)}; make the images or the layers smaller, or set {TRUST}=1 if "
                    "you trust where the network comes from"
                )


def _figure(value: int) -> str:
    """A number in three digits, or whole where it is small and a bound may be near."""
    if value < 1_000_000:
        return str(value)
    return f"{value:.3g}" if value < 1 << 1000 else "more than 1e301"


def running_costs(graph: Graph) -> Iterator[tuple[Node, Cost]]:
    """Each node with what the network costs up to and with it."""
    held = _HELD * sum(math.prod(value.shape) for value in graph.inputs.values())
    peak = places = work = compiling = 0
    for node in graph.nodes:
        inputs = graph.inputs_of(node)
        size_in, size_out = sum(map(math.prod, inputs)), math.prod(graph.shapes[node.name])
        held += _HELD * size_out
        window, border, read = node.operation.window_cost(*inputs)
        peak = max(peak, held + _SCRATCH * (size_in + size_out) + 2 * (border + read))
        places += window
        work += size_out + read + node.operation.multiply_adds(*inputs)
        compiling += len(node.inputs) + _code(node)
        yield node, Cost(peak, places, work, compiling)


def _code(node: Node) -> int:
    """What a layer's code costs to compile, beyond its inputs."""
    window = getattr(node.operation, "window", None)
    return 7 + min(math.prod(window.size), 64) // 2 if isinstance(window, Window) else 2
