"""Depthwise convolutions that compute what they read: an inverted bottleneck without its memory.

A 1×1 convolution widens, and the depthwise convolution behind it reads each of its many values a
few times. At inference nobody else does; so they are made for a band of rows and a block of
channels at a time, and are read while they are still in the processor's caches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.bands import Bands, clear_ends, sweep_bands
from pellucid.engines.native.emit.convolution import convolve_rows
from pellucid.engines.native.emit.depthwise import slide_rows, some_rows
from pellucid.engines.native.emit.images import each_image
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split, better
from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.kernels.depthwise import Depthwise
from pellucid.engines.native.kernels.pointwise import finished
from pellucid.engines.native.kernels.tiles import idle_lanes, tile_of
from pellucid.engines.native.kernels.winograd import Winograd
from pellucid.engines.native.memory.layout import FLOAT, Border, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.bands import Make, Use
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target

BAND = 1 << 15
"""Floats that a band may hold, 128 KiB: in a second-level cache, beside what they are made of."""


class BandedDepthwise(Depthwise):
    """A depthwise convolution in a plan that makes what it reads, band by band."""

    family: ClassVar[str] = "depthwise behind a convolution"
    makes_source: ClassVar[bool] = True

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if reason := super().declines(region, target):
            return reason
        operation, maker = region.operation, region.maker
        assert isinstance(operation, ops.Conv2D)
        if maker is None:
            return "what it reads is needed for more than it"
        if maker.kernel is Winograd:
            return "what it reads is computed by tiles"
        if maker.kernel is not Convolve or not isinstance(maker.operation, ops.Conv2D):
            return f"what it reads comes from {maker.operation.kind}, not from a convolution"
        if maker.pool is not None:
            return "what it reads is pooled"
        if maker.addend is not None:
            return "what it reads is added to another value"
        return ""

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        maker = plan.kernels[region.sources[0]]
        assert isinstance(maker, Convolve)
        self.maker = maker
        height = self.target.layout.height
        layout = self.bands_of(1).layout
        fit = (BAND // layout.row - self._reach) // self.operation.stride[0] + 1
        most = max(1, fit)
        self.bands = self.bands_of(-(-height // -(-height // most)))
        plan.reserve_band(self.bands.floats + plan.lanes)

    @property
    def _reach(self) -> int:
        """Rows of a band for one row of outputs."""
        return max(self.operation.window.extent(0), self.operation.stride[0])

    def bands_of(self, rows: int) -> Bands:
        """Bands of one block of filters, for a number of rows of outputs."""
        operation, source, width = self.operation, self.source.layout, self.maker.packing.width
        extent, stride = operation.window.extent(0), operation.stride[0]
        border = Border(left=source.border.left, right=source.border.right)
        height = (rows - 1) * stride + self._reach
        layout = Layout(height, source.width, width, width, border)
        return Bands(layout, source.height, rows, stride, extent, self._before[0])

    @property
    def read_by_both(self) -> int:
        """Bytes of both kernels."""
        return FLOAT * self.maker.packing.size + self._weight_bytes

    def forward(self) -> None:
        """Append the stage that computes both."""
        plan, maker = self.plan, self.maker
        about = plan.about(
            self.family,
            [maker.source],
            [self.target],
            flops=maker.flops + self.flops,
            read=self.read_by_both,
            tile=tile_of(maker.geometry),
            notes=idle_lanes(maker.packing, "filters", half=maker.geometry.half),
        )
        plan.stage(plan.forward, self.name, "images", self._both, about, single=self._single())

    def _both(self, f: Function) -> None:
        maker, packing, bands, target = (
            self.maker, self.maker.packing, self.bands, self.target.layout,
        )  # fmt: skip
        place, floats = self.plan.band
        band = f.at(buffer(f, place), f.multiply("%thread", floats))
        clear_ends(f, bands, band)

        def image(n: Index) -> None:
            x = f.at(buffer(f, maker.source.offset), f.multiply(n, maker.source.layout.image))
            y = f.at(
                buffer(f, self.target.offset), f.add(f.multiply(n, target.image), target.at(0, 0))
            )

            def block(ob: Index, _: list[Value]) -> list[Value]:
                make, use = self.of_block(f, bands, x, y, target, ob)
                sweep_bands(f, bands, band, f.extent("rows", target.height), make, use)
                return []

            f.loop(*f.extent("blocks", packing.blocks), 1, block)

        each_image(f, image)

    def of_block(
        self, f: Function, bands: Bands, x: Value, y: Value, target: Layout, ob: Index
    ) -> tuple[Make, Use]:
        """What makes rows of a band for a block of filters, and what computes outputs from them.

        Args:
            f: The function.
            bands: What a band holds.
            x: Pointer to the image that the convolution before reads.
            y: Pointer to the first row of outputs.
            target: How outputs lie.
            ob: The block.
        """
        maker, packing = self.maker, self.maker.packing
        slide = self._forward(bands.layout, target)
        rectify, finish = finished(maker.region.function), finished(self.region.function)
        filters = f.at(buffer(f, maker.parameter.weights), f.multiply(ob, packing.block))
        own = f.multiply(ob, packing.vectors * self.packing.block)
        kernel = f.at(buffer(f, self.parameter.weights), own)
        to = f.at(y, f.multiply(ob, packing.width))
        left = (bands.layout.border.left - self._before[1]) * bands.layout.pitch

        def make(row: Index, at: Value) -> None:
            step = bands.layout.row, bands.layout.pitch
            convolve_rows(f, maker.geometry, x, filters, row, 1, at, step, rectify)

        def use(rows: tuple[Index, Index], place: Callable[[Index], Value]) -> None:
            def some(row: Index, count: int) -> None:
                there = f.at(to, f.multiply(row, target.row))
                from_ = f.at(place(row), left)
                slide_rows(f, slide, from_, kernel, there, packing.vectors, count, finish)

            some_rows(f, slide, rows, some)

        return make, use

    @property
    def work(self) -> int:
        """Multiply-adds of both for an image."""
        height, width, channels = self.plan.shape(self.region.target)
        down, across = self.maker.outputs
        packing = self.maker.packing
        taps = self.packing.taps[0] * self.packing.taps[1]
        return height * width * channels * taps + down * across * packing.depth * packing.filters

    def _single(self) -> Split:
        """How the work for a single image is split; rows that two threads read are made twice."""
        packing, height = self.maker.packing, self.target.layout.height
        return better(
            Split("rows", height, self.work),
            Split("blocks", packing.blocks, self.work),
            self.plan.threads,
            more_weights=packing.size > self.maker.source.layout.image,
        )
