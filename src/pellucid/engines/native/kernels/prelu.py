"""PReLU: a leaky ReLU that learns its slopes, one a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_image, over_positions, start_of
from pellucid.engines.native.kernels.channel_weights import Rows

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.ops.operation import Operation

SLOPE = 0


class Slopes(Rows):
    """A PReLU in a plan."""

    family: ClassVar[str] = "columns of vectors"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.PReLU,)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region, ("slope",))

    def forward(self) -> None:
        """Append y = x where x > 0, slope · x elsewhere."""

        def body(f: Function) -> None:
            def image(n: Index) -> None:
                places = [(p, start_of(f, p, n)) for p in (self.source, self.target)]

                def channels(c: Index, _: list[Value]) -> list[Value]:
                    slope = self.row(f, SLOPE, c)

                    def position(at: list[Value], _: list[Value]) -> list[Value]:
                        x = f.load_vector(at[0])
                        shrunk = f.vector("fmul", slope, x)
                        y = f.choose(f.compare("ogt", x, f.zero), x, shrunk)
                        f.store_vector(y, at[1])
                        return []

                    over_positions(f, places, c, position)
                    return []

                f.loop(0, self.pitch, f.vectors.lanes, channels)

            each_image(f, image)

        about = self.plan.about(self.family, [self.source], [self.target])
        self.plan.stage(self.plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append each image's gradient of the slopes, Σ ∂y · min(0, x), and ∂x."""
        plan, source = self.plan, self.region.sources[0]
        wanted = plan.wants_gradient(source)
        adds = wanted and plan.adds(source)
        reads = [plan.gradients[self.region.target], self.source]
        writes = [plan.gradients[source]] if wanted else []

        def body(f: Function) -> None:
            def image(n: Index) -> None:
                places = [(p, start_of(f, p, n)) for p in (*reads, *writes)]
                sums = self.sums.of(f, n)

                def channels(c: Index, _: list[Value]) -> list[Value]:
                    slope = self.row(f, SLOPE, c)

                    def position(at: list[Value], running: list[Value]) -> list[Value]:
                        gradient, x = f.load_vector(at[0]), f.load_vector(at[1])
                        positive = f.compare("ogt", x, f.zero)
                        if wanted:
                            shrunk = f.vector("fmul", slope, gradient)
                            passed = f.choose(positive, gradient, shrunk)
                            if adds:
                                passed = f.vector("fadd", passed, f.load_vector(at[2]))
                            f.store_vector(passed, at[2])
                        return [f.fma(gradient, f.choose(positive, f.zero, x), running[0])]

                    (total,) = over_positions(f, places, c, position, 1)
                    f.store_vector(total, sums, c)
                    return []

                f.loop(0, self.pitch, f.vectors.lanes, channels)

            each_image(f, image)

        about = plan.about(self.family, reads, writes)
        plan.stage("backward", f"back through {self.name}", "images", body, about)
