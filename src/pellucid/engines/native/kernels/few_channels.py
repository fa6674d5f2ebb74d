"""Convolutions of few channels: vectors hold columns or taps, not filters or channels alone."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.columns import PAIR, Columns, pool_columns
from pellucid.engines.native.emit.scattered import Scatter, copy_scattered, scatter_images
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.winners_gradient import WinnersGradient, sum_winners
from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.kernels.flipped_kernel import FlippedKernel
from pellucid.engines.native.memory.geometry import Convolution
from pellucid.engines.native.memory.layout import FLOAT, Border
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.engines.native.emit.convolution import Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.kernels.tiles import BackwardWork
    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation, Shape

WORTH_IT = 1.5
"""How many times fewer multiply-adds of vectors it must take to carry ∂y back."""

LANES = 16
"""Lanes of the vectors that are counted: the choice decides on bits, and is the same everywhere."""

LONGEST = 3
"""Vectors that a row of taps may take, or a tile would have too few rows."""

LOOKING_UP = 2
"""What it costs to find a winner, in multiply-adds of vectors."""


def scatters(operation: Operation, shape: Shape) -> str:
    """Why a convolution's ∂y is not scattered to ∂x; empty where it is.

    Args:
        operation: A convolution.
        shape: (height, width, channels) of its input.
    """
    if not isinstance(operation, ops.Conv2D):
        return f"computes convolutions, not {operation.kind}"
    if operation.stride != (1, 1) or operation.dilation != (1, 1):
        return "takes every position, without stride and dilation"
    height, width, channels = shape
    down, across, _ = operation.output_shape(shape)
    (rows, columns), row = operation.size, operation.size[1] * channels
    if _vectors(row) > LONGEST:
        return f"a row of taps has {counted(row, 'number')}, more than {LONGEST * LANES}"
    direct = height * width * rows * columns * _vectors(channels)
    if direct < WORTH_IT * down * across * rows * _vectors(row):
        return f"{counted(channels, 'channel')} fill their lanes well enough"
    return ""


class FewChannels(Convolve):
    """A convolution of few channels in a plan."""

    family: ClassVar[str] = "convolution"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Conv2D,)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        return super().declines(region, target) or scatters(region.operation, region.inputs[0])

    @classmethod
    def gradient_border(
        cls, region: Region, source: tuple[int, int, int], outputs: tuple[int, int]
    ) -> Border:
        return Border()

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        if self.flipped:
            plan.reserve_band(self._scatter.scratch)
        if self.of_winners:
            plan.reserve_band(self._winners_gradient.scratch)

    # ---------------------------------------------------------------------------------- forward

    @property
    def _columns(self) -> Columns | None:
        """How columns share the lanes; none where filters do, or nothing is pooled.

        It makes no difference to sums, and so may depend on the processor.
        """
        pool, packing, across = self.region.pool, self.packing, self.outputs[1]
        if pool is None or self.region.sources[0] not in self.plan.side_by_side:
            return None
        if packing.channels > 1 or packing.blocks > 1 or packing.vectors > 1:
            return None
        if pool.size[1] != PAIR or across < packing.lanes:
            return None
        columns = Columns(self.geometry, pool.size[0])
        if columns.tile[0] > packing.sums:
            return None
        pays = across >= WORTH_IT * packing.filters * len(columns.starts)
        return columns if pays else None

    def describe_forward(self) -> tuple[tuple[int, int], list[str]]:
        """(Rows, vectors) of sums in registers, and notes."""
        columns = self._columns
        if columns is None:
            return super().describe_forward()
        return columns.tile, ["neighbouring columns share the lanes"]

    def _with_pool(self, f: Function) -> None:
        columns = self._columns
        if columns is None:
            super()._with_pool(f)
            return
        pool, source = self.region.pool, self.source
        assert pool is not None
        target = self.plan.values[self.region.target]
        pooled, geometry = target.layout, self.geometry
        winners = buffer(f, self.winners.offset) if self.winners else None

        def image(n: Index, _: list[Value]) -> list[Value]:
            start = f.add(f.multiply(n, source.layout.image), geometry.source_start)
            x = f.at(buffer(f, source.offset), start)
            to = f.add(f.multiply(n, pooled.image), pooled.at(0, 0))

            def row(i: Index, _: list[Value]) -> list[Value]:
                at = f.add(to, f.multiply(i, pooled.row))
                pool_columns(
                    f,
                    columns,
                    f.at(x, f.multiply(i, pool.size[0] * geometry.source_step[0])),
                    buffer(f, self.parameter.weights),
                    f.at(buffer(f, target.offset), at),
                    f.at(winners, at, "i8") if winners is not None else None,
                    pooled.pitch,
                    rectify=self.region.function is not None,
                )
                return []

            def block(_: Index, __: list[Value]) -> list[Value]:
                return f.loop(*f.extent("rows", pooled.height), 1, row)

            return f.loop(*f.extent("blocks"), 1, block)

        f.loop(*f.extent("images"), 1, image)

    # ----------------------------------------------------------------------------------- to ∂x

    @property
    def _scatter(self) -> Scatter:
        assert self.windowed is not None
        to = self.plan.gradients[self.region.sources[0]].layout
        window = self.windowed.window
        before = (
            window.along(0, to.height).before,
            window.along(1, to.width).before,
        )
        return Scatter(self.gradient.layout, to, self.outputs, before, self.packing)

    def _place_flipped(self) -> list[FlippedKernel]:
        (height, width), taps = self.outputs, self.packing.taps
        scatter = self._scatter
        convolution = Convolution(scatter.gradient, scatter.target, (height, width), self.packing)
        weights = self.plan.place(f"scattered {self.name}", scatter.size)
        order = tuple((ky, kx) for ky in range(taps[0]) for kx in range(taps[1]))
        return [FlippedKernel(convolution, weights, order)]

    def describe_back(self) -> BackwardWork:
        """What reports say of the stage that carries ∂y to ∂x."""
        scatter = self._scatter
        note = f"a row of {self.packing.taps[1]} taps and their channels shares the lanes"
        tile = max(scatter.rows), max(scatter.columns)
        return {"read": FLOAT * scatter.size, "tile": tile, "notes": [note]}

    def carry_back(self, f: Function, flipped: FlippedKernel, to: Value, finish: Finish) -> None:
        """Append ∂x of ∂y, of the stage's images."""
        scatter_images(
            f,
            self._scatter,
            buffer(f, self.gradient.offset),
            buffer(f, flipped.weights),
            to,
            f.extent("images"),
            self._band(f),
            finish,
        )

    def flip(self) -> None:
        """Append the stage that copies the weights as they are read on the way to ∂x."""
        if not self.flipped:
            return
        (flipped,) = self.flipped
        packing, scatter = self.packing, self._scatter

        def body(f: Function) -> None:
            first, last = (f.multiply(block, packing.width) for block in ("%first", "%last"))
            source, target = buffer(f, self.parameter.weights), buffer(f, flipped.weights)
            filters = first, f.smaller(packing.filters, last)
            copy_scattered(f, scatter, source, target, filters)

        copied = FLOAT * scatter.size
        about = self.plan.about("copy, flipped", read=copied, written=copied)
        self.plan.stage(
            ("update", "flip"), f"flip {self.name}", packing.blocks, body, about, group="flip"
        )

    # -------------------------------------------------------------------------- of the kernel

    @property
    def of_winners(self) -> bool:
        """Whether the gradient is summed over a pooling's winners: it takes fewer multiply-adds."""
        pool, packing = self.region.pool, self.packing
        if pool is None or not self._remembers:
            return False
        taps = packing.taps[1]
        row = _vectors(taps * packing.channels) if self._side_by_side else taps
        each = packing.filters * (packing.taps[0] * row + LOOKING_UP)
        return each <= prod(pool.size) * (packing.depth + 1) * _vectors(packing.filters)

    @property
    def _side_by_side(self) -> bool:
        """Whether neighbouring taps' channels lie one after the other in what is read."""
        return self.region.sources[0] in self.plan.side_by_side

    @property
    def writes_gradient(self) -> bool:
        return not self.of_winners or self.plan.wants_gradient(self.region.sources[0])

    @property
    def in_any_order(self) -> bool:
        return super().in_any_order or self.of_winners

    @property
    def _winners_gradient(self) -> WinnersGradient:
        pool = self.region.pool
        assert pool is not None
        assert self.winners is not None
        pooled = self.plan.gradients[self.region.target].layout
        return WinnersGradient(
            self.geometry, pooled, self.winners.layout, pool.size, self._side_by_side
        )

    @property
    def gradient_tile(self) -> tuple[int, int]:
        if not self.of_winners:
            return super().gradient_tile
        sums = self._winners_gradient
        return max(sums.filters), max(sums.tap_rows) * len(sums.row)

    def describe_gradient(self) -> tuple[list[Place], list[str]]:
        """What the stage that sums the kernel's gradient reads, and notes on it."""
        if not self.of_winners:
            return super().describe_gradient()
        gradient = self.plan.gradients[self.region.target]
        assert self.winners is not None
        notes = [
            "sums over each window's winner alone",
            "taps and channels share the lanes, or channels alone",
        ]
        return [self.source, gradient, self.winners], notes

    @property
    def gradient_pieces(self) -> int:
        return 1 if self.of_winners else super().gradient_pieces

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
        if not self.of_winners:
            super().sum_gradient(f, source, gradient, partial, images, blocks)
            return
        assert self.by_chunks
        assert self.winners is not None
        gradient = buffer(f, self.plan.gradients[self.region.target].offset)
        winners = buffer(f, self.winners.offset)
        sums = self._winners_gradient
        sum_winners(f, sums, source, gradient, winners, partial, images, self._band(f))

    def _band(self, f: Function) -> Value:
        """What a thread works on."""
        place, floats = self.plan.band
        return f.at(buffer(f, place), f.multiply("%thread", floats))


def _vectors(numbers: int) -> int:
    return -(-numbers // LANES)
