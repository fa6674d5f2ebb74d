"""How the learning rate changes over a training run, as a factor on its peak.

Each schedule is a function of the step alone, so that a resumed run goes on exactly where it was.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pellucid import checks


class Schedule(ABC):
    """The learning rate's factor at every step. Subclasses are frozen dataclasses."""

    kind: ClassVar[str]

    @abstractmethod
    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """What the peak learning rate is multiplied with.

        Args:
            step: From 0 to ``steps_per_epoch · epochs − 1``.
            steps_per_epoch: At least 1.
            epochs: Planned epochs, at least 1.
        """


@dataclass(frozen=True)
class Constant(Schedule):
    """Always the peak."""

    kind: ClassVar[str] = "constant"

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """The factor of a constant schedule, 1."""
        return 1.0


@dataclass(frozen=True)
class Step(Schedule):
    """Multiplied with a fixed factor after every few epochs.

    Attributes:
        every: Epochs between two drops, at least 1.
        drop: The factor of each drop, 1e-6 to 1.
    """

    kind: ClassVar[str] = "step"
    every: int = 10
    drop: float = 0.1

    def __post_init__(self) -> None:
        checks.whole("every", self.every)
        checks.number("drop", self.drop, 1e-6, 1.0)

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """drop^⌊epoch / every⌋."""
        return float(self.drop ** (step // steps_per_epoch // self.every))


@dataclass(frozen=True)
class Cosine(Schedule):
    """Down along half a cosine to zero (Loshchilov and Hutter 2016, *SGDR*, eq. 5, one cycle).

    Attributes:
        warmup: The share of all steps in which the rate first climbs from 0 in a straight line.
    """

    kind: ClassVar[str] = "cosine"
    warmup: float = 0.0

    def __post_init__(self) -> None:
        checks.number("warmup", self.warmup, 0.0, 0.9)

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """(1 + cos πt) / 2, after the warm-up."""
        total = steps_per_epoch * epochs
        rising = self.warmup * total
        if step < rising:
            return (step + 1) / (rising + 1)
        return _half_cosine(1.0, 0.0, (step - rising) / (total - rising))


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to the peak and down to almost nothing, each along half a cosine.

    Smith and Topin 2017, *Super-convergence*. The high rate in the middle regularises, and the long
    descent settles: good results in few epochs.

    Attributes:
        rise: The share of all steps that the way up takes.
        start: The factor at the first step.
        end: The factor at the last step.
    """

    kind: ClassVar[str] = "one-cycle"
    rise: float = 0.3
    start: float = 0.04
    end: float = 1e-4

    def __post_init__(self) -> None:
        checks.number("rise", self.rise, 0.0, 1.0)
        checks.number("start", self.start, 0.0, 1.0)
        checks.number("end", self.end, 0.0, 1.0)

    def factor(self, step: int, steps_per_epoch: int, epochs: int) -> float:
        """From ``start`` to 1 to ``end``."""
        last = steps_per_epoch * epochs - 1
        peak = self.rise * last
        if step < peak:
            return _half_cosine(self.start, 1.0, step / peak)
        return _half_cosine(1.0, self.end, (step - peak) / max(last - peak, 1e-9))


def _half_cosine(first: float, last: float, part: float) -> float:
    """From ``first`` (part 0) to ``last`` (part 1), flat at both ends."""
    return last + (first - last) * (1.0 + math.cos(math.pi * min(part, 1.0))) / 2.0


SCHEDULES: dict[str, type[Schedule]] = {
    schedule.kind: schedule for schedule in (Constant, Step, Cosine, OneCycle)
}
"""Every schedule by its kind."""
