"""Convolutions and dense layers, with a function of each value and a max pooling behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.convolution import (
    added,
    as_it_is,
    convolve_images,
    filter_groups,
    row_groups,
)
from pellucid.engines.native.emit.images import zeros
from pellucid.engines.native.emit.kernel_gradient import accumulate_images, scratch_floats
from pellucid.engines.native.emit.pooled_convolution import PooledConvolution
from pellucid.engines.native.emit.pooling import unpool_row
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split, better
from pellucid.engines.native.kernels.chunks import (
    CHUNKS,
    LARGEST_PARTIAL_SUMS,
    chunk,
    each_part,
    why_by_filters,
)
from pellucid.engines.native.kernels.flipped_kernel import (
    FlippedKernel,
    flipped_kernels,
    write_flip,
)
from pellucid.engines.native.kernels.packed import PackedKernel, windowed
from pellucid.engines.native.kernels.parameters import place_parameter
from pellucid.engines.native.kernels.pointwise import addend, declines_epilogue, finished, mask
from pellucid.engines.native.kernels.tiles import idle_lanes, kernel_tile_of, tile_of
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import FLOAT, Layout, Place, whole_vectors

if TYPE_CHECKING:
    from pellucid.engines.native.emit.convolution import Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.kernels.tiles import BackwardWork
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Convolve(PackedKernel):
    """A convolution (or dense layer) in a plan: its geometry, its places, its code."""

    family: ClassVar[str] = "convolution"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Conv2D, ops.Dense)
    reads_numbers: ClassVar[bool] = True

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if not isinstance(region.operation, cls.operations):
            return super().declines(region, target)
        if isinstance(region.operation, ops.Conv2D) and region.operation.groups > 1:
            return "computes convolutions without groups"
        return declines_epilogue(region, pools=True, adds=True)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = self.windowed = windowed(region)
        source = plan.values[region.sources[0]]
        height, width, channels = plan.shape(region.sources[0])
        if operation is not None:
            spans = operation.window.along(0, height), operation.window.along(1, width)
            taps, filters = operation.size, operation.filters
            outputs = spans[0].output, spans[1].output
            origin = -spans[0].before, -spans[1].before
            self.stride, self.dilation = operation.stride, operation.dilation
        else:
            assert isinstance(region.operation, ops.Dense)
            taps, filters = (height, width), region.operation.units
            outputs, origin = (1, 1), (0, 0)
            self.stride = self.dilation = (1, 1)
        if region.pool is not None:  # outputs that no window sees need not be computed
            rows, columns, _ = plan.shape(region.target)
            outputs = rows * region.pool.size[0], columns * region.pool.size[1]
        self.packing = Packing.of(taps, channels, filters, plan.vectors)
        pitch = whole_vectors(filters, plan.lanes)
        self.source = source
        self.outputs = outputs
        self.gradient = self._place_gradient(filters, pitch)
        self.geometry = Convolution(
            source.layout,
            plan.values[region.target].layout if region.pool is None else self.gradient.layout,
            outputs,
            self.packing,
            self.stride,
            self.dilation,
            origin,
        )
        self.by_chunks = (
            not self.geometry.single and self.packing.size * CHUNKS <= LARGEST_PARTIAL_SUMS
        )
        self.parameter = place_parameter(
            plan,
            region,
            self.packing.blocks,
            self.packing.block,
            CHUNKS if self.by_chunks else 1,
            self.parts,
            self.form,
        )
        self.winners: Place | None = None
        self.scratch, self.pooled = 0, None
        if region.pool is not None:
            if self._remembers:
                self.winners = plan.place_winners(region)
            self.pooled = PooledConvolution(
                self.geometry, region.pool.size, plan.values[region.target].layout,
                region.function is not None,
            )  # fmt: skip
            self.scratch = plan.place_scratch(
                f"scratch {self.name}", plan.threads * self.pooled.scratch
            )
        self.gathered = 0
        if plan.wants_gradient(region.target):
            self.gathered_floats = scratch_floats(self.geometry, plan.capacity)
            self.gathered = plan.place_scratch(
                f"gathered gradients {self.name}", plan.threads * self.gathered_floats
            )
        self.flipped: list[FlippedKernel] = []
        if plan.wants_gradient(region.sources[0]):
            self.flipped = self._place_flipped()

    # ---------------------------------------------------------------------------------- forward

    def forward(self) -> None:
        """Append the forward stage."""
        plan, target = self.plan, self.plan.values[self.region.target]
        tile, notes = self.describe_forward()
        about = plan.about(
            self._what,
            plan.read_by(self.region),
            [target],
            flops=self.flops,
            read=FLOAT * self.packing.size,
            written=self._winner_bytes,
            tile=tile,
            notes=notes,
        )
        body = self._with_pool if self.region.pool is not None else self._without_pool
        plan.stage(plan.forward, self.name, "images", body, about, single=self._single())

    def describe_forward(self) -> tuple[tuple[int, int], list[str]]:
        """(Rows, vectors) of sums in registers, and notes."""
        half = self.geometry.half
        return tile_of(self.geometry), idle_lanes(self.packing, "filters", half=half)

    def _without_pool(self, f: Function) -> None:
        convolve_images(
            f,
            self.geometry,
            buffer(f, self.source.offset),
            buffer(f, self.parameter.weights),
            buffer(f, self.plan.values[self.region.target].offset),
            *f.extent("images"),
            finished(self.region.function),
            addend=addend(self.plan, self.region, f),
        )

    @property
    def _what(self) -> str:
        return "dense" if isinstance(self.region.operation, ops.Dense) else self.family

    @property
    def _winner_bytes(self) -> int:
        """Of a batch: which position won in each window."""
        return self.plan.bytes_of(self.winners) if self.winners else 0

    def _with_pool(self, f: Function) -> None:
        assert self.pooled is not None
        self.pooled.append(
            f,
            buffer(f, self.source.offset),
            buffer(f, self.parameter.weights),
            buffer(f, self.scratch),
            buffer(f, self.plan.values[self.region.target].offset),
            buffer(f, self.winners.offset) if self.winners else None,
        )

    def _single(self) -> Split:
        """How the work for a single image is split."""
        packing, (down, across) = self.packing, self.outputs
        groups = row_groups(self.geometry, down)
        rows, blocks, each = len(groups), packing.blocks, max(groups)
        if any(size != each for size in groups[:-1]):
            each = 0
        if self.region.pool is not None:
            rows, each = down // self.region.pool.size[0], 1
        elif self.geometry.single:
            rows, blocks = 1, len(filter_groups(packing))
        work = down * across * packing.depth * packing.filters
        return better(
            Split("rows", rows, work, each=each),
            Split("blocks", blocks, work),
            self.plan.threads,
            more_weights=packing.size > self.source.layout.image,
        )

    # --------------------------------------------------------------------------------- backward

    def _place_gradient(self, filters: int, pitch: int) -> Place:
        """Where ∂y of the convolution itself lies: before pooling, with the backward border."""
        plan, region = self.plan, self.region
        if self._remembers and region.pool is None:
            return plan.gradients[region.target]
        source = plan.shape(region.sources[0])
        layout = Layout(
            *self.outputs, filters, pitch, self.gradient_border(region, source, self.outputs)
        )
        if not self._remembers or not self.writes_gradient:
            return Place(layout, 0)
        name = f"gradient before pooling {self.name}"
        return Place(layout, plan.arena.place_images(name, layout, plan.room(layout)))

    def _place_flipped(self) -> list[FlippedKernel]:
        """Find room for what carries ∂y to ∂x."""
        return flipped_kernels(self)

    @property
    def _remembers(self) -> bool:
        """Whether the forward pass keeps what the backward pass needs."""
        return self.plan.wants_gradient(self.region.target)

    @property
    def writes_gradient(self) -> bool:
        """Whether ∂y is written where a pooling comes behind, for others to read."""
        return True

    @property
    def in_any_order(self) -> bool:
        return not self.region.epilogue  # else ∂y is masked or unpooled first

    def backward(self) -> None:
        """Append what goes back image by image: to ∂y, and on to ∂x."""
        if not self.writes_gradient:
            return
        plan, target = self.plan, self.plan.gradients[self.region.target]
        if self.region.pool is not None:
            about = plan.about("windows", [target], [self.gradient], read=self._winner_bytes)
            plan.stage("backward", f"unpool {self.name}", "images", self._unpool, about)
        elif self.region.function is not None:
            mask(plan, self.region, self.gradient)
        if not self.flipped:
            return
        to = plan.gradients[self.region.sources[0]]
        finish = as_it_is
        if plan.adds(self.region.sources[0]):
            finish = added
        elif self._skips_positions:  # whose gradient is zero, whatever was there before
            plan.clear(f"clear for {self.name}", to)

        def body(f: Function) -> None:
            for flipped in self.flipped:
                self.carry_back(f, flipped, buffer(f, to.offset), finish)

        about = plan.about(
            f"{self._what}, flipped",
            [self.gradient],
            [to],
            flops=self.flops,
            **self.describe_back(),
        )
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def describe_back(self) -> BackwardWork:
        """What reports say of the stage that carries ∂y to ∂x."""
        geometries = [each.convolution for each in self.flipped]
        largest = max(geometries, key=lambda geometry: geometry.packing.depth)
        notes = idle_lanes(largest.packing, "channels", half=largest.half)
        if len(geometries) > 1:
            kind = "rows of the image" if self.geometry.single else "phases of the stride"
            notes.append(
                f"in {len(geometries)} parts, the {kind}, each with its part of the kernel"
            )
        read = FLOAT * sum(geometry.packing.size for geometry in geometries)
        return {"read": read, "tile": tile_of(largest), "notes": notes}

    def carry_back(self, f: Function, flipped: FlippedKernel, to: Value, finish: Finish) -> None:
        """Append ∂x of ∂y, of the stage's images."""
        gradient, weights = buffer(f, self.gradient.offset), buffer(f, flipped.weights)
        convolution = flipped.convolution
        convolve_images(f, convolution, gradient, weights, to, *f.extent("images"), finish)

    @property
    def _skips_positions(self) -> bool:
        """Whether some input positions are read by no tap, as with a stride beyond the kernel."""
        return self.windowed is not None and len(self.flipped) < self.stride[0] * self.stride[1]

    def weight_gradient(self) -> None:
        """Append the stage that sums the kernel's gradient."""
        packing = self.packing
        chunks = CHUNKS if self.by_chunks else 1

        def body(f: Function) -> None:
            source, gradient = buffer(f, self.source.offset), buffer(f, self.gradient.offset)
            sums = buffer(f, self.parameter.gradients)

            def part(number: Index, first: Index, count: Index) -> None:
                place = f.multiply(number, packing.size)
                partial = f.at(sums, f.add(place, f.multiply(first, packing.block)))
                zeros(f, partial, f.multiply(count, packing.block))
                images = chunk(f, number, chunks)
                dy = f.at(gradient, f.multiply(first, packing.width))
                self.sum_gradient(f, source, dy, partial, images, count)

            each_part(f, chunks, self.gradient_pieces, packing.blocks, part)

        reads, notes = self.describe_gradient()
        if not self.by_chunks and not self.geometry.single:
            notes.append(why_by_filters(packing.size))
        about = self.plan.about(
            "kernel gradient",
            reads,
            flops=self.flops,
            written=FLOAT * self.parameter.size * self.parameter.chunks,
            tile=self.gradient_tile,
            notes=notes,
        )
        self.plan.stage(
            "backward",
            f"kernel gradient {self.name}",
            chunks * self.gradient_pieces,
            body,
            about,
            group=f"kernel {self.name}",
        )

    @property
    def gradient_pieces(self) -> int:
        """Into how many pieces a part of the batch is cut for the kernel's gradient: by filters."""
        return self.packing.blocks

    def describe_gradient(self) -> tuple[list[Place], list[str]]:
        """What the stage that sums the kernel's gradient reads, and notes on it."""
        return [self.source, self.gradient], idle_lanes(self.packing, "filters")

    @property
    def gradient_tile(self) -> tuple[int, int]:
        """(Rows, vectors) of sums of the kernel's gradient in registers."""
        return kernel_tile_of(self.geometry)

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
        step = f.distance(self.gathered, self.gathered + FLOAT * self.gathered_floats)
        scratch = f.at(buffer(f, self.gathered), f.multiply("%thread", step))
        accumulate_images(
            f, self.forward_to_gradient, source, gradient, partial, images, (0, blocks), scratch
        )

    @property
    def forward_to_gradient(self) -> Convolution:
        """The forward geometry with ∂y's layout as its target."""
        c = self.geometry
        return Convolution(
            c.source, self.gradient.layout, c.outputs, c.packing, c.stride, c.dilation, c.origin
        )

    def _unpool(self, f: Function) -> None:
        pool, plan, won = self.region.pool, self.plan, self.winners
        assert pool is not None
        assert won is not None
        at_target, pooled = (
            plan.gradients[self.region.target],
            plan.values[self.region.target].layout,
        )
        layout, to = at_target.layout, self.gradient.layout

        def image(n: Index, _: list[Value]) -> list[Value]:
            def row(i: Index, _: list[Value]) -> list[Value]:
                from_ = f.add(
                    f.add(f.multiply(n, layout.image), layout.at(0, 0)), f.multiply(i, layout.row)
                )
                wins = f.add(
                    f.add(f.multiply(n, pooled.image), pooled.at(0, 0)), f.multiply(i, pooled.row)
                )
                target = f.add(
                    f.add(f.multiply(n, to.image), to.at(0, 0)),
                    f.multiply(i, pool.size[0] * to.row),
                )
                unpool_row(
                    f,
                    f.at(buffer(f, at_target.offset), from_),
                    f.at(buffer(f, won.offset), wins, "i8"),
                    layout.pitch,
                    pool.size,
                    layout.width,
                    layout.pitch // plan.lanes,
                    f.at(buffer(f, self.gradient.offset), target),
                    (to.row, to.pitch),
                )
                return []

            return f.loop(0, layout.height, 1, row)

        f.loop("%first", "%last", 1, image)

    def flip(self) -> None:
        write_flip(self)

    def derive(self, f: Function, flipped: FlippedKernel, filters: tuple[Index, Index]) -> None:
        """Append what is made of a flipped kernel's part once it has been copied.

        Args:
            f: The function.
            flipped: The flipped kernel.
            filters: From which to before which filter: what the function's unit has copied.
        """
