"""The lanes of one vector: which hold channels, and what all of them come to together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value

SUMS = 16
"""Into how many parts a reduction over channels is split, on every processor: as many as the widest
vectors have lanes. Channel c belongs to part c mod 16, so that results depend on no vector's
width."""


def lanes_from(f: Function, first: int, last: int) -> Value:
    """A mask that is known now: the lanes from ``first`` to before ``last``."""
    bits = ("true" if first <= i < last else "false" for i in range(f.vectors.lanes))
    return f"<{', '.join(f'i1 {bit}' for bit in bits)}>"


def real_lanes(f: Function, channels: int) -> Value | None:
    """The lanes of a position's last vector that hold channels; none if all do.

    Channels are filled up with zeros to whole vectors. What maps 0 to something else must put the
    zeros back.
    """
    real = channels % f.vectors.lanes
    return lanes_from(f, 0, real) if real else None


def keep(f: Function, real: Value | None, x: Value) -> Value:
    """x, with zeros in the lanes that hold no channel."""
    return x if real is None else f.choose(real, x, f.zero)


def spread(f: Function, word: Value) -> Value:
    """A vector with the same 32-bit whole number in every lane."""
    kind = f.vectors.int
    first = f.value(f"insertelement {kind} poison, i32 {word}, i32 0")
    return f.value(f"shufflevector {kind} {first}, {kind} poison, {kind} zeroinitializer")


def across(f: Function, x: Value, combine: Callable[[Value, Value], Value]) -> Value:
    """All lanes combined, in every lane; always in the same order.

    Args:
        f: The function.
        x: A vector.
        combine: Of two vectors, lane by lane, as addition is.
    """
    kind, lanes = f.vectors.float, f.vectors.lanes
    distance = lanes // 2
    while distance:
        order = ", ".join(f"i32 {i ^ distance}" for i in range(lanes))
        moved = f.value(f"shufflevector {kind} {x}, {kind} poison, {f.vectors.int} <{order}>")
        x = combine(x, moved)
        distance //= 2
    return x


def over_channels(
    f: Function,
    channels: int,
    first: Value,
    body: Callable[[Index, Value | None, Value], Value],
    combine: Callable[[Value, Value], Value],
) -> Value:
    """Append a reduction over one position's channels; the result in every lane.

    Args:
        f: The function.
        channels: How many there are.
        first: The vector that every part begins with; nothing changes when it is combined.
        body: Takes the first channel of a vector, the lanes that hold channels (none if all do),
            and what came before; returns that with this vector's channels in it.
        combine: Of two vectors, lane by lane, as addition is.
    """
    lanes = f.vectors.lanes
    parts = max(1, SUMS // lanes)
    width = parts * lanes
    full = channels // width * width

    def turn(c: Index, running: list[Value]) -> list[Value]:
        return [body(f.add(c, lanes * k), None, part) for k, part in enumerate(running)]

    found = f.loop(0, full, width, turn, [(f.vectors.float, first)] * parts)
    for k, c in enumerate(range(full, channels, lanes)):
        found[k] = body(c, real_lanes(f, channels) if channels - c < lanes else None, found[k])
    while len(found) > 1:  # as lanes are combined that are half a vector apart
        half = len(found) // 2
        found = [combine(found[k], found[k + half]) for k in range(half)]
    return across(f, found[0], combine)
