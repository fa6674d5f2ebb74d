"""Inverted bottlenecks whose middle stays in the caches: widen, convolve each channel, narrow.

A convolution of single positions needs all channels of its input, but no neighbours. So where a
depthwise convolution makes what it reads for itself, a few rows of its outputs are made of all
channels, and narrowed before the next rows take their place.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.bands import begin_bands, clear_ends, next_band
from pellucid.engines.native.emit.convolution import convolve_rows
from pellucid.engines.native.emit.images import each_image
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.kernels.banded import BandedDepthwise
from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.kernels.pointwise import addend, finished
from pellucid.engines.native.kernels.tiles import idle_lanes, tile_of
from pellucid.engines.native.memory.geometry import Convolution
from pellucid.engines.native.memory.layout import FLOAT, Layout

if TYPE_CHECKING:
    from pellucid.engines.native.emit.convolution import Addend
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target

LARGE = 1 << 16
"""Values of an image, 256 KiB, from which on what lies between goes to memory."""

ROOM = 3 << 15
"""Floats that rows of all channels may take, 384 KiB: in a second-level cache."""


class Bottleneck(Convolve):
    """A convolution of single positions in a plan that makes what it reads, some rows at a time."""

    family: ClassVar[str] = "convolution behind a depthwise one"
    makes_source: ClassVar[bool] = True

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if reason := super().declines(region, target):
            return reason
        operation, maker = region.operation, region.maker
        if not isinstance(operation, ops.Conv2D) or operation.size != (1, 1):
            return "reads more than one position"
        if operation.filters >= region.inputs[0][2]:
            return "does not narrow: what it makes is no smaller than what it reads"
        if region.pool is not None:
            return "pools nothing"
        if maker is None:
            return "what it reads is needed for more than it"
        if maker.kernel is not BandedDepthwise:
            return "what it reads comes from no depthwise convolution that makes what it reads"
        if operation.output_shape(*region.inputs)[:2] != region.inputs[0][:2]:
            return "skips positions, or has some of zeros"
        if (values := prod(region.inputs[0])) < LARGE:
            return f"the {values} values of an image that it reads stay in the caches"
        return ""

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        depthwise = plan.kernels[region.sources[0]]
        assert isinstance(depthwise, BandedDepthwise)
        self.depthwise = depthwise
        height, rows = self.outputs[0], 1
        while rows < height and self._floats(rows + 1) <= ROOM:
            rows += 1
        self.rows = -(-height // -(-height // rows))
        self.bands = depthwise.bands_of(self.rows)
        self.middle = self._middle(self.rows)
        plan.reserve_band(self._floats(self.rows) + plan.lanes)

    def _middle(self, rows: int) -> Layout:
        """How rows of the depthwise convolution's outputs lie."""
        made = self.depthwise.target.layout
        return Layout(rows, made.width, made.channels, made.pitch)

    def _floats(self, rows: int) -> int:
        """Floats of a number of rows of outputs, and of what they are made of."""
        bands = self.depthwise.maker.packing.blocks * self.depthwise.bands_of(rows).floats
        return bands + rows * self._middle(rows).row

    def forward(self) -> None:
        """Append the stage that computes all three."""
        plan, depthwise = self.plan, self.depthwise
        about = plan.about(
            self.family,
            [depthwise.maker.source, *plan.read_by(self.region)[1:]],
            [plan.values[self.region.target]],
            flops=depthwise.maker.flops + depthwise.flops + self.flops,
            read=depthwise.read_by_both + FLOAT * self.packing.size,
            tile=tile_of(self.geometry),
            notes=idle_lanes(self.packing, "filters", half=self.geometry.half),
        )
        work = depthwise.work + self.outputs[0] * self.outputs[1] * self.packing.depth * (
            self.packing.filters
        )
        split = Split("rows", self.outputs[0], work)
        plan.stage(plan.forward, self.name, "images", self._all, about, single=split)

    def _all(self, f: Function) -> None:
        depthwise, bands, middle = self.depthwise, self.bands, self.middle
        source, target = depthwise.maker.source, self.plan.values[self.region.target]
        place, floats = self.plan.band
        between = f.at(buffer(f, place), f.multiply("%thread", floats))
        first_band = f.at(between, middle.height * middle.row)
        blocks = depthwise.maker.packing.blocks
        branch = addend(self.plan, self.region, f)
        clear_ends(f, bands, first_band, blocks)

        def image(n: Index) -> None:
            x = f.at(buffer(f, source.offset), f.multiply(n, source.layout.image))
            start = f.add(f.multiply(n, target.layout.image), target.layout.at(0, 0))
            y = f.at(buffer(f, target.offset), start)
            first, last = f.extent("rows", self.outputs[0])
            other = branch.moved(f, f.multiply(n, branch.image)) if branch is not None else None

            def begin(ob: Index, _: list[Value]) -> list[Value]:
                make, _use = depthwise.of_block(f, bands, x, between, middle, ob)
                begin_bands(f, bands, self._band(f, first_band, ob), (first, last), make)
                return []

            f.loop(0, blocks, 1, begin)

            def some(i: Index, _: list[Value]) -> list[Value]:
                before = f.at(between, f.multiply(i, -middle.row))  # where row 0 would lie

                def block(ob: Index, _: list[Value]) -> list[Value]:
                    make, use = depthwise.of_block(f, bands, x, before, middle, ob)
                    next_band(f, bands, self._band(f, first_band, ob), i, last, make, use)
                    return []

                f.loop(0, blocks, 1, block)
                self._narrow(f, between, y, (i, f.smaller(f.add(i, bands.rows), last)), other)
                return []

            f.loop(first, last, bands.rows, some)

        each_image(f, image)

    def _band(self, f: Function, first: Value, ob: Index) -> Value:
        """Pointer to the band of a block."""
        return f.at(first, f.multiply(ob, self.bands.floats))

    def _narrow(
        self,
        f: Function,
        between: Value,
        y: Value,
        rows: tuple[Index, Index],
        branch: Addend | None,
    ) -> None:
        """Some rows of outputs, of the first rows that lie between."""
        target, packing = self.plan.values[self.region.target].layout, self.packing
        geometry = Convolution(self.middle, target, (self.bands.rows, target.width), packing)
        finish = finished(self.region.function)

        def block(ob: Index, _: list[Value]) -> list[Value]:
            filters = f.at(buffer(f, self.parameter.weights), f.multiply(ob, packing.block))
            place = f.multiply(ob, packing.width)
            to = f.at(y, place)

            def row(r: Index, _: list[Value]) -> list[Value]:
                within, there = f.add(r, f.multiply(rows[0], -1)), f.multiply(r, target.row)
                step = target.row, target.pitch
                other = branch.below(f, r).moved(f, place) if branch is not None else None
                convolve_rows(
                    f, geometry, between, filters, within, 1, f.at(to, there), step, finish,
                    addend=other,
                )  # fmt: skip
                return []

            return f.loop(*rows, 1, row)

        f.loop(0, packing.blocks, 1, block)
