"""Where branches meet: addition, with the ReLU behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_row

if TYPE_CHECKING:
    from pellucid.engines.native.ir import Function, Index, Value
    from pellucid.engines.native.lower import Stage
    from pellucid.engines.native.plan import Plan


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

    plan.writer.stage(plan.forward, stage.node.name, "images", body)


def write_add_backward(plan: Plan, stage: Stage) -> None:
    """Append the way back: every branch gets the gradient, where the ReLU lets it through."""
    wanted = [name for name in stage.sources if plan.wants_gradient(name)]
    adds = [plan.adds(name) for name in wanted]
    places = [plan.gradients[stage.target], plan.values[stage.target]]
    places += [plan.gradients[name] for name in wanted]

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

    plan.writer.stage("backward", f"back through {stage.node.name}", "images", body)
