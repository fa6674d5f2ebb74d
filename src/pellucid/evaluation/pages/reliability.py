"""The reliability diagram: how often answers were right, by how sure the network was of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.pages.figures import BLUE, GREY, ORANGE, WIDTH, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.evaluation.calibration import Calibration


def reliability_chart(calibration: Calibration) -> bytes:
    """A reliability diagram as a PNG, above the number of answers in each of its bins."""
    return png(lambda figure: draw_reliability(figure, calibration), width=WIDTH, height=WIDTH)


def draw_reliability(figure: Figure, calibration: Calibration) -> None:
    """Draw a reliability diagram on an empty figure."""
    from matplotlib.ticker import MaxNLocator

    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    filled = [(b, b.accuracy, b.confidence) for b in calibration.bins if b.count]
    lefts = [100.0 * b.low for b, _, _ in filled]
    width = 100.0 / len(calibration.bins)
    rights = [100.0 * accuracy for _, accuracy, _ in filled if accuracy is not None]
    sure = [100.0 * confidence for _, _, confidence in filled if confidence is not None]
    above.bar(
        lefts, rights, width, align="edge", color=BLUE, edgecolor="black", linewidth=0.8,
        label="accuracy",
    )  # fmt: skip
    gaps = [s - r for s, r in zip(sure, rights, strict=True)]
    above.bar(
        lefts, gaps, width, bottom=rights, align="edge", facecolor="none", edgecolor=ORANGE,
        hatch="///", linewidth=0.8, label="gap to confidence",
    )  # fmt: skip
    above.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="perfectly calibrated")
    above.set_title("calibration", loc="left")
    above.set_ylabel("right, %")
    above.set_xlim(0.0, 100.0)
    above.set_ylim(0.0, 100.0)
    above.legend(fontsize=10, loc="upper left")
    below.bar(lefts, [b.count for b, _, _ in filled], width, align="edge", color=GREY)
    below.set_ylabel("answers")
    below.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    below.set_xlabel("confidence, %")
