"""Loops over images, rows and channels that stages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.writer import buffer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.ir import Function, Index, Value
    from pellucid.engines.native.plan import Place


def each_image(f: Function, body: Callable[[Index], None]) -> None:
    """Append a loop over the stage's images."""

    def turn(n: Index, _: list[Value]) -> list[Value]:
        body(n)
        return []

    f.loop("%first", "%last", 1, turn)


def each_vector(f: Function, floats: int, body: Callable[[Index], None]) -> None:
    """Append a loop over vectors: body is given the offset of each."""

    def turn(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    f.loop(0, floats, f.vectors.lanes, turn)


def start_of(f: Function, place: Place, n: Index) -> Value:
    """Pointer to image n's position (0, 0)."""
    offset = f.add(f.multiply(n, place.layout.image), place.layout.at(0, 0))
    return f.at(buffer(f, place.offset), offset)


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
                f.at(start, f.multiply(y, place.layout.row))
                for start, place in zip(starts, places, strict=True)
            ]
            layout = places[0].layout
            each_vector(f, layout.width * layout.pitch, lambda i: body(lines, i))
            return []

        f.loop(0, places[0].layout.height, 1, row)

    each_image(f, image)


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
    kind = f.vectors.float
    height, width = places[0][0].layout.height, places[0][0].layout.width

    def row(y: Index, totals: list[Value]) -> list[Value]:
        lines = [f.at(at, f.add(f.multiply(y, p.layout.row), channel)) for p, at in places]

        def position(x: Index, sums: list[Value]) -> list[Value]:
            pointers = [
                f.at(line, f.multiply(x, p.layout.pitch))
                for line, (p, _) in zip(lines, places, strict=True)
            ]
            return body(pointers, sums)

        sums = f.loop(0, width, 1, position, [(kind, f.zero)] * running)
        return [f.vector("fadd", t, s) for t, s in zip(totals, sums, strict=True)]

    return f.loop(0, height, 1, row, [(kind, f.zero)] * running)
