"""Depthwise convolution: every channel has a kernel of its own, nothing is summed over channels.

    y[i, j, c] = Σ_taps x[i·stride + tap, c] · K[tap, c]

So vectors lie over channels, and taps are written out. A tile is some neighbouring outputs of one
row or of two: what their windows share is loaded once, and a number that was loaded is multiplied
for all outputs that it is part of before the next one comes, so that one register holds them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import runs, split_evenly, store_floats
from pellucid.engines.native.emit.whole_sums import WholeChannels

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.bfloat16_sums import Bfloat16Channels
    from pellucid.engines.native.emit.convolution import Finish, Store
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Packing, Pair

FEWEST, MOST = 4, 8
"""The fewest and the most neighbouring outputs of a row that are computed together."""


def tile_of(taps: Pair, registers: int) -> Pair:
    """Outputs computed together, (down, across).

    They are of two rows if the weights that these need at once, a row of the kernel's for each,
    leave registers for four sums of either.

    Args:
        taps: Of the kernel, (down, across).
        registers: Vector registers.
    """
    down = 2 if taps[0] > 1 and 2 * (taps[1] + 4) < registers else 1
    across = (registers - 1) // down - taps[1]
    return down, max(FEWEST, min(across, MOST))


@dataclass(frozen=True)
class Slide:
    """Which numbers meet which, and where they lie, as distances in floats.

    Attributes:
        outputs: How many y there are, (down, across).
        source_image: From one x image to the next.
        source_start: From an image's start to what offsets of taps are counted from.
        source_step: From one output to the next, (down, across), in x.
        target_image: From one y image to the next.
        target_start: From an image's start to the first output.
        target_step: From one output to the next, (down, across), in y.
        taps: Each tap's number in the kernel, and its offset in x; row by row.
        packing: The kernel, a block for each vector of channels.
        biased: Whether sums begin with the biases.
        narrow: How narrow numbers are read and their sums become floats; none where x is floats.
        units: What the elements of x and of y are called.
    """

    outputs: Pair
    source_image: int
    source_start: int
    source_step: Pair
    target_image: int
    target_start: int
    target_step: Pair
    taps: tuple[tuple[int, int], ...]
    packing: Packing
    biased: bool
    narrow: WholeChannels | Bfloat16Channels | None = None
    units: tuple[str, str] = ("float", "float")


def slide_images(
    f: Function,
    slide: Slide,
    source: Value,
    kernel: Value,
    target: Value,
    finish: Finish,
    store: Store = store_floats,
) -> None:
    """Append the code for the stage's images.

    Args:
        f: The function.
        slide: What to compute.
        source: Pointer to x.
        kernel: Pointer to the packed kernel.
        target: Pointer to y.
        finish: What to do with sums before they are stored.
        store: What writes them.
    """
    first, second = slide.units

    def image(n: Index, _: list[Value]) -> list[Value]:
        x = f.at(source, f.add(f.multiply(n, slide.source_image), slide.source_start), first)
        y = f.at(target, f.add(f.multiply(n, slide.target_image), slide.target_start), second)

        def rows(i: Index, count: int) -> None:
            from_ = f.at(x, f.multiply(i, slide.source_step[0]), first)
            to = f.at(y, f.multiply(i, slide.target_step[0]), second)
            slide_rows(f, slide, from_, kernel, to, slide.packing.blocks, count, finish, store)

        some_rows(f, slide, f.extent("rows", slide.outputs[0]), rows)
        return []

    f.loop(*f.extent("images"), 1, image)


def some_rows(
    f: Function,
    slide: Slide,
    rows: tuple[Index, Index],
    body: Callable[[Index, int], None],
) -> None:
    """Append a loop over rows of outputs, as many at a time as tiles have, then one by one.

    Args:
        f: The function.
        slide: What to compute.
        rows: From which to before which row.
        body: Given the number of a row and how many from there on, appends what computes them.
    """
    begin, end = rows
    together = tile_of(slide.packing.taps, f.vectors.registers)[0]

    def several(i: Index, _: list[Value]) -> list[Value]:
        body(i, together)
        return []

    def one(i: Index, _: list[Value]) -> list[Value]:
        body(i, 1)
        return []

    count = f.add(end, f.multiply(begin, -1))
    whole = f.add(begin, f.multiply(f.divide(count, together), together))
    f.loop(begin, whole, together, several)
    if together > 1:
        f.loop(whole, end, 1, one)


def slide_rows(
    f: Function,
    slide: Slide,
    x: Value,
    kernel: Value,
    y: Value,
    vectors: int,
    rows: int,
    finish: Finish,
    store: Store = store_floats,
) -> None:
    """Append the code for a few rows of outputs, which are computed together.

    Args:
        f: The function.
        slide: What to compute; where images and rows begin is not read of it.
        x: Pointer to where the first row's offsets of taps are counted from.
        kernel: Pointer to the kernel of the first vector of channels.
        y: Pointer to the first output.
        vectors: How many vectors of channels.
        rows: How many rows.
        finish: What to do with sums before they are stored.
        store: What writes them.
    """
    lanes, packing = slide.packing.lanes, slide.packing
    widest = tile_of(packing.taps, f.vectors.registers)[1]
    for first, width, count in runs(split_evenly(slide.outputs[1], widest)):

        def tiles(i: Index, _: list[Value], first: int = first, width: int = width) -> list[Value]:
            column = f.add(f.multiply(i, width), first)
            from_ = f.at(x, f.multiply(column, slide.source_step[1]), slide.units[0])
            to = f.at(y, f.multiply(column, slide.target_step[1]), slide.units[1])

            def vector(v: Index, _: list[Value]) -> list[Value]:
                block = f.at(kernel, f.multiply(v, packing.block))
                here, there = (
                    f.at(start, f.multiply(v, lanes), unit)
                    for start, unit in zip((from_, to), slide.units, strict=True)
                )
                _tile(f, slide, here, block, there, (rows, width), finish, store)
                return []

            return f.loop(0, vectors, 1, vector)

        f.loop(0, count, 1, tiles)


def accumulate_taps(
    f: Function,
    slide: Slide,
    source: Value,
    gradient: Value,
    kernel: Value,
    images: tuple[Index, Index],
) -> None:
    """Append the code that adds some images' share to the kernel's gradient and that of biases.

        ∂K[tap, c] = Σ x[i·stride + tap, c] · ∂y[i, j, c],   ∂b[c] = Σ ∂y[i, j, c]

    Each row's sums are added up by themselves first, so that long sums stay exact.

    Args:
        f: The function.
        slide: The forward one; its target is where ∂y lies.
        source: Pointer to x.
        gradient: Pointer to ∂y.
        kernel: Pointer to the packed gradient.
        images: First and last image.
    """
    lanes, packing = slide.packing.lanes, slide.packing
    kind, across = f.vectors.float, slide.outputs[1]
    places = [number * lanes for number, _ in slide.taps] + [packing.depth * lanes]
    offsets = [offset for _, offset in slide.taps]

    def row(x: Value, dy: Value) -> None:
        def vector(v: Index, _: list[Value]) -> list[Value]:
            block = f.at(kernel, f.multiply(v, packing.block))
            from_, at = f.at(x, f.multiply(v, lanes)), f.at(dy, f.multiply(v, lanes))
            first = 0
            for size in split_evenly(len(places), f.vectors.sums):
                mine = range(first, first + size)
                first += size

                def position(j: Index, sums: list[Value], mine: range = mine) -> list[Value]:
                    here = f.at(from_, f.multiply(j, slide.source_step[1]))
                    value = f.load_vector(at, f.multiply(j, slide.target_step[1]))
                    return [
                        f.fma(f.load_vector(here, offsets[k]), value, total)
                        if k < len(offsets)
                        else f.vector("fadd", total, value)
                        for k, total in zip(mine, sums, strict=True)
                    ]

                sums = f.loop(0, across, 1, position, [(kind, f.zero)] * size)
                for k, total in zip(mine, sums, strict=True):
                    before = f.load_vector(block, places[k])
                    f.store_vector(f.vector("fadd", before, total), block, places[k])
            return []

        f.loop(0, packing.blocks, 1, vector)

    _each_row(f, slide, images, source, gradient, row)


def _each_row(
    f: Function,
    slide: Slide,
    images: tuple[Index, Index],
    source: Value,
    target: Value,
    body: Callable[[Value, Value], None],
) -> None:
    """Append loops over images and rows of outputs: body is given where each begins in x and y."""
    first, second = slide.units

    def image(n: Index, _: list[Value]) -> list[Value]:
        x = f.at(source, f.add(f.multiply(n, slide.source_image), slide.source_start), first)
        y = f.at(target, f.add(f.multiply(n, slide.target_image), slide.target_start), second)

        def row(i: Index, _: list[Value]) -> list[Value]:
            body(
                f.at(x, f.multiply(i, slide.source_step[0]), first),
                f.at(y, f.multiply(i, slide.target_step[0]), second),
            )
            return []

        return f.loop(*f.extent("rows", slide.outputs[0]), 1, row)

    f.loop(*images, 1, image)


def _tile(
    f: Function,
    slide: Slide,
    x: Value,
    block: Value,
    y: Value,
    size: Pair,
    finish: Finish,
    store: Store,
) -> None:
    """Some neighbouring outputs, (down, across), one vector of channels."""
    lanes, packing = slide.packing.lanes, slide.packing
    begin = f.load_vector(block, packing.depth * lanes) if slide.biased else f.zero
    places = [(r, c) for r in range(size[0]) for c in range(size[1])]
    sums = dict.fromkeys(places, begin)
    weights: dict[int, Value] = {}
    for at, used in _uses(slide, places):
        number = slide.narrow.load(f, x, at) if slide.narrow else f.load_vector(x, at)
        for place, tap in used:
            if tap not in weights:
                weights[tap] = f.load_vector(block, tap * lanes)
            sums[place] = f.fma(number, weights[tap], sums[place])
    if isinstance(slide.narrow, WholeChannels):
        biases, factors = (f.load_vector(block, (packing.depth + row) * lanes) for row in (0, 1))
        sums = {at: slide.narrow.result(f, total, biases, factors) for at, total in sums.items()}
    for (r, c), total in sums.items():
        at = r * slide.target_step[0] + c * slide.target_step[1]
        store(f, finish(f, total, y, at), y, at)


def _uses(slide: Slide, places: list[Pair]) -> list[tuple[int, list[tuple[Pair, int]]]]:
    """What each number of x is multiplied by, and for which output, by its offset.

    Going through them in this order, every output gets its taps in theirs: offsets of taps ascend.
    """
    uses: dict[int, list[tuple[Pair, int]]] = {}
    for tap, offset in slide.taps:
        for r, c in places:
            at = offset + r * slide.source_step[0] + c * slide.source_step[1]
            uses.setdefault(at, []).append(((r, c), tap))
    return sorted(uses.items())
