"""The gradient of a convolution's input where channels are few: taps and channels share the lanes.

A vector of channels is mostly idle where there are six of them, and a kernel flipped round meets
many zeros of the border. So the lanes hold a row of taps with all its channels, which lie side by
side in ∂x:

    ∂x[y + ky, x + (kx, c)] += Σ over filters of ∂y[y, x, o] · K[ky, (kx, c), o]

A tile has some rows of ∂x and one x; down the rows the sum is gathered in registers, and only pairs
(y, ky) that there are get multiplied; across, tiles overlap, and are added up in a buffer of a few
rows that stays in the first-level cache. Sums are over filters, then ky, then x, whatever the width
of vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import place_of, split_evenly
from pellucid.engines.native.emit.images import zeros
from pellucid.engines.native.emit.lanes import keep, real_lanes
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.convolution import Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Packing, Pair
    from pellucid.engines.native.memory.layout import Layout


@dataclass(frozen=True)
class Scatter:
    """How ∂y is scattered to ∂x; steps and distances between taps are 1.

    Attributes:
        gradient: Where ∂y lies.
        target: Where ∂x goes.
        outputs: Positions of ∂y, (down, across).
        before: Zeros before the first row and column of x.
        packing: Of the forward kernel.
    """

    gradient: Layout
    target: Layout
    outputs: Pair
    before: Pair
    packing: Packing

    @property
    def vectors(self) -> int:
        """Vectors that a row of taps takes."""
        packing = self.packing
        row = packing.taps[1] * packing.channels
        return whole_vectors(row, packing.lanes) // packing.lanes

    @property
    def tap_row(self) -> int:
        """Floats of a row of taps."""
        return self.vectors * self.packing.lanes

    @property
    def size(self) -> int:
        """Floats of the kernel, as it lies here: (filters, ky, (kx, c))."""
        return self.packing.filters * self.packing.taps[0] * self.tap_row

    @property
    def columns(self) -> list[int]:
        """Vectors of a row of taps, in groups that are summed together."""
        return split_evenly(self.vectors, self.packing.sums)

    @property
    def rows(self) -> list[int]:
        """Rows of ∂x, in groups that are summed together."""
        return split_evenly(self.target.height, self.packing.sums // max(self.columns))

    @property
    def pitch(self) -> int:
        """Floats from one row of the buffer to the next."""
        packing, (_, before) = self.packing, self.before
        scattered = (self.outputs[1] - 1) * packing.channels + self.tap_row
        read = (before + self.target.width) * packing.channels + packing.lanes
        return whole_vectors(max(scattered, read), packing.lanes)

    @property
    def scratch(self) -> int:
        """Floats that a thread works on."""
        return max(self.rows) * self.pitch

    def pairs(self, first: int, height: int) -> tuple[Pair, ...]:
        """Which rows of a group, from its first one, meet which ky, ky by ky."""
        return tuple(
            (r, ky)
            for ky in range(self.packing.taps[0])
            for r in range(height)
            if 0 <= first + r + self.before[0] - ky < self.outputs[0]
        )

    @property
    def groups(self) -> list[tuple[int, int, int, tuple[Pair, ...]]]:
        """Groups of rows: the first row, rows of a group, how many alike follow, and pairs."""
        found: list[tuple[int, int, int, tuple[Pair, ...]]] = []
        row = 0
        for height in self.rows:
            pairs = self.pairs(row, height)
            if found and found[-1][1] == height and found[-1][3] == pairs:
                first, _, count, _ = found[-1]
                found[-1] = first, height, count + 1, pairs
            else:
                found.append((row, height, 1, pairs))
            row += height
        return found


def scatter_images(
    f: Function,
    scatter: Scatter,
    gradient: Value,
    kernel: Value,
    target: Value,
    images: tuple[Index, Index],
    scratch: Value,
    finish: Finish,
) -> None:
    """Append the code that carries some images' ∂y to ∂x.

    Args:
        f: The function.
        scatter: What to compute.
        gradient: Pointer to ∂y.
        kernel: Pointer to the kernel, as :func:`copy_scattered` leaves it.
        target: Pointer to ∂x.
        images: First and last image.
        scratch: Pointer to :attr:`Scatter.scratch` floats that only this thread uses.
        finish: What to do with ∂x before it is stored.
    """
    dy, dx = scatter.gradient, scatter.target

    def image(n: Index, _: list[Value]) -> list[Value]:
        from_ = f.at(gradient, f.add(f.multiply(n, dy.image), dy.at(0, 0)))
        to = f.at(target, f.add(f.multiply(n, dx.image), dx.at(0, 0)))
        for first, height, count, pairs in scatter.groups:

            def group(
                i: Index,
                _: list[Value],
                first: int = first,
                height: int = height,
                pairs: tuple[Pair, ...] = pairs,
            ) -> list[Value]:
                row = f.add(f.multiply(i, height), first)
                y = f.add(row, scatter.before[0])
                zeros(f, scratch, height * scatter.pitch)
                _scatter(f, scatter, f.at(from_, f.multiply(y, dy.row)), kernel, scratch, pairs)
                _copy(f, scatter, scratch, f.at(to, f.multiply(row, dx.row)), height, finish)
                return []

            f.loop(0, count, 1, group)
        return []

    f.loop(*images, 1, image)


def _scatter(
    f: Function,
    scatter: Scatter,
    gradient: Value,
    kernel: Value,
    scratch: Value,
    pairs: tuple[Pair, ...],
) -> None:
    """A group of rows: one column of ∂y after the other."""
    if not pairs:
        return
    channels, lanes = scatter.packing.channels, scatter.packing.lanes

    def column(x: Index, _: list[Value]) -> list[Value]:
        dy = f.at(gradient, f.multiply(x, scatter.gradient.pitch))
        to = f.at(scratch, f.multiply(x, channels))
        done = 0
        for vectors in scatter.columns:
            _tile(f, scatter, dy, f.at(kernel, done), f.at(to, done), pairs, vectors)
            done += vectors * lanes
        return []

    f.loop(0, scatter.outputs[1], 1, column)


def _tile(
    f: Function,
    scatter: Scatter,
    gradient: Value,
    kernel: Value,
    target: Value,
    pairs: tuple[Pair, ...],
    vectors: int,
) -> None:
    """Sums over filters and ky, added to what is there.

    They begin with zeros, and not with what is there: the tile before has only just stored it.
    """
    lanes, tap_row = scatter.packing.lanes, scatter.tap_row
    rows = sorted({r for r, _ in pairs})
    places = {row: k * vectors for k, row in enumerate(rows)}

    taps = sorted({ky for _, ky in pairs})
    kind = f.vectors.float
    # Taps that are written out share numbers of ∂y, which are held for all of them.
    numbers = {r - ky for r, ky in pairs}
    crowded = (len(rows) + 1) * vectors + len(numbers) > f.vectors.registers
    loops = crowded and len(pairs) == len(rows) * len(taps)

    def filter_(o: Index, running: list[Value]) -> list[Value]:
        weights = f.at(kernel, f.multiply(o, scatter.packing.taps[0] * tap_row))
        dy = f.at(gradient, o)

        def tap(ky: Index, running: list[Value], of: Sequence[int] = rows) -> list[Value]:
            sums = list(running)
            here = f.at(weights, f.multiply(ky, tap_row))
            seen = f.at(dy, f.multiply(ky, -scatter.gradient.row))
            row = [f.load_vector(here, v * lanes) for v in range(vectors)]
            for r in of:
                number = f.broadcast(f.load(seen, r * scatter.gradient.row))
                for place, vector in enumerate(row, places[r]):
                    sums[place] = f.fma(number, vector, sums[place])
            return sums

        if loops:
            return f.loop(taps[0], taps[-1] + 1, 1, tap, [(kind, value) for value in running])
        for ky in taps:
            running = tap(ky, running, [r for r, other in pairs if other == ky])
        return running

    first = [(kind, f.zero)] * (len(rows) * vectors)
    sums = f.loop(0, scatter.packing.filters, 1, filter_, first)
    for r in rows:
        for v in range(vectors):
            at = r * scatter.pitch + v * lanes
            total = f.vector("fadd", f.load_vector(target, at), sums[places[r] + v])
            f.store_vector(total, target, at)


def _copy(
    f: Function, scatter: Scatter, scratch: Value, target: Value, height: int, finish: Finish
) -> None:
    """Rows of the buffer, to where positions are whole vectors apart."""
    channels, lanes, dx = scatter.packing.channels, scatter.packing.lanes, scatter.target

    def position(x: Index, _: list[Value]) -> list[Value]:
        from_ = f.at(scratch, f.multiply(f.add(x, scatter.before[1]), channels))
        to = f.at(target, f.multiply(x, dx.pitch))
        for r in range(height):
            for c in range(0, channels, lanes):
                real = real_lanes(f, channels) if channels - c < lanes else None
                value = keep(f, real, f.load_vector(from_, r * scatter.pitch + c))
                at = r * dx.row + c
                f.store_vector(finish(f, value, to, at), to, at)
        return []

    f.loop(0, dx.width, 1, position)


def copy_scattered(
    f: Function,
    scatter: Scatter,
    source: Value,
    target: Value,
    filters: tuple[Index, Index],
) -> None:
    """Append the code that copies K[ky, kx, c, o] to its place as K'[o, ky, (kx, c)].

    Args:
        f: The function.
        scatter: What it is for.
        source: Pointer to the packed kernel.
        target: Pointer to where it goes; lanes beyond a row of taps stay zero.
        filters: First and last o.
    """
    packing = scatter.packing
    (down, across), channels = packing.taps, packing.channels

    def filter_(o: Index, _: list[Value]) -> list[Value]:
        from_, to = place_of(f, o, packing), f.multiply(o, down * scatter.tap_row)

        def tap_row(ky: Index, _: list[Value]) -> list[Value]:
            def number(i: Index, _: list[Value]) -> list[Value]:
                row = f.add(f.multiply(ky, across * channels), i)
                value = f.load(source, f.add(from_, f.multiply(row, packing.width)))
                at = f.at(target, f.add(f.add(to, f.multiply(ky, scatter.tap_row)), i))
                f.do(f"store float {value}, ptr {at}, align 4")
                return []

            return f.loop(0, across * channels, 1, number)

        return f.loop(0, down, 1, tap_row)

    f.loop(*filters, 1, filter_)
