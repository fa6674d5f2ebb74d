"""Regions of a map, sampled between its positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import (
    ONE,
    Tap,
    as_float,
    corners,
    mixed,
    scalar,
    spread,
)
from pellucid.engines.native.emit.images import clear, each_vector
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.regions import Part, RegionKernel

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.ops.operation import Operation

ZERO, HALF = hexadecimal(0.0), hexadecimal(0.5)


class RoIAlign(RegionKernel):
    """RoI align in a plan."""

    operations: ClassVar[tuple[type[Operation], ...]] = (ops.RoIAlign,)
    reads_input_backward: ClassVar[bool] = True

    def forward(self) -> None:
        """Append y = Σ factor · x over the positions around each place."""
        plan, region = self.plan, self.region
        source, boxes = (plan.values[name] for name in region.sources)
        target = plan.values[region.target]

        def body(f: Function) -> None:
            def part(at: Part) -> None:
                rows, columns = self._taps(f, at)
                around = corners(f, at.maps, self.steps(source), rows, columns)

                def vector(c: Index) -> None:
                    f.store_vector(mixed(f, around, c), at.part, c)

                each_vector(f, target.layout.pitch, vector)

            self.each_part(f, source, target, part, empty=True)

        rows, columns, channels = plan.shape(region.target)
        about = plan.about(self.family, [source, boxes], [target])
        single = Split("rows", rows, rows * columns * channels)
        plan.stage(plan.forward, self.name, "images", body, about, single=single)

    def backward(self) -> None:
        """Append ∂x: each output's gradient is added to what it was made of."""
        plan, (maps, boxes) = self.plan, self.region.sources
        self.leave_boxes()
        if not plan.wants_gradient(maps):
            return
        to, gradient = plan.gradients[maps], plan.gradients[self.region.target]
        adds = plan.adds(maps)

        def body(f: Function) -> None:
            if not adds:
                clear(f, to)

            def part(at: Part) -> None:
                rows, columns = self._taps(f, at)
                around = corners(f, at.maps, self.steps(to), rows, columns)
                spread(f, at.part, around, gradient.layout.pitch)

            self.each_part(f, to, gradient, part)

        about = plan.about(self.family, [gradient, plan.values[boxes]], [to])
        plan.stage("backward", f"back through {self.name} to {maps}", "images", body, about)

    def _taps(self, f: Function, at: Part) -> tuple[list[Tap], list[Tap]]:
        """The rows and columns that a part is made of."""
        height, width, _ = self.plan.shape(self.region.sources[0])
        return (
            self._on_axis(f, at.box, 1, at.row, self.operation.size[0], height),
            self._on_axis(f, at.box, 0, at.column, self.operation.size[1], width),
        )

    def _on_axis(
        self, f: Function, box: Value, low: int, part: Index, parts: int, length: int
    ) -> list[Tap]:
        operation = self.operation
        assert isinstance(operation, ops.RoIAlign)
        scale, samples = hexadecimal(operation.scale), operation.samples
        first, last = (scalar(f, "fmul", f.load(box, k), scale) for k in (low, low + 2))
        size = scalar(f, "fdiv", scalar(f, "fsub", last, first), hexadecimal(float(parts)))
        first = scalar(f, "fsub", first, HALF)
        share = hexadecimal(1.0 / samples)
        found: list[Tap] = []
        for k in range(samples):
            step = scalar(f, "fadd", as_float(f, part), hexadecimal((k + 0.5) / samples))
            place = scalar(f, "fadd", first, scalar(f, "fmul", step, size))
            inside = f.value(
                f"and i1 {f.value(f'fcmp oge float {place}, {hexadecimal(-1.0)}')}, "
                f"{f.value(f'fcmp ole float {place}, {hexadecimal(float(length))}')}"
            )
            whole = f.value(f"select i1 {inside}, float {share}, float {ZERO}")
            # What lies before the first middle, or behind the last, counts as there.
            for condition, bound in (("ogt", ZERO), ("olt", hexadecimal(length - 1.0))):
                near = f.value(f"fcmp {condition} float {place}, {bound}")
                place = f.value(f"select i1 {near}, float {place}, float {bound}")
            low_at = f.value(f"fptosi float {place} to i64")
            rest = scalar(f, "fsub", place, as_float(f, low_at))
            high_at = f.within(f.add(low_at, 1), length - 1)
            found += [
                Tap(low_at, scalar(f, "fmul", whole, scalar(f, "fsub", ONE, rest))),
                Tap(high_at, scalar(f, "fmul", whole, rest)),
            ]
        return found
