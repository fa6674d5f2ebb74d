"""Regions of a map, pooled: the largest value of each part, and where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import scalar
from pellucid.engines.native.emit.images import clear, each_vector
from pellucid.engines.native.emit.lanes import spread_number
from pellucid.engines.native.emit.pooling import larger
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.regions import Part, RegionKernel
from pellucid.ops.regions import FAR
from pellucid.ops.roi_pool import NOWHERE

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation

ZERO, HALF = hexadecimal(0.0), hexadecimal(0.5)


class RoIPool(RegionKernel):
    """RoI pooling in a plan."""

    operations: ClassVar[tuple[type[Operation], ...]] = (ops.RoIPool,)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        self.winners: Place | None = None
        if plan.wants_gradient(region.sources[0]) and plan.wants_gradient(region.target):
            self.winners = plan.place_winners(region, "int32")

    def forward(self) -> None:
        """Append y = the largest of each part, 0 where it has no positions."""
        plan, region, winners = self.plan, self.region, self.winners
        source, boxes = (plan.values[name] for name in region.sources)
        target = plan.values[region.target]
        width = source.layout.width

        def body(f: Function) -> None:
            def part(at: Part) -> None:
                rows, columns = self._covered(f, at)

                def vector(c: Index) -> None:
                    def row(y: Index, best: list[Value]) -> list[Value]:
                        line = f.at(at.maps, f.add(f.multiply(y, source.layout.row), c))

                        def column(x: Index, best: list[Value]) -> list[Value]:
                            value = f.load_vector(line, f.multiply(x, source.layout.pitch))
                            number = spread_number(f, f.add(f.multiply(y, width), x))
                            first = f.equal(best[1], f.whole(NOWHERE))
                            won, winner = larger(f, best[0], best[1], value, number)
                            return [
                                f.choose(first, value, won),
                                f.choose_whole(first, number, winner),
                            ]

                        kinds = (f.vectors.float, f.vectors.int)
                        return f.loop(*columns, 1, column, list(zip(kinds, best, strict=True)))

                    none = [(f.vectors.float, f.zero), (f.vectors.int, f.whole(NOWHERE))]
                    value, winner = f.loop(*rows, 1, row, none)
                    f.store_vector(value, at.part, c)
                    if winners is not None:
                        to = f.at(self._winners(f, winners, at), c, "i32")
                        f.do(f"store {f.vectors.int} {winner}, ptr {to}, align 4")

                each_vector(f, target.layout.pitch, vector)

            self.each_part(f, source, target, part, empty=True)

        rows, columns, channels = plan.shape(region.target)
        writes = [target, *([winners] if winners else [])]
        about = plan.about(self.family, [source, boxes], writes)
        single = Split("rows", rows, rows * columns * channels)
        plan.stage(plan.forward, self.name, "images", body, about, single=single)

    def backward(self) -> None:
        """Append ∂x: each gradient is added to the winner's."""
        plan, (maps, boxes) = self.plan, self.region.sources
        self.leave_boxes()
        if not plan.wants_gradient(maps) or self.winners is None:
            return
        to, gradient, winners = (
            plan.gradients[maps],
            plan.gradients[self.region.target],
            self.winners,
        )
        adds, layout = plan.adds(maps), to.layout

        def body(f: Function) -> None:
            if not adds:
                clear(f, to)

            def part(at: Part) -> None:
                won = self._winners(f, winners, at)

                def channel(c: Index, _: list[Value]) -> list[Value]:
                    narrow = f.value(f"load i32, ptr {f.at(won, c, 'i32')}, align 4")
                    number = f.value(f"sext i32 {narrow} to i64")

                    def add() -> None:
                        row = f.divide(number, layout.width)
                        column = f.add(number, f.multiply(row, -layout.width))
                        place = f.add(f.multiply(row, layout.row), f.multiply(column, layout.pitch))
                        there = f.at(at.maps, f.add(place, c))
                        total = scalar(f, "fadd", f.load(there), f.load(at.part, c))
                        f.do(f"store float {total}, ptr {there}, align 4")

                    f.when(f.value(f"icmp sge i64 {number}, 0"), add)
                    return []

                f.loop(0, layout.channels, 1, channel)

            self.each_part(f, to, gradient, part)

        about = plan.about(self.family, [gradient, winners, plan.values[boxes]], [to])
        plan.stage("backward", f"back through {self.name} to {maps}", "images", body, about)

    def _winners(self, f: Function, winners: Place, at: Part) -> Value:
        """Pointer to the winners of a part, which lie as its values do."""
        layout = winners.layout
        start = f.add(f.multiply(at.image, layout.image), layout.at(0, 0))
        values = self.plan.values[self.region.target].layout
        assert (layout.row, layout.pitch) == (values.row, values.pitch)
        line = f.add(f.multiply(at.number, layout.row), f.multiply(at.column, layout.pitch))
        return f.at(buffer(f, winners.offset), f.add(start, line), "i32")

    def _covered(self, f: Function, at: Part) -> tuple[tuple[Index, Index], tuple[Index, Index]]:
        """From which to before which row and column a part reaches."""
        height, width, _ = self.plan.shape(self.region.sources[0])
        (down, across), scale = self.operation.size, hexadecimal(self.operation.scale)
        return (
            _on_axis(f, at.box, 1, at.row, down, scale, height),
            _on_axis(f, at.box, 0, at.column, across, scale, width),
        )


def _on_axis(
    f: Function, box: Value, low: int, part: Index, parts: int, scale: Value, length: int
) -> tuple[Index, Index]:
    first, last = (_rounded(f, scalar(f, "fmul", f.load(box, k), scale)) for k in (low, low + 2))
    whole = f.larger(f.add(f.add(last, f.multiply(first, -1)), 1), 1)
    start = f.divide(f.multiply(part, whole), parts)
    stop = f.divide(f.add(f.multiply(f.add(part, 1), whole), parts - 1), parts)
    bounds = [f.within(f.add(first, end), length) for end in (start, stop)]
    return bounds[0], bounds[1]


def _rounded(f: Function, place: Value) -> Index:
    """The nearest whole number, of halves the one further from 0."""
    for condition, bound in (("ogt", hexadecimal(-FAR)), ("olt", hexadecimal(FAR))):
        near = f.value(f"fcmp {condition} float {place}, {bound}")
        place = f.value(f"select i1 {near}, float {place}, float {bound}")
    below = f.value(f"fcmp olt float {place}, {ZERO}")
    size = f.value(f"select i1 {below}, float {f.value(f'fneg float {place}')}, float {place}")
    cut = f.value(f"fptosi float {scalar(f, 'fadd', size, HALF)} to i64")
    return f.value(f"select i1 {below}, i64 {f.value(f'sub i64 0, {cut}')}, i64 {cut}")
