"""The order in which pictures are seen: a function of (seed, epoch) alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pellucid.counter_random import permutation
from pellucid.errors import ArgumentError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.graph import Graph


LEAST_STEPS = 100
"""Of a training whose number of epochs is not given."""


def order(count: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Indices of every picture once, shuffled, shape (count,)."""
    return permutation(count, seed, epoch)


def batches(count: int, batch_size: int, *, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """Indices of every picture once, shuffled, in batches; see :func:`batch_places`.

    Args:
        count: How many pictures there are.
        batch_size: How many go together.
        seed: The run's seed.
        epoch: From 0; each has its own order.
    """
    shuffled = order(count, seed=seed, epoch=epoch)
    for number in range(batches_per_epoch(count, batch_size)):
        yield shuffled[batch_places(count, batch_size, number)]


def batches_per_epoch(count: int, batch_size: int) -> int:
    """How many batches :func:`batches` gives: none has a single picture, unless all have."""
    return max(1, min(-(-count // batch_size), count // 2)) if batch_size > 1 else count


def batch_places(count: int, batch_size: int, number: int) -> slice:
    """Which of the shuffled pictures make a batch, counted from 0.

    The last batch has what is left. Where that is less than half a batch, all batches are made
    equally large instead: a few pictures give a noisy step, which would yet be as long as all
    others, and batch norms poor statistics.
    """
    steps = batches_per_epoch(count, batch_size)
    if 2 * (count - (steps - 1) * batch_size) < batch_size:
        return slice(number * count // steps, (number + 1) * count // steps)
    first = number * batch_size
    return slice(first, count if number == steps - 1 else first + batch_size)


def automatic_epochs(default: int, pictures: int, batch_size: int) -> int:
    """Default number of epochs: the architecture's, and enough for 100 steps.

    Few pictures make few steps an epoch; with 20 of them, ten epochs are 20 steps, after which some
    networks have hardly begun to learn; see ``docs/learning-rates.md``.

    Args:
        default: The architecture's default number, at least 1.
        pictures: How many there are to learn from.
        batch_size: Pictures a step.
    """
    return max(default, -(-LEAST_STEPS // batches_per_epoch(pictures, batch_size)))


def check_ranks(pictures: int, batch_size: int, world: int) -> None:
    """Check that every process that learns gets at least a picture of every batch.

    Args:
        pictures: How many there are to learn from.
        batch_size: Pictures a step.
        world: How many processes there are.

    Raises:
        ArgumentError: If a batch has fewer pictures than there are processes.
    """
    least = least_batch(pictures, batch_size)
    if least < world:
        raise ArgumentError(
            f"{world} processes share batches of {counted(batch_size, 'picture')}, of which one "
            f"has {least}; start fewer, or {_larger(pictures, world)}"
        )


def least_batch(pictures: int, batch_size: int) -> int:
    """How many pictures the smallest batch has."""
    last = batches_per_epoch(pictures, batch_size) - 1
    places = (batch_places(pictures, batch_size, number) for number in {0, last})
    return min(int(place.stop - place.start) for place in places)


def check_batch_norms(graph: Graph, pictures: int, batch_size: int, parts: int = 1) -> None:
    """Check that every batch norm gets several values per channel.

    Of a single value, a batch norm makes 0, whatever the value: nothing before it learns.

    Args:
        graph: The network that is to be trained.
        pictures: How many there are to learn from.
        batch_size: Pictures a step.
        parts: Into how many parts a batch is divided that are normalised by themselves: as many as
            processes learn together, 1 where they share their statistics.

    Raises:
        ArgumentError: Naming the first that gets one value only, and what to do.
    """
    if least_batch(pictures, batch_size) >= 2 * parts:
        return
    for node in graph.nodes:
        if node.operation.kind == "batch_norm" and _positions(graph.shapes[node.name]) == 1:
            origin = "batches of 1 picture"
            cure = _larger(pictures, 2 * parts)
            if parts > 1:
                origin = f"the 1 picture of a batch that one of {parts} processes has"
                cure += ", start fewer processes, or let all share their statistics "
                cure += "(--sync-batch-norm)"
            raise ArgumentError(
                f"layer {printable(node.name)} (batch_norm) gets one value per channel from "
                f"{origin}, from which it makes 0, so that nothing before it learns; "
                f"{cure}"
            )


def _larger(pictures: int, least: int) -> str:
    """Advice how every batch has as many pictures as wanted."""
    if pictures < least:
        return f"give more pictures than {pictures}"
    sizes = range(max(16, least), max(16, pictures) + 1)  # of the last, all are one batch
    size = next(size for size in sizes if least_batch(pictures, size) >= least)
    return f"take larger batches (batch_size={size}, --batch-size {size})"


def _positions(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-1])


def automatic_batch_size(pictures: int, height: int, width: int) -> int:
    """Pictures a step where none are given: a power of two from 16 to 128.

    The largest with which an epoch has at least 50 steps and a batch at most 2²⁰ pixels; 16 where
    there is none. So few pictures still make many steps, and large ones fit into the memory.
    """
    sizes = (128, 64, 32)
    fitting = (n for n in sizes if pictures >= 50 * n and n * height * width <= 1 << 20)
    return next(fitting, 16)
