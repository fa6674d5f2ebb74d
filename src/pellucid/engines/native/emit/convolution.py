"""Convolutions and dense layers: tiles of outputs, each a reduction over taps and channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.outer_product import Steps, outer_product

if TYPE_CHECKING:
    from pellucid.engines.native.geometry import Convolution
    from pellucid.engines.native.ir import Function, Index, Value

ACCUMULATORS = 12
"""Sums that a tile may hold with 16 vector registers; the rest is for operands."""

Finish = Callable[["Function", "Value", "Value", "Index"], "Value"]
"""What becomes of a vector of sums before it is stored at the pointer and offset given."""


def cut(length: int, most: int) -> list[int]:
    """A length in as few parts of at most ``most`` as possible, as equal as can be."""
    parts = -(-length // most)
    size, larger = divmod(length, parts)
    return [size + 1] * larger + [size] * (parts - larger)


def runs(parts: list[int]) -> list[tuple[int, int, int]]:
    """Parts in a row as (first position, size, how many of that size follow each other)."""
    result: list[tuple[int, int, int]] = []
    position = 0
    for part in parts:
        if result and result[-1][1] == part:
            first, size, count = result[-1]
            result[-1] = first, size, count + 1
        else:
            result.append((position, part, 1))
        position += part
    return result


def convolve_rows(
    f: Function,
    convolution: Convolution,
    image: Value,
    block: Value,
    first_row: Index,
    rows: int,
    target: Value,
    target_step: tuple[int, int],
    finish: Finish,
) -> None:
    """Append the code for some rows of outputs, one block of filters, one image.

    Args:
        f: The function.
        convolution: What to compute.
        image: Pointer to the source image.
        block: Pointer to the packed block.
        first_row: The first row of outputs.
        rows: How many.
        target: Pointer to where the first of them goes.
        target_step: Floats from there to the next output, (down, across).
        finish: What to do with sums before they are stored.
    """
    packing, (_, across) = convolution.packing, convolution.outputs
    most = ACCUMULATORS // packing.vectors
    down = min(rows, most // across) if across <= most // 2 else 1
    step_y, step_x = convolution.source_step
    source = f.at(image, f.add(f.multiply(first_row, step_y), convolution.source_start))
    for y, height, count_y in runs(cut(rows, down)):
        for x, width, count_x in runs(cut(across, most)):

            def tiles(
                i: Index, _: list[Value], y: int = y, x: int = x, height: int = height,
                width: int = width, count_x: int = count_x,
            ) -> list[Value]:  # fmt: skip
                row = f.add(f.multiply(i, height), y)

                def tile(j: Index, _: list[Value]) -> list[Value]:
                    column = f.add(f.multiply(j, width), x)
                    a = f.add(f.multiply(row, step_y), f.multiply(column, step_x))
                    y_at = f.add(
                        f.multiply(row, target_step[0]), f.multiply(column, target_step[1])
                    )
                    places = [(r, c) for r in range(height) for c in range(width)]
                    _tile(
                        f,
                        convolution,
                        f.at(source, a),
                        [r * step_y + c * step_x for r, c in places],
                        block,
                        f.at(target, y_at),
                        [r * target_step[0] + c * target_step[1] for r, c in places],
                        finish,
                    )
                    return []

                return f.loop(0, count_x, 1, tile)

            f.loop(0, count_y, 1, tiles)


def convolve_images(
    f: Function,
    convolution: Convolution,
    source: Value,
    kernel: Value,
    target: Value,
    first: Index,
    last: Index,
    finish: Finish,
) -> None:
    """Append the code for some images, all blocks of filters, stored straight into the target.

    Where there is one output an image, a tile spans images; what is left over at the end is covered
    by a tile that goes back over some images, which are then computed twice, to the same numbers.
    """
    packing = convolution.packing

    def blocks(image: Value, target_image: Value, body: Callable[[Value, Value], None]) -> None:
        def turn(ob: Index, _: list[Value]) -> list[Value]:
            block = f.at(kernel, f.multiply(ob, packing.block))
            body(block, f.at(target_image, f.multiply(ob, packing.width)))
            return []

        f.loop(0, packing.blocks, 1, turn)

    start = convolution.target_start
    if not convolution.single:

        def image(n: Index, _: list[Value]) -> list[Value]:
            x = f.at(source, f.multiply(n, convolution.source.image))
            y = f.at(target, f.add(f.multiply(n, convolution.target.image), start))
            blocks(
                x,
                y,
                lambda block, to: convolve_rows(
                    f, convolution, x, block, 0, convolution.outputs[0], to,
                    convolution.target_step, finish,
                ),
            )  # fmt: skip
            return []

        f.loop(first, last, 1, image)
        return

    together = ACCUMULATORS // packing.vectors
    x_rows = [r * convolution.source.image for r in range(together)]
    y_rows = [r * convolution.target.image for r in range(together)]

    def groups(block: Value, to: Value) -> None:
        def tile(n: Index, count: int) -> list[Value]:
            x = f.add(f.multiply(n, convolution.source.image), convolution.source_start)
            y = f.at(to, f.multiply(n, convolution.target.image))
            a = f.at(source, x)
            _tile(f, convolution, a, x_rows[:count], block, y, y_rows[:count], finish)
            return []

        whole = f.add(last, 1 - together)
        f.loop(first, whole, together, lambda n, _: tile(n, together))
        count = f.add(last, f.multiply(first, -1))
        tiles = f.multiply(f.divide(count, together), together)
        left = f.add(first, tiles)
        if finish is added:  # not to be done twice
            f.loop(left, last, 1, lambda n, _: tile(n, 1))
            return
        enough = f.value(f"icmp sge i64 {count}, {together}")
        start = f.value(f"select i1 {enough}, i64 {whole}, i64 {last}")
        any_left = f.value(f"icmp slt i64 {left}, {last}")
        back = f.value(f"select i1 {any_left}, i64 {start}, i64 {last}")
        f.loop(back, last, together, lambda n, _: tile(n, together))
        singles = f.value(f"select i1 {enough}, i64 {last}, i64 {left}")
        f.loop(singles, last, 1, lambda n, _: tile(n, 1))

    blocks(source, f.at(target, start), groups)


def _tile(
    f: Function,
    convolution: Convolution,
    a: Value,
    a_rows: list[int],
    block: Value,
    target: Value,
    target_rows: list[int],
    finish: Finish,
) -> None:
    """One tile: begin with the biases, sum over taps and channels, finish, store."""
    packing = convolution.packing
    (taps_y, taps_x), channels = packing.taps, packing.channels
    step_y, step_x = convolution.tap_step
    width, lanes = packing.width, packing.lanes
    biases = [
        f.load_vector(block, packing.depth * width + v * lanes) for v in range(packing.vectors)
    ]
    sums = outer_product(
        f,
        a,
        a_rows,
        block,
        packing.vectors,
        [
            Steps(taps_y, step_y, taps_x * channels * width),
            Steps(taps_x, step_x, channels * width),
            Steps(channels, 1, width),
        ],
        biases * len(a_rows),
    )
    for r, row in enumerate(target_rows):
        for v in range(packing.vectors):
            offset = row + v * lanes
            vector = finish(f, sums[r * packing.vectors + v], target, offset)
            f.store_vector(vector, target, offset)


def as_it_is(f: Function, vector: Value, target: Value, offset: Index) -> Value:
    """Store the sums."""
    return vector


def rectified(f: Function, vector: Value, target: Value, offset: Index) -> Value:
    """Store max(0, sum)."""
    return f.rectify(vector)


def added(f: Function, vector: Value, target: Value, offset: Index) -> Value:
    """Add the sums to what is there: the value has several readers, each with its gradient."""
    return f.vector("fadd", vector, f.load_vector(target, offset))
