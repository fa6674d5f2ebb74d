"""The reliability diagram: how often answers were right, by how sure the network was of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.evaluation.calibration import Calibration

FADED_BELOW = 10
"""Bins with fewer answers are drawn pale: chance moves them far."""

FADED = 0.3
"""Their opacity."""


def draw_reliability(calibration: Calibration) -> Figure:
    """A reliability diagram, above the number of answers in each of its bins."""
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(4.8, 4.8)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    width = 100.0 / len(calibration.bins)
    label = True
    for b in calibration.bins:
        if b.accuracy is None or b.confidence is None:
            continue
        left, right, gap = 100.0 * b.low, 100.0 * b.accuracy, 100.0 * (b.confidence - b.accuracy)
        alpha = 1.0 if b.count >= FADED_BELOW else FADED
        above.bar(
            left, right, width, align="edge", color=BLUE, edgecolor=GREY, linewidth=0.8,
            alpha=alpha, label="accuracy" if label else None,
        )  # fmt: skip
        above.bar(
            left, gap, width, bottom=right, align="edge", facecolor="none", edgecolor=VERMILION,
            hatch="///", linewidth=0.8, alpha=alpha, label="gap to confidence" if label else None,
        )  # fmt: skip
        below.bar(left, b.count, width, align="edge", color=GREY, alpha=alpha)
        label = False
    above.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="perfectly calibrated")
    above.set_title("calibration", loc="left")
    above.set_ylabel("right, %")
    above.set_xlim(0.0, 100.0)
    above.set_ylim(0.0, 100.0)
    above.legend(loc="upper left")
    below.set_ylabel("answers")
    below.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    below.set_xlabel("confidence, %")
    return figure
