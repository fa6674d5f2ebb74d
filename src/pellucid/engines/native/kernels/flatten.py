"""A flattening that is more than another name: feature maps copied into one long vector.

Most readers of a flat vector take feature maps as they lie; those that treat its values as channels
need them one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.channels import Slice, take_channels
from pellucid.engines.native.emit.images import each_image, start_of
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class Flatten(Kernel):
    """A flattening that copies."""

    family: ClassVar[str] = "flatten"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Flatten,)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y[(i · width + j) · channels + c] = x[i, j, c]."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]
        layout, lanes = source.layout, plan.lanes
        whole = layout.channels // lanes * lanes

        def body(f: Function) -> None:
            def copy(from_: Value, to: Value) -> None:
                def vector(c: Index, _: list[Value]) -> list[Value]:
                    f.store_vector(f.load_vector(from_, c), to, c)
                    return []

                f.loop(0, whole, lanes, vector)
                for c in range(whole, layout.channels):  # a vector would reach into what follows
                    number = f.load(from_, c)
                    f.do(f"store float {number}, ptr {f.at(to, c)}, align 4")

            _each(f, source, target, copy)
            if target.layout.pitch > target.layout.channels:

                def image(n: Index) -> None:
                    y = start_of(f, target, n)
                    for c in range(target.layout.channels, target.layout.pitch):
                        f.do(f"store float 0.0, ptr {f.at(y, c)}, align 4")

                each_image(f, image)

        about = plan.about(self.family, [source], [target])
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂x[i, j, c] = ∂y[(i · width + j) · channels + c]."""
        plan, region = self.plan, self.region
        name = region.sources[0]
        if not plan.wants_gradient(name):
            return
        adds = plan.adds(name)
        gradient, to = plan.gradients[region.target], plan.gradients[name]

        def body(f: Function) -> None:
            def copy(into: Value, from_: Value) -> None:
                take_channels(f, Slice(into, 0, to.layout.channels), from_, adds=adds)

            _each(f, to, gradient, copy)

        about = plan.about(self.family, [gradient], [to])
        plan.stage("backward", f"back through {self.name}", "images", body, about)


def _each(f: Function, maps: Place, flat: Place, body: Callable[[Value, Value], None]) -> None:
    """Append a loop over all positions: pointers to one in the maps and in the flat vector."""
    layout = maps.layout

    def image(n: Index) -> None:
        x, y = start_of(f, maps, n), start_of(f, flat, n)

        def row(i: Index, _: list[Value]) -> list[Value]:
            def position(j: Index, _: list[Value]) -> list[Value]:
                number = f.add(f.multiply(i, layout.width), j)
                body(
                    f.at(x, f.add(f.multiply(i, layout.row), f.multiply(j, layout.pitch))),
                    f.at(y, f.multiply(number, layout.channels)),
                )
                return []

            return f.loop(0, layout.width, 1, position)

        f.loop(0, layout.height, 1, row)

    each_image(f, image)
