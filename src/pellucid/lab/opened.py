"""Runs opened to compute: their networks, changed or not, and the pictures that judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.data.reference import ALL, PARTS, DataPicture, Reference
from pellucid.errors import DataError
from pellucid.estimators import load_estimator
from pellucid.files.held_out import held_out
from pellucid.files.run_model import model_path
from pellucid.lab.kept import Kept
from pellucid.lab.stream import stamp
from pellucid.training import saved_run
from pellucid.training.run_data import run_data

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.explain.surgery import Edit
    from pellucid.training.run_data import RunData

Estimator = Any
"""One that looks at pictures, of any task."""


class OpenedRuns:
    """The networks of runs and their pictures; the last few are kept.

    Args:
        data: Where the pictures of a run are looked for that does not say what it learned from.
    """

    def __init__(self, data: str | None) -> None:
        self._data = data
        self._estimators: Kept[Estimator] = Kept(4)
        self._pictures: Kept[tuple[Dataset, list[str]]] = Kept(2)
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

    def pictures(self, folder: Path) -> tuple[Dataset, list[str]]:
        """The pictures that a run is judged by, and remarks on what they are.

        Raises:
            DataError: If nobody knows what it learned from, or that is gone.
        """
        model, known = self.estimator(folder).model_, self._read_as(folder)
        return self._pictures.of(
            self._pictures_key(folder, known),
            lambda: held_out(known.data, model, reading=known.reading),
        )

    def numbers(self, folder: Path) -> Mapping[str, int]:
        """Which of the pictures that judge a run each one is, from 0, by its name.

        Raises:
            DataError: As :meth:`pictures`.
        """

        def numbered() -> dict[str, int]:
            part, _ = self.pictures(folder)
            return {part.picture_name(i): i for i in range(len(part))}

        return self._numbers.of(self._pictures_key(folder, self._read_as(folder)), numbered)

    def data_of(self, folder: Path) -> str:
        """What a run learned from, as commands take it.

        Raises:
            DataError: If that is not known, and the lab was opened without data.
        """
        found = saved_run.run_data(folder) or self._data
        if found is None:
            raise DataError(
                "it is not known what this run learned from; open the lab with the data: "
                "pellucid lab RUNS DATA"
            )
        return found

    def picture(self, folder: Path, number: int) -> DataPicture:
        """One of the pictures that a run is judged by.

        Args:
            folder: The run's.
            number: Which, from 0.

        Raises:
            DataError: If there is none.
        """
        part, _ = self.pictures(folder)
        if not 0 <= number < len(part):
            raise DataError(f"there are pictures 0 to {len(part) - 1}, not {number}")
        name = part.name if part.name in PARTS else ALL
        return Reference(self.data_of(folder), name, number).of(part)

    def _read_as(self, folder: Path) -> RunData:
        return run_data(folder, data=self.data_of(folder))

    def _pictures_key(self, folder: Path, known: RunData) -> Hashable:
        decisions = known.reading.decisions
        return self._key(folder), known.data, None if decisions is None else decisions.digest

    def _key(self, folder: Path) -> Hashable:
        """A model by its file; one that is replaced is read again."""
        return folder, stamp(model_path(folder))
