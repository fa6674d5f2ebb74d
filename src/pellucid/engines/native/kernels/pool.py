"""Poolings that stand alone: windows may overlap or leave the image, and be averaged.

Global max pooling is a single window as large as the feature maps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import (
    Walk,
    each_image,
    each_vector,
    over_grid,
    start_of,
)
from pellucid.engines.native.emit.lanes import spread_number
from pellucid.engines.native.emit.pooling import NONE, larger, largest
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.engines.native.kernels.pointwise import apply
from pellucid.engines.native.kernels.windows import Windows
from pellucid.ops.window import Window

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.kernels.windows import Run
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class Pool(Kernel):
    """Max, average or global max pooling in a plan."""

    family: ClassVar[str] = "windows"
    operations: ClassVar[tuple[type[Operation], ...]] = (
        ops.MaxPool,
        ops.AveragePool,
        ops.GlobalMaxPool,
    )
    reads_input_backward: ClassVar[bool] = False

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, ops.MaxPool | ops.AveragePool | ops.GlobalMaxPool)
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        self.largest = isinstance(operation, ops.MaxPool | ops.GlobalMaxPool)
        count_padding = isinstance(operation, ops.AveragePool) and operation.count_padding
        layout = self.source.layout
        whole = layout.height, layout.width
        window = (
            Window(whole, whole) if isinstance(operation, ops.GlobalMaxPool) else operation.window
        )
        self.windows = Windows(window, *whole, count_padding=count_padding)
        # Positions of larger windows are gone through in a loop, and numbered in 32 bits.
        self.looped = window.size[0] * window.size[1] >= NONE
        self.winners: Place | None = None
        if self.largest and plan.wants_gradient(region.target):
            self.winners = plan.place_winners(region, "int32" if self.looped else "uint8")

    # ---------------------------------------------------------------------------------- forward

    def forward(self) -> None:
        """Append the forward stage."""
        writes = [self.target, *([self.winners] if self.winners else [])]
        about = self.plan.about(self.family, [self.source], writes)
        self.plan.stage(self.plan.forward, self.name, "images", self._forward, about)

    def _forward(self, f: Function) -> None:
        source, target = self.source.layout, self.target.layout

        def image(n: Index) -> None:
            x, y = start_of(f, self.source, n), start_of(f, self.target, n)
            winners = self._winners(f, self.winners, n) if self.winners else None

            def output(rows: Run, columns: Run, i: Index, j: Index) -> None:
                from_ = f.at(x, self.windows.first_position(f, source, rows, columns, i, j))
                to = self.windows.output(f, target, rows, columns, i, j)

                def channels(c: Index) -> None:
                    at = f.add(to, c)
                    if self.largest:
                        value, winner = self._largest(f, f.at(from_, c), (rows, columns))
                        value = apply(f, self.region.function, value)
                        if winners is not None:
                            self._store_winner(f, winner, winners, at)
                    else:
                        value = self._mean(f, f.at(from_, c), (rows, columns))
                    f.store_vector(value, y, at)

                each_vector(f, target.pitch, channels)

            self.windows.each_output(f, output)

        each_image(f, image)

    def _largest(self, f: Function, from_: Value, kind: tuple[Run, Run]) -> tuple[Value, Value]:
        layout = self.source.layout
        offsets, numbers = self.windows.taps(layout, *kind)
        if not self.looped:
            return largest(f, from_, offsets, numbers)

        def tap(offset: Index, number: Index, running: list[Value]) -> list[Value]:
            best, winner = running
            return list(
                larger(f, best, winner, f.load_vector(from_, offset), spread_number(f, number))
            )

        first = [
            (f.vectors.float, f.load_vector(from_)),
            (f.vectors.int, f.whole(numbers[0])),
        ]
        best, winner = self.windows.each_tap(f, layout, kind, tap, first)
        return best, winner

    def _mean(self, f: Function, from_: Value, kind: tuple[Run, Run]) -> Value:
        layout, (rows, columns) = self.source.layout, kind
        if self.looped:
            size = len(rows.taps), len(columns.taps)

            def add(at: list[Value], running: list[Value]) -> list[Value]:
                return [f.vector("fadd", running[0], f.load_vector(at[0]))]

            (total,) = over_grid(f, size, [Walk(from_, layout.row, layout.pitch)], 0, add, 1)
        else:
            offsets, _ = self.windows.taps(layout, *kind)
            total = f.load_vector(from_, offsets[0])
            for offset in offsets[1:]:
                total = f.vector("fadd", total, f.load_vector(from_, offset))
        return f.vector("fmul", total, f.constant(1.0 / (rows.averaged * columns.averaged)))

    # --------------------------------------------------------------------------------- backward

    def backward(self) -> None:
        """Append the backward pass: each gradient to the winner, or to all in equal shares."""
        name = self.region.sources[0]
        if not self.plan.wants_gradient(name):
            return
        to = self.plan.gradients[name]
        if not self.plan.adds(name):
            self.plan.clear(f"clear for {self.name}", to)
        gradient = self.plan.gradients[self.region.target]
        reads = [gradient, *([self.winners] if self.winners else [])]
        about = self.plan.about(self.family, reads, [to])
        self.plan.stage("backward", f"back through {self.name}", "images", self._back, about)

    def _back(self, f: Function) -> None:
        gradient = self.plan.gradients[self.region.target]
        to = self.plan.gradients[self.region.sources[0]]

        def image(n: Index) -> None:
            dy, dx = start_of(f, gradient, n), start_of(f, to, n)
            winners = self._winners(f, self.winners, n) if self.winners else None

            def output(rows: Run, columns: Run, i: Index, j: Index) -> None:
                target = f.at(dx, self.windows.first_position(f, to.layout, rows, columns, i, j))
                from_ = self.windows.output(f, gradient.layout, rows, columns, i, j)
                won = self.windows.output(f, self.target.layout, rows, columns, i, j)
                share = f.constant(1.0 / (rows.averaged * columns.averaged))

                def channels(c: Index) -> None:
                    value, winner = f.load_vector(dy, f.add(from_, c)), None
                    if winners is not None:
                        winner = self._load_winner(f, winners, f.add(won, c))
                    else:
                        value = f.vector("fmul", value, share)
                    at = f.at(target, c)

                    def tap(offset: Index, number: Index, _: list[Value]) -> list[Value]:
                        part = value
                        if winner is not None:
                            mine = f.equal(winner, spread_number(f, number))
                            part = f.choose(mine, value, f.zero)
                        total = f.vector("fadd", f.load_vector(at, offset), part)
                        f.store_vector(total, at, offset)
                        return []

                    if self.looped:
                        self.windows.each_tap(f, to.layout, (rows, columns), tap)
                    else:
                        offsets, numbers = self.windows.taps(to.layout, rows, columns)
                        for offset, number in zip(offsets, numbers, strict=True):
                            tap(offset, number, [])

                each_vector(f, to.layout.pitch, channels)

            self.windows.each_output(f, output)

        each_image(f, image)

    # ---------------------------------------------------------------------------------- winners

    def _winners(self, f: Function, place: Place, n: Index) -> Value:
        """Pointer to the winner's number of image n's first output."""
        offset = f.add(f.multiply(n, place.layout.image), place.layout.at(0, 0))
        return f.at(buffer(f, place.offset), offset, "float" if self.looped else "i8")

    def _store_winner(self, f: Function, winner: Value, winners: Value, at: Index) -> None:
        if self.looped:
            f.store_vector(f.of_bits(winner), winners, at)
        else:
            f.store_bytes(winner, winners, at)

    def _load_winner(self, f: Function, winners: Value, at: Index) -> Value:
        return f.bits(f.load_vector(winners, at)) if self.looped else f.load_bytes(winners, at)
