"""Where positions outside a picture are read."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Positions = TypeVar("Positions", bound=NDArray[Any])


def inside(positions: Positions, last: int, border: str | int) -> Positions:
    """Bring positions along one axis into the picture, in place, and return them.

    Args:
        positions: Of pixels, whole or between; 0 is the first.
        last: Position of the last pixel.
        border: ``"reflect"`` mirrors at the outermost pixels, as often as it takes; with anything
            else it is the nearest pixel.
    """
    if border == "reflect" and last > 0:
        while positions.size and (positions.min() < 0 or positions.max() > last):
            np.abs(positions, out=positions)
            np.subtract(last, np.abs(last - positions), out=positions)
    return np.clip(positions, 0, last, out=positions)
