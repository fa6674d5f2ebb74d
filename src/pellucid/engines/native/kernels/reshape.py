"""A flattening or reshaping that is more than another name: numbers copied to where they lie.

Most readers of a flat vector take feature maps as they lie; those that treat its values as channels
need them one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.channels import Slice, take_channels
from pellucid.engines.native.emit.images import each_image, each_position, start_of
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Layout, Place
    from pellucid.ops.operation import Operation


class Reshape(Kernel):
    """A flattening or reshaping that copies."""

    family: ClassVar[str] = "reshape"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Flatten, ops.Reshape)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y[k] = x[k] for the k-th number of each, channels innermost."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]
        run, lanes = self._run, plan.lanes
        whole = run // lanes * lanes

        def body(f: Function) -> None:
            def copy(from_: Value, to: Value) -> None:
                def vector(c: Index, _: list[Value]) -> list[Value]:
                    f.store_vector(f.load_vector(from_, c), to, c)
                    return []

                f.loop(0, whole, lanes, vector)
                for c in range(whole, run):  # a vector would reach into what follows
                    number = f.load(from_, c)
                    f.do(f"store float {number}, ptr {f.at(to, c)}, align 4")

            _fill_up(f, target)
            self._each(f, source, target, copy)

        about = plan.about(self.family, [source], [target])
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂x[k] = ∂y[k]."""
        plan, region = self.plan, self.region
        name = region.sources[0]
        if not plan.wants_gradient(name):
            return
        adds = plan.adds(name)
        gradient, to = plan.gradients[region.target], plan.gradients[name]
        run, lanes = self._run, plan.lanes

        def body(f: Function) -> None:
            def copy(into: Value, from_: Value) -> None:
                if run == to.layout.channels:
                    take_channels(f, Slice(into, 0, run), from_, adds=adds)
                    return
                whole = run // lanes * lanes

                def vector(c: Index, _: list[Value]) -> list[Value]:
                    value = f.load_vector(from_, c)
                    if adds:
                        value = f.vector("fadd", value, f.load_vector(into, c))
                    f.store_vector(value, into, c)
                    return []

                f.loop(0, whole, lanes, vector)
                for c in range(whole, run):
                    number = f.load(from_, c)
                    if adds:
                        number = f.value(f"fadd float {number}, {f.load(into, c)}")
                    f.do(f"store float {number}, ptr {f.at(into, c)}, align 4")

            if not adds and run < to.layout.channels:
                _fill_up(f, to)
            self._each(f, to, gradient, copy)

        about = plan.about(self.family, [gradient], [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    @property
    def _run(self) -> int:
        """How many numbers lie one after the other on both sides."""
        plan, region = self.plan, self.region
        return min(plan.shape(region.sources[0])[2], plan.shape(region.target)[2])

    def _each(self, f: Function, x: Place, y: Place, body: Callable[[Value, Value], None]) -> None:
        """Append a loop over all runs: pointers to the first number of one in both buffers."""
        layout, run = x.layout, self._run
        inside = layout.channels // run

        def image(n: Index) -> None:
            from_, to = start_of(f, x, n), start_of(f, y, n)

            def row(i: Index, _: list[Value]) -> list[Value]:
                def position(j: Index, _: list[Value]) -> list[Value]:
                    place = f.add(f.multiply(i, layout.row), f.multiply(j, layout.pitch))
                    first = f.multiply(f.add(f.multiply(i, layout.width), j), inside)

                    def part(k: Index, _: list[Value]) -> list[Value]:
                        number = f.add(first, k)
                        body(
                            f.at(from_, f.add(place, f.multiply(k, run))),
                            f.at(to, _place_of(f, y.layout, number, run)),
                        )
                        return []

                    return f.loop(0, inside, 1, part)

                return f.loop(0, layout.width, 1, position)

            f.loop(0, layout.height, 1, row)

        each_image(f, image)


def _fill_up(f: Function, place: Place) -> None:
    """Append zeros behind the last channel of each position, where vectors are not full."""
    last = place.layout.pitch - f.vectors.lanes
    if place.layout.pitch > place.layout.channels:
        each_position(f, [place], lambda at: f.store_vector(f.zero, at[0], last))


def _place_of(f: Function, layout: Layout, number: Index, run: int) -> Index:
    """Floats from position (0, 0) to the first number of a run, of those that a buffer holds."""
    inside = layout.channels // run
    position = f.divide(number, inside)
    part = f.add(number, f.multiply(position, -inside))
    row = f.divide(position, layout.width)
    column = f.add(position, f.multiply(row, -layout.width))
    at = f.add(f.multiply(row, layout.row), f.multiply(column, layout.pitch))
    return f.add(at, f.multiply(part, run))
