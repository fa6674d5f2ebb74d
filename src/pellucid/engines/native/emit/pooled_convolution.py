"""Convolutions of whole batches whose outputs are pooled before they reach memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import as_it_is, convolve_rows, store_floats
from pellucid.engines.native.emit.pooling import pool_row

if TYPE_CHECKING:
    from pellucid.engines.native.emit.convolution import Store
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.geometry import Convolution
    from pellucid.engines.native.memory.layout import Layout


@dataclass(frozen=True)
class PooledConvolution:
    """A convolution and the max pooling behind it.

    Attributes:
        convolution: The convolution; its target is a row of windows' outputs, in floats.
        size: The window's (height, width), which is also its stride.
        target: Where results lie.
        rectify: Whether a ReLU comes with it.
        store: What writes results.
    """

    convolution: Convolution
    size: tuple[int, int]
    target: Layout
    rectify: bool
    store: Store = store_floats

    @property
    def scratch(self) -> int:
        """Floats that a thread needs for the outputs of a row of windows."""
        return self.size[0] * self.convolution.outputs[1] * self.convolution.packing.width

    def append(
        self,
        f: Function,
        source: Value,
        kernel: Value,
        scratch: Value,
        target: Value,
        winners: Value | None = None,
    ) -> None:
        """Append the code for the thread's images.

        Outputs go to the scratch buffer, in the first-level cache, and from there pooled to memory.

        Args:
            f: The function.
            source: Pointer to the first image.
            kernel: Pointer to the packed kernel.
            scratch: Pointer to the threads' scratch buffers.
            target: Pointer to the first result.
            winners: Pointer to the winners' numbers, bytes that lie as the results do; or none.
        """
        packing, pooled = self.convolution.packing, self.target
        step = self.convolution.outputs[1] * packing.width, packing.width
        row_outputs = f.at(scratch, f.multiply("%thread", self.scratch))

        def image(n: Index, _: list[Value]) -> list[Value]:
            x = f.at(source, f.multiply(n, self.convolution.source.image))
            to = f.add(f.multiply(n, pooled.image), pooled.at(0, 0))

            def block(ob: Index, _: list[Value]) -> list[Value]:
                weights = f.at(kernel, f.multiply(ob, packing.block))
                place = f.add(to, f.multiply(ob, packing.width))

                def row(i: Index, _: list[Value]) -> list[Value]:
                    convolve_rows(
                        f, self.convolution, x, weights, f.multiply(i, self.size[0]), self.size[0],
                        row_outputs, step, as_it_is,
                    )  # fmt: skip
                    at = f.add(place, f.multiply(i, pooled.row))
                    pool_row(
                        f, row_outputs, step, self.size, pooled.width, packing.vectors,
                        f.at(target, at, pooled.unit), pooled.pitch,
                        f.at(winners, at, "i8") if winners is not None else None,
                        rectify=self.rectify, store=self.store,
                    )  # fmt: skip
                    return []

                return f.loop(*f.extent("rows", pooled.height), 1, row)

            return f.loop(*f.extent("blocks", packing.blocks), 1, block)

        f.loop(*f.extent("images"), 1, image)
