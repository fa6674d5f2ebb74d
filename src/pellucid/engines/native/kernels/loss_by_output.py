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
    from pellucid.ops import Huber


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


BY_OUTPUT: dict[str, Callable[[Any, Doubles, Value, Value], tuple[Value, Value]]] = {
    "huber": huber,
}
"""By kind."""
