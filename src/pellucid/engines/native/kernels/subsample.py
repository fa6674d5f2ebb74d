"""Trainable subsampling: a window's sum, times a coefficient, plus a bias, one a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import clear, each_image, each_vector, start_of
from pellucid.engines.native.kernels.channel_weights import Rows
from pellucid.engines.native.kernels.windows import Windows

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.kernels.windows import Run
    from pellucid.ops.operation import Operation

COEFFICIENT, BIAS = 0, 1


class Subsample(Rows):
    """A trainable subsampling in a plan."""

    family: ClassVar[str] = "windows"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Subsample,)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region, ("coefficient", "bias"))
        operation = region.operation
        assert isinstance(operation, ops.Subsample)
        layout = self.source.layout
        self.windows = Windows(operation.window, layout.height, layout.width)

    def forward(self) -> None:
        """Append y = coefficient · Σ x + bias."""
        about = self.plan.about(self.family, [self.source], [self.target])
        self.plan.stage(self.plan.forward, self.name, "images", self._forward, about)

    def _forward(self, f: Function) -> None:
        source, target, windows = self.source.layout, self.target.layout, self.windows

        def image(n: Index) -> None:
            x, y = start_of(f, self.source, n), start_of(f, self.target, n)

            def output(rows: Run, columns: Run, i: Index, j: Index) -> None:
                from_ = f.at(x, windows.first_position(f, source, rows, columns, i, j))
                to = f.at(y, windows.output(f, target, rows, columns, i, j))
                offsets, _ = windows.taps(source, rows, columns)

                def channels(c: Index) -> None:
                    total = _sum(f, f.at(from_, c), offsets)
                    value = f.fma(self.row(f, COEFFICIENT, c), total, self.row(f, BIAS, c))
                    f.store_vector(value, to, c)

                each_vector(f, self.pitch, channels)

            windows.each_output(f, output)

        each_image(f, image)

    def backward(self) -> None:
        """Append each image's gradients of coefficients and biases, and ∂x."""
        source = self.region.sources[0]
        plan = self.plan
        wanted = plan.wants_gradient(source)
        adds = wanted and plan.adds(source)
        reads = [plan.gradients[self.region.target], self.source]
        about = plan.about(self.family, reads, [plan.gradients[source]] if wanted else [])

        def body(f: Function) -> None:
            self._backward(f, wanted=wanted, adds=adds)

        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def _backward(self, f: Function, *, wanted: bool, adds: bool) -> None:
        plan, windows, source = self.plan, self.windows, self.source.layout
        gradient = plan.gradients[self.region.target]
        to = plan.gradients[self.region.sources[0]] if wanted else None

        def image(n: Index) -> None:
            x, dy = start_of(f, self.source, n), start_of(f, gradient, n)
            dx = start_of(f, to, n) if to is not None else None
            sums = self.sums.of(f, n)
            each_vector(f, self.parameter.size, lambda i: f.store_vector(f.zero, sums, i))

            def output(rows: Run, columns: Run, i: Index, j: Index) -> None:
                from_ = f.at(x, windows.first_position(f, source, rows, columns, i, j))
                at = f.at(dy, windows.output(f, gradient.layout, rows, columns, i, j))
                offsets, _ = windows.taps(source, rows, columns)

                def channels(c: Index) -> None:
                    value, total = f.load_vector(at, c), _sum(f, f.at(from_, c), offsets)
                    here = f.at(sums, c)
                    f.store_vector(f.fma(value, total, f.load_vector(here)), here)
                    bias = f.vector("fadd", value, f.load_vector(here, self.pitch))
                    f.store_vector(bias, here, self.pitch)
                    if dx is not None and to is not None:
                        share = f.vector("fmul", value, self.row(f, COEFFICIENT, c))
                        first = windows.first_position(f, to.layout, rows, columns, i, j)
                        places, _ = windows.taps(to.layout, rows, columns)
                        _spread(f, share, f.at(dx, f.add(first, c)), places)

                each_vector(f, self.pitch, channels)

            windows.each_output(f, output)

        if to is not None and not adds:
            clear(f, to)
        each_image(f, image)


def _sum(f: Function, start: Value, offsets: list[int]) -> Value:
    total = f.load_vector(start, offsets[0])
    for offset in offsets[1:]:
        total = f.vector("fadd", total, f.load_vector(start, offset))
    return total


def _spread(f: Function, share: Value, start: Value, offsets: list[int]) -> None:
    for offset in offsets:
        total = f.vector("fadd", f.load_vector(start, offset), share)
        f.store_vector(total, start, offset)
