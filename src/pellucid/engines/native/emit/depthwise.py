"""Depthwise convolution: every channel has a kernel of its own, nothing is summed over channels.

    y[i, j, c] = Σ_taps x[i·stride + tap, c] · K[tap, c]

So vectors lie over channels, and taps are written out. A tile is some neighbouring outputs of one
row: what their windows share is loaded once. Taps are few and operands are not used again, so that
memory, not multiplication, is what this waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import runs, split_evenly, store_floats

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.convolution import Finish, Store
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.emit.whole_sums import WholeChannels
    from pellucid.engines.native.memory.geometry import Packing, Pair

TILE = 6, 4
"""Neighbouring outputs computed together, with kernels of up to 3 columns and wider ones: with
what they read, they fit in 16 vector registers."""


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
        whole: How whole numbers are read and their sums become floats; none where x is floats.
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
    whole: WholeChannels | None = None
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

    def row(x: Value, y: Value) -> None:
        slide_row(f, slide, x, kernel, y, slide.packing.blocks, finish, store)

    _each_row(f, slide, f.extent("images"), source, target, row)


def slide_row(
    f: Function,
    slide: Slide,
    x: Value,
    kernel: Value,
    y: Value,
    vectors: int,
    finish: Finish,
    store: Store = store_floats,
) -> None:
    """Append the code for one row of outputs.

    Args:
        f: The function.
        slide: What to compute; where images and rows begin is not read of it.
        x: Pointer to where the row's offsets of taps are counted from.
        kernel: Pointer to the kernel of the first vector of channels.
        y: Pointer to the first output.
        vectors: How many vectors of channels.
        finish: What to do with sums before they are stored.
        store: What writes them.
    """
    lanes, packing = slide.packing.lanes, slide.packing
    for first, width, count in runs(split_evenly(slide.outputs[1], TILE[packing.taps[1] > 3])):

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
                _tile(f, slide, here, block, there, width, finish, store)
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
    width: int,
    finish: Finish,
    store: Store,
) -> None:
    """Some neighbouring outputs, one vector of channels."""
    lanes, packing = slide.packing.lanes, slide.packing
    begin = f.load_vector(block, packing.depth * lanes) if slide.biased else f.zero
    sums = [begin] * width
    loaded: dict[int, Value] = {}
    row = -1
    for number, offset in slide.taps:
        if number // packing.taps[1] != row:  # nothing of the last row is read again
            row, loaded = number // packing.taps[1], {}
        weight = f.load_vector(block, number * lanes)
        for j in range(width):
            at = offset + j * slide.source_step[1]
            if at not in loaded:
                loaded[at] = slide.whole.load(f, x, at) if slide.whole else f.load_vector(x, at)
            sums[j] = f.fma(loaded[at], weight, sums[j])
    if slide.whole:
        biases, factors = (f.load_vector(block, (packing.depth + row) * lanes) for row in (0, 1))
        sums = [slide.whole.result(f, total, biases, factors) for total in sums]
    for j, total in enumerate(sums):
        at = j * slide.target_step[1]
        store(f, finish(f, total, y, at), y, at)
