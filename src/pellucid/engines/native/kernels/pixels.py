"""Inputs: pixels, as bytes or floats, and other numbers, to normalised floats."""

from __future__ import annotations

from functools import partial
from math import lcm
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.text import hexadecimal
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

                    if layout.pitch == channels <= UNROLLED:
                        rows_of_numbers(f, operation, width, pixels, values, kind)
                    else:
                        positions(f, operation, width, pixels, values, kind, layout.pitch)
                    return []

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


def rows_of_numbers(
    f: Function, operation: ops.Normalise, width: int, pixels: Value, values: Value, kind: str
) -> None:
    """Append the code of a row whose numbers follow each other: vectors of them, then the rest.

    Which channels a vector holds is the same again after a few.

    Args:
        f: The function.
        operation: What is done to each number.
        width: Positions in the row.
        pixels: Pointer to its first number.
        values: Pointer to the first float.
        kind: What is read, ``i8`` or ``float``.
    """
    pairs, lanes = list(zip(operation.mean, operation.std, strict=True)), f.vectors.lanes
    numbers, channels = width * len(pairs), len(pairs)
    period = lcm(lanes, channels)

    def vector(start: Index, first: int) -> None:
        mine = [pairs[(first + lane) % channels] for lane in range(lanes)]
        means, stds = (f.constants(each) for each in zip(*mine, strict=True))
        if kind == "i8":
            whole = f.load_bytes(pixels, start)
            number = f.value(f"sitofp {f.vectors.int} {whole} to {f.vectors.float}")
        else:
            at = f.at(pixels, start)
            number = f.value(f"load {f.vectors.float}, ptr {at}, align 1")
        centred = f.vector("fsub", number, means)
        f.store_vector(f.vector("fdiv", centred, stds), values, start)

    def turn(i: Index, _: list[Value]) -> list[Value]:
        for first in range(0, period, lanes):
            vector(f.add(i, first), first)
        return []

    whole = numbers // period * period
    f.loop(0, whole, period, turn)
    rest = whole + (numbers - whole) // lanes * lanes
    for start in range(whole, rest, lanes):
        vector(start, start - whole)
    for at in range(rest, numbers):
        one_number(f, pairs[at % channels], f.at(pixels, at, kind), f.at(values, at), kind)


def positions(
    f: Function,
    operation: ops.Normalise,
    width: int,
    pixels: Value,
    values: Value,
    kind: str,
    pitch: int,
) -> None:
    """Append the code of a row position by position, as :func:`rows_of_numbers` otherwise.

    ``pitch`` is how many floats lie between one position and the next.
    """
    pairs = list(zip(operation.mean, operation.std, strict=True))
    channels = len(pairs)

    def position(x: Index, _: list[Value]) -> list[Value]:
        def channel(c: Index, pair: tuple[float, float]) -> None:
            at = f.at(pixels, f.add(f.multiply(x, channels), c), kind)
            where = f.at(values, f.add(f.multiply(x, pitch), c))
            one_number(f, pair, at, where, kind)

        if channels > UNROLLED and len(set(pairs)) == 1:
            for_each(f, channels, lambda c: channel(c, pairs[0]))
        else:
            for c, pair in enumerate(pairs):
                channel(c, pair)
        return []

    f.loop(0, width, 1, position)


def one_number(f: Function, pair: tuple[float, float], at: Value, where: Value, kind: str) -> None:
    """Append (number − mean) / std of the pair given, from one place to another."""
    number = f.value(f"load {kind}, ptr {at}, align 1")
    if kind == "i8":
        number = f.value(f"uitofp i8 {number} to float")
    mean, std = map(hexadecimal, pair)
    centred = f.value(f"fsub float {number}, {mean}")
    value = f.value(f"fdiv float {centred}, {std}")
    f.do(f"store float {value}, ptr {where}, align 4")


def for_each(f: Function, count: int, body: Callable[[Index], None]) -> None:
    """Append a loop over 0 .. count − 1 that carries nothing along."""

    def one(i: Index, _: list[Value]) -> list[Value]:
        body(i)
        return []

    f.loop(0, count, 1, one)
