"""The experiment with detectors by regions: a row a detector, and what is found against the time.

All that is in the plot is in words too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.experiment import COLOURS, MARKS, label_plainly
from pellucid.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.experiments.detector_outcome import DetectorOutcome, DetectorRun

HEADS = (
    "", "proposals", "all else", "a picture", "training", "mAP at 0.5", "95% interval",
    "0.5 to 0.95", "covered",
)  # fmt: skip


def detectors_document(outcome: DetectorOutcome) -> d.Document:
    """The question, a row a detector, the verdict, and the plot."""
    body = f"{outcome.body}, trained before" if outcome.trained_body else f"{outcome.body}, new"
    return d.Document(
        outcome.question,
        (
            d.Text(
                f"learned from {counted(outcome.learned, 'picture')}, judged by {outcome.judged} "
                f"with {counted(outcome.boxes, 'box')}; body: {body}; "
                f"{counted(outcome.epochs, 'epoch')}, {counted(outcome.seeds, 'seed')}"
            ),
            d.Table(
                "seconds a picture, and what is found",
                HEADS,
                [_row(run) for run in outcome.middle.values()],
            ),
            d.Text(caption(outcome), prose=True),
            d.Text(outcome.verdict, strong=True),
            d.Figure(
                lambda: draw_detectors(outcome),
                "mean average precision with its interval against the time for a picture, and the "
                "loss of regions by epoch",
            ),
            d.Text(outcome.caution),
            d.Text(outcome.source, "source:"),
        ),
        drawing=lambda: draw_detectors(outcome, outcome.question),
    )


def caption(outcome: DetectorOutcome) -> str:
    """By which rule detectors were trained and timed."""
    several = "" if outcome.seeds == 1 else "; rows are of the seed of the median mAP"
    return (
        f"all three learned in the same steps, from 64 regions of each of the same {outcome.batch} "
        "pictures, with one rate and without a choice of epochs; R-CNN and Fast R-CNN look at "
        f"the first {outcome.proposals} regions of selective search, Faster R-CNN at 300 of its "
        "own; covered is the share of boxes that one of these overlaps by an IoU of 0.5 or more; "
        f"pictures were judged one at a time, and selective search was timed on {outcome.timed} of "
        f"them; training is without that search{several}"
    )


def _row(run: DetectorRun) -> tuple[str, ...]:
    if run.diverged:
        return run.variant, *["–"] * 3, "diverged", *["–"] * 4
    low, high = run.map50_interval
    return (
        run.variant,
        _seconds(run.proposal_seconds),
        _seconds(run.network_seconds),
        _seconds(run.seconds),
        _seconds(run.training_seconds),
        f"{run.map50:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{run.map:.1%}",
        f"{run.covered:.1%}",
    )


def _seconds(value: float) -> str:
    """As long as it takes to read: ``0.0123 s``, ``2.1 s``, ``34 min``."""
    if value < 1:
        return f"{value:.3f} s"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min"


def draw_detectors(outcome: DetectorOutcome, title: str = "") -> Figure:
    """What is found against the time for a picture; and the loss by epoch."""
    figure = new_figure(11.0, 4.4)
    left, right = figure.subplots(1, 2)
    names = list(outcome.middle)
    _draw_worth(left, outcome)
    for i, name in enumerate(names):
        for j, run in enumerate(run for run in outcome.runs if run.variant == name):
            right.plot(
                range(1, len(run.losses) + 1), run.losses, color=COLOURS[i], marker=MARKS[i],
                markersize=4, linewidth=1, label=name if j == 0 else None,
            )  # fmt: skip
    right.set_xlabel("epoch")
    right.set_ylabel("training loss of regions")
    right.set_ylim(bottom=0)
    right.set_xlim(0.5, max(1, outcome.epochs) + 0.5)
    right.xaxis.get_major_locator().set_params(integer=True)
    right.legend(fontsize=8, loc="best")
    figure.suptitle(title)
    return figure


def _draw_worth(axes: Axes, outcome: DetectorOutcome) -> None:
    """A mark a detector, with its interval; open marks are other seeds."""
    for i, (name, middle) in enumerate(outcome.middle.items()):
        for run in outcome.runs:
            if run.variant != name or run.diverged:
                continue
            chosen = run is middle
            low, high = (100 * end for end in run.map50_interval)
            place = 100 * run.map50
            axes.errorbar(
                run.seconds, place, color=COLOURS[i], marker=MARKS[i], markersize=7, linestyle="",
                yerr=[[max(0.0, place - low)], [max(0.0, high - place)]] if chosen else None,
                capsize=4, markerfacecolor=COLOURS[i] if chosen else "none",
                label=name if chosen else None,
            )  # fmt: skip
    axes.set_xscale("log")
    label_plainly(axes.xaxis)
    axes.set_xlabel("seconds a picture, proposals included")
    axes.set_ylabel("mAP at IoU 0.5, percent, and 95 % interval")
    axes.set_ylim(-2, 102)  # a mark at an end is seen whole
    axes.grid(axis="y")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="best")
