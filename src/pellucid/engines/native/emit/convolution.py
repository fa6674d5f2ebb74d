"""Convolutions and dense layers: tiles of outputs, each a reduction over taps and channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.outer_product import FLOATS, Steps, outer_product

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Convolution, Packing

UNDER_WAY = 64
"""Filters of one image that keep the multipliers busy: sums under way, times their lanes."""

SHARED = 4
"""Threads that a dense layer of one image is cut for where it is small."""

Finish = Callable[["Function", "Value", "Value", "Index"], "Value"]
"""What becomes of a vector of sums before it is stored at the pointer and offset given."""

Store = Callable[["Function", "Value", "Value", "Index"], None]
"""What writes a vector at a pointer and an offset, in elements of what it is written to."""


@dataclass(frozen=True)
class Addend:
    """Values of the outputs' shape that are added to these: a residual block's other branch.

    Attributes:
        at: Pointer to the first.
        image: Floats from one image to the next.
        step: Floats from one position to the next, (down, across).
    """

    at: Value
    image: int
    step: tuple[int, int]

    def moved(self, f: Function, floats: Index) -> Addend:
        """That so many floats further on."""
        return replace(self, at=f.at(self.at, floats))

    def below(self, f: Function, row: Index, column: Index = 0) -> Addend:
        """That some rows down and some columns across."""
        down, across = f.multiply(row, self.step[0]), f.multiply(column, self.step[1])
        return self.moved(f, f.add(down, across))

    def offset(self, row: int, column: int) -> int:
        """Floats to a position."""
        return row * self.step[0] + column * self.step[1]


def store_floats(f: Function, vector: Value, target: Value, offset: Index) -> None:
    """Write floats."""
    f.store_vector(vector, target, offset)


def split_evenly(length: int, most: int) -> list[int]:
    """A length in as few parts of at most ``most`` as possible, as equal as can be."""
    return divided(length, -(-length // most))


def divided(length: int, parts: int) -> list[int]:
    """A length in so many parts, as equal as can be."""
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


def place_of(f: Function, filter_: Index, packing: Packing) -> Index:
    """Offset of a filter's first number in a packed kernel."""
    block = f.divide(filter_, packing.width)
    inside = f.add(filter_, f.multiply(block, -packing.width))
    return f.add(f.multiply(block, packing.block), inside)


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
    groups: tuple[Index, Index] | None = None,
    store: Store = store_floats,
    unit: str = "float",
    addend: Addend | None = None,
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
        target_step: Elements from there to the next output, (down, across).
        finish: What to do with sums before they are stored.
        groups: From which to before which of :func:`row_groups`; all where it is none.
        store: What writes them.
        unit: What the target's elements are called.
        addend: What is added to them, at the first of them.
    """
    across = convolution.outputs[1]
    most = convolution.rows
    step_y, step_x = convolution.source_step
    source = f.at(image, f.add(f.multiply(first_row, step_y), convolution.source_start))
    sizes, done = row_groups(convolution, rows), 0
    begin, end = groups or (0, len(sizes))
    for y, height, count_y in runs(sizes):
        from_, to = (f.within(f.add(bound, -done), count_y) for bound in (begin, end))
        done += count_y
        for x, width, count_x in runs(split_evenly(across, most)):

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
                        f.at(target, y_at, unit),
                        [r * target_step[0] + c * target_step[1] for r, c in places],
                        finish,
                        store,
                        addend=_added_rows(f, addend, (row, column), places),
                    )
                    return []

                return f.loop(0, count_x, 1, tile)

            f.loop(from_, to, 1, tiles)


def _added_rows(
    f: Function, addend: Addend | None, at: tuple[Index, Index], places: list[tuple[int, int]]
) -> tuple[Value, list[int]] | None:
    """Pointer to what is added to a tile at a row and column, and its rows' offsets from there."""
    if addend is None:
        return None
    return addend.below(f, *at).at, [addend.offset(*place) for place in places]


