"""Feature maps made larger or smaller."""

from __future__ import annotations

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
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class Resize(Kernel):
    """A resizing in a plan; positions and factors are found while it runs."""

    family: ClassVar[str] = "resampling"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Resize,)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y = Σ factor · x over the positions beside each output's place."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]

        def body(f: Function) -> None:
            def position(at: list[Corner], y: Value) -> None:
                each_vector(f, target.layout.pitch, lambda c: f.store_vector(mixed(f, at, c), y, c))

            self._each_output(f, source, target, position)

        rows, columns, channels = plan.shape(region.target)
        about = plan.about(self.family, [source], [target])
        single = Split("rows", rows, rows * columns * channels)
        plan.stage(plan.forward, self.name, "images", body, about, single=single)

    def backward(self) -> None:
        """Append the backward pass: each output's gradient is added to what it read."""
        plan, region = self.plan, self.region
        name = region.sources[0]
        if not plan.wants_gradient(name):
            return
        gradient, to, adds = plan.gradients[region.target], plan.gradients[name], plan.adds(name)

        def body(f: Function) -> None:
            if not adds:
                clear(f, to)
            pitch = gradient.layout.pitch
            self._each_output(f, to, gradient, lambda at, dy: spread(f, dy, at, pitch))

        about = plan.about(self.family, [gradient], [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    @property
    def _operation(self) -> ops.Resize:
        assert isinstance(self.region.operation, ops.Resize)
        return self.region.operation

    def _each_output(
        self, f: Function, source: Place, target: Place, body: Callable[[list[Corner], Value], None]
    ) -> None:
        """Append a loop over images and outputs.

        Args:
            f: The function.
            source: What lies as the input.
            target: What lies as the output.
            body: Given the input positions that an output reads, and a pointer to the output.
        """
        of, to = source.layout, target.layout

        def image(n: Index) -> None:
            x, y = start_of(f, source, n), start_of(f, target, n)

            def row(i: Index, _: list[Value]) -> list[Value]:
                rows = self._beside(f, i, of.height, to.height)
                line = f.at(y, f.multiply(i, to.row))

                def column(j: Index, _: list[Value]) -> list[Value]:
                    columns = self._beside(f, j, of.width, to.width)
                    at = corners(f, x, (of.row, of.pitch), rows, columns)
                    body(at, f.at(line, f.multiply(j, to.pitch)))
                    return []

                return f.loop(0, to.width, 1, column)

            f.loop(*f.extent("rows", to.height), 1, row)

        each_image(f, image)

    def _beside(self, f: Function, i: Index, length: int, output: int) -> list[Tap]:
        """The positions that output i reads along an axis; as :mod:`pellucid.ops.resize` has it."""
        twice = f.multiply(f.add(f.multiply(i, 2), 1), length)
        if self._operation.method == "nearest":
            return [Tap(f.divide(twice, 2 * output), ONE)]
        over = f.within(f.add(twice, -output), 2 * output * (length - 1))
        low = f.divide(over, 2 * output)
        rest = f.add(over, f.multiply(low, -2 * output))
        share = scalar(f, "fmul", as_float(f, rest), hexadecimal(1.0 / (2 * output)))
        high = f.smaller(f.add(low, 1), length - 1)
        return [Tap(low, scalar(f, "fsub", ONE, share)), Tap(high, share)]
