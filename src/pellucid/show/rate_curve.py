"""The search for a learning rate: what it suggests, or why nothing, and losses by rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import new_figure, plain_numbers
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.training.rate_curve import RateCurve

HEADROOM = 1.5
"""Losses above this many times the largest smoothed one before its minimum are cut off."""


def rate_document(curve: RateCurve, *, batch: int | None = None) -> d.Document:
    """The suggestion, what it was tried against, and the curve.

    Args:
        curve: The search.
        batch: Pictures a step, for which the default rate is.
    """
    default = f"{curve.default:g}" if curve.default is not None else "unknown"
    if batch is not None:
        default += f" for batches of {batch}"
    if curve.suggestion is None:
        title = f"no learning rate to suggest: {curve.doubt}"
    else:
        title = f"suggested learning rate: {curve.suggestion:.2g} (default: {default})"
    return d.Document(
        title,
        (
            d.Items(list(_lines(curve, default))),
            d.Figure(lambda: draw_rate_curve(curve), "losses by learning rate", 640),
        ),
        drawing=lambda: draw_rate_curve(curve),
    )


def _lines(curve: RateCurve, default: str) -> Iterator[str]:
    if curve.suggestion is None:
        yield f"default learning rate: {default}"
        if curve.uncertain:
            yield "more seeds (--seeds 8) or larger batches would show more"
        elif curve.end_of_fall is None:
            yield "more steps (--steps 300) would show more"
    else:
        for rate, losses in curve.tried.items():
            ends = ", ".join(f"{loss:.3g}" for loss in losses)
            yield f"short trainings at {rate:.2g} end at a loss of {ends}"
    if curve.end_of_fall is not None:
        lowest = int(curve.smoothed.argmin())
        yield (
            f"the loss fell from {curve.smoothed[0]:.4g} to {curve.smoothed[lowest]:.4g}, until "
            f"{curve.rates[lowest]:.2g} (mean of {counted(len(curve.by_seed), 'seed')})"
        )
        if curve.exploded:
            yield f"it exploded at {curve.rates[-1]:.2g}"


def draw_rate_curve(curve: RateCurve) -> Figure:
    """Losses by learning rate, with the suggestion."""
    figure = new_figure(6.4, 4.2)
    axes = figure.add_subplot()
    axes.grid()
    axes.set_xscale("log")
    for number, losses in enumerate(curve.by_seed):
        label = None if number else "batches, of every seed"
        axes.plot(curve.rates, losses, ".", color=GREY, markersize=3, label=label, alpha=0.5)
    axes.plot(curve.rates, curve.smoothed, color=BLUE, label="mean of seeds, smoothed")
    if curve.end_of_fall is not None:
        what = "end of the fall, in doubt" if curve.doubt else "suggestion"
        axes.axvline(
            curve.end_of_fall, color=VERMILION, linestyle="--",
            label=f"{what}: {curve.end_of_fall:.2g}",
        )  # fmt: skip
    if curve.default is not None and curve.rates[0] <= curve.default <= curve.rates[-1]:
        axes.axvline(curve.default, color=GREY, linestyle=":", label=f"default: {curve.default:g}")
    falling = curve.smoothed[: int(curve.smoothed.argmin()) + 1]
    axes.set_ylim(0.0, HEADROOM * float(falling.max()) or 1.0)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    plain_numbers(axes, "x")
    axes.legend()
    return figure