def row_groups(convolution: Convolution, rows: int) -> list[int]:
    """Rows of outputs, in groups that are computed together: more than one where they are short."""
    across = convolution.outputs[1]
    most = convolution.rows
    return split_evenly(rows, min(rows, most // across) if across <= most // 2 else 1)


def filter_groups(packing: Packing) -> list[int]:
    """How many blocks of filters are computed together for one image of a dense layer.

    As many as a tile holds; fewer where that leaves a group for each of :data:`SHARED` threads,
    since one thread alone reads weights slowly, but enough to have sums under way. Where there are
    more groups than threads, each thread gets as many, if they can be so large or so small.
    """
    most, blocks = packing.sums // packing.vectors, packing.blocks
    enough = -(-UNDER_WAY // packing.width)
    groups = -(-blocks // min(most, max(enough, blocks // SHARED)))
    fewer = groups // SHARED * SHARED
    if fewer * most >= blocks:
        groups = fewer
    elif 0 < fewer < groups and (fewer + SHARED) * enough <= blocks:
        groups = fewer + SHARED
    return divided(blocks, groups)


def convolve_images(
    f: Function,
    convolution: Convolution,
    source: Value,
    kernel: Value,
    target: Value,
    first: Index,
    last: Index,
    finish: Finish,
    store: Store = store_floats,
    addend: Addend | None = None,
) -> None:
    """Append the code for some images, all blocks of filters, stored straight into the target.

    Where there is one output an image, a tile spans images, or filters where images are few.
    """
    if convolution.single:
        _dense_images(f, convolution, source, kernel, target, (first, last), finish, store, addend)
        return
    packing, unit = convolution.packing, convolution.target.unit
    groups = f.extent("rows", len(row_groups(convolution, convolution.outputs[0])))

    def image(n: Index, _: list[Value]) -> list[Value]:
        x = f.at(source, f.multiply(n, convolution.source.image))
        y = f.add(f.multiply(n, convolution.target.image), convolution.target_start)
        to = f.at(target, y, unit)
        other = addend.moved(f, f.multiply(n, addend.image)) if addend is not None else None

        def block(ob: Index, _: list[Value]) -> list[Value]:
            filters = f.multiply(ob, packing.width)
            convolve_rows(
                f,
                convolution,
                x,
                f.at(kernel, f.multiply(ob, packing.block)),
                0,
                convolution.outputs[0],
                f.at(to, filters, unit),
                convolution.target_step,
                finish,
                groups,
                store,
                unit,
                other.moved(f, filters) if other is not None else None,
            )
            return []

        return f.loop(*f.extent("blocks", packing.blocks), 1, block)

    f.loop(first, last, 1, image)


def _dense_images(
    f: Function,
    convolution: Convolution,
    source: Value,
    kernel: Value,
    target: Value,
    images: tuple[Index, Index],
    finish: Finish,
    store: Store,
    addend: Addend | None,
) -> None:
    """One output an image: tiles of several images, or for a few images tiles of many filters."""
    packing, unit = convolution.packing, convolution.target.unit
    first, last = images
    together = convolution.rows
    source = f.at(source, convolution.source_start)
    target = f.at(target, convolution.target_start, unit)
    x_rows = [r * convolution.source.image for r in range(together)]
    y_rows = [r * convolution.target.image for r in range(together)]

    def tile(n: Index, ob: Index, rows: int, blocks: int) -> list[Value]:
        other = None
        if addend is not None:
            place = f.add(f.multiply(n, addend.image), f.multiply(ob, packing.width))
            other = addend.moved(f, place).at, [r * addend.image for r in range(rows)]
        _tile(
            f,
            convolution,
            f.at(source, f.multiply(n, convolution.source.image)),
            x_rows[:rows],
            f.at(kernel, f.multiply(ob, packing.block)),
            f.at(
                target,
                f.add(f.multiply(n, convolution.target.image), f.multiply(ob, packing.width)),
                unit,
            ),
            y_rows[:rows],
            finish,
            store,
            blocks,
            other,
        )
        return []

    def by_filters(start: Index, stop: Index) -> None:
        groups = filter_groups(packing)
        begin, end = f.extent("blocks", len(groups))

        def image(n: Index, _: list[Value]) -> list[Value]:
            done = 0
            for ob, blocks, count in runs(groups):
                from_, to = (f.within(f.add(bound, -done), count) for bound in (begin, end))
                done += count
                f.loop(
                    from_,
                    to,
                    1,
                    lambda i, _, ob=ob, blocks=blocks: tile(  # type: ignore[misc]
                        n, f.add(f.multiply(i, blocks), ob), 1, blocks
                    ),
                )
            return []

        f.loop(start, stop, 1, image)

    if f.split == "blocks":
        by_filters(first, last)
        return
    count = f.add(last, f.multiply(first, -1))
    whole = f.add(first, f.multiply(f.divide(count, together), together))
    # What is left over is covered by a tile that goes back over images done already, to the same
    # numbers; unless there are not enough of them, or their sums would be added twice.
    again, alone = last, whole
    if finish is not added:
        enough = f.value(f"icmp sge i64 {count}, {together}")
        some = f.value(f"icmp slt i64 {whole}, {last}")
        both = f.value(f"and i1 {enough}, {some}")
        again = f.value(f"select i1 {both}, i64 {f.add(last, -together)}, i64 {last}")
        alone = f.value(f"select i1 {enough}, i64 {last}, i64 {first}")

    def block(ob: Index, _: list[Value]) -> list[Value]:
        f.loop(first, whole, together, lambda n, _: tile(n, ob, together, 1))
        if finish is not added:
            f.loop(again, last, together, lambda n, _: tile(n, ob, together, 1))
        return []

    f.loop(0, packing.blocks, 1, block)
    by_filters(alone, last)


def _tile(
    f: Function,
    convolution: Convolution,
    a: Value,
    a_rows: Sequence[int],
    block: Value,
    target: Value,
    target_rows: Sequence[int],
    finish: Finish,
    store: Store,
    blocks: int = 1,
    addend: tuple[Value, Sequence[int]] | None = None,
) -> None:
    """One tile: begin with the biases, sum over taps and channels, add, finish, store.

    A tile of few rows may go over several blocks of filters, to have more sums under way.
    """
    packing, arithmetic = convolution.packing, convolution.arithmetic or FLOATS
    (taps_y, taps_x), channels = packing.taps, packing.channels
    step_y, step_x = convolution.tap_step
    width = packing.width
    columns = [b * packing.block + column for b in range(blocks) for column in packing.columns]
    places = [b * width + column for b in range(blocks) for column in packing.columns]
    biases = [f.load_vector(block, packing.depth * width + column) for column in columns]
    sums = outer_product(
        f,
        a,
        a_rows,
        block,
        columns,
        [
            Steps(taps_y, step_y, taps_x * channels * width),
            Steps(taps_x, step_x, channels * width),
            Steps(channels, 1, width),
        ],
        biases * len(a_rows),
        arithmetic,
        half=convolution.half,
    )
    if arithmetic.scaled:
        behind = (packing.depth + 1) * width
        factors = [f.load_vector(block, behind + column) for column in columns] * len(a_rows)
        sums = [arithmetic.result(f, *pair) for pair in zip(sums, factors, strict=True)]
    if addend is not None:
        others = [row + place for row in addend[1] for place in places]
        sums = [
            f.vector("fadd", total, f.load_vector(addend[0], other))
            for total, other in zip(sums, others, strict=True)
        ]
    offsets = [row + place for row in target_rows for place in places]
    for total, offset in zip(sums, offsets, strict=True):
        store(f, finish(f, total, target, offset), target, offset)


def as_it_is(f: Function, vector: Value, target: Value, offset: Index) -> Value:
    """Store the sums."""
    return vector


def added(f: Function, vector: Value, target: Value, offset: Index) -> Value:
    """Add the sums to what is there: the value has several readers, each with its gradient."""
    return f.vector("fadd", vector, f.load_vector(target, offset))
