"""What surgery does, in words: rows for any table, and what a notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.check.fingerprint import image_of
from pellucid.evaluation.pages import markup
from pellucid.explain.pages.page import fragment, table, text
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.evaluation.edit_effect import DataEffect, PictureEffect

CLASS_HEADS = ("class", "logit", "after", "probability", "after")
LAYER_HEADS = ("layer", "change of its output")

MOST_CLASSES = 10
"""Classes that are shown, the likeliest first."""

MOST_LAYERS = 12
"""Layers that are shown, the first that change."""

MOST_FLIPS = 24
"""Pictures with another answer that are shown."""

_PICTURE = 96  # CSS pixels


def class_rows(effect: PictureEffect) -> list[tuple[str, ...]]:
    """A row a class, the likeliest before the change first: as :data:`CLASS_HEADS` says."""
    first, second = effect.probabilities
    return [
        (
            effect.classes[k],
            f"{effect.before[k]:.4f}",
            f"{effect.after[k]:.4f}",
            f"{first[k]:.2%}",
            f"{second[k]:.2%}",
        )
        for k in (-first).argsort(kind="stable")[:MOST_CLASSES]
    ]


def layer_rows(effect: PictureEffect) -> list[tuple[str, str]]:
    """A row a layer that changes, in the network's order: as :data:`LAYER_HEADS` says."""
    return [(name, _percent(change)) for name, change in list(effect.changed.items())[:MOST_LAYERS]]


def layer_line(effect: PictureEffect) -> str | None:
    """What :func:`layer_rows` leaves out, or that there is nothing; none if all is said."""
    changed = effect.changed
    if not changed:
        return "no layer's output changes for this picture"
    others = list(changed.items())[MOST_LAYERS:]
    if not others:
        return None
    name, most = max(others, key=lambda each: each[1])
    return f"and {counted(len(others), 'layer')} more, {name} most: {_percent(most)}"


def guess_line(effect: PictureEffect) -> str:
    """Whether the guess changes."""
    before, after = effect.guesses
    if before == after:
        return f"the guess stays {before}"
    return f"the guess changes from {before} to {after}"


def data_lines(effect: DataEffect) -> list[str]:
    """Accuracy and cross-entropy before and after, and how many answers change."""
    numbers = effect.numbers
    one, two = numbers.first, numbers.second
    was, now = len(numbers.only_first), len(numbers.only_second)
    others = counted(len(numbers.disagree), "picture")
    was_in, now_in = (f"{low:.2%} to {high:.2%}" for low, high in (one.interval, two.interval))
    return [
        f"accuracy: {one.accuracy:.2%} before (95% interval {was_in})",
        f"accuracy: {two.accuracy:.2%} after (95% interval {now_in})",
        f"always answering the most frequent class: {numbers.guessing:.2%}",
        f"cross-entropy: {one.cross_entropy:.4f} before, {two.cross_entropy:.4f} after",
        f"{others} with another answer: {was} were right before, {now} are right now",
    ]


def picture_html(effect: PictureEffect) -> str:
    """Answers before and after, and the layers that change."""
    rows, line = layer_rows(effect), layer_line(effect)
    return fragment(
        (
            f"<p><strong>{text(guess_line(effect))}</strong></p>",
            table(CLASS_HEADS, class_rows(effect), "answers before and after"),
            *(["<h3>Layers that change</h3>", table(LAYER_HEADS, rows, "layers")] if rows else []),
            *([] if line is None else [f"<p>{text(line)}</p>"]),
        )
    )


def data_html(effect: DataEffect) -> str:
    """The judges before and after, and the pictures with another answer."""
    count = counted(len(effect.numbers), "picture")
    return fragment(
        (
            f"<p>{count}: {text(effect.pictures.name)}</p>",
            *(f"<p>{text(line)}</p>" for line in data_lines(effect)),
            *_flips(effect),
        )
    )


def _flips(effect: DataEffect) -> Iterable[str]:
    places, flips = effect.numbers.disagree.tolist(), effect.flips()
    if not flips:
        return
    yield '<div style="display: flex; flex-wrap: wrap; gap: .8rem">'
    for i, flip in list(zip(places, flips, strict=True))[:MOST_FLIPS]:
        lines = (
            f"true: <strong>{text(flip['true'])}</strong>",
            f"{text(flip['before'])} → {text(flip['after'])}",
            f"<small>{text(flip['picture'])}</small>",
        )
        seen = markup.picture(image_of(effect.pictures.images[i]), _PICTURE)
        yield f'<div style="width: 8rem; overflow-wrap: anywhere">{seen}{"<br>".join(lines)}</div>'
    yield "</div>"
    if len(flips) > MOST_FLIPS:
        yield f"<p>and {len(flips) - MOST_FLIPS} more: flips() has all</p>"


def _percent(change: float) -> str:
    if change == float("inf"):
        return "∞"
    return f"{change:.2%}" if change < 10 else f"{change:.3g}-fold"
