"""The stream of a run's page: new weights, and how far the training is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pellucid.errors import PellucidError
from pellucid.lab.described import progress_of
from pellucid.lab.stream import Stream, event, stamp
from pellucid.training.live import renew_wanted
from pellucid.training.run_folder import RunFolder
from pellucid.training.snapshot import LIVE_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid.lab.lab import Lab


WANTED_SECONDS = 2.0
"""Between two renewals of the wish for weights, which a training forgets after some seconds."""


class Follow(Stream):
    """What a page hears that shows a network while it learns.

    Args:
        lab: The lab.
        folder: The run's.
    """

    def __init__(self, lab: Lab, folder: Path) -> None:
        super().__init__(lab)
        self._folder = folder
        self._number = 0
        self._next = float("-inf")

    def news(self) -> Iterator[bytes]:
        """How far the training is, and whether there are new weights."""
        progress = progress_of(self._folder)
        if progress is not None:
            yield from self.changed("progress", progress)
            if not progress["ended"] and time.monotonic() >= self._next:
                self._next = time.monotonic() + WANTED_SECONDS
                yield from self._ask()
        places = (self._folder.joinpath(*LIVE_WEIGHTS), self._folder / RunFolder.MODEL)
        if self.is_new("weights", [stamp(place) for place in places]):
            self._number += 1
            yield event("weights", {"number": self._number, "step": None, "epoch": None})

    def _ask(self) -> Iterator[bytes]:
        """Say that somebody watches; where that cannot be written, no new weights come."""
        try:
            renew_wanted(self._folder)
        except PellucidError as error:
            yield from self.changed("failed", {"error": str(error)})
        else:
            yield from self.changed("failed", {"error": ""}) if "failed" in self._sent else ()
