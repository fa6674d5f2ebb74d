"""The terms of an opened value or gradient as bars, the largest above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.explain.pages.numbers import figure as written
from pellucid.explain.pages.numbers import place
from pellucid.explain.pictures import new_figure, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.explain.backward import GradientTerms
    from pellucid.explain.value_terms import ValueTerms

MOST_BARS = 20


def value_terms_figure(opened: ValueTerms) -> Figure:
    """What one value is made of."""
    rows = [
        (f"{opened.source(i)[0]} {place(opened.source(i)[1])}", float(opened.terms.products[i]))
        for i in opened.largest(MOST_BARS)
    ]
    title = f"{opened.layer} at {place(opened.at)} = {written(opened.value)}"
    return _bars(title, rows, len(opened))


def gradient_terms_figure(opened: GradientTerms) -> Figure:
    """What one gradient is the sum of."""
    rows = []
    for i in opened.largest(MOST_BARS):
        term = opened.terms[i]
        rows.append((f"{term.layer} {place(term.at)}", term.product))
    title = f"∂loss/∂{opened.name} at {place(opened.at)} = {written(opened.gradient)}"
    return _bars(title, rows, len(opened))


def _bars(title: str, rows: list[tuple[str, float]], count: int) -> Figure:
    figure = new_figure(7.0, 1.2 + 0.25 * max(len(rows), 1))
    axes = figure.subplots()
    axes.barh(range(len(rows)), [value for _, value in rows], color="#0072b2")
    axes.set_yticks(range(len(rows)), [plain(name) for name, _ in rows], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0.0, color="#595959", linewidth=0.8)
    axes.tick_params(axis="x", labelsize=8)
    for k, (_, value) in enumerate(rows):
        axes.annotate(
            written(value), (value, k), (3 if value >= 0 else -3, 0), textcoords="offset points",
            va="center", ha="left" if value >= 0 else "right", fontsize=7,
        )  # fmt: skip
    axes.margins(x=0.2)
    words = "all terms" if count <= len(rows) else f"the largest {len(rows)} of {count} terms"
    axes.set_xlabel(words, fontsize=8)
    figure.suptitle(plain(title), fontsize=10)
    return figure
