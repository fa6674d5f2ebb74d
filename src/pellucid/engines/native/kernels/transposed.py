"""Transposed convolutions: a convolution's way back from outputs to input, taken forward.

Forward, as many convolutions as the stride has phases, each with the taps that reach its outputs
(:mod:`.backward_taps`), flipped round. Backward, the convolution that it is the transpose of. The
kernel's gradient is that of this convolution, of ∂y as its input and x in the place of its outputs'
gradient; it comes out with channels and filters exchanged.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.convolution import added, as_it_is, convolve_images
from pellucid.engines.native.emit.images import each_vector, over_positions, start_of
from pellucid.engines.native.emit.kernel_gradient import accumulate_images, scratch_floats
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.kernels.backward_taps import phases
from pellucid.engines.native.kernels.chunks import CHUNKS, LARGEST_PARTIAL_SUMS, chunk
from pellucid.engines.native.kernels.flipped_kernel import FlippedKernel, copy_flipped
from pellucid.engines.native.kernels.packed import PackedKernel, back_border, window_border
from pellucid.engines.native.kernels.parameters import place_parameter
from pellucid.engines.native.kernels.pointwise import declines_epilogue, finished, mask
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import FLOAT, Border

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.backward_taps import Phase
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation, Shape


MOST_PHASES = 64
"""Places of a kernel that are written out, each with code of its own."""


class Transposed(PackedKernel):
    """A transposed convolution in a plan."""

    family: ClassVar[str] = "transposed convolution"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.ConvTranspose2D,)
    flips_forward: ClassVar[bool] = True

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if not isinstance(region.operation, cls.operations):
            return super().declines(region, target)
        operation = _of(region)
        if any(step > k for step, k in zip(operation.stride, operation.size, strict=True)):
            return "a stride beyond the kernel leaves outputs that nothing reaches"
        return declines_epilogue(region)

    @classmethod
    def border(cls, region: Region, size: tuple[int, int]) -> Border:
        height, width, channels = region.inputs[0]
        operation = _of(region)
        outputs = operation.output_shape((height, width, channels))
        return back_border(_spreading(operation, region.inputs[0]), outputs, (height, width))

    @classmethod
    def gradient_border(
        cls, region: Region, source: tuple[int, int, int], outputs: tuple[int, int]
    ) -> Border:
        return window_border(_of(region).convolution(source[2]), outputs)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        self.operation = operation = _of(region)
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        layout = self.source.layout
        self.spreading = _spreading(operation, region.inputs[0])
        self.packing = Packing.of(operation.size, layout.channels, operation.filters, plan.vectors)
        self.parameter = place_parameter(
            plan, region, self.packing.blocks, self.packing.block, 1, self.parts, self.form
        )
        height, width = self.target.layout.height, self.target.layout.width
        self.forwards = [self._phase(each) for each in phases(self.spreading, height, width)]
        if not plan.wants_gradient(region.target):
            return
        self.gradient = plan.gradients[region.target]
        self.geometry = Convolution(
            self.gradient.layout,
            layout,
            (layout.height, layout.width),
            Packing.of(operation.size, operation.filters, layout.channels, plan.vectors),
            operation.stride,
            origin=(-operation.padding[0][0], -operation.padding[1][0]),
        )
        self.back: FlippedKernel | None = None
        if plan.wants_gradient(region.sources[0]):
            weights = plan.place(f"flipped {self.name} backward", self.geometry.packing.size)
            kh, kw = operation.size
            taps = tuple((ky, kx) for ky in range(kh) for kx in range(kw))
            to = plan.gradients[region.sources[0]].layout
            self.back = FlippedKernel(replace(self.geometry, target=to), weights, taps)
        if plan.trains(region) or plan.wanted.weights:
            self._place_sums()

    def _place_sums(self) -> None:
        """Find room for the kernel's gradient as it comes out."""
        plan, size = self.plan, self.geometry.packing.size
        self.by_chunks = size * CHUNKS <= LARGEST_PARTIAL_SUMS
        self.chunks = CHUNKS if self.by_chunks else 1
        self.sums = plan.place_scratch(f"partial sums {self.name}", self.chunks * size)
        self.gathered_floats = scratch_floats(self.geometry, plan.capacity)
        self.gathered = plan.place_scratch(
            f"gathered values {self.name}", plan.threads * self.gathered_floats
        )

    def _phase(self, phase: Phase) -> FlippedKernel:
        """What makes one phase's outputs."""
        down, across = (axis.taps for axis in (phase.rows, phase.columns))
        packing = Packing.of(
            (len(down), len(across)), self.packing.channels, self.packing.filters,
            self.plan.vectors,
        )  # fmt: skip
        convolution = Convolution(
            self.source.layout,
            self.target.layout,
            (phase.rows.positions, phase.columns.positions),
            packing,
            origin=(down[0][1], across[0][1]),
            target_stride=self.spreading.stride,
            target_origin=phase.first,
        )
        weights = self.plan.place(f"flipped {self.name} {phase.first}", packing.size)
        taps = tuple((ky, kx) for ky, _ in down for kx, _ in across)
        return FlippedKernel(convolution, weights, taps)

    # ---------------------------------------------------------------------------------- forward

    def forward(self) -> None:
        """Append the forward stage."""
        plan, finish = self.plan, finished(self.region.function)

        def body(f: Function) -> None:
            source, target = buffer(f, self.source.offset), buffer(f, self.target.offset)
            for phase in self.forwards:
                weights = buffer(f, phase.weights)
                images = f.extent("images")
                convolve_images(f, phase.convolution, source, weights, target, *images, finish)

        about = plan.about(
            self.family, [self.source], [self.target], flops=self.flops,
            read=FLOAT * self.packing.size,
            notes=[f"in {len(self.forwards)} parts, the phases of the stride"]
            if len(self.forwards) > 1
            else [],
        )  # fmt: skip
        single = None
        if not any(phase.convolution.single for phase in self.forwards):
            single = Split("blocks", self.packing.blocks, self.flops // 2)
        plan.stage(plan.forward, self.name, "images", body, about, single=single)

    def flip(self) -> None:
        for phase in self.forwards:
            self._copy(phase, partial(self._copy_taps, phase=phase))
        if self.plan.wants_gradient(self.region.target) and self.back is not None:
            self._copy(self.back, self._copy_turned)

    def _copy(self, copied: FlippedKernel, body: Callable[[Function], None]) -> None:
        size = FLOAT * copied.convolution.packing.size
        about = self.plan.about("copy, flipped", read=size, written=size)
        self.plan.stage(
            ("update", "flip"), f"flip {self.name}", self.packing.blocks, body, about, group="flip"
        )

    def _copy_taps(self, f: Function, phase: FlippedKernel) -> None:
        """Some blocks of filters: one phase's taps in their order, and the biases."""
        packing, to = self.packing, phase.convolution.packing
        row = packing.channels * packing.width
        moves = [
            ((ky * packing.taps[1] + kx) * row, number * row, row)
            for number, (ky, kx) in enumerate(phase.taps)
        ]
        moves.append((packing.depth * packing.width, to.depth * packing.width, packing.width))
        source, target = buffer(f, self.parameter.weights), buffer(f, phase.weights)

        def block(ob: Index, _: list[Value]) -> list[Value]:
            from_ = f.at(source, f.multiply(ob, packing.block))
            there = f.at(target, f.multiply(ob, to.block))
            for first, place, floats in moves:
                _move(f, f.at(from_, first), f.at(there, place), floats)
            return []

        f.loop("%first", "%last", 1, block)

    def _copy_turned(self, f: Function) -> None:
        """Some blocks of filters, with channels and filters exchanged."""
        assert self.back is not None
        packing = self.packing
        first, last = (f.multiply(block, packing.width) for block in ("%first", "%last"))
        source, target = buffer(f, self.parameter.weights), buffer(f, self.back.weights)
        filters = first, f.smaller(packing.filters, last)
        copy_flipped(f, source, packing, target, self.back, filters)

    # --------------------------------------------------------------------------------- backward

    def backward(self) -> None:
        """Append what goes back image by image: to ∂y, and on to ∂x."""
        plan, name = self.plan, self.region.sources[0]
        if self.region.function is not None:
            mask(plan, self.region, self.gradient)
        back = self.back
        if back is None:
            return
        to, finish = plan.gradients[name], added if plan.adds(name) else as_it_is

        def body(f: Function) -> None:
            gradient, dx = buffer(f, self.gradient.offset), buffer(f, to.offset)
            weights = buffer(f, back.weights)
            images = f.extent("images")
            convolve_images(f, back.convolution, gradient, weights, dx, *images, finish)

        about = plan.about(
            self.family, [self.gradient], [to], flops=self.flops,
            read=FLOAT * back.convolution.packing.size,
        )  # fmt: skip
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def weight_gradient(self) -> None:
        """Append the stages that sum the kernel's gradient, join its parts, and lay it out."""
        plan, packing = self.plan, self.geometry.packing
        units = self.chunks if self.by_chunks else packing.blocks
        about = plan.about(
            "kernel gradient", [self.source, self.gradient], flops=self.flops,
            written=FLOAT * packing.size * self.chunks,
        )  # fmt: skip
        name = f"kernel gradient {self.name}"
        plan.stage("backward", name, units, self._accumulate, about, group=f"kernel {self.name}")
        size = FLOAT * packing.size
        if self.chunks > 1:
            about = plan.about("partial sums", read=size * self.chunks, written=size)
            plan.stage(
                "backward", f"join {self.name}", packing.blocks, self._join, about,
                group=f"join {self.name}",
            )  # fmt: skip
        about = plan.about("copy, turned", [self.gradient], read=size, written=size)
        plan.stage(
            "backward", f"lay out {self.name}", self.packing.blocks, self._lay_out, about,
            group=f"lay out {self.name}",
        )  # fmt: skip

    def _accumulate(self, f: Function) -> None:
        """The kernel's gradient in parts: of some images, or of some channels."""
        packing = self.geometry.packing
        dy, x = buffer(f, self.gradient.offset), buffer(f, self.source.offset)
        step = f.distance(self.gathered, self.gathered + FLOAT * self.gathered_floats)
        scratch = f.at(buffer(f, self.gathered), f.multiply("%thread", step))

        def unit(u: Index, _: list[Value]) -> list[Value]:
            size = packing.size if self.by_chunks else packing.block
            part = f.at(buffer(f, self.sums), f.multiply(u, size))
            each_vector(f, size, lambda i: f.store_vector(f.zero, part, i))
            values, images, blocks = x, chunk(f, u, self.chunks), (0, packing.blocks)
            if not self.by_chunks:
                values, images = f.at(x, f.multiply(u, packing.width)), (0, "%images")
                blocks = 0, 1
            accumulate_images(f, self.geometry, dy, values, part, images, blocks, scratch)
            return []

        f.loop("%first", "%last", 1, unit)

    def _join(self, f: Function) -> None:
        """Some blocks of the parts' sums, added up in order, in the place of the first."""
        packing = self.geometry.packing

        def block(ob: Index, _: list[Value]) -> list[Value]:
            at = f.at(buffer(f, self.sums), f.multiply(ob, packing.block))

            def vector(i: Index) -> None:
                total = f.load_vector(at, i)
                for part in range(1, self.chunks):
                    total = f.vector(
                        "fadd", total, f.load_vector(at, f.add(i, part * packing.size))
                    )
                f.store_vector(total, at, i)

            each_vector(f, packing.block, vector)
            return []

        f.loop("%first", "%last", 1, block)

    def _lay_out(self, f: Function) -> None:
        """Some blocks of filters: the kernel's gradient as weights lie, and the biases'."""
        packing, turned = self.packing, self.geometry.packing
        sums, gradients = buffer(f, self.sums), buffer(f, self.parameter.gradients)

        def block(ob: Index, _: list[Value]) -> list[Value]:
            to = f.at(gradients, f.multiply(ob, packing.block))
            each_vector(f, packing.block, lambda i: f.store_vector(f.zero, to, i))
            first = f.multiply(ob, packing.width)
            count = f.smaller(packing.width, f.add(packing.filters, f.multiply(first, -1)))

            def channel(c: Index, _: list[Value]) -> list[Value]:
                source = f.divide(c, turned.width)
                inside = f.add(c, f.multiply(source, -turned.width))
                from_ = f.at(sums, f.add(f.multiply(source, turned.block), inside))

                def tap(t: Index, _: list[Value]) -> list[Value]:
                    row = f.add(f.multiply(t, packing.channels), c)
                    there = f.at(to, f.multiply(row, packing.width))
                    start = f.add(f.multiply(t, packing.filters), first)

                    def filter_(o: Index, _: list[Value]) -> list[Value]:
                        value = f.load(from_, f.multiply(f.add(start, o), turned.width))
                        f.do(f"store float {value}, ptr {f.at(there, o)}, align 4")
                        return []

                    return f.loop(0, count, 1, filter_)

                return f.loop(0, packing.taps[0] * packing.taps[1], 1, tap)

            f.loop(0, packing.channels, 1, channel)
            if self.has_bias:
                self._sum_biases(f, first, f.at(to, packing.depth * packing.width))
            return []

        f.loop("%first", "%last", 1, block)

    def _sum_biases(self, f: Function, first: Index, to: Value) -> None:
        """Σ ∂y over positions and images, of one block of filters."""
        kind = f.vectors.float
        for column in self.packing.columns:
            channel = f.add(first, column)

            def image(n: Index, running: list[Value], channel: Index = channel) -> list[Value]:
                (total,) = over_positions(
                    f,
                    [(self.gradient, start_of(f, self.gradient, n))],
                    channel,
                    lambda at, sums: [f.vector("fadd", sums[0], f.load_vector(at[0]))],
                    1,
                )
                return [f.vector("fadd", running[0], total)]

            (total,) = f.loop(0, "%images", 1, image, [(kind, f.zero)])
            f.store_vector(total, to, column)


def _of(region: Region) -> ops.ConvTranspose2D:
    assert isinstance(region.operation, ops.ConvTranspose2D)
    return region.operation


def _spreading(operation: ops.ConvTranspose2D, shape: Shape) -> ops.Conv2D:
    """The convolution whose way back the forward pass takes.

    Along an axis of one position the stride says nothing. With one as long as the kernel, each
    output is a phase with the one tap that reaches it, and nothing is multiplied with zeros around.
    """
    convolution = operation.convolution(shape[2])
    down, across = (
        size if length == 1 and math.prod(operation.size) <= MOST_PHASES else step
        for length, size, step in zip(shape, operation.size, operation.stride, strict=False)
    )
    return replace(convolution, stride=(down, across))


def _move(f: Function, source: Value, target: Value, floats: int) -> None:
    each_vector(f, floats, lambda i: f.store_vector(f.load_vector(source, i), target, i))
