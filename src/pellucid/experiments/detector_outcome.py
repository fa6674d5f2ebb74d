"""What came out of comparing detectors by regions: a row a detector, and a verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.record import Record
from pellucid.short_repr import short_repr

SCHEMA = 1
"""Version of :meth:`DetectorOutcome.to_dict`."""


@short_repr
@dataclass(frozen=True)
class DetectorRun:
    """One detector, trained and judged once; without measures where training diverged.

    Attributes:
        variant: R-CNN, Fast R-CNN or Faster R-CNN.
        seed: Of its first weights, the order of pictures, and what is drawn of them.
        losses: Of regions, the mean of each epoch.
        training_seconds: All steps together, without the search for regions.
        proposal_seconds: To propose the regions of a picture: selective search, or in the network.
        network_seconds: All else of a picture, one at a time: crops, network, suppression.
        map50: Mean average precision at an IoU of 0.5, 0 to 1.
        map50_interval: Its 95 % interval, by resampling pictures (bootstrap).
        map: The mean of IoU 0.5, 0.55, … 0.95.
        by_class: Average precision at 0.5 of each class; none of one without boxes.
        covered: The share of the boxes that a proposed region overlaps by an IoU of at least 0.5.
        diverged: Whether a loss or an answer was no finite number.
    """

    variant: str
    seed: int
    losses: tuple[float, ...] = ()
    training_seconds: float = 0.0
    proposal_seconds: float = 0.0
    network_seconds: float = 0.0
    map50: float = 0.0
    map50_interval: tuple[float, float] = (0.0, 0.0)
    map: float = 0.0
    by_class: dict[str, float | None] = field(default_factory=dict)
    covered: float = 0.0
    diverged: bool = False

    @property
    def seconds(self) -> float:
        """A picture's, in total."""
        return self.proposal_seconds + self.network_seconds

    @property
    def described(self) -> str:
        """The run in a line."""
        name = f"{self.variant}, seed {self.seed}"
        if self.diverged:
            return f"{name}: diverged"
        return f"{name}: mAP {self.map50:.1%} at IoU 0.5, {self.seconds:.3g} s a picture"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values: the attributes above."""
        values = asdict(self)
        return {k: list(each) if isinstance(each, tuple) else each for k, each in values.items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DetectorRun:
        """What :meth:`to_dict` gave, read from JSON."""
        low, high = values["map50_interval"]
        losses = tuple(values["losses"])
        return cls(**{**values, "losses": losses, "map50_interval": (low, high)})


@short_repr
@dataclass(frozen=True, eq=False)
class DetectorOutcome(Record):
    """What came out.

    Attributes:
        question: What it asks, in one line.
        source: Where the question comes from.
        caution: What the outcome does not prove.
        learned: How many pictures were learned from.
        judged: How many the detectors were judged by.
        boxes: How many boxes these have that are not ignored.
        body: The network that all have.
        trained_body: Whether it had learned before.
        epochs: How often every picture was seen.
        batch: Pictures a step.
        proposals: Regions that selective search proposes of a picture, at most.
        timed: Pictures that the time of selective search is measured on.
        runs: All of them, in the order of papers, then seeds.
    """

    record_kind: ClassVar[str] = "detector experiment"
    question: ClassVar[str] = "What does it cost to look at every region, and what is it worth?"
    source: ClassVar[str] = (
        "Girshick et al. 2014, Rich feature hierarchies for accurate object detection; Girshick "
        "2015, Fast R-CNN; Ren et al. 2015, Faster R-CNN"
    )
    caution: ClassVar[str] = (
        "In the papers each has a schedule of its own, R-CNN finds classes by support vector "
        "machines, and maps have a cell in 16×16 pixels. Here all three share the head, a map at 8 "
        "pixels a cell, the losses and the steps: they differ only in where regions come from and "
        "what is computed of each."
    )
    learned: int
    judged: int
    boxes: int
    body: str
    trained_body: bool
    epochs: int
    batch: int
    proposals: int
    timed: int
    runs: tuple[DetectorRun, ...]

    @property
    def middle(self) -> dict[str, DetectorRun]:
        """By detector, the run of the median mean average precision; of two, the lower one."""
        found: dict[str, list[DetectorRun]] = {}
        for run in self.runs:
            found.setdefault(run.variant, []).append(run)
        return {
            name: sorted(runs, key=lambda run: run.map50)[(len(runs) - 1) // 2]
            for name, runs in found.items()
        }

    @property
    def seeds(self) -> int:
        """How often each detector was trained."""
        return len({run.seed for run in self.runs})

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a detector, of its median run: :class:`DetectorRun`, and ``seconds``."""
        return [
            {**run.to_dict(), "seconds": None if run.diverged else run.seconds}
            for run in self.middle.values()
        ]

    @property
    def verdict(self) -> str:
        """What was seen, in a line."""
        runs = [run for run in self.middle.values() if not run.diverged]
        if len(runs) < len(self.middle):
            lost = [run.variant for run in self.middle.values() if run.diverged]
            return f"{' and '.join(lost)} diverged"
        by_time = sorted(runs, key=lambda run: run.seconds)
        fast, slow = by_time[0], by_time[-1]
        seen = (
            f"{fast.variant} is fastest, {_times(slow.seconds, fast.seconds)} as fast as "
            f"{slow.variant}"
        )
        best = max(runs, key=lambda run: run.map50)
        others = [run for run in runs if run is not best]
        if all(run.map50_interval[1] < best.map50_interval[0] for run in others):
            return f"{seen}; {best.variant} finds most (mAP {best.map50:.1%} at IoU 0.5)"
        return (
            f"{seen}; {best.variant} finds most (mAP {best.map50:.1%} at IoU 0.5), but intervals "
            "overlap: pictures make as much of a difference"
        )

    def to_csv(self) -> str:
        """A row an epoch of each run."""
        rows: list[list[str | int | float | None]] = [
            [run.variant, run.seed, epoch, loss]
            for run in self.runs
            for epoch, loss in enumerate(run.losses, 1)
        ]
        return csv_text([["variant", "seed", "epoch", "loss"], *rows])

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; see ``docs/experiments.md``."""
        return {
            "schema": SCHEMA,
            "experiment": "detectors",
            "question": self.question,
            "source": self.source,
            "learned": self.learned,
            "judged": self.judged,
            "boxes": self.boxes,
            "body": self.body,
            "trained_body": self.trained_body,
            "epochs": self.epochs,
            "batch": self.batch,
            "proposals": self.proposals,
            "table": self.table,
            "verdict": self.verdict,
            "caution": self.caution,
            "runs": [run.to_dict() for run in self.runs],
        }


def _times(slow: float, fast: float) -> str:
    return f"{slow / max(fast, 1e-9):.3g} times"
