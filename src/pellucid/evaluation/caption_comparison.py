"""Two captioners judged by the same pictures.

The difference of their BLEU-4 has an interval by the paired bootstrap: pictures are resampled, the
same for both (Koehn 2004, *Statistical significance tests for machine translation evaluation*,
section 4; the percentile interval).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.evaluation.captions import CaptionReport, CaptionRow, judged_captions
from pellucid.evaluation.side_by_side import SideBySide
from pellucid.metrics.bleu import bleu_difference
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier

SCHEMA = 1
"""Version of :meth:`CaptionComparison.to_dict`."""


@short_repr
@dataclass(frozen=True, eq=False)
class CaptionComparison(SideBySide):
    """Two captioners' captions of the same pictures, A's and B's.

    Attributes:
        names: What the two models are called.
        pictures: The pictures as A reads them.
        first: A's judgement.
        second: B's.
        difference: B's BLEU-4 less A's, −1 to 1.
        interval: Its 95 % interval, of pictures resampled for both alike.
        notes: What the pictures are, a line each.
    """

    record_kind: ClassVar[str] = "caption comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "caption_a", "right_a", "log_probability_a", "caption_b", "right_b",
        "log_probability_b", "reference",
    )  # fmt: skip
    _digits: ClassVar[str] = ".6g"
    names: tuple[str, str]
    pictures: Dataset
    first: CaptionReport
    second: CaptionReport
    difference: float
    interval: tuple[float, float]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Who is better, and whether that may be the choice of pictures, in a line."""
        low, high = self.interval
        described = (
            f"B's BLEU-4 is {self.difference:+.1%} from A's (95 % interval {low:+.1%} to "
            f"{high:+.1%}, paired bootstrap)"
        )
        if low <= 0 <= high:
            return f"{described}: no difference is shown"
        return f"{described}: {'B' if low > 0 else 'A'} is better"

    @property
    def rows(self) -> list[tuple[CaptionRow, CaptionRow]]:
        """What A and what B wrote of each picture, in the data's order."""
        first, second = (
            sorted(report.rows, key=lambda each: each.index) for report in (self.first, self.second)
        )
        return list(zip(first, second, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; see ``docs/compare.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.names),
            "notes": list(self.notes),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "bleu4": {"difference": self.difference, "interval": list(self.interval)},
            "images": self._images(),
        }

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
