"""Two operations band by band: what the first makes stays in the caches until the second reads it.

A band is some rows of one block of channels. A window reaches over into the next band; what it
shares with that is moved to the band's beginning and not computed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Layout


@dataclass(frozen=True)
class Bands:
    """Which rows a band holds.

    Attributes:
        layout: How it lies in memory: its rows and the zeros at their ends.
        height: Rows that the first operation makes in all; others are zero.
        rows: Rows of the second's outputs that a full band gives.
        stride: Rows from one output to the next.
        extent: Rows from the first that an output needs to the last, both included.
        before: Rows before the input that the first output needs.
    """

    layout: Layout
    height: int
    rows: int
    stride: int
    extent: int
    before: int

    @property
    def shared(self) -> int:
        """Rows that a band shares with the next."""
        return max(0, self.extent - self.stride)

    @property
    def floats(self) -> int:
        """Floats that it takes."""
        return self.layout.bytes(1) // self.layout.itemsize


Make = Callable[["Index", "Value"], None]
"""Given a row's number and a pointer to its place, appends what computes it."""

Use = Callable[[tuple["Index", "Index"], Callable[["Index"], "Value"]], None]
"""Given from which to before which row of outputs, and what appends a pointer to the first row that
one of them needs, appends what computes them."""


def clear_ends(f: Function, bands: Bands, band: Value, count: int = 1) -> None:
    """Append: of some bands, one after the other, what lies before and behind their rows is zero.

    Rows themselves are written before they are read.
    """
    layout = bands.layout
    behind = max(layout.border.left, layout.border.right) * layout.pitch

    def each(number: Index, _: list[Value]) -> list[Value]:
        start = f.at(band, f.multiply(number, bands.floats))
        _clear(f, start, layout.at(0, 0))

        def row(r: Index, _: list[Value]) -> list[Value]:
            _clear(
                f, f.at(start, f.add(f.multiply(r, layout.row), layout.at(0, layout.width))), behind
            )
            return []

        f.loop(0, layout.height - 1, 1, row)
        last = layout.at(layout.height - 1, layout.width)
        _clear(f, f.at(start, last), bands.floats - last)
        return []

    f.loop(0, count, 1, each)


def _clear(f: Function, place: Value, floats: int) -> None:
    """Set a number of floats to zero."""
    _each(f, floats, lambda i: f.store_vector(f.zero, place, i))


def sweep_bands(
    f: Function,
    bands: Bands,
    band: Value,
    outputs: tuple[Index, Index],
    make: Make,
    use: Use,
) -> None:
    """Append the code for some rows of outputs of one block of channels.

    Args:
        f: The function.
        bands: What a band holds.
        band: Pointer to it.
        outputs: From which to before which row.
        make: Computes a row of the band.
        use: Computes outputs.
    """
    first, last = outputs
    begin_bands(f, bands, band, outputs, make)

    def turn(i: Index, _: list[Value]) -> list[Value]:
        next_band(f, bands, band, i, last, make, use)
        return []

    f.loop(first, last, bands.rows, turn)


def begin_bands(
    f: Function, bands: Bands, band: Value, outputs: tuple[Index, Index], make: Make
) -> None:
    """Append what makes the rows that a band before the first would share with it.

    The arguments are those of :func:`sweep_bands`.
    """
    first, last = outputs
    begin = f.add(f.multiply(first, bands.stride), -bands.before)
    stop = f.smaller(f.add(begin, bands.shared), _end(f, bands, last))
    _fill(f, bands, band, begin, (begin, stop), make)


def next_band(
    f: Function, bands: Bands, band: Value, first: Index, last: Index, make: Make, use: Use
) -> None:
    """Append the code of one band: its further rows, its outputs, and what the next shares with it.

    Args:
        f: The function.
        bands: What a band holds.
        band: Pointer to it.
        first: The first row of its outputs.
        last: Before which row all outputs end.
        make: Computes a row of the band.
        use: Computes outputs.
    """
    row, moved = bands.layout.row, bands.rows * bands.stride
    base = f.add(f.multiply(first, bands.stride), -bands.before)
    stop = f.smaller(f.add(base, bands.shared + moved), _end(f, bands, last))
    _fill(f, bands, band, base, (f.add(base, bands.shared), stop), make)

    def needed(o: Index) -> Value:
        within = f.multiply(f.add(o, f.multiply(first, -1)), bands.stride * row)
        return f.at(band, f.add(within, bands.layout.at(0, -bands.layout.border.left)))

    use((first, f.smaller(f.add(first, bands.rows), last)), needed)
    again = f.at(band, moved * row)  # forwards, so that nothing is lost where the two overlap
    rest = bands.floats - moved * row
    _each(f, rest, lambda k: f.store_vector(f.load_vector(again, k), band, k))


def _end(f: Function, bands: Bands, last: Index) -> Index:
    """Before which row those end that outputs before a row need."""
    return f.add(f.multiply(f.add(last, -1), bands.stride), bands.extent - bands.before)


def _fill(
    f: Function, bands: Bands, band: Value, base: Index, rows: tuple[Index, Index], make: Make
) -> None:
    """Some rows, in a band whose first row has the number base; what lies outside is zero."""
    start, stop = rows
    places = f.at(band, bands.layout.at(0, 0))

    def place(r: Index) -> Value:
        return f.at(places, f.multiply(f.add(r, f.multiply(base, -1)), bands.layout.row))

    def zeros(r: Index, _: list[Value]) -> list[Value]:
        _clear(f, place(r), bands.layout.width * bands.layout.pitch)
        return []

    def one(r: Index, _: list[Value]) -> list[Value]:
        make(r, place(r))
        return []

    f.loop(start, f.smaller(stop, 0), 1, zeros)
    f.loop(f.larger(start, 0), f.smaller(stop, bands.height), 1, one)
    f.loop(f.larger(start, bands.height), stop, 1, zeros)


def _each(f: Function, floats: int, body: Callable[[Index], None]) -> None:
    def turn(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    f.loop(0, floats, f.vectors.lanes, turn)
