"""The learning-rate finder's curve as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.pages.figures import BLUE, GREY, ORANGE, plain_numbers, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.training.finder import RateCurve

HEADROOM = 1.5
"""Losses above so many times the largest smoothed one before its minimum are cut off."""


def rate_curve_chart(curve: RateCurve) -> bytes:
    """Losses by learning rate as a PNG, with the suggestion."""
    return png(lambda figure: draw_rate_curve(figure, curve), width=6.4, height=4.2)


def draw_rate_curve(figure: Figure, curve: RateCurve) -> None:
    """Draw losses by learning rate on an empty figure."""
    axes = figure.add_subplot()
    axes.set_xscale("log")
    axes.plot(
        curve.rates, curve.losses, ".", color=GREY, markersize=4, label="each batch", alpha=0.7
    )
    axes.plot(curve.rates, curve.smoothed, color=BLUE, label="smoothed")
    if curve.suggestion is not None:
        axes.axvline(
            curve.suggestion, color=ORANGE, linestyle="--",
            label=f"steepest descent: {curve.suggestion:.2g}",
        )  # fmt: skip
    falling = curve.smoothed[: int(curve.smoothed.argmin()) + 1]
    axes.set_ylim(0.0, HEADROOM * float(falling.max()) or 1.0)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    plain_numbers("x", axes)
    axes.legend(fontsize=10)
