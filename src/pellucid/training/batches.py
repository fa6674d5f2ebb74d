"""The order in which pictures are seen: a function of (seed, epoch) alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.names import shown
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pellucid.graph import Graph


def order(count: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Indices of every picture once, shuffled, shape (count,)."""
    # The tag keeps this stream apart from others drawn with the same seed.
    return np.random.default_rng([seed, epoch, 0x0BDE5]).permutation(count)


def batches(count: int, batch_size: int, *, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """Indices of every picture once, shuffled, in batches; the last may have another size.

    See :func:`batch_places`.

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
    """How many batches :func:`batches` gives."""
    full, rest = divmod(count, batch_size)
    return max(1, full + (rest > 1))


def batch_places(count: int, batch_size: int, number: int) -> slice:
    """Which of the shuffled pictures make a batch, counted from 0.

    The last batch has what is left, at least 2 pictures: a single one that is left goes with the
    batch before, since its step would be as long as that of a whole batch, and batch norms cannot
    tell it from any other picture.
    """
    first = number * batch_size
    last = number == batches_per_epoch(count, batch_size) - 1
    return slice(first, count if last else first + batch_size)


def check_batch_norms(graph: Graph, pictures: int, batch_size: int) -> None:
    """Check that every batch norm gets several values per channel.

    Of a single value, a batch norm makes 0, whatever the value: nothing before it learns.

    Args:
        graph: The network that is to be trained.
        pictures: How many there are to learn from.
        batch_size: Pictures a step.

    Raises:
        ArgumentError: Naming the first that gets one value only, and what to do.
    """
    if min(pictures, batch_size) > 1:
        return
    for node in graph.nodes:
        if node.operation.kind == "batch_norm" and _positions(graph.shapes[node.name]) == 1:
            cure = (
                "take batches of at least 2 pictures (batch_size=16, --batch-size 16)"
                if pictures > 1
                else "give more pictures"
            )
            raise ArgumentError(
                f"layer {shown(node.name)} (batch_norm) gets one value per channel from batches of "
                f"1 picture, from which it makes 0, so that nothing before it learns; {cure}"
            )


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
