"""Kernels transformed for Winograd's convolutions, copied again whenever they have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.doubles import Doubles

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.emit.winograd_forms import Form
    from pellucid.engines.native.memory.geometry import Packing


def transform_kernels(
    f: Function,
    form: Form,
    packing: Packing,
    source: Value,
    target: Value,
    blocks: tuple[Index, Index],
    channels: tuple[Index, Index],
    *,
    biased: bool,
) -> None:
    """Append the code that makes U of packed kernels, in double precision until it is stored.

    Args:
        f: The function.
        form: How.
        packing: Of the kernels as they are.
        source: Pointer to them.
        target: Pointer to U.
        blocks: From which to before which block of filters.
        channels: From which to before which channel.
        biased: Whether the biases are copied too.
    """
    doubles, width = Doubles(f), packing.width
    block_size = (form.products * packing.channels + 1) * width

    def block(ob: Index, _: list[Value]) -> list[Value]:
        from_ = f.at(source, f.multiply(ob, packing.block))
        to = f.at(target, f.multiply(ob, block_size))

        def channel(c: Index, _: list[Value]) -> list[Value]:
            def vector(v: Index, _: list[Value]) -> list[Value]:
                place = f.add(f.multiply(c, width), v)
                k, u = f.at(from_, place), f.at(to, place)
                plane = packing.channels * width
                down, across = packing.taps
                taps = [
                    [
                        doubles.widen(f.load_vector(k, (y * across + x) * plane))
                        for x in range(across)
                    ]
                    for y in range(down)
                ]
                points = form.transform_kernel(doubles, taps)
                for p, value in enumerate(value for row in points for value in row):
                    f.store_vector(doubles.narrow(value), u, p * plane)
                return []

            return f.loop(0, width, packing.lanes, vector)

        f.loop(*channels, 1, channel)
        if not biased:
            return []
        biases, there = packing.depth * width, form.products * packing.channels * width
        for column in packing.columns:
            f.store_vector(f.load_vector(from_, biases + column), to, there + column)
        return []

    f.loop(*blocks, 1, block)
