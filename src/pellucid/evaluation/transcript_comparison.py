"""Two speech recognizers judged by the same recordings.

The difference of their word errors has an interval by the paired bootstrap: recordings are
resampled, the same for both (Bisani and Ney 2004, *Bootstrap estimates for confidence intervals in
ASR performance evaluation*, section 4; the percentile interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.evaluation.measured_side_by_side import MeasuredSideBySide
from pellucid.evaluation.transcription import (
    RecordingRow,
    TranscriptReport,
    evaluate_transcripts,
)
from pellucid.metrics.word_error import word_error_interval, word_error_rate
from pellucid.short_repr import short_repr
from pellucid.tasks import Transcription

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier


@short_repr
@dataclass(frozen=True, eq=False)
class TranscriptComparison(MeasuredSideBySide[TranscriptReport, RecordingRow]):
    """What two recognizers heard in the same recordings, A and B."""

    record_kind: ClassVar[str] = "transcript comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "said", "heard_a", "errors_a", "heard_b", "errors_b", "words",
    )  # fmt: skip
    _digits: ClassVar[str] = "d"
    _measure: ClassVar[str] = "word error"
    _key: ClassVar[str] = "word_error"
    _form: ClassVar[str] = "+.2%"
    _less_is_better: ClassVar[bool] = True

    def _answers(self, report: TranscriptReport) -> Sequence[RecordingRow]:
        return report.recordings

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
