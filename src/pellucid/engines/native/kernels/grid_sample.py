"""Values taken at places between the pixels of a map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import (
    ONE,
    Corner,
    Tap,
    as_float,
    corners,
    mixed,
    scalar,
    spread,
)
from pellucid.engines.native.emit.images import clear, each_image, each_vector, start_of
from pellucid.engines.native.emit.lanes import over_channels
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation

ZERO, NAN = hexadecimal(0.0), hexadecimal(float("nan"))


@dataclass(frozen=True)
class Beside:
    """The positions beside a place on an axis.

    Attributes:
        taps: With how much each counts; 0 outside.
        slopes: With the derivative of that by the grid's number.
    """

    taps: list[Tap]
    slopes: list[Tap]


class GridSample(Kernel):
    """A bilinear sampling in a plan."""

    family: ClassVar[str] = "resampling"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.GridSample,)

    def forward(self) -> None:
        """Append y = Σ factor · x over the four positions around each place."""
        plan, region = self.plan, self.region
        source, grid = (plan.values[name] for name in region.sources)
        target = plan.values[region.target]

        def body(f: Function) -> None:
            def position(n: Index, at: list[Value]) -> None:
                g, y = at
                down, across = self._beside(f, source, g)
                first, *others = down.taps
                numbers = f.load(g, 0), f.load(g, 1)
                unknown = f.value(f"fcmp uno float {numbers[0]}, {numbers[1]}")
                factor = f.value(f"select i1 {unknown}, float {NAN}, float {first.factor}")
                rows = [replace(first, factor=factor), *others]
                around = self._corners(f, source, n, rows, across.taps)

                def vector(c: Index) -> None:
                    f.store_vector(mixed(f, around, c), y, c)

                each_vector(f, target.layout.pitch, vector)

            _each_position(f, [grid, target], position)

        rows, columns, channels = plan.shape(region.target)
        about = plan.about(self.family, [source, grid], [target])
        single = Split("rows", rows, rows * columns * channels)
        plan.stage(plan.forward, self.name, "images", body, about, single=single)

    def backward(self) -> None:
        """Append the gradients at the maps and at the grid."""
        maps, grid = self.region.sources
        if self.plan.wants_gradient(maps):
            self._back_to_maps(maps, grid)
        if self.plan.wants_gradient(grid):
            self._back_to_grid(maps, grid)

    def _back_to_maps(self, maps: str, grid: str) -> None:
        """Append ∂x: each output's gradient is added to what it was made of."""
        plan = self.plan
        places, to = plan.values[grid], plan.gradients[maps]
        gradient = plan.gradients[self.region.target]
        adds = plan.adds(maps)

        def body(f: Function) -> None:
            if not adds:
                clear(f, to)

            def position(n: Index, at: list[Value]) -> None:
                g, dy = at
                down, across = self._beside(f, to, g)
                around = self._corners(f, to, n, down.taps, across.taps)
                spread(f, dy, around, gradient.layout.pitch)

            _each_position(f, [places, gradient], position)

        about = plan.about(self.family, [gradient, places], [to])
        plan.stage("backward", f"back through {self.name} to {maps}", "images", body, about)

    def _back_to_grid(self, maps: str, grid: str) -> None:
        """Append ∂g: Σ ∂y · x over channels and the four positions, times the factors' slopes."""
        plan = self.plan
        source, places = plan.values[maps], plan.values[grid]
        gradient, to = plan.gradients[self.region.target], plan.gradients[grid]
        adds = plan.adds(grid)

        def body(f: Function) -> None:
            def position(n: Index, at: list[Value]) -> None:
                g, dy, dg = at
                down, across = self._beside(f, source, g)
                found = [
                    self._product(f, source, n, dy, down.taps, across.slopes),
                    self._product(f, source, n, dy, down.slopes, across.taps),
                ]
                if adds:
                    found = [scalar(f, "fadd", f.load(dg, k), each) for k, each in enumerate(found)]
                else:
                    f.store_vector(f.zero, dg)
                for k, each in enumerate(found):
                    f.do(f"store float {each}, ptr {f.at(dg, k)}, align 4")

            _each_position(f, [places, gradient, to], position)

        about = plan.about(self.family, [gradient, places, source], [to])
        plan.stage("backward", f"back through {self.name} to {grid}", "images", body, about)

    def _product(
        self,
        f: Function,
        source: Place,
        n: Index,
        dy: Value,
        rows: Sequence[Tap],
        columns: Sequence[Tap],
    ) -> Value:
        """Σ ∂y · (x of the corners, times their factors) over channels, a scalar."""
        around = self._corners(f, source, n, rows, columns)

        def channels(c: Index, real: Value | None, total: Value) -> Value:
            return f.fma(mixed(f, around, c), f.load_vector(dy, c), total)

        add = partial(f.vector, "fadd")
        total = over_channels(f, source.layout.channels, f.zero, channels, add)
        return f.value(f"extractelement {f.vectors.float} {total}, i32 0")

    def _corners(
        self, f: Function, place: Place, n: Index, rows: Sequence[Tap], columns: Sequence[Tap]
    ) -> list[Corner]:
        steps = place.layout.row, place.layout.pitch
        return corners(f, start_of(f, place, n), steps, rows, columns)

    def _beside(self, f: Function, place: Place, g: Value) -> tuple[Beside, Beside]:
        """The rows and columns beside the place that a position of the grid names."""
        operation = self.region.operation
        assert isinstance(operation, ops.GridSample)
        layout = place.layout
        return (
            _on_axis(f, f.load(g, 1), layout.height, *operation.place(layout.height)),
            _on_axis(f, f.load(g, 0), layout.width, *operation.place(layout.width)),
        )


