"""The lab's data: their pictures, and what ``pellucid check`` finds in them."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from pellucid.data.check import inspect
from pellucid.data.reading import Reading
from pellucid.engines import DEFAULT
from pellucid.errors import DataError, PellucidError
from pellucid.estimators.all_features import features_to_check
from pellucid.lab.failures import report_own
from pellucid.lab.gallery import Gallery, gallery_of
from pellucid.serving.refused import RefusedError
from pellucid.text import printable
from pellucid.transfer.suspicions import with_suspicions
from pellucid.transfer.usual_body import BODY

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from pellucid.data.check import DataReport
    from pellucid.lab.decision_book import DecisionBook


class _EndedError(Exception):
    """The lab ends."""


class Checking:
    """What is known of a lab's data.

    Args:
        data: As ``pellucid train`` takes them; none: there are none.
        book: What is decided about them.
        working: Looks at them, one after the other.
    """

    def __init__(self, data: str | None, book: DecisionBook, working: Executor) -> None:
        self.data = data
        self._book, self._working = book, working
        self._lock = threading.Lock()
        # the last list, and the one before, whose pictures are shown until a check is done
        self._galleries: dict[int, Gallery] = {}
        self._listed, self._generation = False, 0
        self._state, self._done, self._of, self._error = "none", 0, 0, ""
        self._doing = ""
        self._report: DataReport | None = None
        self._number = 0
        self._ended = False

    def gallery(self) -> tuple[int, Gallery]:
        """The pictures, listed once, with the number of that list.

        Raises:
            DataError: There are no data, or they cannot be read any more.
        """
        with self._lock:
            if not self._listed:
                if self.data is None:
                    raise DataError(
                        "the lab was opened without data; open it with them: pellucid lab RUNS DATA"
                    )
                gallery = gallery_of(self.data)
                self._generation += 1
                self._galleries[self._generation] = gallery
                self._galleries.pop(self._generation - 2, None)
                self._listed = True
            return self._generation, self._galleries[self._generation]

    def picture(self, identifier: str) -> tuple[Gallery, int]:
        """A picture by what it was called in an answer: ``3-17``.

        Raises:
            RefusedError: If there is none, or the data were listed twice since.
        """
        form = re.fullmatch(r"(\d{1,11})-(\d{1,11})", identifier, re.ASCII)
        if form is not None:
            self.gallery()
            with self._lock:
                gallery = self._galleries.get(int(form[1]))
            if gallery is not None and int(form[2]) < len(gallery):
                return gallery, int(form[2])
        raise RefusedError(404, "there is no such picture any more; open the view again")

    def digest(self, path: str) -> str:
        """The digest of a picture's content, by its printed name.

        Raises:
            DataError: If the data have no such picture.
        """
        _, gallery = self.gallery()
        assert self.data is not None
        if path not in gallery.places:
            raise DataError(
                f"{printable(path)}: the data have no such picture; check {printable(self.data)} "
                "again"
            )
        return gallery.digest(gallery.places[path])

    def state(self) -> dict[str, Any]:
        """How far a check is, as JSON values; ``number`` counts those that were finished."""
        with self._lock:
            return {
                "state": self._state, "done": self._done, "of": self._of, "error": self._error,
                "number": self._number, "doing": self._doing,
            }  # fmt: skip

    def report(self) -> DataReport | None:
        """What the last check found; none where there was none."""
        with self._lock:
            return self._report

    def start(self, *, near: bool, features: bool = False) -> None:
        """Look at the data, again if that was done; a check that runs goes on.

        Args:
            near: Whether to look for pictures that are nearly the same, too.
            features: Whether to look for labels that are likely wrong, too, by the features of a
                trained network.
        """
        if self.data is None:
            self.gallery()  # which says what is missing
        with self._lock:
            if self._state == "checking":
                return
            self._state, self._done, self._of, self._error = "checking", 0, 0, ""
            self._doing = "pictures"
            self._listed = False
        self._working.submit(self._check, near, features)

    def end(self) -> None:
        """Let a check end at the next picture."""
        self._ended = True

    def _check(self, near: bool, features: bool) -> None:
        def watch(doing: str) -> Callable[[int, int], None]:
            def watched(done: int, of: int) -> None:
                if self._ended:
                    raise _EndedError
                with self._lock:
                    self._doing, self._done, self._of = doing, done, of

            return watched

        assert self.data is not None
        try:
            self.gallery()
            decided = self._book.file if self._book.read().rows else None
            report = inspect(self.data, near=near, progress=watch("pictures"), decisions=decided)
            if features:
                reading = Reading(decisions=decided)
                seen = features_to_check(self.data, BODY, reading, None, DEFAULT, watch("features"))
                report = with_suspicions(report, seen, watching=watch("folds"))
        except (PellucidError, _EndedError) as error:
            with self._lock:
                self._state, self._error = "failed", printable(str(error))
        except Exception:  # noqa: BLE001 - reported, in the page and in the terminal
            text = report_own("the check")
            with self._lock:
                self._state, self._error = "failed", text
        else:
            with self._lock:
                self._state, self._report = "done", report
                self._number += 1
