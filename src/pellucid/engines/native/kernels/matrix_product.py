"""Products of two sequences as matrices: what attention scores, and what it takes.

Either each row of the product is made of whole rows of a factor, weighted by numbers of the other,
or each of its numbers is the sum over two rows. Forward is one of these, and both gradients are.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_image, start_of
from pellucid.engines.native.emit.lanes import over_channels
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation

TOGETHER = 4
"""Vectors of a row that are summed at a time, so that none waits for its own last sum."""


class MatrixProduct(Kernel):
    """A product of two sequences in a plan."""

    family: ClassVar[str] = "products of rows"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.MatrixProduct,)

    @property
    def _operation(self) -> ops.MatrixProduct:
        assert isinstance(self.region.operation, ops.MatrixProduct)
        return self.region.operation

    @property
    def _factor(self) -> float:
        return self._operation.factor(self.region.inputs[0][1])

    def forward(self) -> None:
        """Append y = a·b or a·bᵀ, scaled."""
        plan, region = self.plan, self.region
        a, b = (plan.values[name] for name in region.sources)
        made = _of_two_rows if self._operation.transposed else _weighted
        self._append(plan.forward, self.name, made, (a, b), plan.values[region.target])

    def backward(self) -> None:
        """Append the gradients at both, each a product of the one at y and of the other."""
        plan, region = self.plan, self.region
        a, b = (plan.values[name] for name in region.sources)
        dy = plan.gradients[region.target]
        if self._operation.transposed:  # ∂a = ∂y·b, ∂b = ∂yᵀ·a
            ways = (_weighted, (dy, b)), (_weighted_by_columns, (dy, a))
        else:  # ∂a = ∂y·bᵀ, ∂b = aᵀ·∂y
            ways = (_of_two_rows, (dy, b)), (_weighted_by_columns, (a, dy))
        for name, (made, factors) in zip(region.sources, ways, strict=True):
            if plan.wants_gradient(name):
                adds = plan.adds(name)
                stage = f"back through {self.name} to {name}"
                self._append("backward", stage, made, factors, plan.gradients[name], adds=adds)

    def _append(
        self,
        schedules: str | tuple[str, ...],
        name: str,
        made: Callable[..., None],
        factors: tuple[Place, Place],
        to: Place,
        *,
        adds: bool = False,
    ) -> None:
        def body(f: Function) -> None:
            def image(n: Index) -> None:
                starts = [start_of(f, place, n) for place in (*factors, to)]
                made(f, (*factors, to), starts, self._factor, adds=adds)

            each_image(f, image)

        flops = 2 * self._operation.multiply_adds(*self.region.inputs)
        about = self.plan.about(self.family, factors, [to], flops=flops)
        self.plan.stage(schedules, name, "images", body, about)


def _weighted(
    f: Function, places: tuple[Place, ...], at: list[Value], factor: float, *, adds: bool
) -> None:
    """y[t] = Σ_l a[t, l] · b[l]."""
    a, _, _ = places
    _sum_rows(f, places, at, (a.layout.width, a.layout.pitch), (a.layout.channels, 1), factor, adds)


def _weighted_by_columns(
    f: Function, places: tuple[Place, ...], at: list[Value], factor: float, *, adds: bool
) -> None:
    """y[l] = Σ_t a[t, l] · b[t]."""
    a, _, _ = places
    _sum_rows(f, places, at, (a.layout.channels, 1), (a.layout.width, a.layout.pitch), factor, adds)


def _sum_rows(
    f: Function,
    places: tuple[Place, ...],
    at: list[Value],
    outer: tuple[int, int],
    inner: tuple[int, int],
    factor: float,
    adds: bool,
) -> None:
    """Rows of y, each a sum of rows of b, weighted by numbers of a.

    Args:
        f: The function.
        places: a, b and y.
        at: Where the image begins in each.
        outer: Rows of y, and floats from the number of a for one to that for the next.
        inner: The same of rows of b.
        factor: What all sums are multiplied with.
        adds: Whether they are added to what is there.
    """
    _, b, y = places
    lanes, pitch = f.vectors.lanes, y.layout.pitch
    (rows, down), (terms, along) = outer, inner

    def row(t: Index, _: list[Value]) -> list[Value]:
        numbers = f.at(at[0], f.multiply(t, down))
        to = f.at(at[2], f.multiply(t, pitch))

        def columns(c: Index, count: int) -> None:
            def term(k: Index, sums: list[Value]) -> list[Value]:
                number = f.broadcast(f.load(numbers, f.multiply(k, along)))
                line = f.at(at[1], f.add(f.multiply(k, b.layout.pitch), c))
                return [
                    f.fma(number, f.load_vector(line, i * lanes), each)
                    for i, each in enumerate(sums)
                ]

            found = f.loop(0, terms, 1, term, [(f.vectors.float, f.zero)] * count)
            for i, each in enumerate(found):
                _store(f, _scaled(f, each, factor), to, f.add(c, i * lanes), adds=adds)

        wide = TOGETHER * lanes

        def together(c: Index, _: list[Value]) -> list[Value]:
            columns(c, TOGETHER)
            return []

        f.loop(0, pitch // wide * wide, wide, together)
        if left := pitch % wide // lanes:
            columns(pitch // wide * wide, left)
        return []

    f.loop(0, rows, 1, row)


def _of_two_rows(
    f: Function, places: tuple[Place, ...], at: list[Value], factor: float, *, adds: bool
) -> None:
    """y[t, l] = Σ_d a[t, d] · b[l, d]."""
    a, b, y = places
    lanes, count = f.vectors.lanes, y.layout.channels
    add = partial(f.vector, "fadd")

    def row(t: Index, _: list[Value]) -> list[Value]:
        mine = f.at(at[0], f.multiply(t, a.layout.pitch))
        to = f.at(at[2], f.multiply(t, y.layout.pitch))
        if count % lanes and not adds:  # zeros behind the last number
            f.store_vector(f.zero, to, count // lanes * lanes)

        def number(k: Index, _: list[Value]) -> list[Value]:
            other = f.at(at[1], f.multiply(k, b.layout.pitch))

            def product(c: Index, _: Value | None, total: Value) -> Value:
                return f.fma(f.load_vector(mine, c), f.load_vector(other, c), total)

            total = over_channels(f, a.layout.channels, f.zero, product, add)
            found = f.value(f"extractelement {f.vectors.float} {_scaled(f, total, factor)}, i32 0")
            if adds:
                found = f.value(f"fadd float {found}, {f.load(to, k)}")
            f.do(f"store float {found}, ptr {f.at(to, k)}, align 4")
            return []

        return f.loop(0, count, 1, number)

    f.loop(0, y.layout.width, 1, row)


def _scaled(f: Function, total: Value, factor: float) -> Value:
    return total if factor == 1.0 else f.vector("fmul", total, f.constant(factor))


def _store(f: Function, total: Value, at: Value, c: Index, *, adds: bool) -> None:
    if adds:
        total = f.vector("fadd", total, f.load_vector(at, c))
    f.store_vector(total, at, c)
