"""Where branches meet: addition, with a function of each value behind it, and concatenation."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.channels import Slice, join_channels, take_channels
from pellucid.engines.native.emit.images import each_position, each_row
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.engines.native.kernels.pointwise import POINTWISE, apply, declines_epilogue

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Add(Kernel):
    """An addition in a plan, with a function of each value behind it."""

    family: ClassVar[str] = "rows of vectors"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Add,)
    reads_input_backward: ClassVar[bool] = False

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if not isinstance(region.operation, cls.operations):
            return super().declines(region, target)
        return declines_epilogue(region)

    def forward(self) -> None:
        """Append z = f(x₁ + x₂ + …)."""
        plan, region = self.plan, self.region
        places = [plan.values[name] for name in (*region.sources, region.target)]

        def body(f: Function) -> None:
            def vector(at: list[Value], i: Index) -> None:
                total = f.load_vector(at[0], i)
                for source in at[1:-1]:
                    total = f.vector("fadd", total, f.load_vector(source, i))
                f.store_vector(apply(f, region.function, total), at[-1], i)

            each_row(f, places, vector)

        about = plan.about(self.family, places[:-1], places[-1:])
        plan.stage(
            plan.forward, self.name, "images", body, about, single=plan.by_rows(region.target)
        )

    def backward(self) -> None:
        """Append the backward pass: every branch gets the same gradient."""
        plan, region = self.plan, self.region
        known = POINTWISE[type(region.function)] if region.function is not None else None
        wanted = [name for name in region.sources if plan.wants_gradient(name)]
        adds = [plan.adds(name) for name in wanted]
        places = [plan.gradients[region.target], plan.values[region.target]]
        places += [plan.gradients[name] for name in wanted]
        for name, add in zip(wanted, adds, strict=True):
            if not add:
                plan.takes_over(name, places[0])

        def body(f: Function) -> None:
            def vector(at: list[Value], i: Index) -> None:
                gradient = f.load_vector(at[0], i)
                if known is not None:
                    y = f.load_vector(at[1], i)
                    gradient = known.gradient(f, region.function, gradient, y)
                for target, add in zip(at[2:], adds, strict=True):
                    total = gradient
                    if add:
                        total = f.vector("fadd", gradient, f.load_vector(target, i))
                    f.store_vector(total, target, i)

            each_row(f, places, vector)

        reads = places[: 1 if known is None else 2]
        about = plan.about(self.family, reads, places[2:])
        plan.stage("backward", f"back through {self.name}", "images", body, about)


class Concatenate(Kernel):
    """A concatenation in a plan."""

    family: ClassVar[str] = "concatenate"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Concatenate,)
    reads_input_backward: ClassVar[bool] = False

    def forward(self) -> None:
        """Append y[…, offset_b + c] = x_b[…, c]."""
        plan, region = self.plan, self.region
        sources, target = [plan.values[name] for name in region.sources], plan.values[region.target]
        starts = _starts(plan, region)

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                slices = [
                    Slice(pointer, start, source.layout.channels)
                    for pointer, start, source in zip(at, starts, sources, strict=False)
                ]
                join_channels(f, slices, at[-1])

            each_position(f, [*sources, target], position)

        about = plan.about(self.family, sources, [target])
        plan.stage(
            plan.forward, self.name, "images", body, about, single=plan.by_rows(region.target)
        )

    def backward(self) -> None:
        """Append the backward pass: every branch gets its channels' gradient."""
        plan, region = self.plan, self.region
        wanted = [
            (plan.gradients[name], start, plan.adds(name))
            for name, start in zip(region.sources, _starts(plan, region), strict=True)
            if plan.wants_gradient(name)
        ]

        def body(f: Function) -> None:
            def position(at: list[Value]) -> None:
                for pointer, (place, start, adds) in zip(at[1:], wanted, strict=True):
                    part = Slice(pointer, start, place.layout.channels)
                    take_channels(f, part, at[0], adds=adds)

            each_position(f, [plan.gradients[region.target], *(w[0] for w in wanted)], position)

        gradient, writes = plan.gradients[region.target], [place for place, _, _ in wanted]
        about = plan.about(self.family, [gradient], writes)
        plan.stage("backward", f"back through {self.name}", "images", body, about)


def _starts(plan: Plan, region: Region) -> list[int]:
    """The channel with which each branch begins in the whole."""
    ends = accumulate(plan.values[name].layout.channels for name in region.sources)
    return [0, *ends][:-1]
