"""Global average pooling."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_image, over_positions, start_of
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.ops.operation import Operation


class Average(Kernel):
    """A global average pooling in a plan."""

    family: ClassVar[str] = "sums over positions"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.GlobalAveragePool,)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y[c] = mean of x[·, ·, c]."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]
        share = 1.0 / (source.layout.height * source.layout.width)
        vectors = target.layout.pitch // plan.lanes

        def body(f: Function) -> None:
            def image(n: Index) -> None:
                x, y = start_of(f, source, n), start_of(f, target, n)

                def channels(v: Index, _: list[Value]) -> list[Value]:
                    c = f.multiply(v, f.vectors.lanes)

                    def position(at: list[Value], running: list[Value]) -> list[Value]:
                        return [f.vector("fadd", running[0], f.load_vector(at[0]))]

                    (total,) = over_positions(f, [(source, x)], c, position, 1)
                    f.store_vector(f.vector("fmul", total, f.constant(share)), y, c)
                    return []

                f.loop(*f.extent("blocks", vectors), 1, channels)

            each_image(f, image)

        about = plan.about(self.family, [source], [target])
        split = Split("blocks", vectors, prod(plan.shape(region.sources[0])))
        plan.stage(plan.forward, self.name, "images", body, about, single=split)

    def backward(self) -> None:
        """Append the backward pass: every position gets its share of the gradient."""
        plan, region = self.plan, self.region
        if not plan.wants_gradient(region.sources[0]):
            return
        gradient, to = plan.gradients[region.target], plan.gradients[region.sources[0]]
        adds = plan.adds(region.sources[0])
        share = 1.0 / (to.layout.height * to.layout.width)

        def body(f: Function) -> None:
            def image(n: Index) -> None:
                dy, dx = start_of(f, gradient, n), start_of(f, to, n)

                def channels(c: Index, _: list[Value]) -> list[Value]:
                    part = f.vector("fmul", f.load_vector(dy, c), f.constant(share))

                    def position(at: list[Value], _: list[Value]) -> list[Value]:
                        total = f.vector("fadd", part, f.load_vector(at[0])) if adds else part
                        f.store_vector(total, at[0])
                        return []

                    over_positions(f, [(to, dx)], c, position)
                    return []

                f.loop(0, to.layout.pitch, f.vectors.lanes, channels)

            each_image(f, image)

        about = plan.about(self.family, [gradient], [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)
