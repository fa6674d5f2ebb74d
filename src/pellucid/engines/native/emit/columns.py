"""Convolutions of one channel with few filters, pooled: neighbouring columns share the lanes.

Where pixels are single numbers, a row of them is a vector as it lies in memory. A tile has some
filters, a window's rows, and vectors of columns; each weight meets all of them. What comes out has
columns in its lanes: a window's rows are compared vector by vector, its columns after the even ones
have been parted from the odd ones, and only what won is turned round, so that filters lie side by
side. Each output is the same sum in the same order as with filters in the lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import split_evenly
from pellucid.engines.native.emit.lanes import keep, real_lanes
from pellucid.engines.native.emit.pooling import NONE, larger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Convolution

PAIR = 2
"""Columns of a window."""


@dataclass(frozen=True)
class Columns:
    """How a row of windows is cut into vectors of columns.

    Attributes:
        convolution: What is computed, of pixels that lie side by side.
        down: Rows of a window, which has two columns.
    """

    convolution: Convolution
    down: int

    @property
    def starts(self) -> list[int]:
        """The first column of each vector; the last one goes back over columns done already."""
        lanes, across = self.convolution.packing.lanes, self.convolution.outputs[1]
        return [*range(0, across - lanes, lanes), across - lanes]

    @property
    def groups(self) -> list[list[int]]:
        """Vectors of columns that are computed together."""
        packing, starts = self.convolution.packing, self.starts
        each = self.down * packing.filters
        groups, done = [], 0
        for size in split_evenly(len(starts), max(1, packing.sums // each)):
            groups.append(starts[done : done + size])
            done += size
        return groups

    @property
    def tile(self) -> tuple[int, int]:
        """Rows and filters, and vectors, of sums in registers."""
        return self.down * self.convolution.packing.filters, max(map(len, self.groups))


def pool_columns(
    f: Function,
    columns: Columns,
    x: Value,
    kernel: Value,
    target: Value,
    winners: Value | None,
    pitch: int,
    *,
    rectify: bool,
) -> None:
    """Append the code for one row of windows.

    Args:
        f: The function.
        columns: What to compute.
        x: Pointer to the first tap of the row's first output.
        kernel: Pointer to the packed kernel.
        target: Pointer to the first result.
        winners: Pointer to the winners' numbers, bytes that lie as the results do; or none.
        pitch: Elements from one result to the next.
        rectify: Whether a ReLU comes with it.
    """
    filters = columns.convolution.packing.filters
    for starts in columns.groups:
        sums = _sums(f, columns, x, kernel, starts)
        for v, start in enumerate(starts):
            rows = [
                [sums[(r * filters + o) * len(starts) + v] for o in range(filters)]
                for r in range(columns.down)
            ]
            found = [
                _winners(f, [(row[o], row[min(o + 1, filters - 1)]) for row in rows], rectify)
                for o in range(0, filters, PAIR)
            ]
            first = start // PAIR * pitch
            for j in range(f.vectors.lanes // PAIR):
                at = first + j * pitch
                f.store_vector(_turned(f, [best for best, _ in found], j, filters), target, at)
                if winners is not None:
                    numbers = _turned(f, [f.of_bits(number) for _, number in found], j, filters)
                    f.store_bytes(f.bits(numbers), winners, at)


def _sums(
    f: Function, columns: Columns, x: Value, kernel: Value, starts: Sequence[int]
) -> list[Value]:
    """The sums of all rows, filters and vectors of columns, in this order."""
    convolution, packing = columns.convolution, columns.convolution.packing
    (down, across), width, filters = packing.taps, packing.width, packing.filters
    step_y, step_x = convolution.tap_step
    row_step = convolution.source_step[0]
    biases = [f.broadcast(f.load(kernel, packing.depth * width + o)) for o in range(filters)]
    first = [(f.vectors.float, b) for _ in range(columns.down) for b in biases for _ in starts]

    def tap_row(ky: Index, running: list[Value]) -> list[Value]:
        here = f.at(x, f.multiply(ky, step_y))
        weights = f.at(kernel, f.multiply(ky, across * width))
        for kx in range(across):
            pixels = [
                [f.load_vector(here, r * row_step + start + kx * step_x) for start in starts]
                for r in range(columns.down)
            ]
            sums = list(running)
            for o in range(filters):  # of which there are more than pixels: held one at a time
                number = f.broadcast(f.load(weights, kx * width + o))
                for r, row in enumerate(pixels):
                    for place, pixel in enumerate(row, (r * filters + o) * len(starts)):
                        sums[place] = f.fma(number, pixel, sums[place])
            running = sums
        return running

    return f.loop(0, down, 1, tap_row, first)


def _winners(
    f: Function, rows: Sequence[tuple[Value, Value]], rectify: bool
) -> tuple[Value, Value]:
    """The largest of each window and its number, of two filters: one in each half of the lanes."""
    lanes = f.vectors.lanes
    best, winner, number = "", "", 0
    for a, b in rows:
        for odd in range(PAIR):
            value = _shuffled(f, a, b, range(odd, PAIR * lanes, PAIR))
            if best:
                best, winner = larger(f, best, winner, value, number)
            else:
                best, winner = value, f.whole(number)
            number += 1
    if rectify:
        best = f.rectify(best)
        winner = f.choose_whole(f.compare("ogt", best, f.zero), winner, f.whole(NONE))
    return best, winner


def _turned(f: Function, found: Sequence[Value], column: int, filters: int) -> Value:
    """What all filters have of one column, side by side; zeros in the lanes beyond them."""
    lanes = f.vectors.lanes
    half = lanes // PAIR
    pair = [column, half + column]
    vector = found[0]
    if len(found) == 1:
        vector = _shuffled(f, vector, vector, [*pair, *range(lanes - PAIR)])
    for k, following in enumerate(found[1:], 1):
        before = range(PAIR * k) if k > 1 else pair
        rest = range(PAIR * (k + 1), lanes)
        order = [*before, *(lanes + i for i in pair), *rest]
        vector = _shuffled(f, vector, following, order[:lanes])
    return keep(f, real_lanes(f, filters), vector)


def _shuffled(f: Function, a: Value, b: Value, order: Sequence[int]) -> Value:
    """A vector of lanes of a and b, by their numbers; those of b come after those of a."""
    kind, lanes = f.vectors.float, ", ".join(f"i32 {i}" for i in order)
    return f.value(f"shufflevector {kind} {a}, {kind} {b}, {f.vectors.int} <{lanes}>")
