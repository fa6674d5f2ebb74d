"""L-BFGS: the minimum of a smooth convex function of many variables, from its gradients.

Each direction is −H·g, where H, an estimate of the inverse Hessian, follows from the last
:data:`MEMORY` steps s and changes of the gradient y by the two-loop recursion (Nocedal and Wright
2006, *Numerical optimization*, algorithms 7.4 and 7.5). The step along it is halved until the
function falls enough (Armijo's condition, their equation 3.4).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

MEMORY = 20
"""Steps that are remembered."""

_DECREASE = 1e-4  # of what the slope promises, the share that a step must bring
_HALVINGS = 40


def minimise(
    function: Callable[[Vector], tuple[float, Vector]],
    start: Vector,
    *,
    tolerance: float = 1e-7,
    most: int = 500,
) -> Vector:
    """The place where a smooth convex function is least.

    Args:
        function: Gives the value at a place, and the gradient there, shaped as the place.
        start: Where the search begins, float64 (V,).
        tolerance: The search ends where no entry of the gradient is larger.
        most: Iterations at most.

    Returns:
        The place, float64 (V,).
    """
    place = start
    value, gradient = function(place)
    known: deque[tuple[Vector, Vector, float]] = deque(maxlen=MEMORY)
    for _ in range(most):
        if np.abs(gradient).max(initial=0.0) <= tolerance:
            break
        direction = -_times_inverse_hessian(gradient, known)
        slope = float(direction @ gradient)
        if not slope < 0:  # rounding has spoilt the estimate: down the gradient
            known.clear()
            direction, slope = -gradient, -float(gradient @ gradient)
        length = 1.0
        for _ in range(_HALVINGS):
            there = place + length * direction
            found, gradient_there = function(there)
            if found <= value + _DECREASE * length * slope:
                break
            length /= 2
        else:
            break  # no lower place can be distinguished from this one
        step, change = there - place, gradient_there - gradient
        curvature = float(step @ change)
        if curvature > 1e-14 * float(change @ change):
            known.append((step, change, curvature))
        place, value, gradient = there, found, gradient_there
    return place


def _times_inverse_hessian(gradient: Vector, known: deque[tuple[Vector, Vector, float]]) -> Vector:
    result = gradient.copy()
    shares = []
    for step, change, curvature in reversed(known):
        share = float(step @ result) / curvature
        shares.append(share)
        result -= share * change
    if known:
        _, change, curvature = known[-1]
        result *= curvature / float(change @ change)
    for (step, change, curvature), share in zip(known, reversed(shares), strict=True):
        result += (share - float(change @ result) / curvature) * step
    return result
