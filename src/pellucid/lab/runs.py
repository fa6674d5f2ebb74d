"""The runs of a lab: found below one folder, each known by an identifier that is no path."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.serving.refused import RefusedError
from pellucid.training.runs import list_runs

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.training.runs import ListedRun

FRESH = 1.5
"""Seconds for which a list is taken as it was, so that ten tabs do not search ten times."""

SHARE = 0.1
"""Of the time that goes into searching, at most: trainings need the processor more."""


class Runs:
    """The runs below a folder, by identifiers.

    What a browser sends is looked up among these, and never becomes a part of a path.

    Args:
        root: The folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._found: dict[str, ListedRun] = {}
        self._until = 0.0

    def listed(self, *, fresh: bool = False) -> dict[str, ListedRun]:
        """All runs by identifier, the newest first.

        Args:
            fresh: Whether to search now, whenever the last search was.
        """
        with self._lock:
            if fresh or time.monotonic() >= self._until:
                began = time.monotonic()
                try:
                    found = list_runs(self.root) if self.root.is_dir() else []
                except DataError:  # gone in this moment
                    found = []
                self._found = {self.identifier(run.path): run for run in found}
                now = time.monotonic()
                self._until = now + max(FRESH, (now - began) / SHARE)
            return self._found

    def find(self, identifier: str) -> ListedRun:
        """A run by its identifier.

        Raises:
            RefusedError: If there is none, or no more.
        """
        run = self.listed().get(identifier) or self.listed(fresh=True).get(identifier)
        if run is None:
            raise RefusedError(
                404, "there is no such run any more; it was removed or renamed, see the list"
            )
        return run

    def identifier(self, path: Path) -> str:
        """By what a run is known: the same in every lab on the same folder."""
        place = path.relative_to(self.root).as_posix()
        return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:16]
