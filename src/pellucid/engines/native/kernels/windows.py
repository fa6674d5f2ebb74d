"""Windows that slide over feature maps and may overlap or leave the image.

Windows near the edge hold fewer positions than those inside. Outputs whose windows hold the same
share their code, so that there is never more of it than for nine kinds of windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Layout
    from pellucid.ops.window import Window


@dataclass(frozen=True)
class Run:
    """Neighbouring outputs along one axis whose windows hold the same positions.

    Attributes:
        first: The first output.
        count: How many.
        taps: The window's positions that lie in the image.
        start: The image position of the first tap of the first output.
        averaged: How many positions an average divides by, along this axis.
    """

    first: int
    count: int
    taps: range
    start: int
    averaged: int


def runs_along(window: Window, axis: int, length: int, *, count_padding: bool) -> list[Run]:
    """The outputs along an axis, in runs."""
    span, size, stride = window.along(axis, length), window.size[axis], window.stride[axis]
    found: list[Run] = []
    for output in range(span.output):
        start = output * stride - span.before
        taps = range(max(0, -start), min(size, length - start))
        averaged = len(taps)
        if count_padding:  # padding counts, what hangs over beyond it does not
            averaged = min(size, length + span.after - start)
        run = Run(output, 1, taps, start + taps.start, averaged)
        last = found[-1] if found else None
        if last is not None and (last.taps, last.averaged) == (taps, averaged):
            found[-1] = Run(last.first, last.count + 1, taps, last.start, averaged)
        else:
            found.append(run)
    return found


class Windows:
    """All windows of one pooling.

    Args:
        window: The window that slides.
        height: Rows of the image.
        width: Its columns.
        count_padding: Whether padding takes part in an average.
    """

    def __init__(
        self, window: Window, height: int, width: int, *, count_padding: bool = False
    ) -> None:
        self.window = window
        self.rows = runs_along(window, 0, height, count_padding=count_padding)
        self.columns = runs_along(window, 1, width, count_padding=count_padding)

    def each_output(self, f: Function, body: Callable[[Run, Run, Index, Index], None]) -> None:
        """Append loops over all outputs: body is given a window's kind, and which of its kind."""
        for rows in self.rows:
            for columns in self.columns:

                def row(
                    i: Index, _: list[Value], rows: Run = rows, columns: Run = columns
                ) -> list[Value]:
                    def column(j: Index, _: list[Value]) -> list[Value]:
                        body(rows, columns, i, j)
                        return []

                    return f.loop(0, columns.count, 1, column)

                f.loop(0, rows.count, 1, row)

    def first_position(
        self, f: Function, layout: Layout, rows: Run, columns: Run, i: Index, j: Index
    ) -> Index:
        """Offset of a window's first position in the image."""
        first = rows.start * layout.row + columns.start * layout.pitch
        down = f.multiply(i, self.window.stride[0] * layout.row)
        across = f.multiply(j, self.window.stride[1] * layout.pitch)
        return f.add(f.add(down, across), first)

    def output(
        self, f: Function, layout: Layout, rows: Run, columns: Run, i: Index, j: Index
    ) -> Index:
        """Offset of a window's output."""
        first = rows.first * layout.row + columns.first * layout.pitch
        return f.add(f.add(f.multiply(i, layout.row), f.multiply(j, layout.pitch)), first)

    def each_tap(
        self,
        f: Function,
        layout: Layout,
        kind: tuple[Run, Run],
        body: Callable[[Index, Index, list[Value]], list[Value]],
        running: Sequence[tuple[str, Value]] = (),
    ) -> list[Value]:
        """Append a loop over a window's positions, for windows too large to write them all out.

        Args:
            f: The function.
            layout: How what the window slides over lies.
            kind: The window's runs of rows and columns.
            body: Given a position's offset from the window's first and its number in the whole
                window, and the running values; gives their new values.
            running: (type, first value) of what is carried along.

        Returns:
            The running values in the end.
        """
        rows, columns = kind
        first = rows.taps.start * self.window.size[1] + columns.taps.start

        def row(y: Index, values: list[Value]) -> list[Value]:
            down, number = f.multiply(y, layout.row), f.multiply(y, self.window.size[1])

            def column(x: Index, values: list[Value]) -> list[Value]:
                offset = f.add(down, f.multiply(x, layout.pitch))
                return body(offset, f.add(f.add(number, x), first), values)

            before = [(name, value) for (name, _), value in zip(running, values, strict=True)]
            return f.loop(0, len(columns.taps), 1, column, before)

        return f.loop(0, len(rows.taps), 1, row, running)

    def taps(self, layout: Layout, rows: Run, columns: Run) -> tuple[list[int], list[int]]:
        """A window's positions as offsets from its first, and their numbers in the whole window."""
        places = [(y, x) for y in rows.taps for x in columns.taps]
        offsets = [
            (y - rows.taps.start) * layout.row + (x - columns.taps.start) * layout.pitch
            for y, x in places
        ]
        return offsets, [y * self.window.size[1] + x for y, x in places]
