"""The arithmetic behind one output value, as a record that can be shown and added up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.ops.reads import FILL
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.ops.arguments import Position

Rule = Literal["sum", "maximum", "share", "product", "function", "sampled"]
"""How what is read makes the value: a weighted sum (plus bias), the largest, one's share of the sum
of exponentials, the product of all, a function of one value, or a sum whose factors follow from
values of another input."""


@short_repr
@dataclass(frozen=True, eq=False)
class Terms:
    """One output value, opened.

    Attributes:
        rule: See :data:`Rule`.
        sources: (T, 1 + rank) integers: which input, then the position in it, of each value read;
            −1 fills up what an input has fewer axes than another. See :meth:`source`.
        values: (T,) float64: the values read there.
        factors: (T,) float64: what each is multiplied with (a weight; 1 for a pooling winner and 0
            for the others); NaN where a function took it instead.
        products: (T,) float64: what each contributes.
        bias: What is added to a sum in the end.
        own: For ``share``: which term the output stands for; for ``maximum``: which one won.
        weight: The name of the weight that the factors are; none where they are no weights.
        weights: (T, axes) the place of each in it.
    """

    rule: Rule
    sources: NDArray[np.int64]
    values: NDArray[np.float64]
    factors: NDArray[np.float64]
    products: NDArray[np.float64]
    bias: float = 0.0
    own: int = 0
    weight: str | None = None
    weights: NDArray[np.int64] | None = None

    def source(self, i: int) -> tuple[int, tuple[int, ...]]:
        """Which input the i-th value is in, and where."""
        branch, *at = self.sources[i].tolist()
        return branch, tuple(place for place in at if place != FILL)

    @property
    def total(self) -> float:
        """The output value, computed again from the products."""
        if self.rule == "maximum":
            return float(self.products[self.own])
        if self.rule == "share":
            return float(self.products[self.own] / self.products.sum())
        if self.rule == "product":
            return float(self.products.prod())
        return float(self.products.sum() + self.bias)


def weighted(
    sources: Sequence[Sequence[int]] | NDArray[np.int64],
    values: Sequence[float] | NDArray[Any],
    factors: Sequence[float] | NDArray[Any],
    bias: float = 0.0,
    weight: tuple[str, NDArray[np.int64]] | None = None,
) -> Terms:
    """Terms of a weighted sum: each product is value × factor; ``weight`` names the factors."""
    x = np.asarray(values, np.float64).reshape(-1)
    f = np.asarray(factors, np.float64).reshape(-1)
    with np.errstate(invalid="ignore"):  # 0 · ∞ is NaN here because it is NaN in forward
        products = x * f
    name, places = (None, None) if weight is None else weight
    rows = np.asarray(sources, np.int64)
    return Terms("sum", rows, x, f, products, float(bias), weight=name, weights=places)


def maximum(sources: NDArray[np.int64], values: NDArray[np.float64]) -> Terms:
    """Terms of the largest value: the first of equals, or the first NaN, has the factor 1."""
    own = int(np.argmax(values))
    factors = np.zeros_like(values)
    factors[own] = 1.0
    products = np.where(factors == 1.0, values, 0.0)  # a loser adds 0, an infinite one too
    return Terms("maximum", sources, values, factors, products, own=own)


def function_of(at: Position, value: float, result: float) -> Terms:
    """Terms of a pointwise function: one input, one result."""
    return Terms(
        "function",
        np.array([(0, *at)], np.int64),
        np.array([value], np.float64),
        np.array([np.nan]),
        np.array([result], np.float64),
    )
