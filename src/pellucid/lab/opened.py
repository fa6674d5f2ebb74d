"""Runs opened to compute: their networks, changed or not, and the pictures that judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.data.read_part import part_names
from pellucid.data.reference import ALL
from pellucid.errors import DataError
from pellucid.estimators import load_estimator
from pellucid.files.learned_parts import PARTS, PartPictures, learned_parts
from pellucid.files.run_model import model_path
from pellucid.lab.kept import Kept
from pellucid.lab.stream import stamp
from pellucid.text import listed, printable, quoted
from pellucid.training import saved_run
from pellucid.training.run_data import run_data

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from pellucid.explain.surgery import Edit
    from pellucid.training.run_data import RunData

Estimator = Any
"""One that looks at pictures, of any task."""

JUDGING = ("test", "validation", "all", "train")
"""Parts, those first that judge a network: what it did not learn from."""


class OpenedRuns:
    """The networks of runs and their pictures; the last few are kept.

    Args:
        data: Where the pictures of a run are looked for that does not say what it learned from.
    """

    def __init__(self, data: str | None) -> None:
        self._data = data
        self._estimators: Kept[Estimator] = Kept(4)
        self._pictures: Kept[dict[str, PartPictures]] = Kept(3)
        self._notes: Kept[dict[str, Any]] = Kept(16)
        self._numbers: Kept[dict[str, int]] = Kept(4)

    def estimator(self, folder: Path, edits: Sequence[Edit] = ()) -> Estimator:
        """A run's network, with changes.

        Raises:
            PellucidError: If it cannot be read, or a change does not suit it.
        """
        whole: Estimator = self._estimators.of(
            self._key(folder), lambda: load_estimator(model_path(folder))
        )
        return whole.edited(*edits) if edits else whole

    def part_names(self, folder: Path) -> tuple[str, ...]:
        """The parts that a run's pictures are in, those first that judge it.

        Raises:
            DataError: If nobody knows what it learned from, or that is gone.
        """
        known = self.read_as(folder)
        given = _given_parts(known)
        if ALL in given:
            found = self._parts(folder, None)
            return tuple(name for name in JUDGING if name in found)
        origin = self.estimator(folder).model_.provenance
        drawn = {"validation"} if "train" in given and origin.get("validation") else set()
        return tuple(name for name in JUDGING if name in {*given, *drawn})

    def part(self, folder: Path, name: str | None = None) -> PartPictures:
        """The pictures of a part of what a run learned from, as its decisions leave them.

        Args:
            folder: The run's.
            name: Which; None for the first of :meth:`part_names`.

        Raises:
            DataError: If there are none, or as :meth:`part_names`.
        """
        names = self.part_names(folder)
        wanted = name or (names[0] if names else ALL)
        known = self.read_as(folder)
        undivided = ALL in _given_parts(known)
        found = self._parts(folder, None if undivided else wanted)
        if wanted not in found:
            raise DataError(
                f"{printable(known.data)}: has no part {quoted(wanted)} for this run; it has "
                f"{listed(names)}"
            )
        return found[wanted]

    def places(self, folder: Path, part: str) -> Mapping[str, int]:
        """Which picture of a part each is, from 0, by its path.

        Raises:
            DataError: As :meth:`part`.
        """

        def numbered() -> dict[str, int]:
            return {path: i for i, path in enumerate(self.part(folder, part).paths)}

        return self._numbers.of((self._pictures_key(folder), part), numbered)

    def data_of(self, folder: Path) -> str:
        """What a run learned from, as commands take it.

        Raises:
            DataError: If that is not known, and the lab was opened without data.
        """
        said = self.notes(folder).get("data")
        found = said if isinstance(said, str) else self._data
        if found is None:
            raise DataError(
                "it is not known what this run learned from; open the lab with the data: "
                "pellucid lab RUNS DATA"
            )
        return found

    def read_as(self, folder: Path) -> RunData:
        """What a run learned from, and how that is read.

        Raises:
            DataError: As :meth:`data_of`.
        """
        return run_data(folder, data=self.data_of(folder), notes=self.notes(folder))

    def notes(self, folder: Path) -> dict[str, Any]:
        """What the command that trained a run kept with its state, read once."""
        stamps = tuple(stamp(folder / name) for name in (saved_run.LAST, saved_run.PREVIOUS))
        if not any(stamps):  # its training is at the first epoch
            return saved_run.kept_notes(folder)
        return self._notes.of((folder, stamps), lambda: saved_run.kept_notes(folder))

    def _parts(self, folder: Path, wanted: str | None) -> Mapping[str, PartPictures]:
        """One part, or all of data that are not divided, which are read together."""
        known = self.read_as(folder)

        def read() -> dict[str, PartPictures]:
            model = self.estimator(folder).model_
            asked = PARTS if wanted is None else (wanted,)
            found, _ = learned_parts(known.data, model, reading=known.reading, wanted=asked)
            return {each.part: each for each in found}

        return self._pictures.of((self._pictures_key(folder), wanted), read)

    def _pictures_key(self, folder: Path) -> Hashable:
        known = self.read_as(folder)
        decisions = known.reading.decisions
        return self._key(folder), known.data, None if decisions is None else decisions.digest

    def _key(self, folder: Path) -> Hashable:
        """A model by its file; one that is replaced is read again."""
        return folder, stamp(model_path(folder))


def _given_parts(known: RunData) -> tuple[str, ...]:
    """The parts that data bring themselves, as they are read."""
    reading = known.reading
    return part_names(
        known.data, max_bytes=reading.max_bytes,
        path_column=reading.path_column, label_column=reading.label_column,
    )  # fmt: skip
