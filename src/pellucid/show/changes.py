"""What a decision changed: pictures that are answered otherwise than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.evaluation.changes import Change, Changes

LIMIT = d.Limit(10, 60, "more", "--json lists them all", "the JSON lists them all")

TITLES = {
    "broken": "Right before, and wrong now",
    "corrected": "Wrong before, and right now",
    "still wrong": "Wrong in another way",
}


def changes_document(changes: Changes) -> d.Document:
    """How many are right before and after, and the pictures whose answer changed."""
    one, two = changes.right
    count = changes.pictures
    counts = ", ".join(f"{number} {way}" for way, number in changes.counts.items())
    return d.Document(
        f"{one / count:.2%} right before, {two / count:.2%} now: {counted(count, 'picture')}, "
        f"{counted(len(changes.rows), 'answer')} changed",
        (
            d.Text(changes.models[0], "Before:"),
            d.Text(changes.models[1], "Now:"),
            d.Items(
                [
                    *changes.notes,
                    _loss(changes),
                    f"{counts}; by chance alone p = {changes.p_value:.2g}",
                ]
            ),
            *_sections(changes),
        ),
    )


def _loss(changes: Changes) -> str:
    before, after = changes.cross_entropy
    return f"cross-entropy {before:.4g} before, {after:.4g} now"


def _sections(changes: Changes) -> Iterator[d.Part]:
    if not changes.rows:
        yield d.Text("Every picture is answered as before.")
    for way, title in TITLES.items():
        rows = [each for each in changes.rows if each.way == way]
        if rows:
            yield d.Section(
                title, [d.Pictures([_picture(changes, each) for each in rows], limit=LIMIT)]
            )


def _picture(changes: Changes, change: Change) -> d.Picture:
    lines = (
        f"is {change.true}",
        f"before {change.before} ({change.confidence_before:.1%})",
        f"now {change.after} ({change.confidence_after:.1%})",
        change.path,
    )
    return d.Picture(lambda: changes.picture(change.index), lines, change.line)
