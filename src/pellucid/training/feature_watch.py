"""What watchers see of a training while its frozen body looks at the pictures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

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
        start: The state before anything is learned, which is kept where training stops.
        epochs: How many there will be at most.
    """

    def __init__(self, watchers: Sequence[Watcher], start: Checkpoint, epochs: int) -> None:
        self._watchers, self._start = watchers, start
        self._began = time.perf_counter()
        beginning = Progress(1, 0, 0, 0.0, None, 0.0, FEATURES)
        underway = Underway(epochs, beginning, start.now.answering)
        for watcher in watchers:
            if isinstance(watcher, Steering):
                watcher.begin(underway)

    def __call__(self, done: int, of: int) -> None:
        """Notify watchers.

        Args:
            done: Pictures that the body has looked at.
            of: Those that it has to; none where all features are known.

        Raises:
            Stopped: If a keeper is to stop.
        """
        rate = done / max(time.perf_counter() - self._began, 1e-9)
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
        """Let keepers that are to stop keep the state, and stop.

        Raises:
            Stopped: If one is.
        """
        for watcher in self._watchers:
            if isinstance(watcher, Keeper) and watcher.stopping():
                watcher.keep(self._start)
                watcher.stop(self._start)
