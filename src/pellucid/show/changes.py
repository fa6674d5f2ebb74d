"""What a decision changed: pictures that are answered otherwise than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.evaluation.change import Change
    from pellucid.evaluation.changes import Changes

LIMIT = d.Limit(10, 60, "more", "--json lists them all", "the JSON lists them all")

TITLES = {
    "broken": "Right before, and wrong now",
    "corrected": "Wrong before, and right now",
    "worse": "Farther off than before",
    "better": "Nearer than before",
    "still wrong": "Wrong in another way",
}


def changes_document(changes: Changes) -> d.Document:
    """How many are right before and after, and the pictures whose answer changed."""
    counts = ", ".join(f"{number} {way}" for way, number in changes.counts.items())
    chance = f"by chance alone p = {changes.p_value:.2g} ({changes.test})"
    return d.Document(
        f"{_judged(changes)}: {counted(changes.pictures, 'picture')}, "
        f"{counted(len(changes.rows), 'answer')} changed",
        (
            d.Text(changes.models[0], "Before:"),
            d.Text(changes.models[1], "Now:"),
            d.Items([*changes.notes, *_loss(changes), f"{counts}; {chance}"]),
            *_sections(changes),
        ),
    )


def _loss(changes: Changes) -> list[str]:
    if changes.cross_entropy is None:
        return []
    before, after = changes.cross_entropy
    return [f"cross-entropy {before:.4g} before, {after:.4g} now"]


def _judged(changes: Changes) -> str:
    """How good both are, in words."""
    if changes.right is not None:
        one, two = (f"{each / changes.judged:.2%}" for each in changes.right)
        return f"{one} of {changes.unit} right before, {two} now"
    assert changes.errors is not None
    one, two = (f"{each:.3g}" for each in changes.errors)
    return f"{one} {changes.unit} before on average, {two} now"


def _sections(changes: Changes) -> Iterator[d.Part]:
    if not changes.rows:
        yield d.Text("Every picture is answered as before.")
    for way in changes.ways:
        rows = [each for each in changes.rows if each.way == way]
        if rows:
            pictures = d.Pictures([_picture(changes, each) for each in rows], limit=LIMIT)
            yield d.Section(TITLES[way], [pictures])


def _picture(changes: Changes, change: Change) -> d.Picture:
    lines = f"is {change.true}", f"before {change.was}", f"now {change.now}", change.path
    return d.Picture(lambda: changes.picture(change.index), lines, change.line)
