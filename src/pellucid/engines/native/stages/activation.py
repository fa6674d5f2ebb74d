"""Activations that stand alone, behind no convolution, batch norm or addition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.images import each_row

if TYPE_CHECKING:
    from pellucid.engines.native.ir import Function, Index, Value
    from pellucid.engines.native.lower import Stage
    from pellucid.engines.native.plan import Plan


def write_activation(plan: Plan, stage: Stage) -> None:
    """Append y = f(x)."""
    places = [plan.values[stage.sources[0]], plan.values[stage.target]]

    def body(f: Function) -> None:
        def vector(at: list[Value], i: Index) -> None:
            f.store_vector(_function(f, stage, f.load_vector(at[0], i)), at[1], i)

        each_row(f, places, vector)

    plan.writer.stage(plan.forward, stage.node.name, "images", body)


def write_activation_backward(plan: Plan, stage: Stage) -> None:
    """Append ∂x = ∂y · f′(x)."""
    if not plan.wants_gradient(stage.sources[0]):
        return
    source = stage.sources[0]
    adds = plan.adds(source)
    places = [
        plan.gradients[stage.target],
        plan.values[source],
        plan.gradients[source],
    ]

    def body(f: Function) -> None:
        def vector(at: list[Value], i: Index) -> None:
            gradient, x = f.load_vector(at[0], i), f.load_vector(at[1], i)
            total = _back(f, stage, gradient, x)
            if adds:
                total = f.vector("fadd", total, f.load_vector(at[2], i))
            f.store_vector(total, at[2], i)

        each_row(f, places, vector)

    plan.writer.stage("backward", f"back through {stage.node.name}", "images", body)


def _function(f: Function, stage: Stage, x: Value) -> Value:
    operation = stage.node.operation
    if isinstance(operation, ops.ReLU):
        return f.rectify(x)
    if isinstance(operation, ops.ReLU6):
        low = f.rectify(x)
        six = f.constant(6.0)
        return f.choose(f.compare("olt", six, low), six, low)
    assert isinstance(operation, ops.LeakyReLU)
    shrunk = f.vector("fmul", x, f.constant(operation.slope))
    return f.choose(f.compare("ogt", x, f.zero), x, shrunk)


def _back(f: Function, stage: Stage, gradient: Value, x: Value) -> Value:
    operation = stage.node.operation
    positive = f.compare("ogt", x, f.zero)
    if isinstance(operation, ops.ReLU):
        return f.choose(positive, gradient, f.zero)
    if isinstance(operation, ops.ReLU6):
        inside = f.both(positive, f.compare("olt", x, f.constant(6.0)))
        return f.choose(inside, gradient, f.zero)
    assert isinstance(operation, ops.LeakyReLU)
    return f.choose(positive, gradient, f.vector("fmul", gradient, f.constant(operation.slope)))
