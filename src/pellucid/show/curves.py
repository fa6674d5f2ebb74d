"""How training went: loss, accuracy and learning rate by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show.drawing import new_figure, plain_numbers
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.tasks.measures import title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.training.history import Epoch

    Line = tuple[str, str, str, str, Sequence[float | None]]
    """Label, colour, stroke, marker and values."""

LOGARITHMIC = 100.0
"""Losses that differ by a larger factor are drawn on a logarithmic axis."""

LEAST_R2 = -0.5
"""Where the axis of R² ends below: what predicts worse than the mean by more is cut off."""

SIZE = 4.8, 3.4
"""Of each, in inches."""


def draw_loss(history: Sequence[Epoch], best: int | None = None) -> Figure:
    """Training and validation loss.

    Args:
        history: At least one epoch.
        best: The epoch whose weights are kept, from 1; marked if there is one.
    """
    axes = _axes(history, "loss")
    losses = [row.loss for row in history]
    judged = [row.validation_loss for row in history]
    _pair(axes, history, losses, judged, best)
    shown = [value for value in (*losses, *judged) if value is not None]
    if min(shown) > 0.0 and max(shown) > LOGARITHMIC * min(shown):
        axes.set_yscale("log")
        plain_numbers(axes, "y")
    else:
        axes.set_ylim(bottom=0.0)
    return _figure(axes)


def draw_accuracy(history: Sequence[Epoch], best: int | None = None) -> Figure:
    """Training and validation accuracy, in percent; arguments as for :func:`draw_loss`."""
    axes = _axes(history, "accuracy, %")
    own = [100.0 * (row.accuracy or 0.0) for row in history]
    judged = [
        None if row.validation_accuracy is None else 100.0 * row.validation_accuracy
        for row in history
    ]
    _pair(axes, history, own, judged, best)
    axes.set_ylim(top=100.0)
    for line in axes.lines:  # whose markers at 100 % would be cut in half
        line.set_clip_on(False)
    return _figure(axes)


def draw_measure(history: Sequence[Epoch], name: str, best: int | None = None) -> Figure:
    """A measure of the validation pictures; arguments as for :func:`draw_loss`."""
    axes = _axes(history, title_of(name))
    judged = [row.measures.get(name) for row in history]
    _lines(axes, history, [("validation", VERMILION, "--", "s", judged)], best)
    if name == "r2":  # a first epoch far below 0 would flatten all that follow
        lowest = min((value for value in judged if value is not None), default=0.0)
        axes.set_ylim(max(LEAST_R2, lowest - 0.05), 1.02)
    return _figure(axes)


def draw_taken_for_real(history: Sequence[Epoch]) -> Figure:
    """The discriminator's mean probability that real and generated pictures are real, in percent.

    Args:
        history: At least one epoch, of a generator.
    """
    axes = _axes(history, "taken for real by the discriminator, %")
    real, generated = (
        [100.0 * row.training_measures[name] for row in history] for name in ("real", "generated")
    )
    lines: list[Line] = [
        ("real", VERMILION, "--", "s", real), ("generated", BLUE, "-", "o", generated)
    ]  # fmt: skip
    _lines(axes, history, lines, None)
    axes.set_ylim(0.0, 100.0)
    return _figure(axes)


def draw_rate(history: Sequence[Epoch]) -> Figure:
    """The learning rate at the end of each epoch."""
    axes = _axes(history, "learning rate")
    epochs = [row.epoch for row in history]
    axes.plot(epochs, [row.learning_rate for row in history], color=GREY, marker="D", markersize=5)
    axes.set_ylim(bottom=0.0)
    plain_numbers(axes, "y")
    return _figure(axes)


def _axes(history: Sequence[Epoch], title: str) -> Axes:
    from matplotlib.ticker import MaxNLocator

    axes = new_figure(*SIZE).add_subplot()
    axes.grid()
    axes.set_title(title, loc="left")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes.set_xlim(history[0].epoch - 0.5, history[-1].epoch + 0.5)
    return axes


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _pair(
    axes: Axes,
    history: Sequence[Epoch],
    training: Sequence[float],
    validation: Sequence[float | None],
    best: int | None,
) -> None:
    """Two lines that differ in colour, stroke and marker."""
    lines: list[Line] = [
        ("training", BLUE, "-", "o", training), ("validation", VERMILION, "--", "s", validation)
    ]  # fmt: skip
    _lines(axes, history, lines, best)


def _lines(axes: Axes, history: Sequence[Epoch], lines: Sequence[Line], best: int | None) -> None:
    few = len(history) <= 30  # markers of more would run into each other
    for label, colour, stroke, marker, values in lines:
        points = [
            (row.epoch, value)
            for row, value in zip(history, values, strict=True)
            if value is not None
        ]
        if points:
            axes.plot(
                *zip(*points, strict=True), color=colour, linestyle=stroke,
                marker=marker if few else "", markersize=5, label=label,
            )  # fmt: skip
    if best is not None:
        axes.axvline(best, color=GREY, linestyle=":", linewidth=1.5, label=f"kept: epoch {best}")
    axes.legend()
