"""How sums of products are written, and paragraphs about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.numerals import figure, short
from pellucid.show.document import Text
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LARGEST_GRID = 8
"""Rows and columns of the largest grid that is shown."""

LONGEST_SUM = 9
"""How many products of a sum are written: all of a 3×3 kernel's, as the lecture does."""


def prose(words: str, indent: int = 0, hanging: int = 0) -> Text:
    """A paragraph that a terminal fills; positions and results of sums stay on a line."""
    return Text(words, indent=indent, hanging=hanging, prose=True)


def factored(value: str, factor: str) -> str:
    """Two written numbers as a product, ``2.8·0.5``; a negative factor is in brackets."""
    return f"{value}·({factor})" if factor[0] == "−" else f"{value}·{factor}"


def sum_of_products(
    values: Sequence[float] | NDArray[Any], factors: Sequence[float] | NDArray[Any]
) -> str:
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
        parts.append(f"({counted(len(others), 'smaller product')}: {figure(float(others.sum()))})")
    return " + ".join(parts) or "0"
