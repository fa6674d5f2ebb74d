"""How training went: loss, accuracy and learning rate by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.pages.figures import BLUE, GREY, ORANGE, plain_numbers, png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.training.history import Epoch

LOGARITHMIC = 100.0
"""Losses that differ by a larger factor are drawn on a logarithmic axis."""


def loss_chart(history: Sequence[Epoch], best: int | None = None) -> bytes:
    """Training and validation loss as a PNG.

    Args:
        history: At least one epoch.
        best: The epoch whose weights are kept, from 1; marked if there is one.
    """
    return png(lambda figure: draw_loss(figure, history, best))


def accuracy_chart(history: Sequence[Epoch], best: int | None = None) -> bytes:
    """Training and validation accuracy as a PNG; arguments as for :func:`loss_chart`."""
    return png(lambda figure: draw_accuracy(figure, history, best))


def rate_chart(history: Sequence[Epoch]) -> bytes:
    """The learning rate at the end of each epoch as a PNG."""
    return png(lambda figure: draw_rate(figure, history))


def draw_loss(figure: Figure, history: Sequence[Epoch], best: int | None = None) -> None:
    """Draw losses on an empty figure."""
    axes = _axes(figure, history, "loss")
    losses = [row.loss for row in history]
    judged = [row.validation_loss for row in history]
    _pair(axes, history, losses, judged, best)
    shown = [value for value in (*losses, *judged) if value is not None]
    if min(shown) > 0.0 and max(shown) > LOGARITHMIC * min(shown):
        axes.set_yscale("log")
        plain_numbers("y", axes)
    else:
        axes.set_ylim(bottom=0.0)


def draw_accuracy(figure: Figure, history: Sequence[Epoch], best: int | None = None) -> None:
    """Draw accuracies on an empty figure, in percent."""
    axes = _axes(figure, history, "accuracy, %")
    own = [100.0 * row.accuracy for row in history]
    judged = [
        None if row.validation_accuracy is None else 100.0 * row.validation_accuracy
        for row in history
    ]
    _pair(axes, history, own, judged, best)
    axes.set_ylim(top=101.0)


def draw_rate(figure: Figure, history: Sequence[Epoch]) -> None:
    """Draw learning rates on an empty figure."""
    axes = _axes(figure, history, "learning rate")
    epochs = [row.epoch for row in history]
    axes.plot(epochs, [row.learning_rate for row in history], color=GREY, marker="D", markersize=5)
    axes.set_ylim(bottom=0.0)
    plain_numbers("y", axes)


def _axes(figure: Figure, history: Sequence[Epoch], title: str) -> Axes:
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_subplot()
    axes.set_title(title, loc="left")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    axes.set_xlim(history[0].epoch - 0.5, history[-1].epoch + 0.5)
    return axes


def _pair(
    axes: Axes,
    history: Sequence[Epoch],
    training: Sequence[float],
    validation: Sequence[float | None],
    best: int | None,
) -> None:
    """Two lines that differ in colour, stroke and marker."""
    epochs = [row.epoch for row in history]
    few = len(epochs) <= 30  # markers of more would run into each other
    axes.plot(
        epochs, training, color=BLUE, linestyle="-", marker="o" if few else "", markersize=5,
        label="training",
    )  # fmt: skip
    judged = [(e, value) for e, value in zip(epochs, validation, strict=True) if value is not None]
    if judged:
        axes.plot(
            *zip(*judged, strict=True), color=ORANGE, linestyle="--", marker="s" if few else "",
            markersize=5, label="validation",
        )  # fmt: skip
    if best is not None:
        axes.axvline(best, color=GREY, linestyle=":", linewidth=1.5, label=f"kept: epoch {best}")
    axes.legend(fontsize=10)
