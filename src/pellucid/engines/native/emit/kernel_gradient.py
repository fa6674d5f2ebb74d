"""The gradient of a kernel: for every tap and channel, its sum of x · ∂y over outputs.

    ∂K[tap, c, o] = Σ_{n, i, j} x[n, i·stride + tap, c] · ∂y[n, i, j, o]
    ∂b[o] = Σ_{n, i, j} ∂y[n, i, j, o]

The same tile as in the forward pass: rows are (tap, channel), vectors are filters, and the
reduction runs over outputs and images. Its result lies packed as the kernel does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import runs, split_evenly
from pellucid.engines.native.emit.outer_product import Steps, outer_product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Convolution

OUTPUTS_AT_ONCE = 256
"""Outputs of an image that one tile goes over before the next does: what they read stays in L1."""

GATHER_FROM = 8
"""Tiles that must go over a block's ∂y before it is worth gathering."""

FEWEST_SUMS = 8
"""With fewer sums under way, the multipliers wait for each other's results."""


def accumulate_images(
    f: Function,
    convolution: Convolution,
    source: Value,
    gradient: Value,
    kernel: Value,
    images: tuple[Index, Index],
    blocks: tuple[Index, Index],
    scratch: Value,
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
        scratch: Pointer to :func:`scratch_floats` floats that only this thread uses.
    """
    first, last = images
    source = f.at(source, convolution.source_start)
    gradient = f.at(gradient, convolution.target_start)
    if convolution.single:
        count = difference(f, last, first)
        width = convolution.packing.width
        steps = [Steps(count, convolution.source.image, width)]
        places = [Steps(count, convolution.target.image, width)]
        x = f.at(source, f.multiply(first, convolution.source.image))
        dy = f.at(gradient, f.multiply(first, convolution.target.image))

        def dense(block: Value, part: Value) -> None:
            _gather(f, convolution, part, scratch, places)
            _one_block(f, convolution, x, scratch, block, steps)

        _each_block(f, convolution, dy, kernel, blocks, dense)
        return

    rows, columns = convolution.outputs
    step_y, step_x = convolution.source_step
    target_y, target_x = convolution.target_step

    def image(n: Index, _: list[Value]) -> list[Value]:
        x = f.at(source, f.multiply(n, convolution.source.image))
        dy = f.at(gradient, f.multiply(n, convolution.target.image))
        for y, height, count in runs(split_evenly(rows, _rows_at_once(convolution))):

            def part(i: Index, _: list[Value], y: int = y, height: int = height) -> list[Value]:
                row = f.add(f.multiply(i, height), y)
                x_here = f.at(x, f.multiply(row, step_y))
                width = convolution.packing.width
                gathered = [Steps(height, step_y, columns * width), Steps(columns, step_x, width)]
                places = [
                    Steps(height, target_y, columns * width),
                    Steps(columns, target_x, width),
                ]
                in_place = [Steps(height, step_y, target_y), Steps(columns, step_x, target_x)]

                def block(kernel_block: Value, dy_block: Value) -> None:
                    if not _worth_gathering(convolution):
                        _one_block(f, convolution, x_here, dy_block, kernel_block, in_place)
                        return
                    _gather(f, convolution, dy_block, scratch, places)
                    _one_block(f, convolution, x_here, scratch, kernel_block, gathered)

                dy_here = f.at(dy, f.multiply(row, target_y))
                _each_block(f, convolution, dy_here, kernel, blocks, block)
                return []

            f.loop(0, count, 1, part)
        return []

    f.loop(first, last, 1, image)


def scratch_floats(convolution: Convolution, capacity: int) -> int:
    """Floats that a thread needs to gather ∂y in, with batches of at most ``capacity`` images."""
    if convolution.single:
        return capacity * convolution.packing.width
    if not _worth_gathering(convolution):
        return 0
    outputs = _rows_at_once(convolution) * convolution.outputs[1]
    return outputs * convolution.packing.width


def _worth_gathering(convolution: Convolution) -> bool:
    """Whether enough tiles go over a block's ∂y to pay for the copy."""
    together = convolution.packing.sums // convolution.packing.vectors
    return convolution.packing.depth >= GATHER_FROM * together


def _rows_at_once(convolution: Convolution) -> int:
    rows, columns = convolution.outputs
    return min(rows, max(1, OUTPUTS_AT_ONCE // columns))


def _gather(
    f: Function, convolution: Convolution, dy: Value, scratch: Value, places: Sequence[Steps]
) -> None:
    """Copy one block's ∂y together: from ``a`` to ``b`` of each step.

    Where they lie, a block's vectors are a power of two apart and fall into few sets of the cache;
    gathered, they stay in L1 while every tap and channel goes over them.
    """
    if not places:
        for v in range(convolution.packing.vectors):
            offset = v * convolution.packing.lanes
            f.store_vector(f.load_vector(dy, offset), scratch, offset)
        return
    step, inner = places[0], places[1:]

    def turn(i: Index, _: list[Value]) -> list[Value]:
        from_, to = f.at(dy, f.multiply(i, step.a)), f.at(scratch, f.multiply(i, step.b))
        _gather(f, convolution, from_, to, inner)
        return []

    f.loop(0, step.count, 1, turn)


def _each_block(
    f: Function,
    convolution: Convolution,
    dy: Value,
    kernel: Value,
    blocks: tuple[Index, Index],
    body: Callable[[Value, Value], None],
) -> None:
    """Append a loop over blocks of filters: body is given each one's gradient and its ∂y."""
    packing = convolution.packing

    def turn(ob: Index, _: list[Value]) -> list[Value]:
        body(
            f.at(kernel, f.multiply(ob, packing.block)),
            f.at(dy, f.multiply(ob, packing.width)),
        )
        return []

    f.loop(blocks[0], blocks[1], 1, turn)


def _one_block(
    f: Function, convolution: Convolution, x: Value, dy: Value, block: Value, steps: list[Steps]
) -> None:
    """One block's kernel and biases."""
    packing = convolution.packing
    _kernel_rows(f, convolution, x, dy, block, steps)
    _biases(f, convolution, dy, f.at(block, packing.depth * packing.width), steps)


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
    together = packing.sums // packing.vectors
    if channels * packing.vectors < FEWEST_SUMS:
        _scattered_rows(f, convolution, x, dy, block, steps)
        return

    def tap_row(ky: Index, _: list[Value]) -> list[Value]:
        def tap(kx: Index, _: list[Value]) -> list[Value]:
            a = f.at(x, f.add(f.multiply(ky, step_y), f.multiply(kx, step_x)))
            before = f.multiply(f.add(f.multiply(ky, taps_x), kx), channels * packing.width)
            to = f.at(block, before)
            for c, size, count in runs(split_evenly(channels, together)):

                def tile(i: Index, _: list[Value], c: int = c, size: int = size) -> list[Value]:
                    channel = f.add(f.multiply(i, size), c)
                    place = f.at(to, f.multiply(channel, packing.width))
                    _tile(f, convolution, f.at(a, channel), range(size), dy, place, steps)
                    return []

                f.loop(0, count, 1, tile)
            return []

        return f.loop(0, taps_x, 1, tap)

    f.loop(0, taps_y, 1, tap_row)


def _scattered_rows(
    f: Function, convolution: Convolution, x: Value, dy: Value, block: Value, steps: list[Steps]
) -> None:
    """Few channels: a tile takes rows from several taps, or too few sums would be under way."""
    packing = convolution.packing
    step_y, step_x = convolution.tap_step
    offsets = [
        ky * step_y + kx * step_x + c
        for ky in range(packing.taps[0])
        for kx in range(packing.taps[1])
        for c in range(packing.channels)
    ]
    first = 0
    for size in split_evenly(len(offsets), packing.sums // packing.vectors):
        place = f.at(block, first * packing.width)
        _tile(f, convolution, x, offsets[first : first + size], dy, place, steps)
        first += size


def _tile(
    f: Function,
    convolution: Convolution,
    a: Value,
    rows: Sequence[int],
    dy: Value,
    place: Value,
    steps: list[Steps],
) -> None:
    """One tile: a row for each offset in x, added to what is at its place."""
    packing = convolution.packing
    offsets = [
        r * packing.width + v * packing.lanes
        for r in range(len(rows))
        for v in range(packing.vectors)
    ]
    sums = [f.load_vector(place, offset) for offset in offsets]
    sums = outer_product(f, a, rows, dy, packing.columns, steps, sums)
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


def difference(f: Function, a: Index, b: Index) -> Index:
    """A − b."""
    return f.add(a, f.multiply(b, -1))
