"""Normalisation by fixed numbers inside a network, where no pixels come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.images import each_position
from pellucid.engines.native.emit.ir import hexadecimal
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Value
    from pellucid.engines.native.lower.plan import Plan
    from pellucid.engines.native.lower.stages import Stage


def write_rescale(plan: Plan, stage: Stage) -> None:
    """Append y = (x − mean) / std."""
    operation = stage.node.operation
    assert isinstance(operation, ops.Normalise)

    def body(f: Function) -> None:
        means, deviations = _vectors(f, operation.mean, 0.0), _vectors(f, operation.std, 1.0)

        def position(at: list[Value]) -> None:
            for v, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
                c = v * f.vectors.lanes
                centred = f.vector("fsub", f.load_vector(at[0], c), mean)
                f.store_vector(f.vector("fdiv", centred, deviation), at[1], c)

        each_position(f, [plan.values[stage.sources[0]], plan.values[stage.target]], position)

    plan.builder.stage(plan.forward, stage.node.name, "images", body)


def write_rescale_backward(plan: Plan, stage: Stage) -> None:
    """Append ∂x = ∂y / std."""
    operation, source = stage.node.operation, stage.sources[0]
    assert isinstance(operation, ops.Normalise)
    if not plan.wants_gradient(source):
        return
    adds = plan.adds(source)

    def body(f: Function) -> None:
        deviations = _vectors(f, operation.std, 1.0)

        def position(at: list[Value]) -> None:
            for v, deviation in enumerate(deviations):
                c = v * f.vectors.lanes
                total = f.vector("fdiv", f.load_vector(at[0], c), deviation)
                if adds:
                    total = f.vector("fadd", total, f.load_vector(at[1], c))
                f.store_vector(total, at[1], c)

        each_position(f, [plan.gradients[stage.target], plan.gradients[source]], position)

    plan.builder.stage("backward", f"back through {stage.node.name}", "images", body)


def _vectors(f: Function, numbers: Sequence[float], rest: float) -> list[Value]:
    """Known numbers, one a channel, as vectors; the lanes after the last channel get the rest."""
    lanes = f.vectors.lanes
    filled = [*numbers, *[rest] * (whole_vectors(len(numbers), lanes) - len(numbers))]
    return [
        f"<{', '.join(f'float {hexadecimal(x)}' for x in filled[first : first + lanes])}>"
        for first in range(0, len(filled), lanes)
    ]
