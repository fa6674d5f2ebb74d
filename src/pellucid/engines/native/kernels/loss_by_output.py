"""Losses that are a sum over outputs, each with its own target: one function a loss.

Each gives, of an output z and its target t, the output's part of the loss and its slope there, in
double precision; the stage of the loss (:mod:`.loss`) divides by outputs and images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.doubles import Doubles
    from pellucid.engines.native.emit.ir import Value
    from pellucid.ops import Huber, SigmoidCrossEntropy, SquaredError


def _absolute(double: Doubles, x: Value) -> Value:
    negative = double.compare("olt", x, double.zero)
    return double.choose(negative, double.apply("fsub", double.zero, x), x)


def huber(loss: Huber, double: Doubles, z: Value, t: Value) -> tuple[Value, Value]:
    """With s = min(|d|, δ) it is s·(|d| − s/2); the slope is d, or ±δ where that is nearer to 0."""
    bound = double.constant(loss.delta)
    difference = double.apply("fsub", z, t)
    size = _absolute(double, difference)
    far = double.compare("ogt", size, bound)
    small = double.choose(far, bound, size)
    half = double.apply("fmul", double.constant(0.5), small)
    part = double.apply("fmul", small, double.apply("fsub", size, half))
    below = double.compare("olt", difference, double.zero)
    edge = double.choose(below, double.constant(-loss.delta), bound)
    return part, double.choose(far, edge, difference)


def sigmoid_cross_entropy(
    loss: SigmoidCrossEntropy, double: Doubles, z: Value, t: Value
) -> tuple[Value, Value]:
    """t·max(−z, 0) + (1 − t)·max(z, 0) + log(1 + e^{−|z|}); the slope is y·(1 − t) − t·(1 − y)."""
    one, size = double.constant(1.0), _absolute(double, z)
    negative = double.compare("olt", z, double.zero)
    no = double.apply("fsub", one, t)
    small = double.exponential(double.apply("fsub", double.zero, size))
    wrong = double.apply("fmul", double.choose(negative, t, no), size)
    part = double.apply("fadd", wrong, double.logarithm_1p(small))
    total = double.apply("fadd", one, small)
    likely, unlikely = (double.apply("fdiv", x, total) for x in (one, small))
    y, rest = double.choose(negative, unlikely, likely), double.choose(negative, likely, unlikely)
    above = double.apply("fmul", y, no)
    return part, double.apply("fsub", above, double.apply("fmul", t, rest))


def squared_error(loss: SquaredError, double: Doubles, z: Value, t: Value) -> tuple[Value, Value]:
    """d², and the slope 2 d, with d = z − t."""
    difference = double.apply("fsub", z, t)
    return double.apply("fmul", difference, difference), double.apply(
        "fadd", difference, difference
    )


BY_OUTPUT: dict[str, Callable[[Any, Doubles, Value, Value], tuple[Value, Value]]] = {
    "huber": huber,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "squared_error": squared_error,
}
"""Losses by their kind."""
