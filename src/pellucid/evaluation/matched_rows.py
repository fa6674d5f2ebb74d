"""Regions of two forms of one network, row by row, though each form may order them otherwise.

Proposals are sorted by probability and suppressed by overlap. Where two are as likely as makes no
difference, or overlap by almost exactly the bound, the last bit of a sum decides their order, or
which of both there is; sums differ so between any two programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.ops import Propose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.graph import Graph

NEAR = 0.5
"""Pixels that the corners of one region may be apart in two forms."""

MOST_OTHER = 0.02
"""The share of a picture's rows that may be of other regions."""


class MatchedRows(NamedTuple):
    """Which rows of B are those of A.

    Attributes:
        order: For each picture and row of A, the row of B, (N, R); −1: none.
        other: How many rows have none, of regions that are compared all the same.
    """

    order: NDArray[np.int64]
    other: int

    def of(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        """B's values (N, R, …) in A's order; A's own where B has no such region."""
        places = self.order.reshape(*self.order.shape, *(1,) * (b.ndim - 2))
        found = np.take_along_axis(b, np.maximum(places, 0), axis=1)
        return np.where(places >= 0, found, a)


def matched_rows(a: NDArray[np.float64], b: NDArray[np.float64]) -> MatchedRows:
    """Match rows by their regions.

    Args:
        a: Rows of A whose first numbers are x0, y0, x1, y1 in pixels, (N, R, 4 or more).
        b: Those of B.
    """
    orders = np.array([_matched(*pair) for pair in zip(a[..., :4], b[..., :4], strict=True)])
    other = (orders < 0).sum(axis=1)
    no_number = ~np.isfinite(b[..., :4]).all(axis=(1, 2))  # which no rounding explains
    for n in np.flatnonzero((other > MOST_OTHER * orders.shape[1]) | no_number):
        orders[n] = np.arange(orders.shape[1])
        other[n] = 0
    return MatchedRows(orders, int(other.sum()))


def _matched(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each row of A the nearest of B that no row before it has, if it is near."""
    apart = np.nan_to_num(np.abs(a[:, None] - b[None]).max(axis=-1), nan=np.inf)
    found = np.full(len(a), -1)
    for n in range(len(a)):
        nearest = int(apart[n].argmin())
        if apart[n, nearest] <= NEAR:
            found[n] = nearest
            apart[:, nearest] = np.inf
    return found


def layers_of_regions(graph: Graph) -> set[str]:
    """The layers whose values have a row for each proposal, or are proposals themselves."""
    found: set[str] = set()
    for node in graph.nodes:
        if isinstance(node.operation, Propose) or found.intersection(node.inputs):
            found.add(node.name)
    return found


def scaled(rows: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Rows with corners as shares of the picture's longer side, so that no unit outweighs others.

    Args:
        rows: (N, R, 7 + 5K).
        size: The picture's height and width in pixels.
    """
    found = rows.copy()
    found[..., :4] /= max(size)
    return found
