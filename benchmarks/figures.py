"""What was measured of one contender."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figures:
    """A contender's speed on one workload.

    Attributes:
        contender: Its name.
        speeds: Pictures a second, in each turn.
        peak_memory: Bytes, of its process.
    """

    contender: str
    speeds: list[float]
    peak_memory: int

    @property
    def median(self) -> float:
        """Pictures a second."""
        return statistics.median(self.speeds)

    @property
    def spread(self) -> float:
        """(Fastest − slowest turn) / median."""
        return (max(self.speeds) - min(self.speeds)) / self.median

    def times(self, other: Figures) -> float:
        """How many times as fast as another: the median over turns, which lie side by side."""
        return statistics.median(
            mine / theirs for mine, theirs in zip(self.speeds, other.speeds, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "median": self.median, "spread": self.spread}


@dataclass(frozen=True)
class Cold:
    """How long a contender takes from the start of its process to its first result.

    Attributes:
        contender: Its name.
        seconds: Of each start, in all.
        preparing: Of these, what comes after importing: building, compiling, the first run.
    """

    contender: str
    seconds: list[float]
    preparing: list[float]

    @property
    def median(self) -> float:
        """Seconds in all."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """(Slowest − fastest start) / median."""
        return (max(self.seconds) - min(self.seconds)) / self.median

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            **asdict(self),
            "median": self.median,
            "spread": self.spread,
            "median_preparing": statistics.median(self.preparing),
        }


@dataclass(frozen=True)
class Learned:
    """How long a contender takes from nothing to a trained and saved network.

    Attributes:
        contender: Its name.
        epochs: How often it sees every picture.
        seconds: From the start of the process until the model is saved, for each seed.
        accuracies: On the test set.
        peak_memory: Bytes, of its process.
    """

    contender: str
    epochs: int
    seconds: list[float]
    accuracies: list[float]
    peak_memory: int

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def accuracy(self) -> float:
        """The median."""
        return statistics.median(self.accuracies)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "median": self.median, "accuracy": self.accuracy}
