"""Smooth L1 of errors and its slopes: squares of small ones, and of large ones their size.

    h(d) = d²/2β for |d| < β, |d| − β/2 otherwise

Girshick 2015, *Fast R-CNN*, equation 3 (β = 1); :mod:`pellucid.ops.huber` is β times this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def smooth_l1(
    errors: NDArray[np.float64], beta: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smooth L1 of each error, and its slope there, −1 to 1.

    Args:
        errors: d, of any shape.
        beta: β, above 0.
    """
    size = np.abs(errors)
    small = size < beta
    loss = np.where(small, size**2 / (2 * beta), size - beta / 2)
    return loss, np.where(small, errors / beta, np.sign(errors))
