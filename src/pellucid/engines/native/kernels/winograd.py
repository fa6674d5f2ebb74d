"""Convolutions 3 × 3 with fewer multiplications, where that is faster: Winograd's algorithm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.convolution import as_it_is
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split, better
from pellucid.engines.native.emit.winograd import Pooled, WinogradWriter
from pellucid.engines.native.emit.winograd_forms import TAPS
from pellucid.engines.native.emit.winograd_gradient import GradientWriter, sums_floats
from pellucid.engines.native.emit.winograd_kernels import transform_kernels
from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.kernels.pointwise import addend, finished
from pellucid.engines.native.kernels.tiles import idle_lanes
from pellucid.engines.native.kernels.winograd_choice import choose_form, why_not
from pellucid.engines.native.memory.layout import FLOAT
from pellucid.engines.native.memory.tiling import Tiling

if TYPE_CHECKING:
    from pellucid.engines.native.emit.convolution import Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.flipped_kernel import FlippedKernel
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.kernels.tiles import BackwardWork
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Winograd(Convolve):
    """A convolution 3 × 3 of stride 1 in a plan, forward by tiles."""

    family: ClassVar[str] = "Winograd convolution"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Conv2D,)
    reads_numbers: ClassVar[bool] = False
    flips_forward: ClassVar[bool] = True

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if reason := super().declines(region, target):
            return reason
        if target.compact:
            return "transformed kernels take four times the room"
        form, reason = why_not(region.operation, region.inputs[0])
        if form is None:
            return reason
        pool = region.pool
        if pool is not None and any(form.outputs % size for size in pool.size):
            return f"windows of {pool.size[0]}×{pool.size[1]} do not tile {form.name}"
        return ""

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        assert self.windowed is not None
        form, _ = why_not(self.windowed, region.inputs[0])
        assert form is not None
        height, width, _ = self.windowed.output_shape(region.inputs[0])
        more = form.size - form.outputs
        self.tiling = Tiling(form, self.geometry, (height + more, width + more))
        self.transformed = plan.place(f"transformed {self.name}", self.tiling.size)
        plan.reserve_band(self.tiling.scratch(pools=region.pool is not None))
        self.back = self._tiling_back()
        if self.back is not None:
            self.transformed_back = plan.place(f"transformed {self.name} back", self.back.size)
            plan.reserve_band(self.back.scratch(pools=False))

        if plan.wants_gradient(region.target) and (plan.trains(region) or plan.wanted.weights):
            plan.reserve_band(self.gradient_scratch)

    def _tiling_back(self) -> Tiling | None:
        """How ∂y is carried to ∂x; none where that is done directly, or not at all.

        Directly where nothing is learned: who asks what a value depends on wants 0 where it depends
        on nothing, and not what is left of numbers that should cancel within a tile.
        """
        if not self.flipped or self.plan.learning is None:
            return None
        (flipped,) = self.flipped
        convolution, packing = flipped.convolution, flipped.convolution.packing
        height, width = convolution.outputs
        form = choose_form(packing.channels, packing.filters, (height, width))
        if form is None:
            return None
        more = form.size - form.outputs
        return Tiling(form, convolution, (height + more, width + more))

    def forward(self) -> None:
        """Append the forward stage."""
        plan, target, tiling = self.plan, self.plan.values[self.region.target], self.tiling
        about = plan.about(
            self.family,
            plan.read_by(self.region),
            [target],
            flops=self.flops,
            read=FLOAT * tiling.size,
            written=self._winner_bytes,
            tile=(tiling.groups[0], self.packing.vectors),
            notes=[_products(tiling), *idle_lanes(self.packing, "filters")],
        )
        plan.stage(plan.forward, self.name, "images", self._compute, about, single=self._single())

    def _compute(self, f: Function) -> None:
        to = buffer(f, self.plan.values[self.region.target].offset)
        target: Value | Pooled = to
        finish = finished(self.region.function)
        if self.region.pool is not None:
            target, finish = self._pooled(f, to), as_it_is
        self._writer(f, self.tiling).images(
            buffer(f, self.source.offset),
            buffer(f, self.transformed),
            target,
            finish,
            biased=self.has_bias,
            addend=addend(self.plan, self.region, f),
        )

    def _writer(self, f: Function, tiling: Tiling) -> WinogradWriter:
        place, floats = self.plan.band
        return WinogradWriter(f, tiling, f.at(buffer(f, place), f.multiply("%thread", floats)))

    def _pooled(self, f: Function, target: Value) -> Pooled:
        pool, layout = self.region.pool, self.plan.values[self.region.target].layout
        assert pool is not None
        winners = buffer(f, self.winners.offset) if self.winners else None
        return Pooled(
            pool.size, target, winners, layout.row, layout.image, layout.at(0, 0), layout.pitch,
            rectify=self.region.function is not None,
        )  # fmt: skip

    def _single(self) -> Split:
        """How the work for a single image is split."""
        packing, tiling = self.packing, self.tiling
        work = tiling.form.products * tiling.tiles[0] * tiling.tiles[1]
        work *= packing.channels * packing.filters
        pool, form = self.region.pool, tiling.form
        each = form.outputs if pool is None else form.outputs // pool.size[0]
        return better(
            Split("rows", tiling.units, work, each=each if tiling.pieces == 1 else 0),
            Split("blocks", packing.blocks, work),
            self.plan.threads,
            more_weights=tiling.size > self.source.layout.image,
        )

    def describe_back(self) -> BackwardWork:
        """What reports say of the stage that carries ∂y to ∂x."""
        if self.back is None:
            return super().describe_back()
        packing = self.back.packing
        return {
            "read": FLOAT * self.back.size,
            "tile": (self.back.groups[0], packing.vectors),
            "notes": [_products(self.back), *idle_lanes(packing, "channels")],
        }

    def carry_back(self, f: Function, flipped: FlippedKernel, to: Value, finish: Finish) -> None:
        """Append ∂x of ∂y, of the stage's images."""
        if self.back is None:
            super().carry_back(f, flipped, to, finish)
            return
        gradient, kernel = buffer(f, self.gradient.offset), buffer(f, self.transformed_back)
        self._writer(f, self.back).images(gradient, kernel, to, finish, biased=False)

    @property
    def gradient_tile(self) -> tuple[int, int]:
        packing = self.packing
        return min(packing.channels, packing.sums // packing.vectors), packing.vectors

    def sum_gradient(
        self,
        f: Function,
        source: Value,
        gradient: Value,
        partial: Value,
        images: tuple[Index, Index],
        blocks: Index,
    ) -> None:
        """Append some images' share of the gradient of the first blocks, which is zero before."""
        place, floats = self.plan.band
        scratch = f.at(buffer(f, place), f.multiply("%thread", floats))
        writer = GradientWriter(f, self._sums_tiling, scratch)
        some = f.value(f"icmp slt i64 {images[0]}, {images[1]}")

        def accumulate() -> None:
            writer.accumulate(source, gradient, partial, images, blocks, biased=self.has_bias)

        f.when(some, accumulate)

    @property
    def gradient_scratch(self) -> int:
        """Floats that a thread works on while it sums the kernel's gradient."""
        blocks = self.packing.blocks if self.by_chunks else 1
        return self._sums_tiling.scratch(pools=False) + sums_floats(self._sums_tiling, blocks)

    @property
    def _sums_tiling(self) -> Tiling:
        return replace(self.tiling, convolution=self.forward_to_gradient)

    def flip(self) -> None:
        """Append the stages that transform the kernels, and flip them for the backward pass."""
        packing = self.packing

        def body(f: Function) -> None:
            source, target = buffer(f, self.parameter.weights), buffer(f, self.transformed)
            blocks, channels = ("%first", "%last"), (0, packing.channels)
            form = self.tiling.form
            transform_kernels(f, form, packing, source, target, blocks, channels, biased=True)

        about = self.plan.about(
            "kernels, transformed",
            read=FLOAT * packing.size,
            written=FLOAT * self.tiling.size,
        )
        self.plan.stage(
            ("update", "flip"), f"transform {self.name}", packing.blocks, body, about, group="flip"
        )
        super().flip()

    def derive(self, f: Function, flipped: FlippedKernel, filters: tuple[Index, Index]) -> None:
        """Append the transform of what was flipped: rows of channels, which are the filters."""
        if self.back is None:
            return
        packing = flipped.convolution.packing
        source, target = buffer(f, flipped.weights), buffer(f, self.transformed_back)
        blocks = 0, packing.blocks
        form = self.back.form
        transform_kernels(f, form, packing, source, target, blocks, filters, biased=False)


def _products(tiling: Tiling) -> str:
    """A note on how many products are spared."""
    (down, across), outputs = tiling.tiles, tiling.convolution.outputs
    ours = tiling.form.products * down * across
    directly = TAPS**2 * outputs[0] * outputs[1]
    return f"{tiling.form.name}: {ours} products for each channel and filter, directly {directly}"
