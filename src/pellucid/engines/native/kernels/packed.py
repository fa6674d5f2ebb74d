"""What all convolutions and dense layers share: packed kernels, and the borders that they want."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.parameters import Part
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import FLOAT, Border

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.geometry import Packing


class PackedKernel(Weighted):
    """A convolution or dense layer.

    Attributes:
        packing: How the kernel of each group lies in memory.
        groups: How many there are, one after the other.
    """

    packing: Packing
    groups: int = 1

    @classmethod
    def border(cls, region: Region, size: tuple[int, int]) -> Border:
        operation = region.operation
        return window_border(operation, size) if isinstance(operation, ops.Conv2D) else Border()

    @classmethod
    def gradient_border(
        cls, region: Region, source: tuple[int, int, int], outputs: tuple[int, int]
    ) -> Border:
        """The zeros that let ∂y be convolved back."""
        operation = region.operation
        if not isinstance(operation, ops.Conv2D):
            return Border()
        return back_border(operation, source, outputs)

    @property
    def flops(self) -> int:
        """Of one pass over an image: forward, to its kernel or to its input."""
        return 2 * self.region.operation.multiply_adds(*self.region.inputs)

    @property
    def has_bias(self) -> bool:
        """Whether biases are added."""
        return "bias" in self.region.parameters

    @property
    def parts(self) -> tuple[Part, ...]:
        """The kernel and the biases of each block."""
        kernel = self.packing.depth * self.packing.width
        biases = Part("bias", kernel, self.packing.width, decays=False)
        return (Part("kernel", 0, kernel, decays=True), *([biases] if self.has_bias else []))

    @property
    def form(self) -> tuple[int, int]:
        """What decides how numbers lie in the blocks, besides their size."""
        return self.groups, self.packing.filters

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """Kernel and biases, or what belongs to them, of a packed array at an offset."""
        packed = floats(memory, offset, self.parameter.size).reshape(self.groups, -1)
        kernels, biases = zip(*map(self.packing.unpack, packed), strict=True)
        shape = self.region.parameters["kernel"].shape
        found = {"kernel": np.concatenate(kernels, axis=3).reshape(shape)}
        return found | ({"bias": np.concatenate(biases)} if self.has_bias else {})

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        size, filters = self.packing.size, self.packing.filters
        shape = (*self.packing.taps, self.packing.channels, self.groups * filters)
        kernel = arrays["kernel"].reshape(shape)
        for group in range(self.groups):
            mine = slice(group * filters, (group + 1) * filters)
            bias = arrays["bias"][mine] if self.has_bias else None
            packed = self.packing.pack(kernel[..., mine], bias)
            floats(memory, offset + FLOAT * group * size, size)[:] = packed


def windowed(region: Region) -> ops.Conv2D | None:
    """The convolution that a region is; none of a dense layer of all that an image has.

    A dense layer of rows is one of a single tap, whose positions are the rows.
    """
    operation = region.operation
    if isinstance(operation, ops.Conv2D):
        return operation
    assert isinstance(operation, ops.Dense)
    return ops.Conv2D(operation.units, (1, 1)) if len(region.inputs[0]) > 1 else None


def window_border(convolution: ops.Conv2D, size: tuple[int, int]) -> Border:
    """The zeros around a value of (height, width) that let a convolution read past its edges."""
    sides = []
    for axis in (0, 1):
        span = convolution.window.along(axis, size[axis])
        reach = (span.output - 1) * convolution.stride[axis] + convolution.window.extent(axis)
        sides += [span.before, max(0, reach - span.before - size[axis])]
    return Border(*sides)


def back_border(
    convolution: ops.Conv2D, source: tuple[int, ...], outputs: tuple[int, int]
) -> Border:
    """The zeros around a convolution's outputs that let them be convolved back to its source.

    Source position y sees outputs (y + before − tap·dilation) / stride, for all taps.
    """
    sides = []
    for axis in (0, 1):
        before = convolution.window.along(axis, source[axis]).before
        furthest = convolution.window.extent(axis) - 1
        stride = convolution.stride[axis]
        first = -((furthest - before) // stride)
        last = (source[axis] - 1 + before) // stride
        sides += [max(0, -first), max(0, last - (outputs[axis] - 1))]
    return Border(*sides)
