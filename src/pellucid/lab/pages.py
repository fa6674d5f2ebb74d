"""The pages of runs, made once each; they follow their trainings."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from pellucid.errors import DataError, FileFormatError
from pellucid.estimators.live_page import LivePage, live_page
from pellucid.files.regular import open_regular
from pellucid.page import Feed
from pellucid.training.run_folder import RunFolder

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from pellucid.page.page import Language

MOST = 6
"""Pages that are kept: each has the run's weights and pictures."""


class Pages:
    """The pages of runs, by run and language.

    Args:
        working: Makes them.
    """

    def __init__(self, working: Executor) -> None:
        self._working = working
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, str], tuple[object, Future[LivePage]]] = OrderedDict()

    def of(self, identifier: str, folder: Path, language: Language) -> Future[LivePage]:
        """The page of a run, which may still be in the making.

        Args:
            identifier: The run's.
            folder: Its folder.
            language: Of the page's texts at first.
        """
        key, training = (identifier, language), _training(folder)
        with self._lock:
            kept, made = self._made.get(key, (None, None))
            failed = made is not None and made.done() and made.exception() is not None
            if made is None or kept != training or failed:
                feed = Feed(
                    f"../../api/runs/{identifier}/events", f"../../api/runs/{identifier}/weights"
                )
                made = self._working.submit(live_page, folder, feed, language=language)
                self._made[key] = (training, made)
            self._made.move_to_end(key)
            while len(self._made) > MOST:
                self._made.popitem(last=False)
        return made

    def opened(self, identifier: str) -> LivePage:
        """A page of a run that was made.

        Raises:
            DataError: If there is none.
        """
        with self._lock:
            for (of, _), (_, made) in self._made.items():
                if of == identifier and made.done() and made.exception() is None:
                    return made.result()
        raise DataError("the page of this run is not open any more; open it again")


def _training(folder: Path) -> object:
    """By what a training is known: another one in the same folder has another network."""
    try:
        with open_regular(folder / RunFolder.CONFIG) as file:
            return file.read()
    except (OSError, FileFormatError):
        return None
