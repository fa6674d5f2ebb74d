"""A convolution as the kernels see it: which numbers meet which, and where everything lies.

The forward pass, the gradient of its input and a dense layer are all of this form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Vectors
    from pellucid.engines.native.emit.outer_product import Arithmetic
    from pellucid.engines.native.memory.layout import Layout

Pair = tuple[int, int]

WIDE = 16
"""Lanes from which on processors compute a vector in two halves, one after the other."""


@dataclass(frozen=True)
class Packing:
    """How a kernel lies in memory, as the microkernel reads it.

    Filters are cut into blocks of a few vectors; each block holds, for every tap and channel in
    turn, its vectors, and at last its biases: (blocks, taps·channels + 1, vectors·lanes).

    Attributes:
        taps: Kernel (height, width).
        channels: Channels that are summed over.
        filters: Without the zeros that fill up the last vector.
        lanes: Floats in a vector.
        vectors: Vectors in a block.
        sums: Vectors of sums that a tile may hold.
        gap: Floats between a block and the next, where something else lies.
    """

    taps: Pair
    channels: int
    filters: int
    lanes: int
    vectors: int
    sums: int
    gap: int = 0

    @staticmethod
    def of(taps: Pair, channels: int, filters: int, registers: Vectors) -> Packing:
        """Blocks of 2 vectors (or 3) use a tile best; a single vector a block always works."""
        lanes = registers.lanes
        vectors = whole_vectors(filters, lanes) // lanes
        a_block = next(n for n in (2, 3, 1) if vectors % n == 0)
        return Packing(taps, channels, filters, lanes, a_block, registers.sums)

    @property
    def depth(self) -> int:
        """Terms of a sum: taps times channels."""
        return self.taps[0] * self.taps[1] * self.channels

    @property
    def width(self) -> int:
        """Filters in a block."""
        return self.vectors * self.lanes

    @property
    def columns(self) -> tuple[int, ...]:
        """Where a block's vectors begin."""
        return tuple(v * self.lanes for v in range(self.vectors))

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return whole_vectors(self.filters, self.lanes) // self.width

    @property
    def block(self) -> int:
        """Floats from one block to the next."""
        return (self.depth + 1) * self.width + self.gap

    @property
    def size(self) -> int:
        """Floats in all."""
        return self.blocks * self.block

    def pack(
        self, kernel: NDArray[np.float32], bias: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """A kernel (height, width, channels, filters) and its biases, packed and flat."""
        rows = np.zeros((self.depth + 1, self.blocks * self.width), np.float32)
        rows[:-1, : self.filters] = kernel.reshape(self.depth, self.filters)
        if bias is not None:
            rows[-1, : self.filters] = bias
        blocked = rows.reshape(self.depth + 1, self.blocks, self.width)
        return np.ascontiguousarray(blocked.transpose(1, 0, 2)).reshape(-1)

    def unpack(
        self, packed: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The kernel, (height, width, channels, filters), and the biases."""
        blocked = packed.reshape(self.blocks, self.depth + 1, self.width)
        rows = blocked.transpose(1, 0, 2).reshape(self.depth + 1, -1)[:, : self.filters]
        return rows[:-1].reshape(*self.taps, self.channels, self.filters).copy(), rows[-1].copy()


@dataclass(frozen=True)
class Convolution:
    """y[i, j] = Σ over taps and channels of x[i·stride + tap·dilation + origin] · K[tap].

    Attributes:
        source: Where x lies; its border must hold whatever the taps reach.
        target: Where y lies.
        outputs: How many y there are, (down, across).
        packing: The kernel.
        stride: Source positions from one output to the next.
        dilation: Source positions from one tap to the next.
        origin: Source position of the first tap for the first output.
        target_stride: Target positions from one output to the next.
        target_origin: Target position of the first output.
        arithmetic: How numbers are multiplied and added; none: as floats.
    """

    source: Layout
    target: Layout
    outputs: Pair
    packing: Packing
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    origin: Pair = (0, 0)
    target_stride: Pair = (1, 1)
    target_origin: Pair = (0, 0)
    arithmetic: Arithmetic | None = None

    @property
    def single(self) -> bool:
        """Whether there is one output an image, as in a dense layer: tiles then span images."""
        return self.outputs == (1, 1)

    @property
    def half(self) -> bool:
        """Whether half of the last vector of filters is enough: the rest of it holds none."""
        packing = self.packing
        filled, alone = packing.filters % packing.lanes, packing.blocks == 1
        fits = 0 < filled <= packing.lanes // 2
        return fits and alone and packing.lanes >= WIDE and self.arithmetic is None

    @property
    def rows(self) -> int:
        """Outputs that a tile may have; what meets half a vector, too, takes a register more."""
        rows = self.packing.sums // self.packing.vectors
        return rows - 1 if self.half and self.packing.vectors > 1 else rows

    @property
    def source_step(self) -> Pair:
        """Floats in the source from one output to the next, (down, across)."""
        return self.stride[0] * self.source.row, self.stride[1] * self.source.pitch

    @property
    def target_step(self) -> Pair:
        """Floats in the target from one output to the next, (down, across)."""
        return self.target_stride[0] * self.target.row, self.target_stride[1] * self.target.pitch

    @property
    def tap_step(self) -> Pair:
        """Floats in the source from one tap to the next, (down, across)."""
        return self.dilation[0] * self.source.row, self.dilation[1] * self.source.pitch

    @property
    def source_start(self) -> int:
        """Floats from an image's start to the first tap of the first output."""
        return self.source.at(*self.origin)

    @property
    def target_start(self) -> int:
        """Floats from an image's start to the first output."""
        return self.target.at(*self.target_origin)
