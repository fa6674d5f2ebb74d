"""Loops over images, rows and channels that stages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.lanes import real_lanes
from pellucid.engines.native.emit.schedule_builder import buffer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Place


def each_image(f: Function, body: Callable[[Index], None]) -> None:
    """Append a loop over the stage's images."""

    def turn(n: Index, _: list[Value]) -> list[Value]:
        body(n)
        return []

    f.loop(*f.extent("images"), 1, turn)


def each_vector(f: Function, floats: Index, body: Callable[[Index], None]) -> None:
    """Append a loop over vectors: body is given the offset of each."""

    def turn(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    f.loop(0, floats, f.vectors.lanes, turn)


def zeros(f: Function, place: Value, floats: Index) -> None:
    """Append the code that sets some vectors to zero.

    Args:
        f: The function.
        place: Pointer to the first.
        floats: How many there are, in whole vectors.
    """
    each_vector(f, floats, lambda i: f.store_vector(f.zero, place, i))


def start_of(f: Function, place: Place, n: Index) -> Value:
    """Pointer to image n's position (0, 0)."""
    offset = f.add(f.multiply(n, place.layout.image), place.layout.at(0, 0))
    return f.at(buffer(f, place.offset), offset, place.layout.unit)


def each_row(
    f: Function,
    places: Sequence[Place],
    body: Callable[[list[Value], Index], None],
) -> None:
    """Append a loop over images, rows and vectors of buffers of one height, width and pitch.

    Args:
        f: The function.
        places: The buffers.
        body: Given a pointer to the row in each buffer, and the offset of a vector in it.
    """

    def image(n: Index) -> None:
        starts = [start_of(f, place, n) for place in places]

        def row(y: Index, _: list[Value]) -> list[Value]:
            lines = [
                f.at(start, f.multiply(y, place.layout.row), place.layout.unit)
                for start, place in zip(starts, places, strict=True)
            ]
            layout = places[0].layout
            each_vector(f, layout.width * layout.pitch, lambda i: body(lines, i))
            return []

        f.loop(*f.extent("rows", places[0].layout.height), 1, row)

    each_image(f, image)


def clear(f: Function, place: Place) -> None:
    """Append the code that sets the stage's images to zero, without their border."""
    each_row(f, [place], lambda at, i: f.store_vector(f.zero, at[0], i))


def each_position(
    f: Function, places: Sequence[Place], body: Callable[[list[Value]], None]
) -> None:
    """Append a loop over images and positions of buffers of one height and width.

    Args:
        f: The function.
        places: The buffers.
        body: Given a pointer to the position's first channel in each buffer.
    """
    layout = places[0].layout

    def image(n: Index) -> None:
        starts = [start_of(f, place, n) for place in places]

        def row(y: Index, _: list[Value]) -> list[Value]:
            lines = [
                f.at(start, f.multiply(y, place.layout.row), place.layout.unit)
                for start, place in zip(starts, places, strict=True)
            ]

            def position(x: Index, _: list[Value]) -> list[Value]:
                body(
                    [
                        f.at(line, f.multiply(x, place.layout.pitch), place.layout.unit)
                        for line, place in zip(lines, places, strict=True)
                    ]
                )
                return []

            return f.loop(0, layout.width, 1, position)

        f.loop(*f.extent("rows", layout.height), 1, row)

    each_image(f, image)


def each_channel_vector(
    f: Function, channels: int, body: Callable[[Index, Value | None], None]
) -> None:
    """Append a loop over one position's vectors.

    Args:
        f: The function.
        channels: How many channels there are.
        body: Given each vector's offset; and for the last, where it is not full, a mask of the
            lanes that hold channels.
    """
    full = channels // f.vectors.lanes * f.vectors.lanes
    each_vector(f, full, lambda c: body(c, None))
    if full < channels:
        body(full, real_lanes(f, channels))


def over_positions(
    f: Function,
    places: Sequence[tuple[Place, Value]],
    channel: Index,
    body: Callable[[list[Value], list[Value]], list[Value]],
    running: int = 0,
) -> list[Value]:
    """Append a loop over all positions of one image, at one vector of channels.

    Args:
        f: The function.
        places: Buffers of one height and width, each with a pointer to its position (0, 0).
        channel: The first channel of the vector.
        body: Given a pointer into each buffer and the running vectors; gives their new values.
        running: How many running vectors there are; they start at zero. Each row's are summed by
            themselves first, so that long sums stay exact.

    Returns:
        The running vectors in the end.
    """
    layout = places[0][0].layout
    walks = [Walk(at, p.layout.row, p.layout.pitch) for p, at in places]
    return over_grid(f, (layout.height, layout.width), walks, channel, body, running)


@dataclass(frozen=True)
class Walk:
    """How a buffer is gone through: where it begins, and how far it is to the next row and column.

    ``unit`` is what distances are counted in, ``float`` or ``i8``.
    """

    start: Value
    row: int
    column: int
    unit: str = "float"


def moved(f: Function, walks: Sequence[Walk], at: Sequence[Value], vectors: int) -> list[Value]:
    """Pointers into some buffers, moved on by a number of vectors of channels."""
    places = vectors * f.vectors.lanes
    return [f.at(place, places, walk.unit) for place, walk in zip(at, walks, strict=True)]


def over_grid(
    f: Function,
    size: tuple[int, int],
    walks: Sequence[Walk],
    channel: Index,
    body: Callable[[list[Value], list[Value]], list[Value]],
    running: int = 0,
) -> list[Value]:
    """Append a loop over a grid of (rows, columns), as :func:`over_positions` does."""
    kind = f.vectors.float
    height, width = size

    def row(y: Index, totals: list[Value]) -> list[Value]:
        lines = [f.at(w.start, f.add(f.multiply(y, w.row), channel), w.unit) for w in walks]

        def position(x: Index, sums: list[Value]) -> list[Value]:
            pointers = [
                f.at(line, f.multiply(x, w.column), w.unit)
                for line, w in zip(lines, walks, strict=True)
            ]
            return body(pointers, sums)

        sums = f.loop(0, width, 1, position, [(kind, f.zero)] * running)
        return [f.vector("fadd", t, s) for t, s in zip(totals, sums, strict=True)]

    return f.loop(0, height, 1, row, [(kind, f.zero)] * running)
