"""The stream of the lab's own page: what changes of the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import PellucidError
from pellucid.lab.described import all_rows, history_rows, progress_of
from pellucid.lab.stream import Stream, event, stamp
from pellucid.training.live import StepsTail
from pellucid.training.run_folder import RunFolder, holds_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid.lab.lab import Lab


class RunsStream(Stream):
    """What a tab hears of all runs, and of the one that it shows.

    It begins with the whole state, so that a tab that was closed, hidden or cut off has lost
    nothing when it comes back.

    Args:
        lab: The lab.
        watched: The identifier of the run whose curves the tab shows; none: only the list.
    """

    def __init__(self, lab: Lab, watched: str | None) -> None:
        super().__init__(lab)
        self._watched = watched
        self._tail: StepsTail | None = None
        self._listed: object = None

    def news(self) -> Iterator[bytes]:
        """What is new of the list, of trainings in progress, and of the run."""
        listed = self._lab.runs.listed()
        if listed is not self._listed:  # searched again; thousands of rows are not made for nothing
            self._listed = listed
            yield from self.changed("runs", all_rows(self._lab.runs))
        running = (name for name, run in listed.items() if run.state == "running")
        progress = {name: progress_of(listed[name].path) for name in running}
        yield from self.changed("progress", {n: p for n, p in progress.items() if p is not None})
        identifier = self._lab.runs.identifier
        yield from self.changed(
            "beginning",  # until the list has them, which is not searched all the time
            [
                job.to_dict()
                for job in self._lab.jobs.running()
                if identifier(job.folder) not in listed
            ],
        )
        yield from self.changed("failed", [job.to_dict() for job in self._lab.jobs.without_run()])
        yield from self.changed("checking", self._lab.checking.state())
        yield from self.changed("decisions", stamp(self._lab.book.file))
        if self._watched is not None:
            run = listed.get(self._watched)
            gone = run is None or not holds_run(run.path)  # removed since runs were searched for
            yield from self.changed("gone", gone)
            if run is not None and not gone:
                yield from self._of_run(run.path)

    def _of_run(self, path: Path) -> Iterator[bytes]:
        if self.is_new("history", stamp(path / RunFolder.HISTORY)):
            yield event("history", history_rows(path))
        first = self._tail is None
        self._tail = self._tail or StepsTail(path)
        try:
            rows, again = self._tail.read()
        except PellucidError:  # it cannot be read now; it may be at the next look
            rows, again = [], False
        if rows or again or first:
            yield event("steps", {"fresh": again or first, "rows": [vars(row) for row in rows]})
        job = self._lab.jobs.of(path)
        if job is not None:
            yield from self.changed("job", job.to_dict())
