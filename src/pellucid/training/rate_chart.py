"""The learning-rate finder's curve as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.pages.figures import BLUE, GREY, ORANGE, plain_numbers, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.training.rate_curve import RateCurve

HEADROOM = 1.5
"""Losses above so many times the largest smoothed one before its minimum are cut off."""


def rate_curve_chart(curve: RateCurve) -> bytes:
    """Losses by learning rate as a PNG, with the suggestion."""
    return png(lambda figure: draw_rate_curve(figure, curve), width=6.4, height=4.2)


def draw_rate_curve(figure: Figure, curve: RateCurve) -> None:
    """Draw losses by learning rate on an empty figure."""
    axes = figure.add_subplot()
    axes.set_xscale("log")
    for number, losses in enumerate(curve.by_seed):
        label = None if number else "batches, of every seed"
        axes.plot(curve.rates, losses, ".", color=GREY, markersize=3, label=label, alpha=0.5)
    axes.plot(curve.rates, curve.smoothed, color=BLUE, label="mean of seeds, smoothed")
    if curve.end_of_fall is not None:
        what = "end of the fall, in doubt" if curve.doubt else "suggestion"
        axes.axvline(
            curve.end_of_fall, color=ORANGE, linestyle="--",
            label=f"{what}: {curve.end_of_fall:.2g}",
        )  # fmt: skip
    if curve.usual is not None and curve.rates[0] <= curve.usual <= curve.rates[-1]:
        axes.axvline(curve.usual, color=GREY, linestyle=":", label=f"usual: {curve.usual:g}")
    falling = curve.smoothed[: int(curve.smoothed.argmin()) + 1]
    axes.set_ylim(0.0, HEADROOM * float(falling.max()) or 1.0)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    plain_numbers("x", axes)
    axes.legend(fontsize=10)
