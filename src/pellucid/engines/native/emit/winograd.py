"""Winograd's convolutions: tiles and kernels are transformed, then multiplied point by point.

Of each tile every point is a row of channels, and of the transformed kernels every point is a
matrix, channels × filters. So a block of tiles is multiplied by as many matrices as a tile has
points, with the microkernel that everything else is computed by:

    V[p][tile][channel]  =  Bᵀ·x·B                 of a block of tiles
    M[p][tile][filter]   =  Σ V[p][tile][channel] · U[p][channel][filter]
    y                    =  Aᵀ·M·A + bias           of a block of filters

V stays in the second-level cache while all blocks of filters go over it. A sum goes over channels
alone, in their order, whatever tiles lie beside each other: so images get the same bits alone, in
any batch, and with vectors of any width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.outer_product import Steps, outer_product
from pellucid.engines.native.emit.pooling import pool_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.convolution import Addend, Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Pair
    from pellucid.engines.native.memory.tiling import Tiling


@dataclass(frozen=True)
class Pooled:
    """A max pooling behind a convolution.

    Attributes:
        size: Its windows, which tile the outputs of a tile.
        target: Pointer to the pooled images.
        winners: Pointer to the winners' numbers, bytes that lie as the results do; or none.
        row: Floats from one row of results to the next.
        image: Floats from one image to the next.
        start: Floats from an image's start to its first result.
        pitch: Floats from one result to the next.
        rectify: Whether a ReLU comes with it.
    """

    size: Pair
    target: Value
    winners: Value | None
    row: int
    image: int
    start: int
    pitch: int
    rectify: bool


@dataclass(frozen=True)
class Piece:
    """A piece of a row of tiles: which image's, which row, from which tile on, and how many."""

    image: Index
    row: Index
    column: Index
    tiles: Index


