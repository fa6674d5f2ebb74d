"""What came out when a network was judged: one value, for people, programs and files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.evaluation import tables
from pellucid.evaluation.judgement import Judgement
from pellucid.metrics.chance import Chance, of_support, wilson
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.evaluation.calibration import Calibration
    from pellucid.evaluation.judgement import Row

SCHEMA = 1
"""Version of :meth:`Report.to_dict`: raised when a key changes its meaning or goes; new keys may
come without."""


@dataclass(frozen=True)
class ClassRow:
    """How one class fared; see :class:`pellucid.metrics.classification.ClassScores`."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Wrong:
    """One image that was taken for another class.

    Attributes:
        index: Its place in the data, from 0.
        name: Its name there: a path, or ``test[17]``.
        true: Its class.
        predicted: The class that it was taken for.
        confidence: The probability that the network gave to that, 0 to 1.
        command: The command line that explains it; empty where the model or the data have no path.
    """

    index: int
    name: str
    true: str
    predicted: str
    confidence: float
    command: str = ""


@short_repr
@dataclass(frozen=True, eq=False)
class Report(Judgement):
    """A network's judgement on labelled images.

    Attributes:
        classes: The K class names.
        count: How many images, N.
        accuracy: The share that is right, 0 to 1.
        error: 1 − accuracy, the lecture's classification error.
        top_k: For k of 1, 3 and 5, as far as K allows: the share whose class is among the k most
            probable.
        mean_squared_error: Squares summed over classes, averaged over images, 0 to 2.
        cross_entropy: Averaged over images, in nats.
        confusion: Images by true class (row) and predicted class (column), int64 (K, K).
        per_class: Precision, recall, F1 and support of each class.
        wrong: Every image that is wrong, the most confident mistakes first.
        calibration: How far the network's confidence and its accuracy agree.
        noun: What they are called: ``"picture"`` or ``"recording"``.
    """

    TABLES: ClassVar[tuple[str, ...]] = tables.TABLES
    PICTURE: ClassVar[str] = "confusion.png"
    record_kind: ClassVar[str] = "report"
    classes: tuple[str, ...]
    count: int
    accuracy: float
    error: float
    top_k: dict[int, float]
    mean_squared_error: float
    cross_entropy: float
    confusion: NDArray[np.int64]
    per_class: tuple[ClassRow, ...]
    wrong: tuple[Wrong, ...]
    calibration: Calibration
    noun: str = "picture"

    @property
    def chance(self) -> Chance:
        """The accuracy's 95 % interval, and what guessing would do."""
        right = int(self.confusion.diagonal().sum())
        return of_support(right, self.confusion.sum(axis=1), self.classes)

    def top_k_chance(self, k: int) -> tuple[float, float, float]:
        """A top-k accuracy's 95 % interval, and the share of the k most frequent classes."""
        low, high = wilson(round(self.top_k[k] * self.count), self.count)
        frequent = sorted(self.confusion.sum(axis=1).tolist(), reverse=True)[:k]
        return low, high, sum(frequent) / self.count

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values.

        The keys are the attributes above, and ``schema``, see :data:`SCHEMA`. ``top_k`` has its k
        as text, ``confusion`` is a list of rows, ``per_class`` and ``wrong`` are lists of objects
        with the keys of :class:`ClassRow` and :class:`Wrong`, ``calibration`` is an object with
        those of :class:`~pellucid.evaluation.calibration.Calibration`, ``chance`` one with those of
        :class:`~pellucid.metrics.chance.Chance`.
        """
        return {
            "schema": SCHEMA,
            "classes": list(self.classes),
            "count": self.count,
            "noun": self.noun,
            "accuracy": self.accuracy,
            "error": self.error,
            "chance": self.chance.to_dict(),
            "top_k": {str(k): accuracy for k, accuracy in self.top_k.items()},
            "mean_squared_error": self.mean_squared_error,
            "cross_entropy": self.cross_entropy,
            "confusion": self.confusion.tolist(),
            "per_class": [asdict(row) for row in self.per_class],
            "wrong": [asdict(wrong) for wrong in self.wrong],
            "calibration": self.calibration.to_dict(),
        }

    @property
    def score(self) -> float:
        """What the judgement comes to in one number: the accuracy."""
        return self.accuracy

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        return str(self.chance)

    def _tables(self) -> Sequence[Sequence[Row]]:
        """Summary, confusion, classes and mistakes; see :mod:`pellucid.evaluation.tables`."""
        return tables.of_report(self)
