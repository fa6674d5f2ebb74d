"""What changed from one run to another, picture by picture; the last pairs are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid.evaluation.changes import find_changes
from pellucid.files.run_model import model_path
from pellucid.lab.kept import Kept
from pellucid.lab.stream import stamp
from pellucid.metrics.chance import wilson
from pellucid.serving.refused import RefusedError
from pellucid.text import printable
from pellucid.training import saved_run
from pellucid.training.run_data import run_data

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.evaluation.changes import Changes
    from pellucid.lab.opened import OpenedRuns
    from pellucid.training.run_data import RunData

MOST = 5_000
"""Changed answers that are sent: the broken, then the corrected, the surest of each first."""


@dataclass(frozen=True, eq=False)
class ChangedPair:
    """What changed between two runs.

    Attributes:
        found: The changes.
        numbers: Which of the pictures that judge the first run each picture is, by its name.
    """

    found: Changes
    numbers: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        found = self.found
        return {
            "models": [printable(name) for name in found.models],
            "pictures": found.pictures,
            "sides": [
                {
                    "right": right,
                    "accuracy": right / found.pictures,
                    "interval": list(wilson(right, found.pictures)),
                    "cross_entropy": cross_entropy,
                }
                for right, cross_entropy in zip(found.right, found.cross_entropy, strict=True)
            ],
            "p_value": found.p_value,
            "counts": found.counts,
            "notes": [printable(note) for note in found.notes],
            "of": len(found.rows),
            "rows": [
                {
                    "place": row.index,
                    "number": self.numbers.get(row.path),
                    "path": printable(row.path),
                    "true": printable(row.true),
                    "before": printable(row.before),
                    "confidence_before": row.confidence_before,
                    "after": printable(row.after),
                    "confidence_after": row.confidence_after,
                    "way": row.way,
                }
                for row in found.rows[:MOST]
            ],
        }


class ChangesOfRuns:
    """What changed from one run to another.

    Args:
        opened: The runs' networks and pictures.
    """

    def __init__(self, opened: OpenedRuns) -> None:
        self._opened = opened
        self._kept: Kept[ChangedPair] = Kept(2)
        self._shown: Kept[ChangedPair] = Kept(2)

    def of(self, first: Path, second: Path) -> ChangedPair:
        """What the second run answers otherwise than the first, found once.

        Both are judged by the second run's data and decisions; where it has none, by the first's.

        Raises:
            ArgumentError: They do not have one class a picture.
            DataError: They have other classes, or no pictures that judge both.
        """
        known = self._data_of(first, second)
        decisions = known.reading.decisions
        key = (
            *_pair_key(first, second),
            known.data,
            None if decisions is None else decisions.digest,
        )
        pair = self._kept.of(key, lambda: self._find(first, second, known))
        self._shown.put(_pair_key(first, second), pair)
        return pair

    def picture(self, first: Path, second: Path, place: int) -> NDArray[np.uint8]:
        """A picture that judges both, as the first network gets it.

        Raises:
            RefusedError: If there is none, or what changed was not asked for.
        """
        pair = self._shown.get(_pair_key(first, second))
        if pair is None or not 0 <= place < pair.found.pictures:
            raise RefusedError(404, "there is no such picture any more; open the view again")
        image = pair.found.picture(place)
        if image is None:
            raise RefusedError(404, "this picture is not there any more")
        return image

    def _data_of(self, first: Path, second: Path) -> RunData:
        says = saved_run.run_data(second) is not None or saved_run.run_data(first) is None
        last = second if says else first
        known = run_data(last, data=self._opened.data_of(last))
        if known.reading.decisions is not None:
            return known
        other = run_data(first if says else second, data=known.data).reading.decisions
        return replace(known, reading=replace(known.reading, decisions=other))

    def _find(self, first: Path, second: Path, known: RunData) -> ChangedPair:
        found = find_changes(
            self._opened.estimator(first),
            self._opened.estimator(second),
            known.data,
            names=(printable(first.name), printable(second.name)),
            part=None,
            reading=known.reading,
        )
        return ChangedPair(found, self._opened.numbers(first))


def _pair_key(first: Path, second: Path) -> tuple[Hashable, ...]:
    return first, stamp(model_path(first)), second, stamp(model_path(second))
