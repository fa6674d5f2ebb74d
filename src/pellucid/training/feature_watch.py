"""What watchers see of a training while its frozen body looks at the pictures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pellucid.training.pausing import rest
from pellucid.training.result import Keeper, Progress, Steering, Underway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.training.checkpoint import Checkpoint
    from pellucid.training.result import Watcher

FEATURES = "features"
"""What is done meanwhile."""


class FeatureWatch:
    """Notifies watchers how far the features are, and lets keepers stop the training.

    Args:
        watchers: Notified with the number of pictures that the body has looked at, and of all.
        start: The state before anything is learned, which is kept where training stops. It takes
            in how the learning rate is changed meanwhile.
        epochs: How many there will be at most.
        first: The epoch of the first step.

    Attributes:
        rested: Seconds that were waited since others wanted it.
    """

    def __init__(
        self, watchers: Sequence[Watcher], start: Checkpoint, epochs: int, first: int = 1
    ) -> None:
        self._watchers, self._start, self._first = watchers, start, first
        self._began, self.rested = time.perf_counter(), 0.0
        beginning = Progress(1, 0, 0, 0.0, None, 0.0, FEATURES)
        underway = Underway(epochs, beginning, start.now.answering)
        self._steering = [each for each in watchers if isinstance(each, Steering)]
        for watcher in self._steering:
            watcher.begin(underway)

    def __call__(self, done: int, of: int) -> None:
        """Notify watchers.

        Args:
            done: Pictures that the body has looked at.
            of: Those that it has to; none where all features are known.

        Raises:
            Stopped: If a keeper is to stop.
        """
        rate = done / max(time.perf_counter() - self._began - self.rested, 1e-9)
        for watcher in self._watchers:
            if of:
                watcher.after_step(Progress(1, done, of, 0.0, None, rate, FEATURES))
        self.stop_if_asked()

    def keep(self) -> None:
        """Let keepers keep the state before anything is learned."""
        for watcher in self._watchers:
            if isinstance(watcher, Keeper):
                watcher.keep(self._start)

    def stop_if_asked(self) -> None:
        """Let keepers that are to stop keep the state, and stop; and wait while that is wanted.

        Raises:
            Stopped: If one is to stop.
        """
        keepers = [each for each in self._watchers if isinstance(each, Keeper)]
        self.rested += rest(keepers, self._steering, self._keep, self._change_rate)

    def _keep(self, keeper: Keeper) -> None:
        keeper.keep(self._start)
        if keeper.stopping():
            keeper.stop(self._start)

    def _change_rate(self) -> None:
        """No steps are taken here: what is asked holds from the first one on."""
        for watcher in self._steering:
            factor = watcher.factor()
            if factor is not None:
                self._start.trained.change_rate(self._first, 0, factor)
