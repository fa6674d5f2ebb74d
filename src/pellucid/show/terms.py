"""One value of a network, or one gradient, opened into the terms that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import compared, place
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import draw_bars, new_figure
from pellucid.show.sentences import check_line, detail_lines, rule_in_words, update_line, use_lines
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.explain.backward import GradientTerms
    from pellucid.explain.value_terms import ValueTerms

MOST_BARS = 20
"""Terms that are drawn as bars, the largest by size."""

TERMS = d.Limit(12, 1_000, "smaller terms", "--all prints them all", "the .json file has all")


def value_document(opened: ValueTerms) -> d.Document:
    """What one value is made of, and what becomes of it."""
    return d.Document(
        value_title(opened),
        value_parts(opened),
        drawing=lambda: _draw(value_title(opened), _value_bars(opened), len(opened)),
    )


def gradient_document(opened: GradientTerms) -> d.Document:
    """What one gradient is the sum of, its check, and the update that would follow."""
    return d.Document(
        gradient_title(opened),
        gradient_parts(opened),
        drawing=lambda: _draw(gradient_title(opened), _gradient_bars(opened), len(opened)),
    )


def value_title(opened: ValueTerms) -> str:
    """``conv2 at 3, 7, 5 = 0.123``."""
    return f"{opened.layer} at {place(opened.at)} = {written(opened.value)}"


def gradient_title(opened: GradientTerms) -> str:
    """``∂loss/∂conv2.kernel at 1, 0, 3, 5 = 0.123``."""
    return f"∂loss/∂{opened.name} at {place(opened.at)} = {written(opened.gradient)}"


def value_parts(opened: ValueTerms) -> list[d.Part]:
    """The rule, all terms, the largest first, their sum, and what became of the value."""
    terms = opened.terms
    weighted, folding = terms.rule in ("sum", "maximum", "sampled"), opened.folding
    rows = []
    for i in opened.largest():
        layer, at = opened.source(i)
        stored = () if folding is None else (written(float(folding.stored[i])),)
        factor = (*stored, written(terms.factors[i])) if weighted else ()
        rows.append(
            (layer, place(at), written(terms.values[i]), *factor, written(terms.products[i]))
        )
    stored_head = () if folding is None else ("stored weight",)
    factors = (*stored_head, "× factor", "= product")
    heads = ("reads", "at", "value", *(factors if weighted else ("makes",)))
    total, engine, difference = compared(terms.total, opened.value)
    return [
        d.Text(f"{opened.kind}: {rule_in_words(opened)}"),
        *map(d.Text, detail_lines(opened)),
        d.Only("page", [d.Bars("largest terms", _value_bars(opened), signed=True)]),
        d.Table("terms", heads, rows, left=2, limit=TERMS),
        d.Text(f"added up {total}, by the engine {engine}, difference {difference}"),
        *(d.Text(f"then {line}") for line in use_lines(opened)),
    ]


def gradient_parts(opened: GradientTerms) -> list[d.Part]:
    """All products, the largest first, their sum, the update and the check."""
    rows = []
    for i in opened.largest():
        term = opened.terms[i]
        rows.append(
            (
                term.layer,
                place(term.at),
                "" if term.reads is None else place(term.reads),
                written(term.factor),
                written(term.delta),
                written(term.product),
            )
        )
    heads = ("output", "at", "reads", "factor", "× δ", "= product")
    total, engine, difference = compared(opened.total, opened.gradient)
    return [
        d.Text(f"the sum of {counted(len(opened), 'product')}"),
        d.Only("page", [d.Bars("largest products", _gradient_bars(opened), signed=True)]),
        d.Table("products", heads, rows, left=3, limit=TERMS),
        d.Text(f"added up {total}, by the engine {engine}, difference {difference}"),
        *map(d.Text, _checks(opened)),
    ]


def _checks(opened: GradientTerms) -> Iterator[str]:
    if opened.check is not None:
        yield check_line(opened)
    if opened.after is not None:
        yield update_line(opened)


def _value_bars(opened: ValueTerms) -> list[d.Bar]:
    found = []
    for i in opened.largest(MOST_BARS):
        (layer, at), value = opened.source(i), float(opened.terms.products[i])
        found.append(d.Bar(f"{layer} {place(at)}", value, written(value)))
    return found


def _gradient_bars(opened: GradientTerms) -> list[d.Bar]:
    chosen = (opened.terms[i] for i in opened.largest(MOST_BARS))
    return [
        d.Bar(f"{term.layer} {place(term.at)}", term.product, written(term.product))
        for term in chosen
    ]


def _draw(title: str, bars: list[d.Bar], count: int) -> Figure:
    """The largest terms as bars, the largest above."""
    figure = new_figure(7.0, 1.2 + 0.25 * max(len(bars), 1))
    axes = figure.subplots()
    draw_bars(axes, bars)
    what = "all terms" if count <= len(bars) else f"the largest {len(bars)} of {count} terms"
    figure.suptitle(f"{title}\n{what}")
    return figure
