"""A flattening that is more than another name: feature maps copied into one long vector.

Most readers of a flat vector take feature maps as they lie; those that treat its values as channels
need them one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.channels import Slice, take_channels
from pellucid.engines.native.emit.images import each_image, start_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.lower.plan import Place, Plan
    from pellucid.engines.native.lower.stages import Stage


def write_flatten(plan: Plan, stage: Stage) -> None:
    """Append y[(i · width + j) · channels + c] = x[i, j, c]."""
    source, target = plan.values[stage.sources[0]], plan.values[stage.target]
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

    plan.builder.stage(plan.forward, stage.node.name, "images", body)


def write_flatten_backward(plan: Plan, stage: Stage) -> None:
    """Append ∂x[i, j, c] = ∂y[(i · width + j) · channels + c]."""
    name = stage.sources[0]
    if not plan.wants_gradient(name):
        return
    adds = plan.adds(name)
    gradient, to = plan.gradients[stage.target], plan.gradients[name]

    def body(f: Function) -> None:
        def copy(into: Value, from_: Value) -> None:
            take_channels(f, Slice(into, 0, to.layout.channels), from_, adds=adds)

        _each(f, to, gradient, copy)

    plan.builder.stage("backward", f"back through {stage.node.name}", "images", body)


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
