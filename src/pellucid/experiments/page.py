"""An experiment's outcome as words: rows for any table, and what a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.explain.pages.page import fragment, image, table, text
from pellucid.explain.pictures import png
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.experiments.experiment import Outcome


def heads(outcome: Outcome) -> tuple[str, ...]:
    """What the columns of :func:`rows` are called; a single seed has no spread."""
    if outcome.seeds == 1:
        return "", "accuracy", "95% interval", "loss"
    middle = "accuracy (mean of 2)" if outcome.seeds == 2 else "accuracy (median)"
    return "", middle, "95% interval", "least", "largest", "loss"


def rows(outcome: Outcome) -> list[tuple[str, ...]]:
    """A row a variant, in words: its name, then as :func:`heads` says."""
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


def guessing_lines(outcome: Outcome) -> list[str]:
    """What the accuracies are to be compared with."""
    if outcome.guessing is None:
        return []
    pictures = counted(outcome.judged, "picture")
    words = f"always answering the most frequent class would be right in {outcome.guessing:.2%}"
    return [f"{words}; intervals are those of {pictures}"]


def spread_lines(outcome: Outcome) -> list[str]:
    """How far signals spread in the first layer and in the last, where that was looked at."""
    return [
        f"{name}, before training: standard deviation of {words} from {found[which][0]:.3g} in the "
        f"first layer to {found[which][-1]:.3g} in the last"
        for name, found in outcome.spreads.items()
        for which, words in (("forward", "outputs"), ("backward", "kernel gradients"))
    ]


def outcome_html(outcome: Outcome) -> str:
    """Table, verdict and plot; all that is in words stands there as words."""
    experiment = outcome.experiment
    seeds = len({run.seed for run in outcome.runs})
    pictures = f"Learned from {counted(outcome.learned, 'picture')}, judged by {outcome.judged}"
    return fragment(
        (
            f"<h2>{text(experiment.question)}</h2>",
            f"<p>{pictures}; {counted(seeds, 'seed')}.</p>",
            table(heads(outcome), rows(outcome), experiment.name),
            f"<p><strong>{text(outcome.verdict)}.</strong></p>",
            *(f"<p>{text(line)}.</p>" for line in guessing_lines(outcome)),
            *(f"<p>{text(line)}.</p>" for line in spread_lines(outcome)),
            image(
                png(outcome.plot()),
                "training loss by epoch, and the accuracy of every run, as the table has them",
            ),
            f"<p>{text(experiment.caution)}</p>",
            f"<p>Source: {text(experiment.source)}.</p>",
        )
    )
