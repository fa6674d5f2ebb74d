"""Softmax inside a network: scores become probabilities, at each position by itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.exponential import exponential
from pellucid.engines.native.emit.images import each_position
from pellucid.engines.native.emit.lanes import keep, over_channels, real_lanes
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.ops.operation import Operation


class Softmax(Kernel):
    """A softmax in a plan."""

    family: ClassVar[str] = "softmax"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Softmax,)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y_j = e^(z_j − max z) / Σ_k e^(z_k − max z)."""
        plan, region = self.plan, self.region
        places = [plan.values[region.sources[0]], plan.values[region.target]]
        channels = places[0].layout.channels

        def body(f: Function) -> None:
            lowest = f.constant(float("-inf"))

            def position(at: list[Value]) -> None:
                z, y = at

                def largest(c: Index, real: Value | None, running: Value) -> Value:
                    value = f.load_vector(z, c)
                    if real is not None:
                        value = f.choose(real, value, lowest)
                    return _larger(f, value, running)

                top = over_channels(f, channels, lowest, largest, partial(_larger, f))

                def powers(c: Index, real: Value | None, running: Value) -> Value:
                    value = exponential(f, f.vector("fsub", f.load_vector(z, c), top))
                    value = keep(f, real, value)
                    f.store_vector(value, y, c)
                    return f.vector("fadd", running, value)

                total = over_channels(f, channels, f.zero, powers, partial(f.vector, "fadd"))

                def share(c: Index, real: Value | None) -> None:
                    f.store_vector(
                        keep(f, real, f.vector("fdiv", f.load_vector(y, c), total)), y, c
                    )

                _each_vector(f, channels, share)

            each_position(f, places, position)

        about = plan.about(self.family, places[:1], places[1:])
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂z_j = y_j · (∂y_j − Σ_k ∂y_k · y_k)."""
        plan, region = self.plan, self.region
        source = region.sources[0]
        if not plan.wants_gradient(source):
            return
        adds = plan.adds(source)
        places = [plan.gradients[region.target], plan.values[region.target], plan.gradients[source]]
        channels = places[0].layout.channels

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                dy, y, dz = at

                def products(c: Index, real: Value | None, running: Value) -> Value:
                    return f.fma(keep(f, real, f.load_vector(dy, c)), f.load_vector(y, c), running)

                mean = over_channels(f, channels, f.zero, products, partial(f.vector, "fadd"))

                def share(c: Index, real: Value | None) -> None:
                    away = f.vector("fsub", f.load_vector(dy, c), mean)
                    value = keep(f, real, f.vector("fmul", f.load_vector(y, c), away))
                    if adds:
                        value = f.vector("fadd", value, f.load_vector(dz, c))
                    f.store_vector(value, dz, c)

                _each_vector(f, channels, share)

            each_position(f, places, position)

        about = plan.about(self.family, places[:2], places[2:])
        plan.stage("backward", f"back through {self.name}", "images", body, about)


def _larger(f: Function, a: Value, b: Value) -> Value:
    return f.choose(f.compare("ogt", a, b), a, b)


def _each_vector(f: Function, channels: int, body: Callable[[Index, Value | None], None]) -> None:
    """Append a loop over one position's vectors: the first channel, and which lanes hold some."""
    full = channels // f.vectors.lanes * f.vectors.lanes

    def turn(c: Index, _: list[Value]) -> list[Value]:
        body(c, None)
        return []

    f.loop(0, full, f.vectors.lanes, turn)
    if full < channels:
        body(full, real_lanes(f, channels))
