"""Integrated gradients: shares that add up to the score's change from a baseline to the image.

    (x_i − b_i) · ∫₀¹ ∂score/∂x_i (b + α·(x − b)) dα

Sundararajan et al. 2017, *Axiomatic attribution for deep networks*; the integral by Gauss and
Legendre's rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.baseline import BLACK, baseline_pixels
from pellucid.explain.gradient_maps import pixel_gradients
from pellucid.explain.heatmap import Heatmap, sum_of_channels
from pellucid.explain.methods import INTEGRATED_GRADIENTS
from pellucid.explain.passes import batches
from pellucid.ops import check

if TYPE_CHECKING:
    from pellucid.explain.baseline import Baseline
    from pellucid.explain.question import Question

STEPS = 50


def integrated_gradients(
    question: Question, *, steps: int = STEPS, baseline: Baseline = BLACK
) -> Heatmap:
    """Each pixel's share of the score's change from the baseline to the image.

    Args:
        question: What is asked.
        steps: How many points the integral takes.
        baseline: Where the way begins, see :data:`~pellucid.explain.baseline.Baseline`.

    Raises:
        ArgumentError: If there is no step, or the baseline is none.
    """
    check.whole("steps", steps, 1, 10_000)
    image = question.image.astype(np.float64)
    even = np.broadcast_to(baseline_pixels(question.graph, baseline), image.shape)
    points, weights = np.polynomial.legendre.leggauss(steps)
    shares = (points + 1.0) / 2.0  # the rule is for −1 to 1
    way = even + shares[:, None, None, None] * (image - even)
    slopes, first = np.zeros(image.shape), 0
    for part in batches(way):
        own = weights[first : first + len(part)] / 2.0
        slopes += np.tensordot(own, pixel_gradients(question, part), axes=1)
        first += len(part)
    channels = (image - even) * slopes
    ends = question.scores_of(np.stack([image, even]).astype(np.float32))
    change = float(ends[0] - ends[1])
    return Heatmap(
        question,
        INTEGRATED_GRADIENTS,
        sum_of_channels(channels),
        float(ends[0]),
        channels=channels,
        settings={
            "steps": steps,
            "baseline": even[0, 0].tolist(),
            "change": change,
            "total": float(channels.sum()),
        },
        remark=f"shares add up to {channels.sum():.4g}, the score changes by {change:.4g}",
    )
