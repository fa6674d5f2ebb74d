"""An experiment's outcome: table, verdict and plot; all that is in the plot is in words too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREEN, GREY, PURPLE, VERMILION
from pellucid.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from pellucid.experiments.experiment import Outcome

MARKS = "osD^vPX*"
"""One a variant, so that colour is never alone."""

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, GREY, "#cc6a9e", "#8c6d1f", "#3d9bd1")


def experiment_document(outcome: Outcome) -> d.Document:
    """The question, the table of variants, the verdict and its caution."""
    experiment = outcome.experiment
    pictures = f"learned from {counted(outcome.learned, 'picture')}, judged by {outcome.judged}"
    seeds = len({run.seed for run in outcome.runs})
    return d.Document(
        experiment.question,
        (
            d.Text(f"{pictures}; {counted(seeds, 'seed')}"),
            d.Table(experiment.name, _heads(outcome), _rows(outcome)),
            d.Text(outcome.verdict, strong=True),
            *map(d.Text, (*_guessing(outcome), *_spreads(outcome))),
            d.Figure(
                lambda: draw_outcome(outcome),
                "training loss by epoch, and the accuracy of every run, as the table has them",
            ),
            d.Text(experiment.caution),
            d.Text(experiment.source, "source:"),
        ),
        drawing=lambda: draw_outcome(outcome, experiment.question),
    )


def _heads(outcome: Outcome) -> tuple[str, ...]:
    """What the columns are called; a single seed has no spread."""
    if outcome.seeds == 1:
        return "", "accuracy", "95% interval", "loss"
    middle = "accuracy (mean of 2)" if outcome.seeds == 2 else "accuracy (median)"
    return "", middle, "95% interval", "least", "largest", "loss"


def _rows(outcome: Outcome) -> list[tuple[str, ...]]:
    several = outcome.seeds > 1
    return [
        (
            row["variant"],
            f"{row['accuracy']:.2%}",
            "{:.2%} to {:.2%}".format(*row["interval"]),
            *((f"{row['least']:.2%}", f"{row['largest']:.2%}") if several else ()),
            "diverged" if row["loss"] is None else f"{row['loss']:.4f}",
        )
        for row in outcome.table
    ]


def _guessing(outcome: Outcome) -> list[str]:
    """What the accuracies are to be compared with."""
    if outcome.guessing is None:
        return []
    pictures = counted(outcome.judged, "picture")
    words = f"always answering the most frequent class would be right in {outcome.guessing:.2%}"
    return [f"{words}; intervals are those of {pictures}"]


def _spreads(outcome: Outcome) -> list[str]:
    """How far signals spread in the first layer and in the last, where that was looked at."""
    return [
        f"{name}, before training: standard deviation of {words} from {found[which][0]:.3g} in the "
        f"first layer to {found[which][-1]:.3g} in the last"
        for name, found in outcome.spreads.items()
        for which, words in (("forward", "outputs"), ("backward", "kernel gradients"))
    ]


def draw_outcome(outcome: Outcome, title: str = "") -> Figure:
    """Loss by epoch, accuracy of every run, and layers' spreads where there are some."""
    figure = new_figure(11.0, 8.0 if outcome.spreads else 4.4)
    rows = 2 if outcome.spreads else 1
    axes = np.asarray(figure.subplots(rows, 2)).reshape(rows, 2)
    _draw_losses(axes[0, 0], outcome)
    _draw_accuracies(axes[0, 1], outcome)
    if outcome.spreads:
        _draw_spreads(axes[1, 0], outcome, "forward", "standard deviation of a layer's output")
        _draw_spreads(axes[1, 1], outcome, "backward", "standard deviation of kernel gradients")
    figure.suptitle(title)
    return figure


def _draw_losses(axes: Axes, outcome: Outcome) -> None:
    from matplotlib.ticker import MaxNLocator

    for i, variant in enumerate(outcome.experiment.variants):
        for j, run in enumerate(outcome.of(variant)):
            axes.plot(
                [each.epoch for each in run.epochs],
                [each.loss for each in run.epochs],
                color=COLOURS[i % len(COLOURS)],
                marker=MARKS[i % len(MARKS)],
                markersize=4,
                linewidth=1,
                label=variant if j == 0 else None,
            )
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss (cross-entropy)")
    axes.set_yscale("log")
    label_plainly(axes.yaxis)
    last = max((len(run.epochs) for run in outcome.runs), default=0)
    axes.set_xlim(0.5, max(1, last) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(fontsize=8)


def label_plainly(axis: Axis) -> None:
    """Label a logarithmic axis, where it has labels, by plain numbers: 0.6 and not 6e-01."""
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axis.set_major_formatter(Plain())
    axis.set_minor_formatter(Plain(minor_thresholds=(2.0, 0.4)))


def _draw_accuracies(axes: Axes, outcome: Outcome) -> None:
    names = list(outcome.experiment.variants)
    for i, variant in enumerate(names):
        accuracies = [100 * run.accuracy for run in outcome.of(variant)]
        axes.plot(
            accuracies, [i] * len(accuracies), MARKS[i % len(MARKS)],
            color=COLOURS[i % len(COLOURS)], markersize=6, alpha=0.6,
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)  # the first above
    axes.set_xlabel(f"accuracy on {counted(outcome.judged, 'picture')}, percent; a mark a seed")
    axes.grid(axis="x")


def _draw_spreads(axes: Axes, outcome: Outcome, which: str, label: str) -> None:
    for i, (variant, found) in enumerate(outcome.spreads.items()):
        values = [max(value, 1e-30) for value in found[which]]
        places = range(1, len(values) + 1)
        axes.plot(
            places, values, marker=MARKS[i], color=COLOURS[i], markersize=4, linewidth=1,
            label=variant,
        )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlabel("layer with weights, before training")
    axes.set_ylabel(label)
    axes.legend(fontsize=8)
