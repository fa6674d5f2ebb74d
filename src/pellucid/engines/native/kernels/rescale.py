"""Normalisation by fixed numbers inside a network, where no pixels come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_position
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Value
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Rescale(Kernel):
    """Normalisation by fixed numbers where no pixels come in."""

    family: ClassVar[str] = "rescale"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Normalise,)
    reads_input_backward: ClassVar[bool] = False

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        return super().declines(region, target) if region.sources else "is not for pixels"

    def forward(self) -> None:
        """Append y = (x − mean) / std."""
        plan, region = self.plan, self.region
        operation = region.operation
        assert isinstance(operation, ops.Normalise)

        def body(f: Function) -> None:
            means, deviations = _vectors(f, operation.mean, 0.0), _vectors(f, operation.std, 1.0)

            def position(at: list[Value]) -> None:
                for v, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
                    c = v * f.vectors.lanes
                    centred = f.vector("fsub", f.load_vector(at[0], c), mean)
                    f.store_vector(f.vector("fdiv", centred, deviation), at[1], c)

            each_position(f, [plan.values[region.sources[0]], plan.values[region.target]], position)

        about = plan.about(
            self.family, [plan.values[region.sources[0]]], [plan.values[region.target]]
        )
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append ∂x = ∂y / std."""
        plan, region = self.plan, self.region
        operation, source = region.operation, region.sources[0]
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

            each_position(f, [plan.gradients[region.target], plan.gradients[source]], position)

        about = plan.about(self.family, [plan.gradients[region.target]], [plan.gradients[source]])
        plan.stage("backward", f"back through {self.name}", "images", body, about)


def _vectors(f: Function, numbers: Sequence[float], rest: float) -> list[Value]:
    """Known numbers, one a channel, as vectors; the lanes after the last channel get the rest."""
    lanes = f.vectors.lanes
    filled = [*numbers, *[rest] * (whole_vectors(len(numbers), lanes) - len(numbers))]
    return [
        f"<{', '.join(f'float {hexadecimal(x)}' for x in filled[first : first + lanes])}>"
        for first in range(0, len(filled), lanes)
    ]
