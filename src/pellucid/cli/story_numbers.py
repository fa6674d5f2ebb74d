"""How a story sets its numbers: grids side by side, sums of products, lines of text."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.pages.numbers import figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from pellucid.ops.operation import Array

WIDTH = 80
"""Columns that a story fills at most, where no name is longer."""

_BOUND = "\u00a0"
"""A space at which no line ends; names that are shown hold none."""

LARGEST_GRID = 8
"""Rows and columns of the largest grid that is printed."""

HOLE = "·"
"""What stands in a table where there is no number: a kernel over the edge, say."""

LONGEST_SUM = 9
"""How many products of a sum are printed: all of a 3×3 kernel's, as the lecture does."""


def tell(console: Console, text: str, indent: int = 0, hanging: int = 0) -> None:
    """Print a paragraph; positions and results of sums stay together on a line."""
    bound = re.sub(r"(?<=\d,) (?=\d)|(?<=[=→+×]) | (?=→)", _BOUND, text)
    filled = textwrap.fill(
        bound,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print(filled.replace(_BOUND, " "))


def short(value: float) -> str:
    """A number in three digits."""
    return figure(float(f"{value:.3g}")) if np.isfinite(value) else figure(value)


def factored(value: str, factor: str) -> str:
    """Two written numbers as a product, ``2.8·0.5``; a negative factor stands in brackets."""
    return f"{value}·({factor})" if factor[0] == "−" else f"{value}·{factor}"


def sum_of_products(values: Sequence[float] | Array, factors: Sequence[float] | Array) -> str:
    """The products of a sum; of a long one the largest, in their order, and what the others make.

    Args:
        values: (T,).
        factors: (T,), what each is multiplied with.
    """
    x, f = np.asarray(values, np.float64), np.asarray(factors, np.float64)
    with np.errstate(invalid="ignore"):
        products = x * f
    chosen = np.arange(len(x))
    if len(x) > LONGEST_SUM:
        chosen = np.sort(np.argsort(-np.abs(products), kind="stable")[: LONGEST_SUM - 1])
    parts = [factored(short(x[i]), short(f[i])) for i in chosen]
    others = np.delete(products, chosen)
    if len(others):
        parts.append(f"({len(others)} smaller products: {figure(float(others.sum()))})")
    return " + ".join(parts) or "0"


def grid(values: Sequence[Sequence[float | None]]) -> list[str]:
    """A table of numbers, (rows, columns), flush right; :data:`HOLE` where there is none."""
    cells = [[short(float(x)) if x is not None else HOLE for x in row] for row in values]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]


def print_grids(console: Console, grids: Mapping[str, Sequence[Sequence[float | None]]]) -> None:
    """Print tables with their titles, side by side as far as there is room."""
    line: list[list[str]] = []
    for title, values in grids.items():
        block = [title, *grid(values)]
        width = max(map(len, block))
        block = [text.ljust(width) for text in block]
        if line and sum(len(each[0]) + 3 for each in line) + width + 2 > WIDTH:
            _print_blocks(console, line)
            console.print()
            line = []
        line.append(block)
    _print_blocks(console, line)


def _print_blocks(console: Console, blocks: list[list[str]]) -> None:
    for i in range(max(map(len, blocks), default=0)):
        texts = [block[i] if i < len(block) else " " * len(block[0]) for block in blocks]
        console.print(f"  {'   '.join(texts)}".rstrip())
