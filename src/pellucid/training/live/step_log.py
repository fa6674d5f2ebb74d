"""``steps.csv``: how the loss went, a row for some steps, in a file that never grows large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.files import write_file
from pellucid.files.atomic import explained
from pellucid.training.live.readers import HEAD, StepRow, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pellucid.training.result import Progress

MOST_ROWS = 20_000
"""In the file. When there are more, each two become one, and rows are written half as often."""

SECONDS = 0.5
"""Between two rows, at least."""


@dataclass
class _Sums:
    """Sums over pictures; of accuracies only where there are any."""

    images: float = 0.0
    loss: float = 0.0
    correct: float | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, progress: Progress) -> _Sums:
        """Those of an epoch so far."""
        images, accuracy = progress.images, progress.accuracy
        return cls(
            images,
            progress.loss * images,
            None if accuracy is None else accuracy * images,
            images / max(progress.images_per_second, 1e-9),
        )

    def plus(self, other: _Sums, sign: int = 1) -> _Sums:
        """Theirs and others', or without those."""
        both = None
        if self.correct is not None or other.correct is not None:
            both = (self.correct or 0.0) + sign * (other.correct or 0.0)
        return _Sums(
            self.images + sign * other.images,
            self.loss + sign * other.loss,
            both,
            self.seconds + sign * other.seconds,
        )


class StepLog:
    """Writes ``steps.csv``.

    Args:
        path: The file.
        seconds: Between two rows, at least.
        most: Rows in the file.
    """

    def __init__(self, path: Path, *, seconds: float = SECONDS, most: int = MOST_ROWS) -> None:
        self._path, self._seconds, self._most = path, seconds, most
        self._rows, self._step, self._next = 0, 0, 0.0
        self._latest: Progress | None = None
        self._before, self._carried = _Sums(), _Sums()

    def begin(self, progress: Progress) -> None:
        """Go on from a place in the training: rows of later steps are dropped.

        Raises:
            OutputError: If the file cannot be written.
        """
        self._latest, self._before, self._carried = progress, _Sums.of(progress), _Sums()
        self._step = progress.step
        self._write([row for row in self._read() if row.step <= progress.step])

    def rest_until(self, moment: float) -> None:
        """Write no row before a moment, by the clock of :meth:`add`, unless :meth:`flush` asks."""
        self._next = max(self._next, moment)

    def note(self, progress: Progress) -> None:
        """A step was taken; nothing is written."""
        latest = self._latest
        if latest is not None and progress.epoch != latest.epoch:
            self._carried = self._carried.plus(_Sums.of(latest).plus(self._before, -1))
            self._before = _Sums()
        self._latest = progress

    def add(self, progress: Progress, now: float) -> bool:
        """A step was taken; write a row if it is time.

        Args:
            progress: How far training is after it.
            now: Seconds, of any clock.

        Returns:
            Whether a row was written.

        Raises:
            OutputError: If the file cannot be written.
        """
        self.note(progress)
        if now < self._next:
            return False
        self._next = now + self._seconds
        self.flush()
        return True

    def flush(self) -> None:
        """Write a row of the steps that have none.

        Raises:
            OutputError: If the file cannot be written.
        """
        progress = self._latest
        if progress is None or progress.step <= self._step:
            return
        whole = _Sums.of(progress)
        since = self._carried.plus(whole.plus(self._before, -1))
        if since.images < 0.5:
            return
        row = StepRow(
            progress.step,
            progress.epoch,
            since.loss / since.images,
            None if since.correct is None else min(max(since.correct / since.images, 0.0), 1.0),
            progress.rate,
            since.images / max(since.seconds, 1e-9),
        )
        self._before, self._carried = whole, _Sums()
        self._step = row.step
        if self._rows >= self._most:
            self._write(merged([*self._read(), row]))
            self._seconds *= 2.0
            return
        with explained(self._path), self._path.open("a", encoding="ascii", newline="") as file:
            file.write(row.to_line())
        self._rows += 1

    def _read(self) -> list[StepRow]:
        if not self._path.exists():
            return []
        with explained(self._path):
            return rows_of(self._path.read_text("utf-8", errors="replace"))

    def _write(self, rows: Iterable[StepRow]) -> None:
        rows = list(rows)
        text = HEAD + "".join(row.to_line() for row in rows)
        write_file(self._path, text.encode("ascii"), sync=False)
        self._rows = len(rows)


def merged(rows: list[StepRow]) -> list[StepRow]:
    """Half as many rows: each two as one, whose means are over the steps of both."""
    first = 0
    found = []
    for i in range(0, len(rows), 2):
        pair = rows[i : i + 2]
        weights = []
        for row in pair:
            weights.append(max(row.step - first, 1))
            first = row.step
        found.append(_mean(pair, weights))
    return found


def _mean(rows: list[StepRow], weights: list[int]) -> StepRow:
    def mean(name: str) -> float | None:
        pairs = zip((getattr(row, name) for row in rows), weights, strict=True)
        known = [(value, weight) for value, weight in pairs if value is not None]
        if not known:
            return None
        return float(sum(v * w for v, w in known) / sum(w for _, w in known))

    last = rows[-1]
    return StepRow(
        last.step,
        last.epoch,
        mean("loss") or 0.0,
        mean("accuracy"),
        last.rate,
        mean("images_per_second") or 0.0,
    )
