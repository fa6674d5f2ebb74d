"""Dropout: in training values are multiplied by a mask that a counter's random numbers make.

The mask is not kept but made again in the backward pass. Each row's is made in one go, in a buffer
small enough for the nearest cache, because elements are numbered without the zeros that fill up
channels, and four share a counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import ops
from pellucid.counter_random import stream_of
from pellucid.engines.native.emit.images import each_image, each_row, each_vector, start_of
from pellucid.engines.native.emit.random import in_order, random_words, signed
from pellucid.engines.native.emit.schedule_builder import INFER, LEARN, buffer
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class Dropout(Kernel):
    """A dropout in a plan."""

    family: ClassVar[str] = "dropout"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Dropout,)
    reads_input_backward: ClassVar[bool] = False

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, ops.Dropout)
        self.operation = operation
        self.stream = stream_of(region.name)
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        layout = self.source.layout
        self.row = layout.width * layout.channels
        # Where no zeros fill up channels, a row is like one position with more of them.
        full = layout.channels % plan.lanes == 0
        self.positions, self.channels = (1, self.row) if full else (layout.width, layout.channels)
        # A row may begin within a counter's four words, and its last vector reach past its end.
        self.scratch_size = whole_vectors(self.row + 3 + plan.lanes, 4 * plan.lanes)
        if plan.training:
            floats = plan.threads * self.scratch_size
            self.scratch = plan.place_scratch(f"masks {self.name}", floats)

    def forward(self) -> None:
        """Append y = x at inference, y = x · mask in training."""
        plan = self.plan
        places = [self.source, self.target]

        def copy(f: Function) -> None:
            each_row(f, places, lambda at, i: f.store_vector(f.load_vector(at[0], i), at[1], i))

        def mask(f: Function) -> None:
            self._mask(f, *places, adds=False)

        about = plan.about(self.family, places[:1], places[1:])
        plan.stage(INFER, self.name, "images", copy, about)
        if plan.training:
            plan.stage(LEARN, self.name, "images", mask, about)

    def backward(self) -> None:
        """Append ∂x = ∂y · mask; at inference ∂x = ∂y."""
        source, target = self.region.sources[0], self.region.target
        if not self.plan.wants_gradient(source):
            return
        adds = self.plan.adds(source)
        places = self.plan.gradients[target], self.plan.gradients[source]

        def copy(f: Function) -> None:
            def vector(at: list[Value], i: Index) -> None:
                value = f.load_vector(at[0], i)
                if adds:
                    value = f.vector("fadd", value, f.load_vector(at[1], i))
                f.store_vector(value, at[1], i)

            each_row(f, places, vector)

        def mask(f: Function) -> None:
            self._mask(f, *places, adds=adds)

        body = mask if self.plan.training else copy
        about = self.plan.about(self.family, places[:1], places[1:])
        self.plan.stage("backward", f"back through {self.name}", "images", body, about)

    def _mask(self, f: Function, source: Place, target: Place, *, adds: bool) -> None:
        """Append target = source · mask, or target + that."""
        layout, lanes = source.layout, f.vectors.lanes
        factors = f.at(buffer(f, self.scratch), f.multiply("%thread", self.scratch_size))

        def image(n: Index) -> None:
            from_, to = start_of(f, source, n), start_of(f, target, n)

            def row(y: Index, _: list[Value]) -> list[Value]:
                number = f.multiply(f.add(f.multiply(n, layout.height), y), self.row)
                mask = f.at(factors, self._row_of_factors(f, number, factors))
                from_row = f.at(from_, f.multiply(y, layout.row))
                to_row = f.at(to, f.multiply(y, target.layout.row))

                def position(x: Index, _: list[Value]) -> list[Value]:
                    here = f.at(from_row, f.multiply(x, layout.pitch))
                    there = f.at(to_row, f.multiply(x, target.layout.pitch))
                    mine = f.at(mask, f.multiply(x, self.channels))

                    def vector(c: Index) -> None:
                        # Past the last channel lie zeros, whatever the mask says there.
                        product = f.vector("fmul", f.load_vector(here, c), f.load_vector(mine, c))
                        if adds:
                            product = f.vector("fadd", product, f.load_vector(there, c))
                        f.store_vector(product, there, c)

                    each_vector(f, whole_vectors(self.channels, lanes), vector)
                    return []

                return f.loop(0, self.positions, 1, position)

            f.loop(0, layout.height, 1, row)

        each_image(f, image)

    def _row_of_factors(self, f: Function, element: Index, factors: Value) -> Index:
        """Fill the buffer for a row that begins with an element; where in it that one is."""
        lanes = f.vectors.lanes
        first = f.divide(element, 4)
        inside = f.add(element, f.multiply(first, -4))
        scale = f.constant(float(1.0 / np.float32(1.0 - self.operation.rate)))
        threshold = f.whole(signed(self.operation.threshold))
        scalars = buffer(f, self.plan.scalars)

        def counters(i: Index, _: list[Value]) -> list[Value]:
            words = random_words(f, f.add(first, i), scalars, self.stream)
            for part, word in enumerate(in_order(f, words)):
                kept = f.value(f"icmp uge {f.vectors.int} {word}, {threshold}")
                at = f.add(f.multiply(i, 4), part * lanes)
                f.store_vector(f.choose(kept, scale, f.zero), factors, at)
            return []

        f.loop(0, self.scratch_size // 4, lanes, counters)
        return inside
