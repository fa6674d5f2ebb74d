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
from pellucid.evaluation.side_by_side import SideBySide
from pellucid.metrics.detection import bootstrap_means
from pellucid.short_repr import short_repr
from pellucid.tasks import Detection

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier

SCHEMA = 1
"""Version of :meth:`DetectionComparison.to_dict`."""

SAMPLES, LEVEL = 1000, 0.95
"""How many times pictures are resampled, and the share of draws in the interval."""


@short_repr
@dataclass(frozen=True, eq=False)
class DetectionComparison(SideBySide):
    """Two detectors' boxes in the same pictures, A's and B's.

    Attributes:
        names: What the two models are called.
        pictures: The pictures as A reads them.
        first: A's judgement.
        second: B's.
        difference: B's mean average precision at an IoU of 0.5 less A's, −1 to 1.
        interval: Its 95 % interval, of pictures resampled for both alike.
        notes: What the pictures are, a line each.
    """

    record_kind: ClassVar[str] = "detection comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "boxes", "found_a", "false_alarms_a", "found_b", "false_alarms_b",
    )  # fmt: skip
    _digits: ClassVar[str] = "g"
    names: tuple[str, str]
    pictures: Dataset
    first: DetectionReport
    second: DetectionReport
    difference: float
    interval: tuple[float, float]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Who is better, and whether that may be the choice of pictures, in a line."""
        low, high = self.interval
        described = (
            f"B's mAP at IoU 0.5 is {self.difference:+.1%} from A's (95 % interval {low:+.1%} to "
            f"{high:+.1%}, paired bootstrap)"
        )
        if low <= 0 <= high:
            return f"{described}: no difference is shown"
        return f"{described}: {'B' if low > 0 else 'A'} is better"

    @property
    def rows(self) -> list[tuple[PictureRow, PictureRow]]:
        """What A and what B found in each picture, in the data's order."""
        return list(
            zip(
                *(
                    sorted(report.wrong, key=lambda each: each.index)
                    for report in (self.first, self.second)
                ),
                strict=True,
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; see ``docs/compare.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.names),
            "classes": list(self.first.classes),
            "notes": list(self.notes),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "map50": {"difference": self.difference, "interval": list(self.interval)},
            "images": self._images(),
        }

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
