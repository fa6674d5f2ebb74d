"""What a change of a network does to its answers: for one picture, and for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.comparison import draw_comparison
from pellucid.show.drawing import new_figure
from pellucid.show.palette import GREY, INK, PROBABILITY, VERMILION
from pellucid.show.titles import answer_words
from pellucid.tasks import MultiLabel, Regression
from pellucid.text import counted, truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.evaluation.edit_effect import DataEffect, PictureEffect

MOST_CLASSES, MOST_LAYERS = 10, 12
"""Classes that are shown, the likeliest first; layers, the first that change."""

MOST_PRINTED, MOST_FLIPS = 10, 24
"""Pictures with another answer: printed, and in notebooks."""


def picture_document(effect: PictureEffect) -> d.Document:
    """Answers before and after, and the layers that change."""
    title = _title(effect)
    return d.Document(
        title,
        (
            d.Only("page", [d.Figure(lambda: draw_picture_effect(effect), title, 560)]),
            _answers(effect),
            d.Section("Layers that change", list(_layers(effect))),
            d.Text(f"computed by {effect.engine}"),
        ),
        drawing=lambda: draw_picture_effect(effect),
    )


def _title(effect: PictureEffect) -> str:
    """Whether the answer changes, and how."""
    task = effect.task
    before, after = (answer_words(task, read) for read in effect.read)
    if isinstance(task, Regression):
        what = "answer"
    elif isinstance(task, MultiLabel):
        what = "labels"
        before, after = ("; ".join(names) or "none" for names in effect.answers)
    else:
        what, (before, after) = "guess", effect.guesses
    verb = "stay" if what == "labels" else "stays"
    if before == after:
        return f"the {what} {verb} {before}"
    return f"the {what} change{'' if what == 'labels' else 's'} from {before} to {after}"


def _answers(effect: PictureEffect) -> d.Table:
    """Every output before and after."""
    first, second = effect.read
    if isinstance(effect.task, Regression):
        rows = [
            (name, *map(written, (first[k], second[k], effect.before[k], effect.after[k])))
            for k, name in enumerate(effect.classes)
        ]
        heads: tuple[str, ...] = ("number", "before", "after", "standardised", "after")
        return d.Table("answers before and after", heads, rows)
    rows = [
        (
            effect.classes[k],
            written(effect.before[k], ".4f"),
            written(effect.after[k], ".4f"),
            f"{first[k]:.2%}",
            f"{second[k]:.2%}",
        )
        for k in _likeliest(effect)
    ]
    what = "label" if isinstance(effect.task, MultiLabel) else "class"
    heads = (what, "logit", "after", "probability", "after")
    return d.Table("answers before and after", heads, rows)


def _likeliest(effect: PictureEffect) -> list[int]:
    """The classes that are shown, the likeliest before the change first; or the first numbers."""
    if isinstance(effect.task, Regression):
        return list(range(min(len(effect.classes), MOST_CLASSES)))
    order = (-effect.before).argsort(kind="stable")
    return [int(k) for k in order[:MOST_CLASSES]]


def _layers(effect: PictureEffect) -> Iterator[d.Part]:
    changed = list(effect.changed.items())
    if not changed:
        yield d.Text("no layer's output changes for this picture")
        return
    rows = [(name, _percent(change)) for name, change in changed[:MOST_LAYERS]]
    yield d.Table("layers", ("layer", "change of its output"), rows)
    if others := changed[MOST_LAYERS:]:
        name, most = max(others, key=lambda each: each[1])
        yield d.Text(f"and {counted(len(others), 'layer')} more, {name} most: {_percent(most)}")


def _percent(change: float) -> str:
    if change == float("inf"):
        return "∞"
    return f"{change:.2%}" if change < 10 else f"{change:.3g}-fold"


def data_document(effect: DataEffect) -> d.Document:
    """The judges before and after, and the pictures with another answer."""
    numbers = effect.numbers
    one, two = numbers.first, numbers.second
    was_in, now_in = (
        f"95% interval {low:.2%} to {high:.2%}" for low, high in (one.interval, two.interval)
    )
    others = counted(len(numbers.disagree), "picture")
    was, now = len(numbers.only_first), len(numbers.only_second)
    return d.Document(
        f"{one.accuracy:.2%} right before, {two.accuracy:.2%} after, of "
        f"{counted(len(numbers), 'picture')}: {effect.pictures.name}",
        (
            d.Facts(
                [
                    ("accuracy before", f"{one.accuracy:.2%}", was_in),
                    ("accuracy after", f"{two.accuracy:.2%}", now_in),
                    ("guessing", f"{numbers.guessing:.2%}", "always the most frequent class"),
                    ("cross-entropy before", f"{one.cross_entropy:.4f}", ""),
                    ("cross-entropy after", f"{two.cross_entropy:.4f}", ""),
                ]
            ),
            d.Text(f"{others} with another answer: {was} were right before, {now} are right now"),
            *_flips(effect),
        ),
        drawing=lambda: draw_comparison(numbers, ("before", "after")),
    )


def _flips(effect: DataEffect) -> Iterator[d.Part]:
    places, flips = effect.numbers.disagree.tolist(), effect.flips()
    items = [
        d.Picture(
            lambda i=i: effect.pictures.images[i],  # type: ignore[misc]
            (f"true: {flip['true']}", f"{flip['before']} → {flip['after']}", flip["picture"]),
            f"{flip['picture']} is {flip['true']}: {flip['before']} → {flip['after']}",
        )
        for i, flip in zip(places, flips, strict=True)
    ]
    limit = d.Limit(MOST_PRINTED, MOST_FLIPS, "more", "--json lists them all", "flips() has all")
    if items:
        yield d.Pictures(items, 96, limit)


def draw_picture_effect(effect: PictureEffect) -> Figure:
    """The likeliest classes' probabilities, or the numbers, before and after."""
    numbers = isinstance(effect.task, Regression)
    before, after = (effect.before, effect.after) if numbers else effect.read
    chosen = _likeliest(effect)
    figure = new_figure(6.0, 1.2 + 0.35 * len(chosen))
    axes = figure.subplots()
    places = np.arange(len(chosen))
    axes.barh(places - 0.2, before[chosen], 0.38, color=PROBABILITY, label="before")
    axes.barh(places + 0.2, after[chosen], 0.38, color=VERMILION, hatch="//", label="after")
    axes.set_yticks(places, [truncated(effect.classes[k], 40) for k in chosen])
    axes.invert_yaxis()
    if numbers:
        axes.axvline(0.0, color=GREY, linewidth=0.8)
    if isinstance(effect.task, MultiLabel):
        mark = effect.task.threshold
        axes.axvline(mark, color=INK, linewidth=1.2, label=f"threshold {mark:.1%}")
    axes.set_xlabel(
        "standardised: deviations from the mean of those learned" if numbers else "probability"
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.32 / figure.get_figheight() - 0.2),
                ncols=3)  # fmt: skip
    return figure
