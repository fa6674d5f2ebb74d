"""What stands for "nothing there": the pixels that an image is compared with, or covered by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.ops.normalise import Normalise

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array

Baseline = str | float
"""``"mean"``: the training pictures' mean, which the network sees as 0; or a grey value 0..255."""

MEAN = "mean"
BLACK = 0.0


def baseline_pixels(graph: Graph, baseline: Baseline) -> Array:
    """One pixel of it, float64 (C,), 0..255.

    The mean is that of the normalisation with which the network begins; without one it is 127.5.

    Raises:
        ArgumentError: If it is neither ``"mean"`` nor a number from 0 to 255.
    """
    channels = graph.input_shape[2]
    if not isinstance(baseline, str):
        checks.number("baseline", baseline, 0.0, 255.0)
        return np.full(channels, float(baseline))
    checks.choice("baseline", baseline, [MEAN])
    first = graph.nodes[0].operation
    if isinstance(first, Normalise):
        return np.asarray(first.mean, np.float64)
    return np.full(channels, 127.5)
