"""Multiplication of two values: of one shape, or by one number a channel, or one a position."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import (
    each_channel_vector,
    each_image,
    each_vector,
    over_positions,
    start_of,
)
from pellucid.engines.native.emit.lanes import keep, lanes_from, over_channels
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Layout, Place
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Multiply(Kernel):
    """A multiplication in a plan."""

    family: ClassVar[str] = "products"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Multiply,)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if reason := super().declines(region, target):
            return reason
        first, second = region.inputs
        shapes = (first, first[-1:], (1, 1, first[-1]), (*first[:-1], 1))
        return "" if second in shapes else "the second is one number a row, a column or an image"

    def forward(self) -> None:
        """Append y = a · b."""
        plan, region = self.plan, self.region
        first, second = (plan.values[name] for name in region.sources)
        target = plan.values[region.target]

        def body(f: Function) -> None:
            def vector(at: list[Value], c: Index, real: Value | None) -> None:
                product = f.vector("fmul", f.load_vector(at[0], c), _second(f, second, at[1], c))
                f.store_vector(keep(f, real, product), at[2], c)

            _each_vector(f, [first, second, target], vector)

        about = plan.about(self.family, [first, second], [target])
        plan.stage(
            plan.forward, self.name, "images", body, about, single=plan.by_rows(region.target)
        )

    def backward(self) -> None:
        """Append ∂a = ∂y · b, and ∂b = Σ ∂y · a over what shares a number of b."""
        plan, region = self.plan, self.region
        names, gradient = region.sources, plan.gradients[region.target]
        values = [plan.values[name] for name in names]
        for branch, name in enumerate(names):
            if not plan.wants_gradient(name):
                continue
            to, adds, other = plan.gradients[name], plan.adds(name), values[1 - branch]
            write = _elementwise if branch == 0 or _alike(to.layout, gradient.layout) else _summed

            def body(
                f: Function,
                write: Callable[..., None] = write,
                places: Sequence[Place] = (gradient, other, to),
                adds: bool = adds,
            ) -> None:
                write(f, *places, adds=adds)

            about = plan.about(self.family, [gradient, other], [to])
            stage = f"back through {self.name} to {name}"
            plan.stage("backward", stage, "images", body, about)


def _alike(one: Layout, other: Layout) -> bool:
    return (one.height, one.width, one.channels) == (other.height, other.width, other.channels)


def _elementwise(f: Function, gradient: Place, other: Place, to: Place, *, adds: bool) -> None:
    """∂x = ∂y · the other, at each place."""

    def vector(at: list[Value], c: Index, real: Value | None) -> None:
        product = f.vector("fmul", f.load_vector(at[0], c), _second(f, other, at[1], c))
        _store(f, keep(f, real, product), at[2], c, adds=adds)

    _each_vector(f, [gradient, other, to], vector)


def _summed(f: Function, gradient: Place, other: Place, to: Place, *, adds: bool) -> None:
    """∂b = Σ ∂y · a, over positions where b has one number a channel, else over channels."""

    def product(at: list[Value], c: Index = 0) -> Value:
        return f.vector("fmul", f.load_vector(at[0], c), f.load_vector(at[1], c))

    def one_number(at: list[Value], _: list[Value]) -> list[Value]:
        total = over_channels(
            f,
            gradient.layout.channels,
            f.zero,
            lambda c, _, total: f.vector("fadd", total, product(at, c)),
            partial(f.vector, "fadd"),
        )
        _store(f, keep(f, lanes_from(f, 0, 1), total), at[2], 0, adds=adds)
        return []

    def image(n: Index) -> None:
        dy, x, db = (start_of(f, place, n) for place in (gradient, other, to))
        if to.layout.channels != gradient.layout.channels:
            over_positions(f, [(gradient, dy), (other, x), (to, db)], 0, one_number)
            return

        def channels(c: Index) -> None:
            (total,) = over_positions(
                f,
                [(gradient, dy), (other, x)],
                c,
                lambda at, sums: [f.vector("fadd", sums[0], product(at))],
                1,
            )
            _store(f, total, db, c, adds=adds)

        each_vector(f, to.layout.pitch, channels)

    each_image(f, image)


def _second(f: Function, place: Place, at: Value, c: Index) -> Value:
    """A vector of the second value's channels, or its one number in every lane."""
    return f.load_vector(at, c) if place.layout.channels > 1 else f.broadcast(f.load(at))


def _store(f: Function, total: Value, at: Value, c: Index, *, adds: bool) -> None:
    if adds:
        total = f.vector("fadd", total, f.load_vector(at, c))
    f.store_vector(total, at, c)


def _each_vector(
    f: Function,
    places: Sequence[Place],
    body: Callable[[list[Value], Index, Value | None], None],
) -> None:
    """Append a loop over the vectors of the first buffer, with pointers into all of them.

    Buffers of one position are at it everywhere.
    """
    layout = places[0].layout

    def moved(place: Place, at: Value, row: Index, column: Index) -> Value:
        shared = place.layout.height == place.layout.width == 1
        if shared:
            return at
        steps = f.multiply(row, place.layout.row), f.multiply(column, place.layout.pitch)
        return f.at(at, f.add(*steps))

    def image(n: Index) -> None:
        starts = [start_of(f, place, n) for place in places]

        def row(y: Index, _: list[Value]) -> list[Value]:
            def position(x: Index, _: list[Value]) -> list[Value]:
                at = [moved(p, s, y, x) for p, s in zip(places, starts, strict=True)]
                each_channel_vector(f, layout.channels, lambda c, real: body(at, c, real))
                return []

            return f.loop(0, layout.width, 1, position)

        f.loop(*f.extent("rows", layout.height), 1, row)

    each_image(f, image)
