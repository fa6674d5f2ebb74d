"""The gradient of a kernel by tiles: the transposes of the steps of Winograd's convolution.

    D[p][tile][filter]   =  A·∂y·Aᵀ                of a block of tiles
    ∂U[p][channel][filter]  +=  Σ V[p][tile][channel] · D[p][tile][filter]
    ∂K                   =  Gᵀ·∂U·G                at the end

The sum goes over tiles in their order, image by image, whatever blocks they come in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_vector
from pellucid.engines.native.emit.outer_product import Steps, outer_product
from pellucid.engines.native.emit.winograd import Piece, WinogradWriter

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Pair
    from pellucid.engines.native.memory.tiling import Tiling


def sums_floats(tiling: Tiling, blocks: int) -> int:
    """Floats of ∂U, of some blocks of filters."""
    packing = tiling.packing
    return blocks * tiling.form.products * packing.channels * packing.width


class GradientWriter(WinogradWriter):
    """Appends the code of a kernel's gradient to a function.

    Args:
        f: The function.
        tiling: Of the forward convolution, with ∂y's layout as its target.
        scratch: Pointer to what the thread works on: that of the convolution, and behind it ∂U.
    """

    def __init__(self, f: Function, tiling: Tiling, scratch: Value) -> None:
        super().__init__(f, tiling, scratch)
        self.sums = f.at(scratch, tiling.scratch(pools=False))

    def accumulate(
        self,
        source: Value,
        gradient: Value,
        kernel: Value,
        images: tuple[Index, Index],
        blocks: Index,
        *,
        biased: bool,
    ) -> None:
        """Append the code that makes some images' share of the gradient of the first blocks.

        Args:
            source: Pointer to x.
            gradient: Pointer to ∂y.
            kernel: Pointer to the packed gradient, which is zero.
            images: First and last image; at least one.
            blocks: How many blocks of filters.
            biased: Whether biases have a gradient.
        """
        f, tiling, packing = self.f, self.tiling, self.tiling.packing
        size = sums_floats(tiling, 1)
        each_vector(f, f.multiply(blocks, size), lambda i: f.store_vector(f.zero, self.sums, i))
        begin, end = (f.multiply(n, tiling.units) for n in images)

        def block(first: Index, _: list[Value]) -> list[Value]:
            count, tiles = self._block(source, first, end)

            def filters(ob: Index, _: list[Value]) -> list[Value]:
                dy = f.at(gradient, f.multiply(ob, packing.width))
                at = f.at(
                    kernel, f.add(f.multiply(ob, packing.block), packing.depth * packing.width)
                )

                def piece(k: Index, _: list[Value]) -> list[Value]:
                    self._transform_gradient(dy, self._piece(f.add(first, k)), k, at, biased=biased)
                    return []

                f.loop(0, count, 1, piece)
                self._add_products(f.at(self.sums, f.multiply(ob, size)), tiles)
                return []

            return f.loop(0, blocks, 1, filters)

        f.loop(begin, end, tiling.together, block)

        def gather(ob: Index, _: list[Value]) -> list[Value]:
            at, to = f.multiply(ob, size), f.multiply(ob, packing.block)
            self._gather(f.at(self.sums, at), f.at(kernel, to))
            return []

        f.loop(0, blocks, 1, gather)

    def _transform_gradient(
        self, dy: Value, piece: Piece, k: Index, biases: Value, *, biased: bool
    ) -> None:
        """D of a piece's tiles, the k-th of the block, of one block of filters; Σ ∂y beside it."""
        f, tiling, packing, m = self.f, self.tiling, self.tiling.packing, self.form.outputs
        layout = tiling.convolution.target
        step = layout.row, layout.pitch
        at = f.at(dy, self._place(piece, layout.image, tiling.convolution.target_start, step))
        to = f.at(self.products, f.multiply(k, tiling.wide * packing.width))

        def tile(t: Index, outputs: Pair) -> list[Value]:
            def vector(v: Index, _: list[Value]) -> list[Value]:
                from_ = f.at(at, f.add(f.multiply(t, m * layout.pitch), v))
                there = f.at(to, f.add(f.multiply(t, packing.width), v))
                total = self._spread(from_, there, step, outputs)
                if biased:
                    total = f.vector("fadd", f.load_vector(biases, v), total)
                    f.store_vector(total, biases, v)
                return []

            return f.loop(0, packing.width, packing.lanes, vector)

        self._each_tile(piece, tile)

    def _spread(self, at: Value, to: Value, step: Pair, outputs: Pair) -> Value:
        """D of one tile for one vector of filters, zeros where it hangs over; the sum of its ∂y."""
        f, n, m, plane = self.f, self.form.size, self.form.outputs, self.tiling.planes[1]
        values = [
            [
                f.load_vector(at, y * step[0] + x * step[1])
                if y < outputs[0] and x < outputs[1]
                else f.zero
                for y in range(m)
            ]
            for x in range(m)
        ]
        columns = [self.form.transform_gradient(f, column) for column in values]
        for y in range(n):
            row = self.form.transform_gradient(f, [column[y] for column in columns])
            for x, value in enumerate(row):
                f.store_vector(value, to, (y * n + x) * plane)
        real = [v for column in values[: outputs[1]] for v in column[: outputs[0]]]
        total = real[0]
        for value in real[1:]:
            total = f.vector("fadd", total, value)
        return total

    def _add_products(self, sums: Value, tiles: Index) -> None:
        """Add V · D of the block's tiles to ∂U of one block of filters, point by point."""
        f, tiling, packing = self.f, self.tiling, self.tiling.packing
        many = packing.sums // packing.vectors

        def point(p: Index, _: list[Value]) -> list[Value]:
            a = f.at(self.inputs, f.multiply(p, tiling.planes[0]))
            b = f.at(self.products, f.multiply(p, tiling.planes[1]))
            to = f.at(sums, f.multiply(p, packing.channels * packing.width))

            def rows(c: Index, count: int) -> list[Value]:
                at = f.at(to, f.multiply(c, packing.width))
                places = range(0, count * packing.width, packing.lanes)
                found = outer_product(
                    f,
                    f.at(a, c),
                    range(count),
                    b,
                    packing.columns,
                    [Steps(tiles, tiling.pitch, packing.width)],
                    [f.load_vector(at, place) for place in places],
                )
                for total, place in zip(found, places, strict=True):
                    f.store_vector(total, at, place)
                return []

            whole = packing.channels // many * many
            f.loop(0, whole, many, lambda c, _: rows(c, many))
            if whole < packing.channels:
                rows(whole, packing.channels - whole)
            return []

        f.loop(0, self.form.products, 1, point)

    def _gather(self, sums: Value, kernel: Value) -> None:
        """∂K of ∂U, of one block of filters."""
        f, n, packing = self.f, self.form.size, self.tiling.packing
        plane, (_, across) = packing.channels * packing.width, packing.taps

        def vector(i: Index) -> None:
            at, to = f.at(sums, i), f.at(kernel, i)
            columns = [
                self.form.gather_kernel(
                    f, [f.load_vector(at, (y * n + x) * plane) for y in range(n)]
                )
                for x in range(n)
            ]
            for y in range(packing.taps[0]):
                taps = self.form.gather_kernel(f, [column[y] for column in columns])
                for x, value in enumerate(taps):
                    f.store_vector(value, to, (y * across + x) * plane)

        each_vector(f, plane, vector)
