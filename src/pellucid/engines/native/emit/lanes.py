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


def spread_number(f: Function, number: Index) -> Value:
    """A vector with the same whole number in every lane, known now or not."""
    if isinstance(number, int):
        return f.whole(number)
    return spread(f, f.value(f"trunc i64 {number} to i32"))


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
    start = [[(f.vectors.float, first)]] * parts(f)
    found = each_part(f, channels, start, lambda c, real, running: [body(c, real, running[0])])
    return across(f, joined([part for (part,) in found], combine), combine)


def parts(f: Function) -> int:
    """Vectors that hold the parts of a reduction over channels."""
    return max(1, SUMS // f.vectors.lanes)


def each_part(
    f: Function,
    channels: int,
    first: list[list[tuple[str, Value]]],
    body: Callable[[Index, Value | None, list[Value]], list[Value]],
) -> list[list[Value]]:
    """Append a loop over one position's vectors, each of which goes on with one of the parts.

    Args:
        f: The function.
        channels: How many there are.
        first: What each of the :func:`parts` begins with: values and their types.
        body: Takes the first channel of a vector, the lanes that hold channels (none if all do),
            and a part's values; returns its new ones.
    """
    lanes, width = f.vectors.lanes, len(first) * f.vectors.lanes
    each = len(first[0])
    full = channels // width * width

    def split(flat: list[Value]) -> list[list[Value]]:
        return [flat[k * each : (k + 1) * each] for k in range(len(first))]

    def turn(c: Index, running: list[Value]) -> list[Value]:
        found = [body(f.add(c, lanes * k), None, part) for k, part in enumerate(split(running))]
        return [value for part in found for value in part]

    found = split(f.loop(0, full, width, turn, [value for part in first for value in part]))
    for k, c in enumerate(range(full, channels, lanes)):
        found[k] = body(c, real_lanes(f, channels) if channels - c < lanes else None, found[k])
    return found


def joined(found: list[Value], combine: Callable[[Value, Value], Value]) -> Value:
    """One vector of all parts, combined as lanes are that lie half a vector apart."""
    while len(found) > 1:
        half = len(found) // 2
        found = [combine(found[k], found[k + half]) for k in range(half)]
    return found[0]
