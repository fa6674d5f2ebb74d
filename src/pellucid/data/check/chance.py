"""How many pictures would be as much alike as two of them by chance.

Pictures of plain things (digits, clothes on white) lie close together: some of 70 000 are alike
although nobody copied them. So the likeness of a pair is compared with how densely other pictures
lie around it.

Small copies with mean 0 and length 1 are points, at distances √(2 − 2r) for correlations r. Around
a point the number of others within a distance d grows as d^m. The local dimension m is estimated
from the distances R₁ … R_k to its k nearest among some reference pictures, by the farther half of
them, so that copies among the nearest do not matter: Σ_j log(R_k/R_j) is expected to be
Σ_j Σ_{i=j}^{k−1} 1/i, divided by m (Levina and Bickel, *Maximum likelihood estimation of intrinsic
dimension*, 2004; inverse estimates are averaged over neighbours, as MacKay and Ghahramani propose).
With s reference pictures of n, then n/s · k · (d/R_k)^m others are expected within d.

A pair is evidence of copying if that number is at most :data:`MOST_BY_CHANCE` / n for both: of a
set of independent pictures fewer than one is then expected to be reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BY_CHANCE = 0.1
"""Pictures of a set without copies that are expected to be reported."""

REFERENCES = 4096
"""How many pictures density is measured by at most; drawn at random with a fixed seed."""

NEIGHBOURS = 16
"""The k above, where there are pictures enough for them to be near."""

FEWEST_NEIGHBOURS = 8
"""The smallest k, where there are few pictures."""

CLOSE = 0.2
"""The distance of pictures that are very much alike: their correlation is 0.98."""

_DIMENSIONS = (2.0, 40.0)  # bounds of what is taken for a local dimension
_FEWEST = 4  # with fewer reference pictures nothing can be said of density
_AT_ONCE = 1024


class Density:
    """How densely pictures lie around some of them.

    Args:
        points: Small copies with mean 0 and variance 1, float32 (N, D).
        groups: The group of each picture, (N,): pictures that seem to be copies of one another have
            the same number, and only the first of each counts in what lies around.
        pictures: Positions of those whose surroundings are asked for, (Q,).
    """

    def __init__(
        self,
        points: NDArray[np.float32],
        groups: NDArray[np.int64],
        pictures: NDArray[np.int64],
    ) -> None:
        _, references = np.unique(groups, return_index=True)
        count = len(references)
        if count > REFERENCES:
            references = np.random.default_rng(0).choice(references, REFERENCES, replace=False)
        self._points, self._groups, self._references = points, groups, references
        self._near = min(NEIGHBOURS, max(FEWEST_NEIGHBOURS, count // 6), len(references) - 1)
        self._scale = count / max(1, len(references)) * self._near
        self.known = self._near >= _FEWEST
        if not self.known:
            return
        self._row = np.zeros(len(points), np.int64)
        self._row[pictures] = np.arange(len(pictures))
        distances, _ = self._nearest(references)
        inverse = self._inverse_dimensions(distances)
        distances, neighbours = self._nearest(pictures)
        low, high = _DIMENSIONS
        self._dimension = 1 / np.clip(inverse[neighbours].mean(axis=1), 1 / high, 1 / low)
        self._radius = np.maximum(distances[:, -1], 1e-6)

    def expected(
        self, pictures: NDArray[np.int64], distance: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return how many others are expected by chance within a distance of each picture, (N,).

        Where too few pictures are there to measure density by, it is 0 for pictures that are very
        much alike, and else infinite.
        """
        if not self.known:
            return np.where(distance <= CLOSE, 0.0, np.inf)
        rows = self._row[pictures]
        closeness = np.minimum(distance / self._radius[rows], 1.0)
        expected: NDArray[np.float64] = self._scale * closeness ** self._dimension[rows]
        return expected

    def _nearest(
        self, pictures: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return distances and rows of the nearest references of other groups, ascending (Q, k)."""
        near, references = self._near, self._points[self._references]
        of_reference = self._groups[self._references]
        distances = np.empty((len(pictures), near), np.float32)
        rows = np.empty((len(pictures), near), np.int64)
        for start in range(0, len(pictures), _AT_ONCE):
            some = pictures[start : start + _AT_ONCE]
            correlation = self._points[some] @ references.T / np.float32(references.shape[1])
            correlation[self._groups[some][:, np.newaxis] == of_reference] = -1
            found = np.argpartition(-correlation, near - 1, axis=1)[:, :near]
            values = np.take_along_axis(correlation, found, axis=1)
            order = np.argsort(-values, axis=1)
            values = np.take_along_axis(values, order, axis=1)
            distances[start : start + len(some)] = np.sqrt(np.maximum(0, 2 - 2 * values))
            rows[start : start + len(some)] = np.take_along_axis(found, order, axis=1)
        return distances, rows

    def _inverse_dimensions(self, distances: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return 1/m around each reference, from the farther half of its neighbours."""
        near = self._near
        ranks = range(max(1, near // 2), near)
        expected = sum(1 / i for j in ranks for i in range(j, near))
        far = np.maximum(distances, 1e-6).astype(np.float64)
        logs = np.log(far[:, -1:] / far[:, [rank - 1 for rank in ranks]])
        inverse: NDArray[np.float64] = logs.sum(axis=1) / expected
        return inverse
