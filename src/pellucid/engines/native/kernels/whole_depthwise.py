"""Depthwise convolutions of whole numbers, with what makes them whole again behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import ops
from pellucid.engines.native.emit.depthwise import Slide, slide_images
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.emit.whole_sums import MOST_TAPS, WholeChannels
from pellucid.engines.native.kernels.kernel import Declined, Weighted
from pellucid.engines.native.kernels.packed import window_border
from pellucid.engines.native.kernels.parameters import Part, place_parameter
from pellucid.engines.native.kernels.pointwise import declines_epilogue, finished
from pellucid.engines.native.kernels.whole import WINDOWED, storing, without_quantise
from pellucid.engines.native.memory.geometry import Packing
from pellucid.engines.native.memory.layout import FLOAT, Border

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.bfloat16_sums import Bfloat16Channels
    from pellucid.engines.native.emit.ir import Function
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class WholeDepthwise(Weighted):
    """A depthwise convolution of whole numbers in a plan.

    A block holds a vector of channels: their weights, floats, tap by tap; their biases, whole
    numbers; and the factors of their sums.
    """

    family: ClassVar[str] = "depthwise of whole numbers"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.QuantisedConv2D,)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        operation = region.operation
        if not isinstance(operation, cls.operations) or not isinstance(operation, WINDOWED):
            return super().declines(region, target)
        if not operation.depthwise:
            return "computes convolutions with one filter a channel"
        if reason := cls.too_many(operation.size[0] * operation.size[1]):
            return reason
        return declines_epilogue(without_quantise(region))

    @classmethod
    def border(cls, region: Region, size: tuple[int, int]) -> Border:
        operation = region.operation
        assert isinstance(operation, WINDOWED)
        return window_border(operation.summed, size)

    @classmethod
    def too_many(cls, taps: int) -> str:
        """Why it cannot sum over a number of taps; empty where it can."""
        if taps <= MOST_TAPS:
            return ""
        return f"sums of more than {MOST_TAPS} products are not exact in floats"

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, WINDOWED)
        self.operation = operation
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        gap = plan.lanes if self.channels.scaled else 0
        self.packing = Packing(
            operation.size, 1, operation.filters, plan.lanes, 1, plan.vectors.sums, gap
        )
        whole = Part("kernel", 0, self.packing.block, decays=False)
        self.parameter = place_parameter(
            plan, region, self.packing.blocks, self.packing.block, 1, (whole,), region.name
        )

    @property
    def channels(self) -> WholeChannels | Bfloat16Channels:
        """How its numbers are read, and what their sums come to."""
        return WholeChannels(self.source.layout.dtype)

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Pack the weights, the biases, and the factor of each channel's sums."""
        packing, filters = self.packing, self.packing.filters
        assert isinstance(self.operation, ops.QuantisedConv2D)
        rows = np.zeros((packing.depth + 2, packing.blocks * packing.lanes), np.int32)
        kernel = arrays["kernel"].reshape(packing.depth, filters)
        rows[:-2, :filters] = np.ascontiguousarray(kernel, np.float32).view(np.int32)
        rows[-2, :filters] = arrays["bias"].astype(np.int32)
        rows[-1, :filters] = self.operation.step(arrays).astype(np.float32).view(np.int32)
        blocked = rows.reshape(packing.depth + 2, packing.blocks, packing.lanes)
        self._words(memory, offset)[:] = blocked.transpose(1, 0, 2)

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The reverse of :meth:`write`."""
        packing = self.packing
        assert isinstance(self.operation, ops.QuantisedConv2D)
        blocked = self._words(memory, offset).transpose(1, 0, 2)
        rows = blocked.reshape(packing.depth + 2, -1)[:, : packing.filters].copy()
        shape = self.region.parameters["kernel"].shape
        return {
            "kernel": rows[:-2].view(np.float32).reshape(shape),
            "bias": rows[-2].astype(np.float32),
            "scale": rows[-1].view(np.float32) / np.float32(self.operation.input_scale),
        }

    def _words(self, memory: NDArray[np.uint8], offset: int) -> NDArray[np.int32]:
        packing = self.packing
        words = memory[offset : offset + FLOAT * packing.size].view(np.int32)
        return words.reshape(packing.blocks, packing.depth + 2, packing.lanes)

    def forward(self) -> None:
        """Append the forward stage."""
        plan, region = self.plan, self.region
        finish, store = finished(region.function), storing(region, self.target)

        def body(f: Function) -> None:
            source, target = buffer(f, self.source.offset), buffer(f, self.target.offset)
            kernel = buffer(f, self.parameter.weights)
            slide_images(f, self._slide, source, kernel, target, finish, store)

        height, width, channels = plan.shape(region.target)
        split = Split("rows", height, height * width * channels * self.packing.depth)
        about = plan.about(
            self.family, [self.source], [self.target],
            flops=2 * self.operation.multiply_adds(*region.inputs), read=FLOAT * self.packing.size,
        )  # fmt: skip
        plan.stage(plan.forward, self.name, "images", body, about, single=split)

    @property
    def _slide(self) -> Slide:
        operation, x, y = self.operation, self.source.layout, self.target.layout
        height, width, _ = self.plan.shape(self.region.sources[0])
        window = operation.window
        (tall, wide), (down, across) = operation.size, operation.dilation
        taps = [
            (ky * wide + kx, ky * down * x.row + kx * across * x.pitch)
            for ky in range(tall)
            for kx in range(wide)
        ]
        return Slide(
            (y.height, y.width),
            x.image,
            x.at(-window.along(0, height).before, -window.along(1, width).before),
            (operation.stride[0] * x.row, operation.stride[1] * x.pitch),
            y.image,
            y.at(0, 0),
            (y.row, y.pitch),
            tuple(taps),
            self.packing,
            biased=not self.channels.scaled,
            narrow=self.channels,
            units=(x.unit, y.unit),
        )

    def backward(self) -> None:
        """Narrow numbers have no gradient."""
        raise Declined("narrow numbers have no gradient")
