"""Convolutions in groups: the channels of each are convolved alone, one group after the other.

The kernels are those of a convolution without groups; what a group reads one by one it finds by an
offset in the whole, what it reads or writes in vectors see :class:`Groups`.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.convolution import (
    added,
    as_it_is,
    convolve_images,
)
from pellucid.engines.native.emit.images import clear, each_vector
from pellucid.engines.native.emit.kernel_gradient import accumulate_images, scratch_floats
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.backward_taps import phases
from pellucid.engines.native.kernels.chunks import (
    CHUNKS,
    LARGEST_PARTIAL_SUMS,
    chunk,
)
from pellucid.engines.native.kernels.flipped_kernel import FlippedKernel, copy_flipped
from pellucid.engines.native.kernels.groups import Groups
from pellucid.engines.native.kernels.packed import PackedKernel
from pellucid.engines.native.kernels.parameters import place_parameter
from pellucid.engines.native.kernels.pointwise import declines_epilogue, finished, mask
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.convolution import Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.backward_taps import Phase
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Layout
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Grouped(PackedKernel):
    """A grouped convolution in a plan."""

    family: ClassVar[str] = "grouped"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Conv2D,)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        operation = region.operation
        if not isinstance(operation, ops.Conv2D) or not isinstance(operation, cls.operations):
            return super().declines(region, target)
        if operation.groups == 1:
            return "computes convolutions in groups"
        return declines_epilogue(region)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, ops.Conv2D)
        self.operation, self.groups = operation, operation.groups
        self.source, target = plan.values[region.sources[0]], plan.values[region.target]
        self.joined = self.source.layout.channels // self.groups
        filters = operation.filters // self.groups
        self.packing = Packing.of(operation.size, self.joined, filters, plan.vectors)
        size = self.groups * self.packing.size
        self.chunks = max(1, min(CHUNKS, LARGEST_PARTIAL_SUMS // size))
        self.parameter = place_parameter(
            plan,
            region,
            self.groups * self.packing.blocks,
            self.packing.block,
            self.chunks,
            self.parts,
            self.form,
        )
        self.target = Groups(plan, f"value {self.name}", target, self.groups)
        if plan.wants_gradient(region.target):
            at_target = plan.gradients[region.target]
            self.gradient = Groups(plan, f"gradient {self.name}", at_target, self.groups)
            self.scratch_size = scratch_floats(
                self._convolution(self.gradient.layout), plan.capacity
            )
            size = plan.threads * self.scratch_size
            self.scratch = plan.place_scratch(f"gathered gradients {self.name}", size)
        self.flipped: list[FlippedKernel] = []
        if plan.wants_gradient(region.sources[0]):
            to = plan.gradients[region.sources[0]]
            self.back = Groups(plan, f"input gradient {self.name}", to, self.groups)
            found = phases(operation, to.layout.height, to.layout.width)
            self.flipped = [self._flip(phase) for phase in found if phase.reached]
            self.skips = len(self.flipped) < len(found)

    # ---------------------------------------------------------------------------------- forward

    def forward(self) -> None:
        """Append the forward stages."""
        finish = finished(self.region.function)
        convolution = self._convolution(self.target.layout)

        def body(f: Function) -> None:
            def group(g: Index) -> None:
                source = f.at(buffer(f, self.source.offset), f.multiply(g, self.joined))
                self._convolve(
                    f, g, convolution, source, self.parameter.weights, self.target, finish
                )

            self._each_group(f, group)

        plan = self.plan
        about = plan.about(
            self.family, [self.source], [self.target.place], flops=self.flops,
            read=self._weight_bytes,
        )  # fmt: skip
        plan.stage(plan.forward, self.name, "images", body, about)
        if self.target.copied:
            about = plan.about("copy", [self.target.place], [self.target.place])
            plan.stage(plan.forward, f"join {self.name}", "images", self.target.join, about)

    @property
    def _weight_bytes(self) -> int:
        return FLOAT * self.parameter.size

    def _convolution(self, target: Layout) -> Convolution:
        """One group's convolution, in the whole source and a target."""
        layout, window = self.source.layout, self.operation.window
        return Convolution(
            layout,
            target,
            (target.height, target.width),
            self.packing,
            self.operation.stride,
            self.operation.dilation,
            (-window.along(0, layout.height).before, -window.along(1, layout.width).before),
        )

    def _convolve(
        self,
        f: Function,
        group: Index,
        convolution: Convolution,
        source: Value,
        weights: int,
        target: Groups,
        finish: Finish,
    ) -> None:
        kernel = f.at(buffer(f, weights), f.multiply(group, convolution.packing.size))
        to = target.start(f, group)
        convolve_images(f, convolution, source, kernel, to, "%first", "%last", finish)

    def _each_group(self, f: Function, body: Callable[[Index], None]) -> None:
        def turn(g: Index, _: list[Value]) -> list[Value]:
            body(g)
            return []

        f.loop(0, self.groups, 1, turn)

    # --------------------------------------------------------------------------------- backward

    def backward(self) -> None:
        """Append what goes back image by image: to ∂y, and on to ∂x."""
        plan, gradient = self.plan, self.gradient.place
        if self.region.function is not None:
            mask(plan, self.region, gradient)
        if self.gradient.copied:
            about = plan.about("copy", [gradient], [gradient])
            plan.stage("backward", f"split {self.name}", "images", self.gradient.split, about)
        if not self.flipped:
            return
        adds = plan.adds(self.region.sources[0])
        direct = not self.back.copied
        finish = added if adds and direct else as_it_is

        def body(f: Function) -> None:
            if self.skips and not (adds and direct):  # positions that no tap reaches get zero
                for place in self.back.places or [self.back.place]:
                    clear(f, place)

            def group(g: Index) -> None:
                for flipped in self.flipped:
                    source = self.gradient.start(f, g)
                    self._convolve(
                        f, g, flipped.convolution, source, flipped.weights, self.back, finish
                    )

            self._each_group(f, group)
            if not direct:
                self.back.join(f, adds=adds)

        about = plan.about(
            self.family, [gradient], [self.back.place], flops=self.flops, read=self._weight_bytes
        )
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def weight_gradient(self) -> None:
        """Append the stage that sums the kernel's gradient, in parts joined later."""
        packing, convolution = self.packing, self._convolution(self.gradient.layout)

        def body(f: Function) -> None:
            step = f.distance(self.scratch, self.scratch + FLOAT * self.scratch_size)
            scratch = f.at(buffer(f, self.scratch), f.multiply("%thread", step))

            def unit(u: Index, _: list[Value]) -> list[Value]:
                size = self.parameter.size
                partial = f.at(buffer(f, self.parameter.gradients), f.multiply(u, size))
                each_vector(f, size, lambda i: f.store_vector(f.zero, partial, i))
                images = chunk(f, u, self.chunks)

                def group(g: Index) -> None:
                    accumulate_images(
                        f,
                        convolution,
                        f.at(buffer(f, self.source.offset), f.multiply(g, self.joined)),
                        self.gradient.start(f, g),
                        f.at(partial, f.multiply(g, packing.size)),
                        images,
                        (0, packing.blocks),
                        scratch,
                    )

                self._each_group(f, group)
                return []

            f.loop("%first", "%last", 1, unit)

        about = self.plan.about(
            "kernel gradient", [self.source, self.gradient.place], flops=self.flops,
            written=self._weight_bytes * self.chunks,
        )  # fmt: skip
        self.plan.stage(
            "backward",
            f"kernel gradient {self.name}",
            self.chunks,
            body,
            about,
            group=f"kernel {self.name}",
        )

    # ------------------------------------------------------------------------------------ flipped

    def _flip(self, phase: Phase) -> FlippedKernel:
        taps = phase.rows.taps, phase.columns.taps
        packing = Packing.of(
            (len(taps[0]), len(taps[1])), self.packing.filters, self.joined, self.plan.vectors
        )
        # Taps that meet the same phase lie as far apart as moves a whole number of outputs.
        apart = [
            dilation // gcd(dilation, stride)
            for dilation, stride in zip(self.operation.dilation, self.operation.stride, strict=True)
        ]
        convolution = Convolution(
            self.gradient.layout,
            self.back.layout,
            (phase.rows.positions, phase.columns.positions),
            packing,
            dilation=(apart[0], apart[1]),
            origin=(taps[0][0][1], taps[1][0][1]),
            target_stride=self.operation.stride,
            target_origin=phase.first,
        )
        name = f"flipped {self.name} {phase.first}"
        weights = self.plan.place(name, self.groups * packing.size)
        order = tuple((ky, kx) for ky, _ in taps[0] for kx, _ in taps[1])
        return FlippedKernel(convolution, weights, order)

    def flip(self) -> None:
        for flipped in self.flipped:

            def body(f: Function, flipped: FlippedKernel = flipped) -> None:
                self._copy_flipped(f, flipped)

            about = self.plan.about(
                "copy, flipped", read=self._weight_bytes, written=self._weight_bytes
            )
            self.plan.stage(
                ("update", "flip"), f"flip {self.name}", self.groups, body, about, group="flip"
            )

    def _copy_flipped(self, f: Function, flipped: FlippedKernel) -> None:
        """The kernels flipped, group by group."""
        packing, back = self.packing, flipped.convolution.packing

        def group(g: Index, _: list[Value]) -> list[Value]:
            source = f.at(buffer(f, self.parameter.weights), f.multiply(g, packing.size))
            target = f.at(buffer(f, flipped.weights), f.multiply(g, back.size))
            copy_flipped(f, source, packing, target, flipped, (0, packing.filters))
            return []

        f.loop("%first", "%last", 1, group)
