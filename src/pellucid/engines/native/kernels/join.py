"""Where branches meet: addition, with the ReLU behind it, and concatenation."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.channels import Slice, join_channels, take_channels
from pellucid.engines.native.emit.images import each_position, each_row
from pellucid.engines.native.lower.single_image import each_alone

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.lower.plan import Plan
    from pellucid.engines.native.lower.stages import Stage


def write_add(plan: Plan, stage: Stage) -> None:
    """Append z = x₁ + x₂ + …, rectified where a ReLU follows."""
    places = [plan.values[name] for name in (*stage.sources, stage.target)]

    def body(f: Function) -> None:
        def vector(at: list[Value], i: Index) -> None:
            total = f.load_vector(at[0], i)
            for source in at[1:-1]:
                total = f.vector("fadd", total, f.load_vector(source, i))
            f.store_vector(f.rectify(total) if stage.rectify else total, at[-1], i)

        each_row(f, places, vector)

    plan.builder.stage(
        plan.forward, stage.node.name, "images", body, single=each_alone(plan, stage.target)
    )


def write_add_backward(plan: Plan, stage: Stage) -> None:
    """Append the backward pass: every branch gets the gradient, where the ReLU lets it through."""
    wanted = [name for name in stage.sources if plan.wants_gradient(name)]
    adds = [plan.adds(name) for name in wanted]
    places = [plan.gradients[stage.target], plan.values[stage.target]]
    places += [plan.gradients[name] for name in wanted]
    for name, add in zip(wanted, adds, strict=True):
        if not add:
            plan.takes_over(name, places[0])

    def body(f: Function) -> None:
        def vector(at: list[Value], i: Index) -> None:
            gradient = f.load_vector(at[0], i)
            if stage.rectify:
                alive = f.compare("ogt", f.load_vector(at[1], i), f.zero)
                gradient = f.choose(alive, gradient, f.zero)
            for target, add in zip(at[2:], adds, strict=True):
                total = gradient
                if add:
                    total = f.vector("fadd", gradient, f.load_vector(target, i))
                f.store_vector(total, target, i)

        each_row(f, places, vector)

    plan.builder.stage("backward", f"back through {stage.node.name}", "images", body)


def write_concatenate(plan: Plan, stage: Stage) -> None:
    """Append y[…, offset_b + c] = x_b[…, c]."""
    sources, target = [plan.values[name] for name in stage.sources], plan.values[stage.target]
    starts = _starts(plan, stage)

    def body(f: Function) -> None:
        def position(at: list[Value]) -> None:
            slices = [
                Slice(pointer, start, source.layout.channels)
                for pointer, start, source in zip(at, starts, sources, strict=False)
            ]
            join_channels(f, slices, at[-1])

        each_position(f, [*sources, target], position)

    plan.builder.stage(
        plan.forward, stage.node.name, "images", body, single=each_alone(plan, stage.target)
    )


def write_concatenate_backward(plan: Plan, stage: Stage) -> None:
    """Append the backward pass: every branch gets its channels' gradient."""
    wanted = [
        (plan.gradients[name], start, plan.adds(name))
        for name, start in zip(stage.sources, _starts(plan, stage), strict=True)
        if plan.wants_gradient(name)
    ]

    def body(f: Function) -> None:
        def position(at: list[Value]) -> None:
            for pointer, (place, start, adds) in zip(at[1:], wanted, strict=True):
                part = Slice(pointer, start, place.layout.channels)
                take_channels(f, part, at[0], adds=adds)

        each_position(f, [plan.gradients[stage.target], *(w[0] for w in wanted)], position)

    plan.builder.stage("backward", f"back through {stage.node.name}", "images", body)


def _starts(plan: Plan, stage: Stage) -> list[int]:
    """The channel with which each branch begins in the whole."""
    ends = accumulate(plan.values[name].layout.channels for name in stage.sources)
    return [0, *ends][:-1]
