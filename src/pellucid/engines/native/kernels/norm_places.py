"""Where a batch normalisation keeps its numbers, and how it goes through its buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.images import Walk, start_of
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.parameters import Part, place_parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Place

    Affine = tuple[Value, Value, Value]
    """For a channel: what is taken off, what is multiplied with, what is added."""

GAMMA, BETA = 0, 1
MOST_VECTORS = 4
"""Vectors of channels that are gone through together, at most."""

MEAN, VARIANCE = 0, 1
CENTRE, SCALE, INVERSE, SHRINK, LEAN = range(5)
"""What a training step keeps of a channel: the batch's mean; γ/σ; 1/σ; and for the backward pass
the mean gradient and how much of (y − mean) to subtract."""


class NormPlaces:
    """A batch normalisation z = (y − mean) · γ/σ + β in a plan, without what it does."""

    def __init__(self, plan: Plan, region: Region) -> None:
        operation = region.operation
        assert isinstance(operation, ops.BatchNorm)
        self.plan, self.region, self.name, self.operation = plan, region, region.name, operation
        self.fixed = plan.uses_running(region)
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        self.pitch = self.target.layout.pitch
        self.channels = self.target.layout.channels
        parts = (
            Part("gamma", 0, self.pitch, decays=False),
            Part("beta", self.pitch, self.pitch, decays=False),
        )
        self.parameter = place_parameter(plan, region, 1, 2 * self.pitch, 1, parts)
        place = plan.place_scratch
        self.statistics = plan.place_statistics(region, 2 * self.pitch)
        if plan.wants_gradient(region.target) or not self.fixed:
            self.batch = place(f"batch statistics {self.name}", 5 * self.pitch)
            self.partial = place(f"image sums {self.name}", 2 * self.pitch * plan.capacity)
        self.size = region.pool.size if region.pool is not None else (1, 1)
        self.winners: Place | None = None
        if plan.wants_gradient(region.target) and region.pool is not None:
            self.winners = plan.place_winners(region)

    def each_channels(
        self, f: Function, registers: int, body: Callable[[list[Index]], None]
    ) -> None:
        """Append a loop over vectors of channels, some neighbouring ones at a time.

        What lies at a position is then read in longer pieces, and sums of one vector need not wait
        for each other's. Each channel's numbers are the same whatever goes with it.

        Args:
            f: The function.
            registers: How many a vector of channels takes.
            body: Given where each of the vectors begins.
        """
        lanes, vectors = f.vectors.lanes, self.pitch // f.vectors.lanes
        most = max(1, min(MOST_VECTORS, f.vectors.registers // registers))
        together = max(n for n in range(1, most + 1) if vectors % n == 0)

        def turn(c: Index, _: list[Value]) -> list[Value]:
            body([f.add(c, v * lanes) for v in range(together)])
            return []

        f.loop(0, self.pitch, together * lanes, turn)

    # ------------------------------------------------------------------------- numbers of a channel

    def affine(self, f: Function, c: Index) -> Affine:
        """What a channel of this batch is moved back by, multiplied with and moved on by."""
        return self.kept(f, CENTRE, c), self.kept(f, SCALE, c), self.weight(f, BETA, c)

    def weight(self, f: Function, which: int, c: Index) -> Value:
        """A vector of γ or β."""
        return f.load_vector(buffer(f, self.parameter.weights, which * self.pitch), c)

    def kept(self, f: Function, which: int, c: Index) -> Value:
        """A vector of what this step keeps."""
        return f.load_vector(buffer(f, self.batch, which * self.pitch), c)

    def keep(self, f: Function, which: int, c: Index, vector: Value) -> None:
        """The reverse of :meth:`kept`."""
        f.store_vector(vector, buffer(f, self.batch, which * self.pitch), c)

    def over_images(
        self,
        f: Function,
        c: Index,
        body: Callable[[Value, list[Value]], list[Value]],
        running: int,
    ) -> list[Value]:
        """A loop over all images' sums, in order."""

        def image(n: Index, values: list[Value]) -> list[Value]:
            return body(
                f.at(buffer(f, self.partial), f.add(f.multiply(n, 2 * self.pitch), c)), values
            )

        return f.loop(0, "%images", 1, image, [(f.vectors.float, f.zero)] * running)

    # -------------------------------------------------------------------------------------- windows

    @property
    def grid(self) -> tuple[int, int]:
        """How many windows there are, down and across; positions, where nothing is pooled."""
        return self.target.layout.height, self.target.layout.width

    def offsets(self, place: Place) -> list[int]:
        """A window's positions in a buffer of y's size, from its first, row by row."""
        layout = place.layout
        return [
            row * layout.row + column * layout.pitch
            for row in range(self.size[0])
            for column in range(self.size[1])
        ]

    def windows(self, f: Function, place: Place, n: Index) -> Walk:
        """Image n of a buffer of y's size, window by window."""
        layout = place.layout
        start = start_of(f, place, n)
        return Walk(start, self.size[0] * layout.row, self.size[1] * layout.pitch)

    def walk(self, f: Function, place: Place, n: Index) -> Walk:
        """Image n of a buffer of z's size, position by position."""
        return Walk(start_of(f, place, n), place.layout.row, place.layout.pitch)

    def winner_walk(self, f: Function, n: Index) -> Walk:
        """Image n of the winners' numbers."""
        assert self.winners is not None
        layout = self.winners.layout
        offset = f.add(f.multiply(n, layout.image), layout.at(0, 0))
        start = f.at(buffer(f, self.winners.offset), offset, "i8")
        return Walk(start, layout.row, layout.pitch, "i8")
