"""Channels of one position moved between buffers, in slices that need not be whole vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_channel_vector
from pellucid.engines.native.emit.lanes import keep, lanes_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value


@dataclass(frozen=True)
class Slice:
    """Channels that lie together at one end and are part of a larger whole at the other.

    Attributes:
        at: Pointer to the first of them, where they lie together.
        first: Which channel of the whole the first of them is.
        channels: How many.
    """

    at: Value
    first: int
    channels: int

    @property
    def last(self) -> int:
        """The first channel of the whole that comes after them."""
        return self.first + self.channels


def join_channels(
    f: Function, slices: Sequence[Slice], target: Value, *, adds: bool = False
) -> None:
    """Append the code that writes slices, or adds them, to the one position that they make up.

    A vector of the target that takes channels from several slices is blended from a vector of each,
    loaded from so far before its first channel that the lanes meet. What else those vectors hold
    is let go.

    Args:
        f: The function.
        slices: In order, without gaps.
        target: Pointer to the position's first channel.
        adds: Whether to add to what is there.
    """
    lanes = f.vectors.lanes
    channels = slices[-1].last

    def store(vector: Value, c: Index) -> None:
        if adds:
            vector = f.vector("fadd", vector, f.load_vector(target, c))
        f.store_vector(vector, target, c)

    done = 0
    for part in slices:
        inside = -(-part.first // lanes) * lanes
        whole = max(inside, part.last // lanes * lanes)  # vectors from there to here are all its
        for c in range(done, min(inside, channels), lanes):
            store(_blend(f, slices, c), c)
        if whole > inside:

            def vector(c: Index, _: list[Value], part: Slice = part) -> list[Value]:
                store(f.load_vector(part.at, f.add(c, -part.first)), c)
                return []

            f.loop(inside, whole, lanes, vector)
        done = max(done, whole)
    for c in range(done, channels, lanes):
        store(_blend(f, slices, c), c)


def take_channels(f: Function, part: Slice, source: Value, *, adds: bool = False) -> None:
    """Append the reverse: one slice of a position is written, or added, where it lies alone."""

    def vector(c: Index, real: Value | None) -> None:
        value = keep(f, real, f.load_vector(source, f.add(c, part.first)))
        if adds:
            value = f.vector("fadd", value, f.load_vector(part.at, c))
        f.store_vector(value, part.at, c)

    each_channel_vector(f, part.channels, vector)


def put_channels(
    f: Function, part: Slice, target: Value, channels: int, *, adds: bool = False
) -> None:
    """Append the code that writes one slice, or adds it, into a position of some channels.

    Where it is written, the other channels become zero.
    """
    lanes = f.vectors.lanes
    first, last = part.first // lanes * lanes, -(-part.last // lanes) * lanes
    inside = min(-(-part.first // lanes) * lanes, last), max(part.last // lanes * lanes, first)

    def store(vector: Value, c: Index) -> None:
        if adds:
            vector = f.vector("fadd", vector, f.load_vector(target, c))
        f.store_vector(vector, target, c)

    def whole(c: Index, _: list[Value]) -> list[Value]:
        store(f.load_vector(part.at, f.add(c, -part.first)), c)
        return []

    def zero(c: Index, _: list[Value]) -> list[Value]:
        f.store_vector(f.zero, target, c)
        return []

    edges = {c for c in (first, last - lanes) if not inside[0] <= c < inside[1]}
    for c in sorted(edges):
        store(_blend(f, [part], c), c)
    f.loop(*inside, lanes, whole)
    if not adds:
        f.loop(0, first, lanes, zero)
        f.loop(last, channels, lanes, zero)


def _blend(f: Function, slices: Sequence[Slice], c: int) -> Value:
    """The vector of the whole that begins with channel c; zeros after the last channel."""
    lanes, result = f.vectors.lanes, f.zero
    for part in slices:
        first, last = part.first - c, part.last - c
        if first < lanes and last > 0:
            mine = lanes_from(f, max(0, first), min(lanes, last))
            result = f.choose(mine, f.load_vector(part.at, c - part.first), result)
    return result
