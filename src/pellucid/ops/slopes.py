"""The slopes of a function of each value alone, where it is straight between its kinks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

REACH = 8.0
"""How far to both sides of the kinks a function is looked at."""

SAMPLES = 7
"""At how many places between two kinks."""


@dataclass(frozen=True)
class Slopes:
    """What a piecewise linear function multiplies changes with.

    Attributes:
        kinks: Where the slope jumps, ascending; at least one.
        between: Before, between and behind them.
        at: What is declared at the kinks themselves.
    """

    kinks: tuple[float, ...]
    between: tuple[float, ...]
    at: tuple[float, ...]


def slopes_of(
    kinks: Sequence[float], derivative: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Slopes | None:
    """The slopes of a function; none if it bends between its kinks, or has none."""
    if not kinks:
        return None
    ordered = sorted(kinks)
    edges = [ordered[0] - REACH, *ordered, ordered[-1] + REACH]
    between = []
    for low, high in pairwise(edges):
        found = derivative(np.linspace(low, high, SAMPLES + 2)[1:-1])
        if np.ptp(found) > 0:
            return None
        between.append(float(found[0]))
    at = derivative(np.array(ordered))
    return Slopes(tuple(ordered), tuple(between), tuple(at.tolist()))
