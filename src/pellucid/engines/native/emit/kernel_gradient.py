"""The gradient of a kernel: for every tap and channel, its sum of x · ∂y over outputs.

    ∂K[tap, c, o] = Σ_{n, i, j} x[n, i·stride + tap, c] · ∂y[n, i, j, o]
    ∂b[o] = Σ_{n, i, j} ∂y[n, i, j, o]

The same tile as in the forward pass: rows are (tap, channel), vectors are filters, and the
reduction runs over outputs and images. Its result lies packed as the kernel does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import ACCUMULATORS, cut, runs
from pellucid.engines.native.emit.outer_product import Steps, outer_product

if TYPE_CHECKING:
    from pellucid.engines.native.geometry import Convolution
    from pellucid.engines.native.ir import Function, Index, Value

OUTPUTS_AT_ONCE = 256
"""Outputs of an image that one tile goes over before the next does: what they read stays in L1."""


def accumulate_images(
    f: Function,
    convolution: Convolution,
    source: Value,
    gradient: Value,
    kernel: Value,
    images: tuple[Index, Index],
    blocks: tuple[Index, Index],
) -> None:
    """Append the code that adds some images' share to some blocks of the kernel's gradient.

    Args:
        f: The function.
        convolution: The forward one; its target is where ∂y lies.
        source: Pointer to x.
        gradient: Pointer to ∂y.
        kernel: Pointer to the packed gradient.
        images: First and last image.
        blocks: First and last block of filters.
    """
    first, last = images
    source = f.at(source, convolution.source_start)
    gradient = f.at(gradient, convolution.target_start)
    if convolution.single:
        steps = [
            Steps(_difference(f, last, first), convolution.source.image, convolution.target.image)
        ]
        x = f.at(source, f.multiply(first, convolution.source.image))
        dy = f.at(gradient, f.multiply(first, convolution.target.image))
        _all_blocks(f, convolution, x, dy, kernel, blocks, steps)
        return

    rows, columns = convolution.outputs
    step_y, step_x = convolution.source_step
    target_y, target_x = convolution.target_step

    def image(n: Index, _: list[Value]) -> list[Value]:
        x = f.at(source, f.multiply(n, convolution.source.image))
        dy = f.at(gradient, f.multiply(n, convolution.target.image))
        for y, height, count in runs(cut(rows, max(1, OUTPUTS_AT_ONCE // columns))):

            def part(i: Index, _: list[Value], y: int = y, height: int = height) -> list[Value]:
                row = f.add(f.multiply(i, height), y)
                _all_blocks(
                    f,
                    convolution,
                    f.at(x, f.multiply(row, step_y)),
                    f.at(dy, f.multiply(row, target_y)),
                    kernel,
                    blocks,
                    [Steps(height, step_y, target_y), Steps(columns, step_x, target_x)],
                )
                return []

            f.loop(0, count, 1, part)
        return []

    f.loop(first, last, 1, image)


def _all_blocks(
    f: Function,
    convolution: Convolution,
    x: Value,
    dy: Value,
    kernel: Value,
    blocks: tuple[Index, Index],
    steps: list[Steps],
) -> None:
    packing = convolution.packing

    def turn(ob: Index, _: list[Value]) -> list[Value]:
        block = f.at(kernel, f.multiply(ob, packing.block))
        part = f.at(dy, f.multiply(ob, packing.width))
        _kernel_rows(f, convolution, x, part, block, steps)
        _biases(f, convolution, part, f.at(block, packing.depth * packing.width), steps)
        return []

    f.loop(blocks[0], blocks[1], 1, turn)


def _kernel_rows(
    f: Function,
    convolution: Convolution,
    x: Value,
    dy: Value,
    block: Value,
    steps: list[Steps],
) -> None:
    """All taps and channels of one block, tile by tile."""
    packing = convolution.packing
    (taps_y, taps_x), channels = packing.taps, packing.channels
    step_y, step_x = convolution.tap_step
    if step_x == channels:  # neighbouring taps' channels lie one after the other: one longer run
        taps_x, channels = 1, taps_x * channels
    together = ACCUMULATORS // packing.vectors

    def tap_row(ky: Index, _: list[Value]) -> list[Value]:
        def tap(kx: Index, _: list[Value]) -> list[Value]:
            a = f.at(x, f.add(f.multiply(ky, step_y), f.multiply(kx, step_x)))
            before = f.multiply(f.add(f.multiply(ky, taps_x), kx), channels * packing.width)
            to = f.at(block, before)
            for c, size, count in runs(cut(channels, together)):

                def tile(i: Index, _: list[Value], c: int = c, size: int = size) -> list[Value]:
                    channel = f.add(f.multiply(i, size), c)
                    place = f.at(to, f.multiply(channel, packing.width))
                    _tile(f, convolution, f.at(a, channel), size, dy, place, steps)
                    return []

                f.loop(0, count, 1, tile)
            return []

        return f.loop(0, taps_x, 1, tap)

    f.loop(0, taps_y, 1, tap_row)


def _tile(
    f: Function,
    convolution: Convolution,
    a: Value,
    rows: int,
    dy: Value,
    place: Value,
    steps: list[Steps],
) -> None:
    packing = convolution.packing
    offsets = [
        r * packing.width + v * packing.lanes for r in range(rows) for v in range(packing.vectors)
    ]
    sums = [f.load_vector(place, offset) for offset in offsets]
    sums = outer_product(f, a, range(rows), dy, packing.vectors, steps, sums)
    for value, offset in zip(sums, offsets, strict=True):
        f.store_vector(value, place, offset)


def _biases(
    f: Function, convolution: Convolution, dy: Value, place: Value, steps: list[Steps]
) -> None:
    packing, kind = convolution.packing, f.vectors.float
    offsets = [v * packing.lanes for v in range(packing.vectors)]

    def nest(pointer: Value, left: list[Steps], sums: list[Value]) -> list[Value]:
        if not left:
            return [
                f.vector("fadd", total, f.load_vector(pointer, offset))
                for total, offset in zip(sums, offsets, strict=True)
            ]

        def turn(i: Index, running: list[Value]) -> list[Value]:
            return nest(f.at(pointer, f.multiply(i, left[0].b)), left[1:], running)

        return f.loop(0, left[0].count, 1, turn, [(kind, total) for total in sums])

    sums = nest(dy, steps, [f.load_vector(place, offset) for offset in offsets])
    for total, offset in zip(sums, offsets, strict=True):
        f.store_vector(total, place, offset)


def _difference(f: Function, a: Index, b: Index) -> Index:
    return f.add(a, f.multiply(b, -1))
