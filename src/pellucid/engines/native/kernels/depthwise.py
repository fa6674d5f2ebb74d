"""Depthwise convolutions, with a function of each value behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.convolution import added, as_it_is
from pellucid.engines.native.emit.depthwise import Slide, accumulate_taps, slide_images
from pellucid.engines.native.emit.images import each_vector
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.kernels.backward_taps import Phase, phases
from pellucid.engines.native.kernels.chunks import CHUNKS, chunk
from pellucid.engines.native.kernels.packed import PackedKernel
from pellucid.engines.native.kernels.parameters import place_parameter
from pellucid.engines.native.kernels.pointwise import declines_epilogue, finished, mask
from pellucid.engines.native.memory.geometry import Packing
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Layout, Place
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Depthwise(PackedKernel):
    """A depthwise convolution, one filter a channel, in a plan."""

    family: ClassVar[str] = "depthwise"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Conv2D,)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        operation = region.operation
        if not isinstance(operation, ops.Conv2D) or not isinstance(operation, cls.operations):
            return super().declines(region, target)
        channels = region.inputs[0][2]
        if operation.groups == 1 or not operation.groups == channels == operation.filters:
            return "computes convolutions with one filter a channel"
        return declines_epilogue(region)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, ops.Conv2D)
        self.operation = operation
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        self.packing = Packing(
            operation.size, 1, operation.filters, plan.lanes, 1, plan.vectors.sums
        )
        self.parameter = place_parameter(
            plan, region, self.packing.blocks, self.packing.block, CHUNKS, self.parts, self.form
        )

    def forward(self) -> None:
        """Append the forward stage."""
        finish = finished(self.region.function)

        def body(f: Function) -> None:
            slide = self._forward(self.source.layout, self.target.layout)
            source, target = buffer(f, self.source.offset), buffer(f, self.target.offset)
            slide_images(f, slide, source, buffer(f, self.parameter.weights), target, finish)

        height, width, channels = self.plan.shape(self.region.target)
        taps = self.packing.taps[0] * self.packing.taps[1]
        split = Split("rows", height, height * width * channels * taps)
        about = self.plan.about(
            self.family, [self.source], [self.target], flops=self.flops, read=self._weight_bytes
        )
        self.plan.stage(self.plan.forward, self.name, "images", body, about, single=split)

    @property
    def _weight_bytes(self) -> int:
        return FLOAT * self.packing.size

    @property
    def in_any_order(self) -> bool:
        return not self.region.epilogue  # else ∂y is masked or unpooled first

    def backward(self) -> None:
        """Append what goes back image by image: to ∂y, and on to ∂x."""
        plan, source = self.plan, self.region.sources[0]
        gradient = plan.gradients[self.region.target]
        if self.region.function is not None:
            mask(plan, self.region, gradient)
        if not plan.wants_gradient(source):
            return
        adds = plan.adds(source)
        to = plan.gradients[source]

        def body(f: Function) -> None:
            kernel = buffer(f, self.parameter.weights)
            for phase in phases(self.operation, to.layout.height, to.layout.width):
                if adds and not phase.reached:
                    continue
                slide = self._back(phase, gradient, to)
                from_, into = buffer(f, gradient.offset), buffer(f, to.offset)
                slide_images(f, slide, from_, kernel, into, added if adds else as_it_is)

        about = plan.about(self.family, [gradient], [to], flops=self.flops, read=self._weight_bytes)
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def weight_gradient(self) -> None:
        """Append the stage that sums the kernel's gradient, in parts joined later."""
        size = self.packing.size
        gradient = self.plan.gradients[self.region.target]

        def body(f: Function) -> None:
            def unit(u: Index, _: list[Value]) -> list[Value]:
                partial = f.at(buffer(f, self.parameter.gradients), f.multiply(u, size))
                each_vector(f, size, lambda i: f.store_vector(f.zero, partial, i))
                accumulate_taps(
                    f,
                    self._forward(self.source.layout, gradient.layout),
                    buffer(f, self.source.offset),
                    buffer(f, gradient.offset),
                    partial,
                    chunk(f, u, CHUNKS),
                )
                return []

            f.loop("%first", "%last", 1, unit)

        about = self.plan.about(
            "kernel gradient", [self.source, gradient], flops=self.flops,
            written=self._weight_bytes * CHUNKS,
        )  # fmt: skip
        self.plan.stage(
            "backward", f"kernel gradient {self.name}", CHUNKS, body, about,
            group=f"kernel {self.name}",
        )  # fmt: skip

    def _forward(self, source: Layout, to: Layout) -> Slide:
        """The convolution itself: y may lie where ∂y does, x where only some of its rows do."""
        operation = self.operation
        before = self._before
        (tall, wide), (down, across) = operation.size, operation.dilation
        taps = [
            (ky * wide + kx, ky * down * source.row + kx * across * source.pitch)
            for ky in range(tall)
            for kx in range(wide)
        ]
        return Slide(
            (to.height, to.width),
            source.image,
            source.at(-before[0], -before[1]),
            (operation.stride[0] * source.row, operation.stride[1] * source.pitch),
            to.image,
            to.at(0, 0),
            (to.row, to.pitch),
            tuple(taps),
            self.packing,
            biased=True,
        )

    @property
    def _before(self) -> tuple[int, int]:
        """Rows and columns of zeros before the input, which the first window reaches."""
        height, width, _ = self.plan.shape(self.region.sources[0])
        window = self.operation.window
        return window.along(0, height).before, window.along(1, width).before

    def _back(self, phase: Phase, gradient: Place, to: Place) -> Slide:
        """What carries ∂y to the input positions of one phase."""
        operation, source, target = self.operation, gradient.layout, to.layout
        taps = [
            (ky * operation.size[1] + kx, i * source.row + j * source.pitch)
            for ky, i in phase.rows.taps
            for kx, j in phase.columns.taps
        ]
        return Slide(
            (phase.rows.positions, phase.columns.positions),
            source.image,
            source.at(0, 0),
            (source.row, source.pitch),
            target.image,
            target.at(*phase.first),
            (operation.stride[0] * target.row, operation.stride[1] * target.pitch),
            tuple(taps),
            self.packing,
            biased=False,
        )
