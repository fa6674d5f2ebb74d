"""Local response normalisation: a value is damped by its neighbours' activity across channels.

One position at a time: what is summed over neighbours is laid down between zeros in a small buffer,
from which shifted vectors are loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_channel_vector, each_position, each_vector
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.logarithm import power
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.ops.operation import Operation


class LocalResponse(Kernel):
    """A local response normalisation in a plan."""

    family: ClassVar[str] = "neighbouring channels"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.LocalResponseNorm,)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, ops.LocalResponseNorm)
        self.operation = operation
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        self.channels = self.target.layout.channels
        self.pitch = whole_vectors(self.channels, plan.lanes)
        # Neighbours further away than there are channels hold nothing.
        self.half = min(operation.size // 2, self.channels - 1)
        self.margin = whole_vectors(self.half, plan.lanes)
        self.room = self.margin + self.pitch + self.margin + plan.lanes
        floats = plan.threads * 2 * self.room
        self.scratch = plan.place_scratch(f"neighbours {self.name}", floats)

    def forward(self) -> None:
        """Append y = x · base^−β, base = k + α · Σ x² over neighbours."""

        def body(f: Function) -> None:
            squares, _ = self._buffers(f)

            def position(at: list[Value]) -> None:
                self._lay_squares(f, at[0], squares)

                def vector(c: Index, real: Value | None) -> None:
                    _, factor = self._damping(f, squares, c)
                    y = f.vector("fmul", f.load_vector(at[0], c), factor)
                    f.store_vector(keep(f, real, y), at[1], c)

                each_channel_vector(f, self.channels, vector)

            each_position(f, [self.source, self.target], position)

        about = self.plan.about(self.family, [self.source], [self.target])
        self.plan.stage(self.plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂x = ∂y · base^−β − 2αβ · x · Σ ∂y · y / base over neighbours."""
        plan, source = self.plan, self.region.sources[0]
        if not plan.wants_gradient(source):
            return
        adds = plan.adds(source)
        gradient, to = plan.gradients[self.region.target], plan.gradients[source]
        lean = -2.0 * self.operation.alpha * self.operation.beta

        def body(f: Function) -> None:
            squares, shares = self._buffers(f)

            def position(at: list[Value]) -> None:
                dy, x, y, dx = at
                self._lay_squares(f, x, squares)

                def share(c: Index, real: Value | None) -> None:
                    base, _ = self._damping(f, squares, c)
                    product = f.vector("fmul", f.load_vector(dy, c), f.load_vector(y, c))
                    value = keep(f, real, f.vector("fdiv", product, base))
                    f.store_vector(value, shares, c)

                each_channel_vector(f, self.channels, share)

                def vector(c: Index, real: Value | None) -> None:
                    _, factor = self._damping(f, squares, c)
                    own = f.vector("fmul", f.load_vector(dy, c), factor)
                    scaled = f.vector("fmul", f.load_vector(x, c), f.constant(lean))
                    total = keep(f, real, f.fma(scaled, self._neighbours(f, shares, c), own))
                    if adds:
                        total = f.vector("fadd", total, f.load_vector(dx, c))
                    f.store_vector(total, dx, c)

                each_channel_vector(f, self.channels, vector)

            each_position(f, [*reads, to], position)

        reads = [gradient, self.source, self.target]
        about = plan.about(self.family, reads, [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def _buffers(self, f: Function) -> tuple[Value, Value]:
        """This thread's two buffers, zeros around their channels; pointers to channel 0."""
        mine = f.at(buffer(f, self.scratch), f.multiply("%thread", 2 * self.room))
        each_vector(f, 2 * self.room, lambda i: f.store_vector(f.zero, mine, i))
        return f.at(mine, self.margin), f.at(mine, self.room + self.margin)

    def _lay_squares(self, f: Function, x: Value, squares: Value) -> None:
        def vector(c: Index, real: Value | None) -> None:
            value = f.load_vector(x, c)
            f.store_vector(keep(f, real, f.vector("fmul", value, value)), squares, c)

        each_channel_vector(f, self.channels, vector)

    def _damping(self, f: Function, squares: Value, c: Index) -> tuple[Value, Value]:
        """The base and the factor base^−β of the vector that begins with channel c."""
        operation = self.operation
        total = self._neighbours(f, squares, c)
        base = f.fma(total, f.constant(operation.alpha), f.constant(operation.k))
        return base, power(f, base, -operation.beta)

    def _neighbours(self, f: Function, values: Value, c: Index) -> Value:
        """For each channel, the sum over the channels near it."""
        total = f.load_vector(values, f.add(c, -self.half))
        for shift in range(1 - self.half, self.half + 1):
            total = f.vector("fadd", total, f.load_vector(values, f.add(c, shift)))
        return total
