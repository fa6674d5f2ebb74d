"""Activations that stand alone, behind no convolution, batch norm or addition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.exponential import sigmoid, tanh
from pellucid.engines.native.emit.images import each_channel_vector, each_position, each_row
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.lower.single_image import each_alone

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.lower.plan import Plan
    from pellucid.engines.native.lower.stages import Stage


def write_activation(plan: Plan, stage: Stage) -> None:
    """Append y = f(x)."""
    places = [plan.values[stage.sources[0]], plan.values[stage.target]]
    channels = places[0].layout.channels

    def body(f: Function) -> None:
        def vector(at: list[Value], i: Index, real: Value | None = None) -> None:
            y = keep(f, real, _function(f, stage, f.load_vector(at[0], i)))
            f.store_vector(y, at[1], i)

        if isinstance(stage.node.operation, ops.Sigmoid) and channels % f.vectors.lanes:
            # Of the zeros that fill up the channels it would make halves.
            each_position(
                f,
                places,
                lambda at: each_channel_vector(f, channels, lambda c, real: vector(at, c, real)),
            )
        else:
            each_row(f, places, vector)

    plan.builder.stage(
        plan.forward, stage.node.name, "images", body, single=each_alone(plan, stage.target)
    )


def write_activation_backward(plan: Plan, stage: Stage) -> None:
    """Append ∂x = ∂y · f′, of x or of y, whichever is simpler."""
    if not plan.wants_gradient(stage.sources[0]):
        return
    source = stage.sources[0]
    adds = plan.adds(source)
    of_y = isinstance(stage.node.operation, ops.Sigmoid | ops.Tanh)
    if not adds:
        plan.takes_over(source, plan.gradients[stage.target])
    places = [
        plan.gradients[stage.target],
        plan.values[stage.target if of_y else source],
        plan.gradients[source],
    ]

    def body(f: Function) -> None:
        def vector(at: list[Value], i: Index) -> None:
            gradient, value = f.load_vector(at[0], i), f.load_vector(at[1], i)
            total = _back(f, stage, gradient, value)
            if adds:
                total = f.vector("fadd", total, f.load_vector(at[2], i))
            f.store_vector(total, at[2], i)

        each_row(f, places, vector)

    plan.builder.stage("backward", f"back through {stage.node.name}", "images", body)


def _function(f: Function, stage: Stage, x: Value) -> Value:
    operation = stage.node.operation
    if isinstance(operation, ops.ReLU):
        return f.rectify(x)
    if isinstance(operation, ops.ReLU6):
        low = f.rectify(x)
        six = f.constant(6.0)
        return f.choose(f.compare("olt", six, low), six, low)
    if isinstance(operation, ops.Sigmoid):
        return sigmoid(f, x)
    if isinstance(operation, ops.Tanh):
        return tanh(f, x)
    assert isinstance(operation, ops.LeakyReLU)
    shrunk = f.vector("fmul", x, f.constant(operation.slope))
    return f.choose(f.compare("ogt", x, f.zero), x, shrunk)


def _back(f: Function, stage: Stage, gradient: Value, value: Value) -> Value:
    """The gradient at x; the value is y for sigmoid and tanh, x for the others."""
    operation = stage.node.operation
    if isinstance(operation, ops.Sigmoid | ops.Tanh):
        rest = f.vector("fsub", f.constant(1.0), value)
        other = value
        if isinstance(operation, ops.Tanh):  # 1 − y², which loses less near ±1 as a product
            other = f.vector("fadd", f.constant(1.0), value)
        return f.vector("fmul", gradient, f.vector("fmul", other, rest))
    positive = f.compare("ogt", value, f.zero)
    if isinstance(operation, ops.ReLU):
        return f.choose(positive, gradient, f.zero)
    if isinstance(operation, ops.ReLU6):
        inside = f.both(positive, f.compare("olt", value, f.constant(6.0)))
        return f.choose(inside, gradient, f.zero)
    assert isinstance(operation, ops.LeakyReLU)
    return f.choose(positive, gradient, f.vector("fmul", gradient, f.constant(operation.slope)))
