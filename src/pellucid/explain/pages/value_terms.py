"""An opened value as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.explain.pages.numbers import (
    compared,
    detail_lines,
    figure,
    place,
    rule_in_words,
    use_lines,
)
from pellucid.explain.pages.page import fragment, table, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.explain.value_terms import ValueTerms


def value_terms_html(opened: ValueTerms) -> str:
    """All terms, the largest first, and what became of the value."""
    return fragment(_parts(opened))


def _parts(opened: ValueTerms) -> Iterable[str]:
    yield f"<h2>{text(opened.layer)} at {place(opened.at)} = {figure(opened.value)}</h2>"
    total, engine, difference = compared(opened.terms.total, opened.value)
    yield (
        f"<p>{text(opened.kind)}: {rule_in_words(opened)}. Put together again: {total}; by the "
        f"engine {engine}; the difference is {difference}.</p>"
    )
    for line in detail_lines(opened):
        yield f"<p>{text(line)}</p>"
    rows = []
    for i in opened.largest():
        layer, at = opened.source(i)
        terms = opened.terms
        cells = terms.values[i], terms.factors[i], terms.products[i]
        rows.append([i, f"{layer} {place(at)}", *map(figure, cells)])
    heads = ["term", "reads", "value", "× factor", "= product"]
    if opened.terms.rule in ("share", "function"):
        heads[-2:] = ["", "makes"]
        rows = [[*row[:3], "", row[4]] for row in rows]
    yield table(heads, rows, "terms")
    for line in use_lines(opened):
        yield f"<p>then {text(line)}</p>"
