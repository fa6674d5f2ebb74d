"""Places of homogeneous coordinates: two numbers of a position, divided by its third."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import scalar
from pellucid.engines.native.emit.images import each_position
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.ops.perspective_divide import NEAREST

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Value
    from pellucid.ops.operation import Operation

LEAST, ZERO = hexadecimal(NEAREST), hexadecimal(0.0)


class PerspectiveDivide(Kernel):
    """A perspective divide in a plan."""

    family: ClassVar[str] = "resampling"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.PerspectiveDivide,)

    def forward(self) -> None:
        """Append y_k = x_k / max(x_2, 1/64)."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                x, y = at
                away, _ = _away(f, x)
                f.store_vector(f.zero, y)
                for k in (0, 1):
                    place = scalar(f, "fdiv", f.load(x, k), away)
                    f.do(f"store float {place}, ptr {f.at(y, k)}, align 4")

            each_position(f, [source, target], position)

        about = plan.about(self.family, [source], [target])
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂x_k = ∂y_k / max(x_2, 1/64), ∂x_2 = −Σ ∂x_k · y_k; 0 below 1/64."""
        plan, region = self.plan, self.region
        name = region.sources[0]
        if not plan.wants_gradient(name):
            return
        source, gradient = plan.values[name], plan.gradients[region.target]
        to, adds = plan.gradients[name], plan.adds(name)

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                x, dy, dx = at
                away, before = _away(f, x)
                own = [scalar(f, "fdiv", f.load(dy, k), away) for k in (0, 1)]
                places = [scalar(f, "fdiv", f.load(x, k), away) for k in (0, 1)]
                both = scalar(
                    f,
                    "fadd",
                    *(scalar(f, "fmul", d, y) for d, y in zip(own, places, strict=True)),
                )
                down = scalar(f, "fsub", ZERO, both)
                last = f.value(f"select i1 {before}, float {down}, float {ZERO}")
                found = [*own, last]
                if adds:
                    found = [scalar(f, "fadd", f.load(dx, k), d) for k, d in enumerate(found)]
                else:
                    f.store_vector(f.zero, dx)
                for k, each in enumerate(found):
                    f.do(f"store float {each}, ptr {f.at(dx, k)}, align 4")

            each_position(f, [source, gradient, to], position)

        about = plan.about(self.family, [source, gradient], [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)


def _away(f: Function, x: Value) -> tuple[Value, Value]:
    """What a position's numbers are divided by; and whether that is its third."""
    third = f.load(x, 2)
    before = f.value(f"fcmp oge float {third}, {LEAST}")
    # What is no number stays none.
    keeps = f.value(f"fcmp uge float {third}, {LEAST}")
    return f.value(f"select i1 {keeps}, float {third}, float {LEAST}"), before
