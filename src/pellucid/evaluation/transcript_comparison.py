"""Two speech recognizers judged by the same recordings.

The difference of their word errors has an interval by the paired bootstrap: recordings are
resampled, the same for both (Bisani and Ney 2004, *Bootstrap estimates for confidence intervals in
ASR performance evaluation*, section 4; the percentile interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.evaluation.side_by_side import SideBySide
from pellucid.evaluation.transcription import (
    RecordingRow,
    TranscriptReport,
    evaluate_transcripts,
)
from pellucid.metrics.word_error import word_error_interval, word_error_rate
from pellucid.short_repr import short_repr
from pellucid.tasks import Transcription

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier

SCHEMA = 1
"""Version of :meth:`TranscriptComparison.to_dict`."""


@short_repr
@dataclass(frozen=True, eq=False)
class TranscriptComparison(SideBySide):
    """What two recognizers heard in the same recordings, A and B.

    Attributes:
        names: What the two models are called.
        pictures: The recordings as A reads them.
        first: A's judgement.
        second: B's.
        difference: B's word error less A's.
        interval: Its 95 % interval, of recordings resampled for both alike.
        notes: What the recordings are, a line each.
    """

    record_kind: ClassVar[str] = "transcript comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "said", "heard_a", "errors_a", "heard_b", "errors_b", "words",
    )  # fmt: skip
    _digits: ClassVar[str] = "d"
    names: tuple[str, str]
    pictures: Dataset
    first: TranscriptReport
    second: TranscriptReport
    difference: float
    interval: tuple[float, float]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Who is better, and whether that may be the choice of recordings, in a line."""
        low, high = self.interval
        described = (
            f"B's word error is {self.difference:+.2%} from A's (95 % interval {low:+.2%} to "
            f"{high:+.2%}, paired bootstrap)"
        )
        if low <= 0 <= high:
            return f"{described}: no difference is shown"
        return f"{described}: {'A' if low > 0 else 'B'} is better"

    @property
    def rows(self) -> list[tuple[RecordingRow, RecordingRow]]:
        """What A and what B heard in each recording, in the data's order."""
        return list(zip(_in_order(self.first), _in_order(self.second), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; see ``docs/compare.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.names),
            "notes": list(self.notes),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "word_error": {"difference": self.difference, "interval": list(self.interval)},
            "images": self._images(),
        }

    def _rows(self) -> list[tuple[str | float, ...]]:
        return [
            (a.name, a.said, a.heard, a.errors, b.heard, b.errors, a.words) for a, b in self.rows
        ]


def compare_recognizers(
    models: tuple[Classifier, Classifier],
    recordings: tuple[Dataset, Dataset],
    names: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> TranscriptComparison:
    """Compare two recognizers.

    Args:
        models: A and B; one may write words, the other characters.
        recordings: The same recordings, as A and as B read them.
        names: What the models are called.
        notes: What the recordings are, a line each.

    Raises:
        DataError: If an answer is NaN or infinite.
    """
    reports = []
    for model, data in zip(models, recordings, strict=True):
        task = model.model_.task
        assert isinstance(task, Transcription)
        reports.append(evaluate_transcripts(model.program_, data, task))
    first, second = reports
    one, two = map(_in_order, reports)
    more = np.array([b.errors - a.errors for a, b in zip(one, two, strict=True)])
    words = np.array([each.words for each in one])
    difference, interval = word_error_rate(more, words), word_error_interval(more, words)
    return TranscriptComparison(names, recordings[0], first, second, difference, interval, notes)


def _in_order(report: TranscriptReport) -> list[RecordingRow]:
    return sorted(report.recordings, key=lambda each: each.index)
