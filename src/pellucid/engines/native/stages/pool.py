"""Poolings that stand alone: windows may overlap or leave the image, and be averaged.

Windows near the edge hold fewer positions than those inside. Outputs whose windows hold the same
share their code, so that there is never more of it than for nine kinds of windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.images import each_image, each_row, each_vector, start_of
from pellucid.engines.native.emit.pooling import largest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.ir import Function, Index, Value
    from pellucid.engines.native.layout import Layout
    from pellucid.engines.native.lower import Stage
    from pellucid.engines.native.plan import Plan
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


class Pool:
    """Max or average pooling in a plan."""

    def __init__(self, plan: Plan, stage: Stage) -> None:
        operation = stage.node.operation
        assert isinstance(operation, ops.MaxPool | ops.AveragePool)
        self.plan, self.stage, self.window = plan, stage, operation.window
        self.name = stage.node.name
        self.source, self.target = plan.values[stage.sources[0]], plan.values[stage.target]
        self.largest = isinstance(operation, ops.MaxPool)
        count_padding = isinstance(operation, ops.AveragePool) and operation.count_padding
        layout = self.source.layout
        self.rows = runs_along(self.window, 0, layout.height, count_padding=count_padding)
        self.columns = runs_along(self.window, 1, layout.width, count_padding=count_padding)
        self.winners = 0
        if self.largest and plan.training:
            floats = -(-plan.capacity * self.target.layout.image // 4) + plan.lanes
            self.winners = plan.arena.place(f"winners {self.name}", floats)

    # ---------------------------------------------------------------------------------- forward

    def write_forward(self) -> None:
        """Append the forward stage."""
        self.plan.writer.stage(self.plan.forward, self.name, "images", self._forward)

    def _forward(self, f: Function) -> None:
        source, target = self.source.layout, self.target.layout

        def image(n: Index) -> None:
            x, y = start_of(f, self.source, n), start_of(f, self.target, n)
            winners = self._winners(f, n) if self.winners else None

            def output(rows: Run, columns: Run, i: Index, j: Index) -> None:
                from_ = f.at(x, self._from(f, source, rows, columns, i, j))
                to = self._to(f, target, rows, columns, i, j)
                offsets, numbers = self._taps(source, rows, columns)

                def channels(c: Index) -> None:
                    at = f.add(to, c)
                    if self.largest:
                        value, winner = largest(f, f.at(from_, c), offsets, numbers)
                        if winners is not None:
                            f.store_bytes(winner, winners, at)
                    else:
                        value = self._mean(f, f.at(from_, c), offsets, rows, columns)
                    f.store_vector(value, y, at)

                each_vector(f, target.pitch, channels)

            self._each_output(f, output)

        each_image(f, image)

    def _mean(
        self, f: Function, from_: Value, offsets: list[int], rows: Run, columns: Run
    ) -> Value:
        total = f.load_vector(from_, offsets[0])
        for offset in offsets[1:]:
            total = f.vector("fadd", total, f.load_vector(from_, offset))
        return f.vector("fmul", total, f.constant(1.0 / (rows.averaged * columns.averaged)))

    # --------------------------------------------------------------------------------- backward

    def write_backward(self) -> None:
        """Append the way back: each gradient to the winner, or to all in equal shares."""
        name = self.stage.sources[0]
        if not self.plan.wants_gradient(name):
            return
        to = self.plan.gradients[name]
        if not self.plan.adds(name):
            self.plan.writer.stage(
                "backward",
                f"clear for {self.name}",
                "images",
                lambda f: each_row(f, [to], lambda at, i: f.store_vector(f.zero, at[0], i)),
            )
        self.plan.writer.stage("backward", f"back through {self.name}", "images", self._back)

    def _back(self, f: Function) -> None:
        gradient = self.plan.gradients[self.stage.target]
        to = self.plan.gradients[self.stage.sources[0]]

        def image(n: Index) -> None:
            dy, dx = start_of(f, gradient, n), start_of(f, to, n)
            winners = self._winners(f, n) if self.winners else None

            def output(rows: Run, columns: Run, i: Index, j: Index) -> None:
                target = f.at(dx, self._from(f, to.layout, rows, columns, i, j))
                from_ = self._to(f, gradient.layout, rows, columns, i, j)
                won = self._to(f, self.target.layout, rows, columns, i, j)
                offsets, numbers = self._taps(to.layout, rows, columns)
                share = f.constant(1.0 / (rows.averaged * columns.averaged))

                def channels(c: Index) -> None:
                    value = f.load_vector(dy, f.add(from_, c))
                    winner = None
                    if winners is not None:
                        winner = f.load_bytes(winners, f.add(won, c))
                    else:
                        value = f.vector("fmul", value, share)
                    at = f.at(target, c)
                    for offset, number in zip(offsets, numbers, strict=True):
                        part = value
                        if winner is not None:
                            mine = f.equal(winner, f.whole(number))
                            part = f.choose(mine, value, f.zero)
                        total = f.vector("fadd", f.load_vector(at, offset), part)
                        f.store_vector(total, at, offset)

                each_vector(f, to.layout.pitch, channels)

            self._each_output(f, output)

        each_image(f, image)

    # ------------------------------------------------------------------------------------ places

    def _each_output(self, f: Function, body: Callable[[Run, Run, Index, Index], None]) -> None:
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

    def _from(
        self, f: Function, layout: Layout, rows: Run, columns: Run, i: Index, j: Index
    ) -> Index:
        """Offset of a window's first position."""
        first = rows.start * layout.row + columns.start * layout.pitch
        down = f.multiply(i, self.window.stride[0] * layout.row)
        across = f.multiply(j, self.window.stride[1] * layout.pitch)
        return f.add(f.add(down, across), first)

    def _to(
        self, f: Function, layout: Layout, rows: Run, columns: Run, i: Index, j: Index
    ) -> Index:
        """Offset of an output."""
        first = rows.first * layout.row + columns.first * layout.pitch
        return f.add(f.add(f.multiply(i, layout.row), f.multiply(j, layout.pitch)), first)

    def _taps(self, layout: Layout, rows: Run, columns: Run) -> tuple[list[int], list[int]]:
        """A window's positions as offsets from its first, and their numbers in the whole window."""
        places = [(y, x) for y in rows.taps for x in columns.taps]
        offsets = [
            (y - rows.taps.start) * layout.row + (x - columns.taps.start) * layout.pitch
            for y, x in places
        ]
        return offsets, [y * self.window.size[1] + x for y, x in places]

    def _winners(self, f: Function, n: Index) -> Value:
        """Pointer to the winners' bytes of image n's first output."""
        layout = self.target.layout
        offset = f.add(f.multiply(n, layout.image), layout.at(0, 0))
        return f.at(f.at("%memory", self.winners), offset, "i8")
