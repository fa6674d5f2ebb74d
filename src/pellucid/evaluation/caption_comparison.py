"""Two captioners judged by the same pictures.

The difference of their BLEU-4 has an interval by the paired bootstrap: pictures are resampled, the
same for both (Koehn 2004, *Statistical significance tests for machine translation evaluation*,
section 4; the percentile interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid.evaluation.captions import CaptionReport, CaptionRow, judged_captions
from pellucid.evaluation.measured_side_by_side import MeasuredSideBySide
from pellucid.metrics.bleu import bleu_difference
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier


@short_repr
@dataclass(frozen=True, eq=False)
class CaptionComparison(MeasuredSideBySide[CaptionReport, CaptionRow]):
    """Two captioners' captions of the same pictures, A's and B's."""

    record_kind: ClassVar[str] = "caption comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "caption_a", "right_a", "log_probability_a", "caption_b", "right_b",
        "log_probability_b", "reference",
    )  # fmt: skip
    _digits: ClassVar[str] = ".6g"
    _measure: ClassVar[str] = "BLEU-4"
    _key: ClassVar[str] = "bleu4"

    def _answers(self, report: CaptionReport) -> Sequence[CaptionRow]:
        return report.rows

    def _rows(self) -> list[tuple[str | float, ...]]:
        return [
            (
                a.name, *(x for each in (a, b)
                          for x in (each.caption, each.right, each.log_probability)),
                a.references[0],
            )
            for a, b in self.rows
        ]  # fmt: skip


def compare_captioners(
    models: tuple[Classifier, Classifier],
    pictures: tuple[Dataset, Dataset],
    names: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> CaptionComparison:
    """Compare two captioners.

    Args:
        models: A and B.
        pictures: The same pictures, as A and as B read them.
        names: What the models are called.
        notes: What the pictures are, a line each.

    Raises:
        DataError: If an answer is NaN or infinite, or a picture has no caption to judge by.
    """
    (first, one), (second, two) = (
        judged_captions(model.program_, data, model.model_)
        for model, data in zip(models, pictures, strict=True)
    )
    difference, interval = bleu_difference(two, one)
    return CaptionComparison(names, pictures[0], first, second, difference, interval, notes)
