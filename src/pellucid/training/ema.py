"""The exponential moving average of the weights, which is judged and saved in their place.

    ā ← d·ā + (1 − d)·w,   d = min(decay, (1 + t) / (10 + t))  after t steps

The average of many steps lies nearer to the bottom of the valley than any one of them does (Polyak
and Juditsky 1992, *Acceleration of stochastic approximation by averaging*). The smaller d of the
first steps forgets where training began, so that short runs profit as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Weights
    from pellucid.ops.operation import Array

EVERY = 16
"""Steps between two updates, which then count for all of them: d to their number."""


class MovingAverage:
    """A moving average of weights and of batch norms' statistics.

    Args:
        decay: Of each step, 0 to less than 1.
        weights: Where it begins; they are copied.
    """

    def __init__(self, decay: float, weights: Mapping[str, Array]) -> None:
        self._decay = decay
        self._weights = {name: array.copy() for name, array in weights.items()}
        self._steps = 0
        self._taken_in = 0

    @property
    def due(self) -> bool:
        """Whether enough steps were counted for the weights to be taken in."""
        return self._steps - self._taken_in >= EVERY

    def count(self) -> None:
        """A step has been taken."""
        self._steps += 1

    def take_in(self, weights: Mapping[str, Array]) -> None:
        """Move towards the weights, as far as the steps since the last time make it."""
        behind = self._steps - self._taken_in
        if not behind:
            return
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps)) ** behind
        for name, average in self._weights.items():
            average += (weights[name] - average) * average.dtype.type(1.0 - decay)
        self._taken_in = self._steps

    def weights(self) -> Weights:
        """Copies of the averaged weights."""
        return {name: array.copy() for name, array in self._weights.items()}

    def counters(self) -> tuple[int, ...]:
        """All there is to remember besides the weights."""
        return self._steps, self._taken_in

    def restore(self, weights: Mapping[str, Array], counters: tuple[int, ...]) -> None:
        """Go on from what :meth:`weights` and :meth:`counters` gave."""
        self._weights = {name: array.copy() for name, array in weights.items()}
        self._steps, self._taken_in = counters
