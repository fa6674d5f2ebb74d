"""Two models judged by one measure, and whether its difference may be the choice of pictures."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from pellucid.evaluation.side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset


class Judged(Protocol):
    """One model's judgement."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""


class Answered(Protocol):
    """One model's answer to one picture."""

    @property
    def index(self) -> int:
        """The picture's place in the data."""


ReportT = TypeVar("ReportT", bound=Judged)
RowT = TypeVar("RowT", bound=Answered)


@dataclass(frozen=True, eq=False)
class MeasuredSideBySide(SideBySide, Generic[ReportT, RowT]):
    """Two models' judgements by the same pictures, A's and B's, and the difference of a measure.

    The interval is that of the paired bootstrap: pictures are resampled, the same for both.

    Attributes:
        names: What the two models are called.
        pictures: The pictures, or recordings, as A reads them.
        first: A's judgement.
        second: B's.
        difference: B's measure less A's.
        interval: Its 95 % interval.
        notes: What the pictures are, a line each.
    """

    _measure: ClassVar[str]
    """What is compared, in words."""

    _key: ClassVar[str]
    """What that is called in the record."""

    _form: ClassVar[str] = "+.1%"
    """How its difference is written."""

    _schema: ClassVar[int] = 1
    """Version of :meth:`to_dict`."""

    _less_is_better: ClassVar[bool] = False

    names: tuple[str, str]
    pictures: Dataset
    first: ReportT
    second: ReportT
    difference: float
    interval: tuple[float, float]
    notes: tuple[str, ...] = ()

    @abstractmethod
    def _answers(self, report: ReportT) -> Sequence[RowT]:
        """One model's answers, in any order."""

    @property
    def verdict(self) -> str:
        """Who is better, and whether that may be the choice of pictures, in a line."""
        low, high = self.interval
        apart, least, most = (format(x, self._form) for x in (self.difference, low, high))
        described = (
            f"B's {self._measure} is {apart} from A's (95 % interval {least} to {most}, paired "
            "bootstrap)"
        )
        if low <= 0 <= high:
            return f"{described}: no difference is shown"
        return f"{described}: {'B' if (low > 0) != self._less_is_better else 'A'} is better"

    @property
    def rows(self) -> list[tuple[RowT, RowT]]:
        """A's and B's answer to each picture, in the data's order."""
        first, second = (
            sorted(self._answers(report), key=lambda each: each.index)
            for report in (self.first, self.second)
        )
        return list(zip(first, second, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; see ``docs/compare.md``."""
        return {
            "schema": self._schema,
            "record": self.record_kind,
            "models": list(self.names),
            **self._more(),
            "notes": list(self.notes),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            self._key: {"difference": self.difference, "interval": list(self.interval)},
            "images": self._images(),
        }

    def _more(self) -> dict[str, Any]:
        """What else the record has."""
        return {}
