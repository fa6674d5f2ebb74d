"""Convolutions and dense layers of bfloat16, with what rounds their values behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import ops
from pellucid.engines.native.emit.bfloat16_sums import Bfloat16Channels, Bfloat16Pairs
from pellucid.engines.native.kernels.whole import WholeConvolve
from pellucid.engines.native.kernels.whole_depthwise import WholeDepthwise
from pellucid.engines.native.memory.layout import FLOAT
from pellucid.ops.bfloat16 import of_upper_halves, upper_halves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.outer_product import Arithmetic
    from pellucid.ops.operation import Operation

PAIR = 2
"""Channels in a word."""


class Bfloat16Convolve(WholeConvolve):
    """A convolution (or dense layer) of bfloat16 in a plan.

    A block holds the words of its kernel, and then its biases, floats.
    """

    family: ClassVar[str] = "convolution of bfloat16"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Bfloat16Conv2D, ops.Bfloat16Dense)

    @property
    def arithmetic(self) -> Arithmetic:
        return Bfloat16Pairs()

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Pack the kernel in words, and the biases."""
        packing, filters = self.packing, self.packing.filters
        kernel = arrays["kernel"].reshape(*packing.taps, self.channels, filters)
        halves = np.zeros((*packing.taps, packing.channels * PAIR, filters), np.uint16)
        halves[:, :, : self.channels] = upper_halves(kernel)
        pairs = halves.reshape(*packing.taps, packing.channels, PAIR, filters)
        words = np.ascontiguousarray(pairs.swapaxes(3, 4)).view(np.float32)[..., 0]
        self._blocks(memory, offset)[:] = packing.pack(words, arrays["bias"])

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The reverse of :meth:`write`."""
        packing = self.packing
        words, bias = packing.unpack(self._blocks(memory, offset))
        halves = np.ascontiguousarray(words)[..., None].view(np.uint16).swapaxes(3, 4)
        kernel = halves.reshape(*packing.taps, -1, packing.filters)[:, :, : self.channels]
        shape = self.region.parameters["kernel"].shape
        return {"kernel": of_upper_halves(kernel).reshape(shape), "bias": bias}

    def _blocks(self, memory: NDArray[np.uint8], offset: int) -> NDArray[np.float32]:
        return memory[offset : offset + FLOAT * self.packing.size].view(np.float32)


class Bfloat16Depthwise(WholeDepthwise):
    """A depthwise convolution of bfloat16 in a plan: its weights and biases lie as floats."""

    family: ClassVar[str] = "depthwise of bfloat16"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Bfloat16Conv2D,)

    @classmethod
    def too_many(cls, taps: int) -> str:
        return ""

    @property
    def channels(self) -> Bfloat16Channels:
        return Bfloat16Channels()

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Pack the weights and the biases."""
        shape = (*self.packing.taps, 1, self.packing.filters)
        self._blocks(memory, offset)[:] = self.packing.pack(
            arrays["kernel"].reshape(shape), arrays["bias"]
        )

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The reverse of :meth:`write`."""
        kernel, bias = self.packing.unpack(self._blocks(memory, offset))
        return {"kernel": kernel.reshape(self.region.parameters["kernel"].shape), "bias": bias}

    def _blocks(self, memory: NDArray[np.uint8], offset: int) -> NDArray[np.float32]:
        return memory[offset : offset + FLOAT * self.packing.size].view(np.float32)
