"""Inputs: pixels, as bytes or floats, and other numbers, to normalised floats."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.ir import hexadecimal
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.engines.native.kernels.plan import as_image
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


UNROLLED = 16
"""Channels whose code is written one by one; feature vectors have more."""


class Pixels(Kernel):
    """The first region of an input: (pixel − mean) / std.

    The largest input is read where the caller has it; others, as floats, where they were copied to.
    """

    family: ClassVar[str] = "bytes to floats"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Normalise,)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        return super().declines(region, target) if not region.sources else "is for pixels alone"

    def forward(self) -> None:
        """Append the first stage, for bytes and for floats, or for floats alone."""
        plan, region = self.plan, self.region
        feed = plan.feeds.get(region.source_input)
        operation = region.operation
        assert isinstance(operation, ops.Normalise)
        height, width, channels = as_image(region.inputs[0])
        place = plan.values[region.target]
        layout = place.layout

        def code(f: Function, *, floats: bool) -> None:
            kind = "float" if floats else "i8"
            given = "%pixels" if feed is None else buffer(f, feed)

            def image(n: Index, _: list[Value]) -> list[Value]:
                def row(y: Index, _: list[Value]) -> list[Value]:
                    line = f.add(
                        f.multiply(n, height * width * channels), f.multiply(y, width * channels)
                    )
                    pixels = f.at(given, line, kind)
                    to = f.add(
                        f.add(f.multiply(n, layout.image), layout.at(0, 0)),
                        f.multiply(y, layout.row),
                    )
                    values = f.at(buffer(f, place.offset), to)

                    def position(x: Index, _: list[Value]) -> list[Value]:
                        def channel(c: Index, mean: float, std: float) -> None:
                            at = f.at(pixels, f.add(f.multiply(x, channels), c), kind)
                            number = f.value(f"load {kind}, ptr {at}, align 1")
                            if not floats:
                                number = f.value(f"uitofp i8 {number} to float")
                            centred = f.value(f"fsub float {number}, {hexadecimal(mean)}")
                            value = f.value(f"fdiv float {centred}, {hexadecimal(std)}")
                            where = f.at(values, f.add(f.multiply(x, layout.pitch), c))
                            f.do(f"store float {value}, ptr {where}, align 4")

                        pairs = list(zip(operation.mean, operation.std, strict=True))
                        if channels > UNROLLED and len(set(pairs)) == 1:
                            for_each(f, channels, lambda c: channel(c, *pairs[0]))
                        else:
                            for c, pair in enumerate(pairs):
                                channel(c, *pair)
                        return []

                    return f.loop(0, width, 1, position)

                return f.loop(*f.extent("rows", height), 1, row)

            f.loop(*f.extent("images"), 1, image)

        both = {
            floats: tuple(name for name in plan.forward if name.endswith("_floats") == floats)
            for floats in (False, True)
        }
        for floats, schedules in both.items() if feed is None else [(True, plan.forward)]:
            read = plan.capacity * height * width * channels * (FLOAT if floats else 1)
            plan.stage(
                schedules,
                self.name,
                "images",
                partial(code, floats=floats),
                plan.about(self.family, [], [place], read=read),
                single=plan.by_rows(region.target),
            )

    def backward(self) -> None:
        """Nothing comes before the pixels."""


def for_each(f: Function, count: int, body: Callable[[Index], None]) -> None:
    """Append a loop over 0 .. count − 1 that carries nothing along."""

    def one(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    f.loop(0, count, 1, one)