def _on_axis(f: Function, number: Value, length: int, scale: float, offset: float) -> Beside:
    scaled = scalar(f, "fmul", number, hexadecimal(scale))
    place = scalar(f, "fadd", scaled, hexadecimal(offset))
    # What is far away, or no number, has its two positions outside.
    for condition, bound in (("ogt", hexadecimal(-2.0)), ("olt", hexadecimal(length + 1.0))):
        near = f.value(f"fcmp {condition} float {place}, {bound}")
        place = f.value(f"select i1 {near}, float {place}, float {bound}")
    cut = f.value(f"fptosi float {place} to i64")
    above = f.value(f"fcmp ogt float {as_float(f, cut)}, {place}")  # cut towards 0, not down
    low = f.value(f"sub i64 {cut}, {f.value(f'zext i1 {above} to i64')}")
    high = f.add(low, 1)
    share = scalar(f, "fsub", place, as_float(f, low))
    taps: list[Tap] = []
    slopes: list[Tap] = []
    for position, factor, slope in (
        (low, scalar(f, "fsub", ONE, share), -scale),
        (high, share, scale),
    ):
        inside = f.value(f"icmp ult i64 {position}, {length}")
        at = f.within(position, length - 1)
        for found, part in ((taps, factor), (slopes, hexadecimal(slope))):
            found.append(Tap(at, f.value(f"select i1 {inside}, float {part}, float {ZERO}")))
    return Beside(taps, slopes)


def _each_position(
    f: Function, places: Sequence[Place], body: Callable[[Index, list[Value]], None]
) -> None:
    """Append a loop over images and positions of buffers of one height and width.

    Args:
        f: The function.
        places: The buffers.
        body: Given the image, and a pointer to the position's first channel in each buffer.
    """
    layout = places[0].layout

    def image(n: Index) -> None:
        starts = [start_of(f, place, n) for place in places]

        def row(y: Index, _: list[Value]) -> list[Value]:
            def column(x: Index, _: list[Value]) -> list[Value]:
                at = []
                for start, place in zip(starts, places, strict=True):
                    down = f.multiply(y, place.layout.row)
                    at.append(f.at(start, f.add(down, f.multiply(x, place.layout.pitch))))
                body(n, at)
                return []

            return f.loop(0, layout.width, 1, column)

        f.loop(*f.extent("rows", layout.height), 1, row)

    each_image(f, image)
