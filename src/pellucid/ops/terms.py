"""The arithmetic behind one output value, as a record that can be shown and added up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Rule = Literal["sum", "maximum", "share", "function"]
"""How products make the value: their sum (plus bias), the largest, one's share of the sum, or one
product alone that a function made of one input."""


@short_repr
@dataclass(frozen=True, eq=False)
class Terms:
    """One output value, opened.

    Attributes:
        rule: See :data:`Rule`.
        sources: (T, 1 + rank) integers: which input, then the position in it, of each value read.
        values: (T,) float64: the values read there.
        factors: (T,) float64: what each is multiplied with (a weight; 1 for a pooling winner and 0
            for the others); NaN where a function took it instead.
        products: (T,) float64: what each contributes.
        bias: What is added to a sum in the end.
        own: For ``share``: which term the output stands for.
    """

    rule: Rule
    sources: NDArray[np.int64]
    values: NDArray[np.float64]
    factors: NDArray[np.float64]
    products: NDArray[np.float64]
    bias: float = 0.0
    own: int = 0

    @property
    def total(self) -> float:
        """The output value, computed again from the products."""
        if self.rule == "maximum":
            return float(self.products[self.own])
        if self.rule == "share":
            return float(self.products[self.own] / self.products.sum())
        return float(self.products.sum() + self.bias)


def weighted(
    sources: Sequence[Sequence[int]] | NDArray[np.int64],
    values: Sequence[float] | NDArray[Any],
    factors: Sequence[float] | NDArray[Any],
    bias: float = 0.0,
) -> Terms:
    """Terms of a weighted sum: each product is value × factor."""
    x = np.asarray(values, np.float64).reshape(-1)
    f = np.asarray(factors, np.float64).reshape(-1)
    with np.errstate(invalid="ignore"):  # 0 · ∞ is NaN here because it is NaN in forward
        products = x * f
    return Terms("sum", np.asarray(sources, np.int64), x, f, products, float(bias))


def function_of(at: tuple[int, ...], value: float, result: float) -> Terms:
    """Terms of a pointwise function: one input, one result."""
    return Terms(
        "function",
        np.array([(0, *at)], np.int64),
        np.array([value], np.float64),
        np.array([np.nan]),
        np.array([result], np.float64),
    )
