"""Features along the few directions in which they differ most: principal components.

What heads learn of many features, they learn of the first components nearly as well, in a fraction
of the time and memory: the others are mostly noise. No label is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 256
"""Components that are kept."""

SAMPLE = 2048
"""Pictures by which the directions are found, evenly from the first to the last."""

_ROWS = 4096  # projected at once


def principal_components(features: NDArray[np.floating], most: int = MOST) -> NDArray[np.float32]:
    """Standardised features along their principal components, float32 (N, K).

    Args:
        features: Of the body, (N, D), N at least 1.
        most: How many components are kept; K is this or less.
    """
    count, length = features.shape
    chosen = np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64)
    rows = features[chosen].astype(np.float64)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(deviation > 1e-7 * (np.abs(mean) + 1e-30), deviation, np.inf)
    rows = (rows - mean) / scale
    if len(rows) <= length:
        variances, left = np.linalg.eigh(rows @ rows.T)
        kept = np.flatnonzero(variances > 1e-10 * max(float(variances[-1]), 1e-30))[-most:]
        axes = rows.T @ (left[:, kept] / np.sqrt(variances[kept]))
    else:
        _, right = np.linalg.eigh(rows.T @ rows)
        axes = right[:, -most:]
    axes = (axes / scale[:, None]).astype(np.float32)
    shift = (mean @ axes).astype(np.float32)
    found = np.empty((count, axes.shape[1]), np.float32)
    for first in range(0, count, _ROWS):
        some = features[first : first + _ROWS].astype(np.float32, copy=False)
        found[first : first + _ROWS] = some @ axes - shift
    return found
