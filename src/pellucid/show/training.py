"""How training went: curves of loss and of what epochs are ranked by, and every epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.curves import (
    draw_accuracy,
    draw_loss,
    draw_measure,
    draw_rate,
    draw_taken_for_real,
)
from pellucid.tasks.measures import form_of, title_of
from pellucid.training.progress import PICTURE, speed_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pellucid.training.history import Epoch

_CHART = 460  # CSS pixels


def training_sections(
    history: Sequence[Epoch], best: int | None, noun: str = PICTURE
) -> Iterator[d.Part]:
    """A section with the curves, and every epoch folded; nothing without a history.

    A single epoch has no course that a curve could show, and is a table alone.

    Args:
        history: A row an epoch.
        best: The epoch whose weights were kept.
        noun: What is learned from.
    """
    if not history:
        return
    if len(history) == 1:
        yield d.Section("Training", [_epochs(history, noun)])
        return
    losses = [row.loss for row in history], [row.validation_loss for row in history]
    rates = [row.learning_rate for row in history]
    charts = [
        d.Figure(lambda: draw_loss(history, best), _course("Loss", *losses), _CHART),
        *_ranked(history, best),
        *_adversarial(history),
        d.Figure(
            lambda: draw_rate(history), _course("Learning rate at the end", rates, [], "{:g}"),
            _CHART,
        ),
    ]  # fmt: skip
    yield d.Section(
        "Training", [d.Beside(charts), d.Folded("Every epoch", [_epochs(history, noun)])]
    )


def _ranked(history: Sequence[Epoch], best: int | None) -> Iterator[d.Figure]:
    """What epochs are ranked by: accuracy, or the first measure of the task."""
    own = [row.accuracy for row in history]
    accuracies = [accuracy for accuracy in own if accuracy is not None]
    if len(accuracies) == len(history):
        words = _course(
            "Accuracy", accuracies, [row.validation_accuracy for row in history], "{:.2%}"
        )
        yield d.Figure(lambda: draw_accuracy(history, best), words, _CHART)
    elif history[-1].measures:
        name = next(iter(history[-1].measures))
        values = [row.measures[name] for row in history if name in row.measures]
        words = _course(f"{title_of(name)} of validation", values, [], form_of(name))
        yield d.Figure(lambda: draw_measure(history, name, best), words, _CHART)


def _adversarial(history: Sequence[Epoch]) -> Iterator[d.Figure]:
    """How well a generator's discriminator tells real pictures from generated ones."""
    if not _of_generator(history):
        return
    courses = [
        _course(f"{name} pictures taken for real", [row.training_measures[key] for row in history],
                [], "{:.0%}")
        for name, key in (("Real", "real"), ("Generated", "generated"))
    ]  # fmt: skip
    yield d.Figure(lambda: draw_taken_for_real(history), " ".join(courses), _CHART)


def _of_generator(history: Sequence[Epoch]) -> bool:
    return all("discriminator_loss" in row.training_measures for row in history)


def _course(
    name: str, training: Sequence[float], validation: Sequence[float | None], form: str = "{:.4g}"
) -> str:
    """A chart's lines in words: where they begin and end."""
    words = (
        f"{name} by epoch: {form.format(training[0])} at first, {form.format(training[-1])} at last"
    )
    judged = [value for value in validation if value is not None]
    if judged:
        words += (
            f"; validation {form.format(judged[0])} at first, {form.format(judged[-1])} at last"
        )
    return f"{words}."


def _epochs(history: Sequence[Epoch], noun: str) -> d.Table:
    measures = list(history[-1].measures)
    plain = history[-1].accuracy is not None
    if _of_generator(history):
        return _generator_epochs(history, noun)
    heads = [
        "epoch", "loss", *(["accuracy"] if plain else []), "validation loss",
        *(["validation accuracy"] if plain else []), *map(title_of, measures), "learning rate",
        speed_unit(noun),
    ]  # fmt: skip
    rows = []
    for row in history:
        accuracy = [_written(row.accuracy, "{:.2%}")] if plain else []
        judged = [_written(row.validation_accuracy, "{:.2%}")] if plain else []
        rows.append(
            (
                str(row.epoch), f"{row.loss:.4g}", *accuracy,
                _written(row.validation_loss, "{:.4g}"), *judged,
                *(_written(row.measures.get(name), form_of(name)) for name in measures),
                f"{row.learning_rate:.3g}", f"{row.images_per_second:,.0f}",
            )
        )  # fmt: skip
    return d.Table("Epochs", heads, rows)


def _generator_epochs(history: Sequence[Epoch], noun: str) -> d.Table:
    names = list(history[-1].training_measures)
    heads = ["epoch", "loss", *map(title_of, names), "learning rate", speed_unit(noun)]
    rows = [
        (
            str(row.epoch),
            f"{row.loss:.4g}",
            *(_written(row.training_measures.get(name), form_of(name)) for name in names),
            f"{row.learning_rate:.3g}",
            f"{row.images_per_second:,.0f}",
        )
        for row in history
    ]
    return d.Table("Epochs", heads, rows)


def _written(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