class WinogradWriter:
    """Appends the code of a convolution to a function.

    Args:
        f: The function.
        tiling: What to compute.
        scratch: Pointer to what the thread works on.
    """

    def __init__(self, f: Function, tiling: Tiling, scratch: Value) -> None:
        self.f, self.tiling, self.form = f, tiling, tiling.form
        products, (v, m) = tiling.form.products, tiling.planes
        self.inputs = scratch
        self.products = f.at(scratch, products * v)
        self.strip = f.at(scratch, products * (v + m))
        self.rows = f.at(scratch, products * (v + m) + tiling.strip)

    def images(
        self,
        source: Value,
        kernel: Value,
        target: Value | Pooled,
        finish: Finish,
        *,
        biased: bool,
        addend: Addend | None = None,
    ) -> None:
        """Append the code for the function's share of images, of an image's rows, or of filters.

        Args:
            source: Pointer to the images.
            kernel: Pointer to the transformed kernels.
            target: Pointer to where outputs go, or how they are pooled.
            finish: What to do with outputs before they are stored; nothing before a pooling.
            biased: Whether biases are added.
            addend: What else is added to outputs; nothing before a pooling.
        """
        f, tiling = self.f, self.tiling
        begin, end = f.extent("rows", tiling.units)
        if f.split == "images":
            begin, end = (f.multiply(n, tiling.units) for n in f.extent("images"))

        def block(first: Index, _: list[Value]) -> list[Value]:
            count, tiles = self._block(source, first, end)

            def filters(ob: Index, _: list[Value]) -> list[Value]:
                matrices = f.at(kernel, f.multiply(ob, tiling.block))
                self._multiply(matrices, tiles)

                def outputs(k: Index, _: list[Value]) -> list[Value]:
                    piece = self._piece(f.add(first, k))
                    self._transform_output(
                        matrices, piece, k, ob, target, finish, biased=biased, addend=addend
                    )
                    return []

                return f.loop(0, count, 1, outputs)

            return f.loop(*f.extent("blocks", tiling.packing.blocks), 1, filters)

        f.loop(begin, end, tiling.together, block)

    def _block(self, source: Value, first: Index, end: Index) -> tuple[Index, Index]:
        """Transform the inputs of a block, from a piece on; how many pieces and tiles it has."""
        f, tiling = self.f, self.tiling
        count = f.smaller(f.add(end, f.multiply(first, -1)), tiling.together)

        def transform(k: Index, _: list[Value]) -> list[Value]:
            self._transform_input(source, self._piece(f.add(first, k)), k)
            return []

        f.loop(0, count, 1, transform)
        if tiling.pieces > 1:
            return count, self._piece(first).tiles
        return count, f.multiply(count, tiling.wide)

    def _place(self, piece: Piece, image: int, start: int, step: Pair) -> Index:
        """Where a piece's first tile lies; ``step``: floats from one row and column to the next."""
        f, m = self.f, self.form.outputs
        return f.add(
            f.add(f.multiply(piece.image, image), start),
            f.add(f.multiply(piece.row, m * step[0]), f.multiply(piece.column, m * step[1])),
        )

    def _piece(self, number: Index) -> Piece:
        f, tiling = self.f, self.tiling
        image = f.divide(number, tiling.units)
        within = f.add(number, f.multiply(image, -tiling.units))
        row = f.divide(within, tiling.pieces) if tiling.pieces > 1 else within
        if tiling.pieces == 1:
            return Piece(image, row, 0, tiling.wide)
        column = f.multiply(f.add(within, f.multiply(row, -tiling.pieces)), tiling.wide)
        left = f.add(tiling.tiles[1], f.multiply(column, -1))
        return Piece(image, row, column, f.smaller(left, tiling.wide))

    # ------------------------------------------------------------------------------------ input

    def _transform_input(self, source: Value, piece: Piece, k: Index) -> None:
        """V of a piece's tiles, as the k-th of the block."""
        f, tiling, n, m = self.f, self.tiling, self.form.size, self.form.outputs
        layout = tiling.convolution.source
        step = layout.row, layout.pitch
        x = f.at(source, self._place(piece, layout.image, tiling.convolution.source_start, step))
        to = f.at(self.inputs, f.multiply(k, tiling.wide * tiling.pitch))
        columns = f.add(f.multiply(piece.tiles, m), n - m)
        real = columns
        if m * tiling.tiles[1] + n - m > tiling.inputs[1]:
            real = f.smaller(columns, f.add(tiling.inputs[1], f.multiply(piece.column, -m)))
        last = tiling.inputs[0] - m * (tiling.tiles[0] - 1)

        def rows(count: int) -> None:
            self._transform_columns(x, to, piece.tiles, (count, real, columns))

        self._either(piece.row, tiling.tiles[0], rows, n, min(n, last))

    def _either(
        self, number: Index, count: int, body: Callable[[int], None], usual: int, last: int
    ) -> None:
        """Append a body's code, once more for the last of a count if its argument differs there."""
        f = self.f
        if usual == last:
            body(usual)
            return
        f.when(f.value(f"icmp ne i64 {number}, {count - 1}"), lambda: body(usual))
        f.when(f.value(f"icmp eq i64 {number}, {count - 1}"), lambda: body(last))

    def _transform_columns(
        self, x: Value, to: Value, tiles: Index, extent: tuple[int, Index, Index]
    ) -> None:
        """One vector of channels at a time: all columns downwards, then each tile across.

        Neighbouring tiles share columns, which are transformed once.

        Args:
            x: Pointer to the first tile's first value.
            to: Pointer to its place in V.
            tiles: How many.
            extent: How many rows there are, how many columns, and how many with the zeros that
                tiles hang over the edge to.
        """
        f, form, lanes, n = self.f, self.form, self.f.vectors.lanes, self.form.size
        layout, tiling = self.tiling.convolution.source, self.tiling
        rows, real, columns = extent

        def channels(c: Index, _: list[Value]) -> list[Value]:
            x_here, to_here = f.at(x, c), f.at(to, c)

            def column(i: Index, _: list[Value]) -> list[Value]:
                at = f.at(x_here, f.multiply(i, layout.pitch))
                values = [f.load_vector(at, k * layout.row) for k in range(rows)]
                self._store_column(i, form.transform_input(f, values + [f.zero] * (n - rows)))
                return []

            def nothing(i: Index, _: list[Value]) -> list[Value]:
                self._store_column(i, [f.zero] * n)
                return []

            def tile(t: Index, _: list[Value]) -> list[Value]:
                at = f.at(self.strip, f.multiply(t, form.outputs * n * lanes))
                there = f.at(to_here, f.multiply(t, tiling.pitch))
                for k in range(n):
                    values = [f.load_vector(at, (i * n + k) * lanes) for i in range(n)]
                    for i, value in enumerate(form.transform_input(f, values)):
                        f.store_vector(value, there, (k * n + i) * tiling.planes[0])
                return []

            f.loop(0, real, 1, column)
            if real != columns:
                f.loop(real, columns, 1, nothing)
            return f.loop(0, tiles, 1, tile)

        f.loop(0, tiling.pitch, lanes, channels)

    def _store_column(self, i: Index, values: list[Value]) -> None:
        n, lanes = self.form.size, self.f.vectors.lanes
        at = self.f.at(self.strip, self.f.multiply(i, n * lanes))
        for k, value in enumerate(values):
            self.f.store_vector(value, at, k * lanes)

    # --------------------------------------------------------------------------------- products

    def _multiply(self, matrices: Value, tiles: Index) -> None:
        """M of the block's tiles and one block of filters, point by point."""
        f, tiling, packing = self.f, self.tiling, self.tiling.packing
        many, few = tiling.groups

        def point(p: Index, _: list[Value]) -> list[Value]:
            a = f.at(self.inputs, f.multiply(p, tiling.planes[0]))
            b = f.at(matrices, f.multiply(p, packing.channels * packing.width))
            to = f.at(self.products, f.multiply(p, tiling.planes[1]))

            def group(t: Index, size: int) -> list[Value]:
                sums = outer_product(
                    f,
                    f.at(a, f.multiply(t, tiling.pitch)),
                    [r * tiling.pitch for r in range(size)],
                    b,
                    packing.columns,
                    [Steps(packing.channels, 1, packing.width)],
                    [f.zero] * (size * packing.vectors),
                )
                at = f.at(to, f.multiply(t, packing.width))
                for k, total in enumerate(sums):
                    f.store_vector(total, at, k * packing.lanes)
                return []

            whole = f.multiply(f.divide(tiles, many), many)
            f.loop(0, whole, many, lambda t, _: group(t, many))
            return f.loop(whole, tiles, few, lambda t, _: group(t, few))

        f.loop(0, self.form.products, 1, point)

    # ---------------------------------------------------------------------------------- outputs

    def _transform_output(
        self,
        matrices: Value,
        piece: Piece,
        k: Index,
        ob: Index,
        target: Value | Pooled,
        finish: Finish,
        *,
        biased: bool,
        addend: Addend | None,
    ) -> None:
        """The outputs of a piece's tiles, the k-th of the block, for one block of filters."""
        f, tiling, m, packing = self.f, self.tiling, self.form.outputs, self.tiling.packing
        at = f.at(self.products, f.multiply(k, tiling.wide * packing.width))
        biases = f.at(matrices, self.form.products * packing.channels * packing.width)
        filters = f.multiply(ob, packing.width)
        if isinstance(target, Pooled):
            to, step = self.rows, tiling.rows
        else:
            layout, step = tiling.convolution.target, tiling.convolution.target_step
            place = self._place(piece, layout.image, tiling.convolution.target_start, step)
            to = f.at(target, f.add(place, filters))
        other = None
        if addend is not None:
            place = self._place(piece, addend.image, 0, addend.step)
            other = addend.moved(f, f.add(place, filters))

        def tile(t: Index, outputs: Pair) -> list[Value]:
            def vector(v: Index, _: list[Value]) -> list[Value]:
                bias = f.load_vector(biases, v) if biased else None
                from_ = f.at(at, f.add(f.multiply(t, packing.width), v))
                there = f.at(to, f.add(f.multiply(t, m * step[1]), v))
                beside = None
                if other is not None:
                    beside = other.below(f, 0, f.multiply(t, m)).moved(f, v)
                self._tile(from_, there, step, outputs, bias, finish, beside)
                return []

            return f.loop(0, packing.width, packing.lanes, vector)

        def after(down: int) -> None:
            if isinstance(target, Pooled):
                self._pool(target, piece, filters, down)

        self._each_tile(piece, tile, after)

    def _each_tile(
        self,
        piece: Piece,
        tile: Callable[[Index, Pair], list[Value]],
        after: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Append a loop over a piece's tiles, with code of its own for those that hang over.

        Args:
            piece: The piece.
            tile: Given a tile's number in the piece and its outputs (down, across), appends its
                code.
            after: Given how many rows of outputs the tiles have, appends what follows the loop.
        """
        f, tiling, m = self.f, self.tiling, self.form.outputs
        hangs_over = tiling.last[1] < m
        full = piece.tiles
        if hangs_over:
            full = f.smaller(full, f.add(tiling.tiles[1] - 1, f.multiply(piece.column, -1)))

        def rows(down: int) -> None:
            f.loop(0, full, 1, lambda t, _: tile(t, (down, m)))
            if hangs_over:
                f.loop(full, piece.tiles, 1, lambda t, _: tile(t, (down, tiling.last[1])))
            after(down)

        self._either(piece.row, tiling.tiles[0], rows, m, tiling.last[0])

    def _tile(
        self,
        at: Value,
        to: Value,
        step: Pair,
        outputs: Pair,
        bias: Value | None,
        finish: Finish,
        addend: Addend | None,
    ) -> None:
        """One tile's outputs, (down, across) of them, for one vector of filters."""
        f, n, plane = self.f, self.form.size, self.tiling.planes[1]
        columns = [
            self.form.transform_output(
                f, [f.load_vector(at, (k * n + i) * plane) for k in range(n)]
            )
            for i in range(n)
        ]
        for y in range(outputs[0]):
            values = self.form.transform_output(f, [column[y] for column in columns])
            for x, value in enumerate(values[: outputs[1]]):
                total = value if bias is None else f.vector("fadd", value, bias)
                if addend is not None:
                    other = f.load_vector(addend.at, addend.offset(y, x))
                    total = f.vector("fadd", total, other)
                place = y * step[0] + x * step[1]
                f.store_vector(finish(f, total, to, place), to, place)

    def _pool(self, pooled: Pooled, piece: Piece, filters: Index, down: int) -> None:
        """Pool the rows that were just made, and store what won."""
        f, tiling, m = self.f, self.tiling, self.form.outputs
        columns = f.multiply(piece.tiles, m // pooled.size[1])
        width = tiling.convolution.outputs[1] // pooled.size[1]
        first = f.multiply(piece.column, m // pooled.size[1])
        if tiling.last[1] < m:
            columns = f.smaller(columns, f.add(width, f.multiply(first, -1)))
        place = f.add(
            f.add(f.multiply(piece.image, pooled.image), pooled.start),
            f.add(
                f.multiply(piece.row, m // pooled.size[0] * pooled.row),
                f.multiply(first, pooled.pitch),
            ),
        )
        to = f.add(place, filters)
        for i in range(down // pooled.size[0]):
            at = f.add(to, i * pooled.row)
            pool_row(
                f, f.at(self.rows, i * pooled.size[0] * tiling.rows[0]), tiling.rows, pooled.size,
                columns, tiling.packing.vectors, f.at(pooled.target, at), pooled.pitch,
                f.at(pooled.winners, at, "i8") if pooled.winners is not None else None,
                rectify=pooled.rectify,
            )  # fmt: skip
