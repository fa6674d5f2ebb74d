"""Grids of places, made of the numbers of an affine or a projective map."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import ONE, as_float, scalar
from pellucid.engines.native.emit.images import each_image, start_of
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.ops.plane_grid import PlaneGrid as Grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Layout
    from pellucid.ops.operation import Operation


class PlaneGrid(Kernel):
    """A grid of a matrix in a plan."""

    family: ClassVar[str] = "resampling"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.AffineGrid, ops.ProjectiveGrid)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y = θ · (u, v, 1) at each position."""
        plan, region = self.plan, self.region
        identity = self._operation.identity
        source, target = plan.values[region.sources[0]], plan.values[region.target]

        def body(f: Function) -> None:
            def image(n: Index) -> None:
                at = start_of(f, source, n)
                scale = hexadecimal(self._operation.scale)
                theta = [scalar(f, "fmul", f.load(at, k), scale) for k in range(len(identity))]
                if self._operation.relative:
                    theta = [
                        scalar(f, "fadd", t, hexadecimal(one)) if one else t
                        for t, one in zip(theta, identity, strict=True)
                    ]
                if len(theta) % 3:
                    theta.append(ONE)

                def position(y: Value, uv: tuple[Value, Value], _: list[Value]) -> list[Value]:
                    f.store_vector(f.zero, y)
                    for k in range(self._operation.rows):
                        of = [scalar(f, "fmul", theta[3 * k + m], uv[m]) for m in (0, 1)]
                        total = scalar(f, "fadd", scalar(f, "fadd", *of), theta[3 * k + 2])
                        f.do(f"store float {total}, ptr {f.at(y, k)}, align 4")
                    return []

                self._each_position(f, target.layout, start_of(f, target, n), position)

            each_image(f, image)

        about = plan.about(self.family, [source], [target])
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂θ = Σ ∂y · (u, v, 1)."""
        plan, region = self.plan, self.region
        name = region.sources[0]
        if not plan.wants_gradient(name):
            return
        gradient, to, adds = plan.gradients[region.target], plan.gradients[name], plan.adds(name)

        def body(f: Function) -> None:
            def position(dy: Value, uv: tuple[Value, Value], sums: list[Value]) -> list[Value]:
                parts = []
                for k in range(self._operation.rows):
                    own = f.load(dy, k)
                    parts += [*(scalar(f, "fmul", own, each) for each in uv), own]
                return [
                    scalar(f, "fadd", total, part)
                    for total, part in zip(sums, parts[: len(sums)], strict=True)
                ]

            def image(n: Index) -> None:
                at, dy = start_of(f, to, n), start_of(f, gradient, n)
                count = len(self._operation.identity)
                sums = self._each_position(f, gradient.layout, dy, position, count)
                if not adds:
                    for first in range(0, to.layout.pitch, f.vectors.lanes):
                        f.store_vector(f.zero, at, first)
                scale = hexadecimal(self._operation.scale)
                for k, each in enumerate(sums):
                    total = scalar(f, "fmul", each, scale)
                    whole = scalar(f, "fadd", f.load(at, k), total) if adds else total
                    f.do(f"store float {whole}, ptr {f.at(at, k)}, align 4")

            each_image(f, image)

        about = plan.about(self.family, [gradient], [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    @property
    def _operation(self) -> Grid:
        assert isinstance(self.region.operation, Grid)
        return self.region.operation

    def _each_position(
        self,
        f: Function,
        layout: Layout,
        start: Value,
        body: Callable[[Value, tuple[Value, Value], list[Value]], list[Value]],
        running: int = 0,
    ) -> list[Value]:
        """Append a loop over an image's positions.

        Args:
            f: The function.
            layout: Of the grid.
            start: Pointer to its position (0, 0).
            body: Given a pointer to the position, its (u, v), and the running scalars; gives their
                new values.
            running: How many running scalars there are; they start at zero.
        """

        def row(i: Index, totals: list[Value]) -> list[Value]:
            line, v = f.at(start, f.multiply(i, layout.row)), self._place(f, i, layout.height)

            def column(j: Index, sums: list[Value]) -> list[Value]:
                at = f.at(line, f.multiply(j, layout.pitch))
                return body(at, (self._place(f, j, layout.width), v), sums)

            # Each row's are summed by themselves first, so that long sums stay exact.
            zeros = [("float", hexadecimal(0.0))] * running
            sums = f.loop(0, layout.width, 1, column, zeros)
            return [scalar(f, "fadd", a, b) for a, b in zip(totals, sums, strict=True)]

        return f.loop(0, layout.height, 1, row, [("float", hexadecimal(0.0))] * running)

    def _place(self, f: Function, k: Index, length: int) -> Value:
        """Where position k of an axis is, from −1 to 1; as :mod:`pellucid.ops.plane_grid` says."""
        if self._operation.align_corners:
            if length == 1:
                return hexadecimal(0.0)
            part = scalar(f, "fmul", as_float(f, f.multiply(k, 2)), hexadecimal(1 / (length - 1)))
        else:
            twice = as_float(f, f.add(f.multiply(k, 2), 1))
            part = scalar(f, "fmul", twice, hexadecimal(1 / length))
        return scalar(f, "fsub", part, hexadecimal(1.0))
