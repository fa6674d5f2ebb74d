"""What changed from one run to another, picture by picture; the last pairs are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid.data.note import described
from pellucid.errors import DataError
from pellucid.evaluation.changes import find_changes
from pellucid.evaluation.model_comparison import check_comparable
from pellucid.files.run_model import model_path
from pellucid.lab.search import Search, is_over
from pellucid.lab.stream import stamp
from pellucid.metrics.chance import wilson
from pellucid.serving.refused import RefusedError
from pellucid.text import listed, printable, quoted
from pellucid.training.run_data import run_data

if TYPE_CHECKING:
    from collections.abc import Hashable
    from concurrent.futures import Executor
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.evaluation.changes import Changes
    from pellucid.lab.opened import OpenedRuns
    from pellucid.training.run_data import RunData

MOST = 5_000
"""Changed answers that are sent: those for the worse first, the surest, or the most, of each."""

JUDGING = {"test": "test", "validation": "val", "train": "train"}
"""Parts by which two runs are judged, as a comparison calls them, the best first."""

_PAIRS = 4  # that are kept


@dataclass(frozen=True, eq=False)
class ChangedPair:
    """What changed between two runs.

    Attributes:
        found: The changes.
        parts: The parts that both runs know, those first that judge.
        part: That by which they are judged; None where they know none in common, and pictures were
            found that neither learned from.
        places: Of each changed answer the part of the first run's data in which its picture is, and
            which one it is there; None where it is in none.
    """

    found: Changes
    parts: tuple[str, ...]
    part: str | None
    places: tuple[tuple[str, int] | None, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        found = self.found
        rows = zip(found.rows[:MOST], self.places[:MOST], strict=True)
        return {
            "models": [printable(name) for name in found.models],
            "pictures": found.pictures,
            "judged": found.judged,
            "unit": found.unit,
            "test": found.test,
            "parts": list(self.parts),
            "part": self.part,
            "sides": [self._side(side) for side in (0, 1)],
            "p_value": found.p_value,
            "counts": found.counts,
            "notes": [described(note) for note in found.notes],
            "of": len(found.rows),
            "rows": [
                {
                    "id": number,
                    "place": row.index,
                    "part": None if place is None else place[0],
                    "number": None if place is None else place[1],
                    "path": printable(row.path),
                    "true": printable(row.true),
                    "before": printable(row.before),
                    "after": printable(row.after),
                    "confidence_before": row.confidence_before,
                    "confidence_after": row.confidence_after,
                    "error_before": row.error_before,
                    "error_after": row.error_after,
                    "way": row.way,
                }
                for number, (row, place) in enumerate(rows)
            ],
        }

    def _side(self, side: int) -> dict[str, Any]:
        found = self.found
        if found.right is None:
            assert found.errors is not None
            nothing = dict.fromkeys(("right", "share", "interval", "cross_entropy"))
            return {**nothing, "error": found.errors[side]}
        right = found.right[side]
        alone = found.judged == found.pictures  # labels of one picture err together
        return {
            "right": right,
            "share": right / found.judged,
            "interval": list(wilson(right, found.judged)) if alone else None,
            "cross_entropy": None if found.cross_entropy is None else found.cross_entropy[side],
            "error": None,
        }


class ChangesOfRuns:
    """What changed from one run to another.

    Args:
        opened: The runs' networks and pictures.
        working: Finds it, one after the other.
    """

    def __init__(self, opened: OpenedRuns, working: Executor) -> None:
        self._opened, self._working = opened, working
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Search[ChangedPair]] = OrderedDict()
        self._number = 0

    def of(
        self, first: Path, second: Path, part: str | None = None, *, again: bool = False
    ) -> Search[ChangedPair]:
        """What the second run answers otherwise than the first, which is looked for once.

        Both are judged by the second run's data and decisions; where it has none, by the first's.

        Args:
            first: The folder of the run before.
            second: That of the run after.
            part: One of :data:`JUDGING`; None for the first of them that both know.
            again: Whether to look again where nothing was found because of an error.

        Raises:
            DataError: Nobody knows what they learned from.
        """
        known = self._data_of(first, second)
        decisions = known.reading.decisions
        models = (stamp(model_path(first)), stamp(model_path(second)))
        about = models, known.data, None if decisions is None else decisions.digest
        key = first, second, part
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or is_over(kept, about, again=again):
                self._number += 1
                kept = self._kept[key] = Search(self._number, about)
                self._working.submit(self._find, kept, first, second, part, known)
            self._kept.move_to_end(key)
            while len(self._kept) > _PAIRS:
                _, old = self._kept.popitem(last=False)
                old.stop()
        return kept

    def stop(self, first: Path, second: Path, part: str | None = None) -> None:
        """Look for it no longer; what was found stays."""
        with self._lock:
            kept = self._kept.get((first, second, part))
        if kept is not None:
            kept.stop()

    def end(self) -> None:
        """Let what is looked for end at the next picture."""
        with self._lock:
            for kept in self._kept.values():
                kept.stop()

    def picture(self, first: Path, second: Path, part: str | None, place: int) -> NDArray[np.uint8]:
        """A picture that judges both, as the first network gets it.

        Raises:
            RefusedError: If there is none, or what changed was not asked for.
        """
        with self._lock:
            kept = self._kept.get((first, second, part))
        pair = None if kept is None else kept.found
        if pair is None or not 0 <= place < pair.found.pictures:
            raise RefusedError(404, "there is no such picture any more; open the view again")
        image = pair.found.picture(place)
        if image is None:
            raise RefusedError(404, "this picture is not there any more")
        return image

    def _data_of(self, first: Path, second: Path) -> RunData:
        one, two = (self._opened.notes(each) for each in (first, second))
        says = "data" in two or "data" not in one
        known = self._opened.read_as(second if says else first)
        if known.reading.decisions is not None:
            return known
        run, notes = (first, one) if says else (second, two)
        other = run_data(run, data=known.data, notes=notes).reading.decisions
        return replace(known, reading=replace(known.reading, decisions=other))

    def _find(
        self,
        search: Search[ChangedPair],
        first: Path,
        second: Path,
        part: str | None,
        known: RunData,
    ) -> None:
        def find() -> ChangedPair:
            watching = search.watch("answers")
            watching(0, 0)
            before, after = (self._opened.estimator(run) for run in (first, second))
            check_comparable(before.model_, after.model_)
            own = self._opened.part_names(first)
            both = set(own) & set(self._opened.part_names(second))
            parts = tuple(name for name in JUDGING if name in both)
            if part is not None and part not in parts:
                raise DataError(
                    f"the runs have no part {quoted(part)} in common; they have {listed(parts)}"
                    if parts
                    else "the runs have no part of their data in common"
                )
            chosen = part or next((name for name in parts if name != "train"), None)
            found = find_changes(
                before,
                after,
                known.data,
                names=(printable(first.name), printable(second.name)),
                part=None if chosen is None else JUDGING[chosen],
                reading=known.reading,
                watching=watching,
            )
            places = self._places(first, found, own if chosen is None else (chosen,))
            return ChangedPair(found, parts, chosen, places)

        search.run(find, "finding what changed")

    def _places(
        self, first: Path, found: Changes, names: tuple[str, ...]
    ) -> tuple[tuple[str, int] | None, ...]:
        """Where the changed pictures are in a run's parts."""
        rows = found.rows[:MOST]
        places: dict[str, tuple[str, int]] = {}
        for name in reversed(names):  # the first that has it counts
            part = self._opened.part(first, name)
            if part.source.names is not None:
                numbers = self._opened.places(first, name)
                places.update((path, (name, number)) for path, number in numbers.items())
            elif len(part) == found.pictures:  # the same ones, which have no names, in order
                return tuple((name, row.index) for row in rows)
        return tuple(places.get(row.path) for row in rows)
