"""An experiment's outcome as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.pictures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.experiments.experiment import Outcome

MARKS = "osD^vPX*"
"""One a variant, so that colour is never alone."""


def draw(outcome: Outcome) -> Figure:
    """Loss by epoch, accuracy of every run, and layers' spreads where there are some."""
    figure = new_figure(11.0, 8.0 if outcome.spreads else 4.4)
    rows = 2 if outcome.spreads else 1
    axes = np.asarray(figure.subplots(rows, 2)).reshape(rows, 2)
    _losses(axes[0, 0], outcome)
    _accuracies(axes[0, 1], outcome)
    if outcome.spreads:
        _spreads(axes[1, 0], outcome, "forward", "standard deviation of a layer's output")
        _spreads(axes[1, 1], outcome, "backward", "standard deviation of kernel gradients")
    figure.suptitle(outcome.experiment.question, fontsize=10)
    return figure


def _losses(axes: Axes, outcome: Outcome) -> None:
    from matplotlib.ticker import LogFormatter, MaxNLocator

    class Plain(LogFormatter):
        """Labels where a logarithmic axis has them, as plain numbers: 0.6 and not 6e-01."""

        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    for i, variant in enumerate(outcome.experiment.variants):
        for j, run in enumerate(outcome.of(variant)):
            axes.plot(
                [each.epoch for each in run.epochs],
                [each.loss for each in run.epochs],
                color=f"C{i}",
                marker=MARKS[i % len(MARKS)],
                markersize=4,
                linewidth=1,
                label=variant if j == 0 else None,
            )
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss (cross-entropy)")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(Plain())
    axes.yaxis.set_minor_formatter(Plain(minor_thresholds=(2.0, 0.4)))
    last = max((len(run.epochs) for run in outcome.runs), default=0)
    axes.set_xlim(0.5, max(1, last) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(fontsize=7)


def _accuracies(axes: Axes, outcome: Outcome) -> None:
    names = list(outcome.experiment.variants)
    for i, variant in enumerate(names):
        accuracies = [100 * run.accuracy for run in outcome.of(variant)]
        axes.plot(
            accuracies, [i] * len(accuracies), MARKS[i % len(MARKS)],
            color=f"C{i}", markersize=6, alpha=0.6,
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)  # the first above
    axes.set_xlabel(f"accuracy on {outcome.judged} pictures, percent; a mark a seed")
    axes.grid(axis="x", alpha=0.3)


def _spreads(axes: Axes, outcome: Outcome, which: str, label: str) -> None:
    for i, (variant, found) in enumerate(outcome.spreads.items()):
        values = [max(value, 1e-30) for value in found[which]]
        places = range(1, len(values) + 1)
        axes.plot(places, values, marker=MARKS[i], color=f"C{i}", markersize=4, label=variant)
    axes.set_yscale("log")
    axes.set_xlabel("layer with weights, before training")
    axes.set_ylabel(label)
    axes.legend(fontsize=7)
