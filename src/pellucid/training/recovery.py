"""When a loss is not finite or explodes: leave out the batch, then go back and learn more slowly.

Training keeps its last good state. A batch that fails is left out: training goes back there, takes
the same steps again, for they are all reproducible, and passes the batch over. If another fails
before the next good state, it was not the batch: training goes back and from then on learns at half
the rate. After a few such halvings it gives up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GOOD_EVERY = 64
"""Batches between two states that are kept to go back to."""

MOST_ROLL_BACKS = 4
"""In a whole run."""

EXPLODED = 1e4
"""No loss of a network that learns is larger, unless it began so: then 100 times the first loss."""

EXPLODED_AT_END = 1e6
"""No loss at an epoch's end is larger, as inference has it. It may be large for a while, when the
running statistics of batch norms have seen few batches, and fit worse than a batch's own."""

WORSE_THAN_CHANCE = 10.0
"""States with a larger loss are not worth going back to, unless it began so: twice the first."""


@dataclass
class Recovery:
    """What has been tried.

    Attributes:
        first_loss: Of the run's very first batch.
        skipping: The batch of this epoch that is left out since the last good state.
        skipped: Batches of this epoch that were left out.
        rolled_back: How often this epoch went back with half the rate.
        roll_backs: The same, in the whole run.
    """

    first_loss: float | None = None
    skipping: int | None = None
    skipped: int = 0
    rolled_back: int = 0
    roll_backs: int = 0

    @property
    def rate_factor(self) -> float:
        """What every learning rate is multiplied with."""
        return float(0.5**self.roll_backs)

    def failed(self, loss: float) -> bool:
        """Whether a batch's loss is not to be learned from."""
        if not math.isfinite(loss):
            return True
        if self.first_loss is None:
            self.first_loss = loss
        return loss > EXPLODED and loss > 100.0 * self.first_loss

    def failed_at_end(self, loss: float) -> bool:
        """Whether the network's loss after an epoch shows that nothing can come of it."""
        return not loss <= EXPLODED_AT_END

    def is_good(self, loss: float) -> bool:
        """Whether a mean loss since the last good state makes this another."""
        return loss <= max(WORSE_THAN_CHANCE, 2.0 * (self.first_loss or 0.0))

    def new_good_state(self, batch: int) -> None:
        """Note that training will not go back beyond this number of batches of the epoch."""
        if self.skipping is not None and self.skipping < batch:
            self.skipping = None

    def new_epoch(self) -> None:
        """Reset the counts of failures."""
        self.skipping = None
        self.skipped = self.rolled_back = 0

    def decide(self, batch: int | None) -> bool:
        """After a failure: note what is to be done differently from the last good state on.

        Args:
            batch: The one that failed; none if it cannot be said which.

        Returns:
            False if everything has been tried.
        """
        if batch is not None and self.skipping is None:
            self.skipping = batch
            self.skipped += 1
            return True
        if self.roll_backs == MOST_ROLL_BACKS:
            return False
        if self.skipping is not None:  # it was not the batch
            self.skipping = None
            self.skipped -= 1
        self.rolled_back += 1
        self.roll_backs += 1
        return True
