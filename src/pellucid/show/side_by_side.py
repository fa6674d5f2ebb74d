"""What comparisons of two models show alike: both names, the measures, and who is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pellucid.data.dataset import Dataset

DIFFERING = d.Limit(10, 48, "more", "--json or --out lists them all", "see comparison.csv")
"""Pictures that are shown, those first where the answers differ most."""


def side_by_side_document(
    title: str,
    names: tuple[str, str],
    notes: Sequence[str],
    measures: tuple[Iterable[Sequence[str]], Iterable[Sequence[str]]],
    verdict: str,
    differing: d.Part,
    *,
    called: str = "Measures",
) -> d.Document:
    """The measures side by side, who is better, and where the answers differ most.

    Args:
        title: Both results in a line.
        names: What the models are called.
        notes: What the pictures are, a line each.
        measures: A's and B's, as a name, its value, and what else is known, which is left out.
        verdict: Who is better, in a line.
        differing: Where they differ most.
        called: What the measures are called.
    """
    a, b = names
    rows = [(one[0], one[1], two[1]) for one, two in zip(*measures, strict=True)]
    return d.Document(
        title,
        (
            d.Text(a, "A:"),
            d.Text(b, "B:"),
            d.Only("page", [d.Items(notes)] if notes else []),
            d.Section(called, [d.Table(called, ("", "A", "B"), rows)]),
            d.Items([verdict]),
            differing,
        ),
    )


def where_they_differ(part: d.Part) -> d.Section:
    """The part under its heading."""
    return d.Section("Where they differ most", [part])


def differing_picture(data: Dataset, i: int, words: str) -> d.Picture:
    """A picture with both answers."""
    name = data.picture_name(i)
    return d.Picture(lambda: data.images[i], (words, name), f"{name}: {words}")
