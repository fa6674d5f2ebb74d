"""Two detectors judged by the same pictures.

The difference of their mean average precisions has an interval by the paired bootstrap: pictures
are resampled, the same for both, and the difference is taken of each draw (Efron and Tibshirani
1993, *An Introduction to the Bootstrap*, chapter 13, percentile interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import DataError
from pellucid.evaluation.detection import DetectionReport, PictureRow, judged_boxes
from pellucid.evaluation.measured_side_by_side import MeasuredSideBySide
from pellucid.metrics.detection import bootstrap_means
from pellucid.short_repr import short_repr
from pellucid.tasks import Detection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier


SAMPLES, LEVEL = 1000, 0.95
"""How many times pictures are resampled, and the share of draws in the interval."""


@short_repr
@dataclass(frozen=True, eq=False)
class DetectionComparison(MeasuredSideBySide[DetectionReport, PictureRow]):
    """Two detectors' boxes in the same pictures, A's and B's."""

    record_kind: ClassVar[str] = "detection comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "boxes", "found_a", "false_alarms_a", "found_b", "false_alarms_b",
    )  # fmt: skip
    _digits: ClassVar[str] = "g"
    _measure: ClassVar[str] = "mAP at IoU 0.5"
    _key: ClassVar[str] = "map50"

    def _answers(self, report: DetectionReport) -> Sequence[PictureRow]:
        return report.wrong

    def _more(self) -> dict[str, Any]:
        return {"classes": list(self.first.classes)}

    def _rows(self) -> list[tuple[str | float, ...]]:
        return [
            (
                a.name, len(a.hits) + len(a.missed),
                *(n for each in (a, b) for n in (len(each.hits), len(each.false_alarms))),
            )
            for a, b in self.rows
        ]  # fmt: skip


def compare_detectors(
    models: tuple[Classifier, Classifier],
    pictures: tuple[Dataset, Dataset],
    names: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> DetectionComparison:
    """Compare two detectors.

    Args:
        models: A and B, of the same classes in any order.
        pictures: The same pictures, as A and as B read them.
        names: What the models are called.
        notes: What the pictures are, a line each.

    Raises:
        DataError: If an answer is NaN or infinite, or the pictures have no box.
    """
    reports, means = [], []
    for model, data in zip(models, pictures, strict=True):
        task = model.model_.task
        assert isinstance(task, Detection)
        report, matches = judged_boxes(model.program_, data, task)
        reports.append(report)
        means.append(bootstrap_means(matches, 0.5, samples=SAMPLES))
    apart = means[1] - means[0]
    apart = apart[~np.isnan(apart)]
    first, second = reports
    if not len(apart) or isnan(first.map50):
        raise DataError(
            f"{pictures[0].name}: no picture has a box, by which detectors could be compared; give "
            "pictures with boxes"
        )
    low, high = np.quantile(apart, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    difference = second.map50 - first.map50
    return DetectionComparison(names, pictures[0], first, second, difference, (low, high), notes)
