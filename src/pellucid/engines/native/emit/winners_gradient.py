"""The gradient of a kernel behind a max pooling: of winners alone, where vectors hold taps.

Three of four numbers of ∂y are zero behind a pooling of 2×2. Which ones differs from filter to
filter, so a vector of filters cannot leave them out; but vectors of a tap's channels can, or of a
row of taps with theirs where these lie side by side in x:

    ∂K[ky, kx, c, o] += ∂z[window, o] · x[winner(window, o) + (ky, kx), c]

One number meets vectors of x that begin where its winner does. Sums are over windows in their
order, whatever the width of vectors, and ∂y is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import place_of, runs, split_evenly
from pellucid.engines.native.emit.images import zeros
from pellucid.engines.native.emit.lanes import spread_number
from pellucid.engines.native.emit.pooling import NONE
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Convolution, Packing, Pair
    from pellucid.engines.native.memory.layout import Layout

FEWEST_LANES = 4
"""Lanes of the narrowest vectors that there are everywhere."""

WINDOWS = 128
"""Windows whose winners are looked up together: what is found stays in the first-level cache."""


@dataclass(frozen=True)
class WinnersGradient:
    """What is summed, and where a thread keeps it.

    Attributes:
        convolution: The forward one.
        pooled: Where the gradient at the results of the pooling lies.
        winners: Where the winners' numbers lie.
        size: Of a window, (height, width).
        side_by_side: Whether neighbouring taps' channels lie one after the other in x.
    """

    convolution: Convolution
    pooled: Layout
    winners: Layout
    size: Pair
    side_by_side: bool

    @property
    def packing(self) -> Packing:
        """Of the forward kernel."""
        return self.convolution.packing

    @property
    def run(self) -> int:
        """Numbers that lie side by side in x: a row of taps with its channels, or one tap's."""
        taps = self.packing.taps[1] if self.side_by_side else 1
        return taps * self.packing.channels

    @property
    def lanes(self) -> int:
        """Lanes of the vectors that taps are summed in: no more than what lies side by side needs.

        They begin anywhere in memory, and each that meets the end of a cache line is read twice.
        """
        lanes = self.packing.lanes
        while lanes > FEWEST_LANES and lanes // 2 >= self.run:
            lanes //= 2
        return lanes

    @property
    def row(self) -> list[int]:
        """Where the vectors of a row of taps begin in x, in floats from its first."""
        each = range(0, self.run, self.lanes)
        taps = 1 if self.side_by_side else self.packing.taps[1]
        return [kx * self.convolution.tap_step[1] + i for kx in range(taps) for i in each]

    @property
    def each(self) -> int:
        """Floats of a filter's sums: rows of taps, vector by vector."""
        return self.packing.taps[0] * len(self.row) * self.lanes

    @property
    def kept(self) -> int:
        """Floats of all filters' sums, in whole vectors."""
        return whole_vectors(self.packing.filters * self.each, self.packing.lanes)

    @property
    def most(self) -> int:
        """Vectors of sums that are kept in registers, which hold some operands besides."""
        return self.packing.sums * 4 // 3 - 4

    @property
    def tap_rows(self) -> list[int]:
        """Rows of taps, in groups that are summed together."""
        return split_evenly(self.packing.taps[0], max(1, self.most // len(self.row)))

    @property
    def filters(self) -> list[int]:
        """Filters, in groups that are summed together."""
        sums = max(self.tap_rows) * len(self.row)
        return split_evenly(self.packing.filters, max(1, self.most // sums))

    @property
    def rows(self) -> list[int]:
        """Rows of windows, in groups that are looked up together."""
        return split_evenly(self.pooled.height, max(1, WINDOWS // self.pooled.width))

    @property
    def looked_up(self) -> int:
        """Numbers that are looked up together."""
        return max(self.rows) * self.pooled.width * self.pooled.pitch

    @property
    def scratch(self) -> int:
        """Floats that a thread works on: sums, gradients, and where their winners lie."""
        return self.kept + 2 * self.looked_up


def sum_winners(
    f: Function,
    sums: WinnersGradient,
    source: Value,
    gradient: Value,
    winners: Value,
    kernel: Value,
    images: tuple[Index, Index],
    scratch: Value,
) -> None:
    """Append the code that sums the gradient of a kernel over some images.

    Args:
        f: The function.
        sums: What to sum.
        source: Pointer to x.
        gradient: Pointer to the gradient at the results of the pooling.
        winners: Pointer to the winners' numbers.
        kernel: Pointer to the packed gradient, which is zero before.
        images: First and last image.
        scratch: Pointer to :attr:`WinnersGradient.scratch` floats that only this thread uses.
    """
    pooled, convolution, kept = sums.pooled, sums.convolution, sums.kept
    numbers, places = f.at(scratch, kept), f.at(scratch, kept + sums.looked_up)
    zeros(f, scratch, kept)
    source = f.at(source, convolution.source_start)

    def image(n: Index, _: list[Value]) -> list[Value]:
        x = f.at(source, f.multiply(n, convolution.source.image))
        starts = [
            f.add(f.multiply(n, layout.image), layout.at(0, 0)) for layout in (pooled, sums.winners)
        ]
        for first, height, count in runs(sums.rows):

            def part(
                i: Index, _: list[Value], first: int = first, height: int = height
            ) -> list[Value]:
                row = f.add(f.multiply(i, height), first)
                gradients = f.add(starts[0], f.multiply(row, pooled.row))
                won = f.add(starts[1], f.multiply(row, sums.winners.row))
                given = f.at(gradient, gradients), f.at(winners, won, "i8")
                _look_up(f, sums, given, (numbers, places), height, kernel)
                step = sums.size[0] * convolution.source_step[0]
                here = f.at(x, f.multiply(row, step))
                with f.narrowed(sums.lanes):
                    _add(f, sums, here, (numbers, places), scratch, height * pooled.width)
                return []

            f.loop(0, count, 1, part)
        return []

    f.loop(*images, 1, image)
    _pack(f, sums, scratch, kernel)


def _look_up(
    f: Function,
    sums: WinnersGradient,
    given: tuple[Value, Value],
    found: tuple[Value, Value],
    height: int,
    kernel: Value,
) -> None:
    """Each window's gradients, 0 where none flows, and how far from the first its winners lie.

    The gradients themselves are added to the biases' on the way.
    """
    packing, pooled, lanes = sums.packing, sums.pooled, sums.packing.lanes
    step_y, step_x = sums.convolution.source_step
    down, across = sums.size
    offsets = [y * step_y + x * step_x for y in range(down) for x in range(across)]
    vectors = range(pooled.pitch // lanes)
    biases = [place_of(f, v * lanes, packing) for v in vectors]
    biases = [f.add(bias, packing.depth * packing.width) for bias in biases]
    first = [(f.vectors.float, f.load_vector(kernel, bias)) for bias in biases]

    def row(i: Index, running: list[Value]) -> list[Value]:
        def window(j: Index, running: list[Value]) -> list[Value]:
            start = f.add(f.multiply(i, down * step_y), f.multiply(j, across * step_x))
            start = spread_number(f, start)
            from_, won = (
                f.add(f.multiply(i, layout.row), f.multiply(j, layout.pitch))
                for layout in (pooled, sums.winners)
            )
            to = f.multiply(f.add(f.multiply(i, pooled.width), j), pooled.pitch)
            totals = []
            for v, total in zip(vectors, running, strict=True):
                winner = f.load_bytes(given[1], f.add(won, v * lanes))
                place = f.whole(offsets[0])
                for number, offset in enumerate(offsets[1:], 1):
                    here = f.equal(winner, f.whole(number))
                    place = f.choose_whole(here, f.whole(offset), place)
                none = f.equal(winner, f.whole(NONE))
                share = f.choose(none, f.zero, f.load_vector(given[0], f.add(from_, v * lanes)))
                f.store_vector(share, found[0], f.add(to, v * lanes))
                bits = f.of_bits(f.integer("add", place, start))
                f.store_vector(bits, found[1], f.add(to, v * lanes))
                totals.append(f.vector("fadd", total, share))
            return totals

        return f.loop(0, pooled.width, 1, window, [(f.vectors.float, one) for one in running])

    totals = f.loop(0, height, 1, row, first)
    for bias, total in zip(biases, totals, strict=True):
        f.store_vector(total, kernel, bias)


def _add(
    f: Function,
    sums: WinnersGradient,
    x: Value,
    found: tuple[Value, Value],
    scratch: Value,
    windows: int,
) -> None:
    """What was looked up, times what the winners' taps read, added to the sums."""
    lanes, each, row = sums.lanes, sums.each, sums.row
    step_y = sums.convolution.tap_step[0]

    def add(filter_: Index, count: int, ky: int, rows: int) -> None:
        """Some filters and rows of taps, all windows."""
        taps = [(ky + r) * step_y + at for r in range(rows) for at in row]
        first = ky * len(row) * lanes
        kept = f.at(scratch, f.add(f.multiply(filter_, each), first))
        offsets = [o * each + v * lanes for o in range(count) for v in range(len(taps))]

        def window(w: Index, running: list[Value]) -> list[Value]:
            at = f.add(f.multiply(w, sums.pooled.pitch), filter_)
            totals = []
            for o in range(count):
                where = f.at(found[1], f.add(at, o))
                place = f.value(f"load i32, ptr {where}, align 4")
                from_ = f.at(x, f.value(f"sext i32 {place} to i64"))
                number = f.broadcast(f.load(found[0], f.add(at, o)))
                mine = running[o * len(taps) : (o + 1) * len(taps)]
                for tap, total in zip(taps, mine, strict=True):
                    totals.append(f.fma(number, f.load_vector(from_, tap), total))
            return totals

        before = [(f.vectors.float, f.load_vector(kept, offset)) for offset in offsets]
        totals = f.loop(0, windows, 1, window, before)
        for offset, total in zip(offsets, totals, strict=True):
            f.store_vector(total, kept, offset)

    for first, count, times in runs(sums.filters):

        def group(i: Index, _: list[Value], first: int = first, count: int = count) -> list[Value]:
            ky = 0
            for rows in sums.tap_rows:
                add(f.add(f.multiply(i, count), first), count, ky, rows)
                ky += rows
            return []

        f.loop(0, times, 1, group)


def _pack(f: Function, sums: WinnersGradient, scratch: Value, kernel: Value) -> None:
    """The sums, to where they belong in the packed gradient."""
    packing = sums.packing
    (down, across), run = packing.taps, sums.run
    apart = whole_vectors(run, sums.lanes)
    pieces = across * packing.channels // run

    def filter_(o: Index, _: list[Value]) -> list[Value]:
        to = place_of(f, o, packing)

        def piece(k: Index, _: list[Value]) -> list[Value]:
            def number(i: Index, _: list[Value]) -> list[Value]:
                at = f.add(f.multiply(k, apart), i)
                value = f.load(scratch, f.add(f.multiply(o, sums.each), at))
                row = f.add(f.multiply(k, run), i)
                place = f.at(kernel, f.add(to, f.multiply(row, packing.width)))
                f.do(f"store float {value}, ptr {place}, align 4")
                return []

            return f.loop(0, run, 1, number)

        return f.loop(0, down * pieces, 1, piece)

    f.loop(0, packing.filters, 1, filter_)
