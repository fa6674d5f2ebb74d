"""Cameras beside the middle one, which are learned from, and never judge.

A car that drives well never shows how to come back from the edge. A camera at its left sees the
road as the middle one would if the car stood further left, and there the wheel would have to be
turned further to the right (Bojarski et al. 2016, section 2). So such a picture has the middle
one's angle plus a correction, that of the right camera minus it, with angles to the right positive.

Parts are drawn from the middle pictures; those beside them go along into training, and are left out
of what validates and tests, whose angles were driven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.data.csv_rows import column_names
from pellucid.data.recognise import as_number
from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError, DataError
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.decoded import Draw, PictureFile
    from pellucid.data.groups import Groups
    from pellucid.data.table_columns import Columns

NAMES = (
    ("left", "left_camera", "camera_left", "left_image"),
    ("right", "right_camera", "camera_right", "right_image"),
)
"""What the columns of both cameras are called, in lower case."""

TRAINING = ("all", "train")
"""Parts of whose pictures some are learned."""


@dataclass(frozen=True)
class SideCameras:
    """Columns of pictures beside those that are judged.

    Attributes:
        correction: What the left picture's number has more than the middle one's, and the right
            one's less; negative where numbers to the left are positive.
        columns: Names of the left and the right column, with a comma between them; None to
            recognise them.

    Raises:
        ArgumentError: The correction is no finite number, or there are not two names.
    """

    correction: float
    columns: str | None = None

    def __post_init__(self) -> None:
        checks.number("side_cameras", self.correction, -1e9, 1e9)
        if self.columns is not None and (len(self._names) != 2 or not all(self._names)):
            raise ArgumentError(
                f"side_columns is {self.columns!r:.100}; expected two columns, such as 'left,right'"
            )

    @property
    def _names(self) -> list[str]:
        return [name.strip() for name in str(self.columns).split(",")]

    @property
    def shifts(self) -> tuple[float, float]:
        """What is added to the number of the left and of the right picture."""
        return self.correction, -self.correction

    def positions(self, place: str, first: str, columns: Columns, task: str | None) -> list[int]:
        """Positions of the left and the right column in a line.

        Args:
            place: What the list is called in messages.
            first: Its first line.
            columns: Its other columns.
            task: What the labels are for, where that was asked for.

        Raises:
            DataError: There are no such columns.
            ArgumentError: The labels are several numbers, or none.
        """
        if task not in (None, Numbers.kind) or len(columns.label) != 1:
            what = "several numbers" if task in (None, Numbers.kind) else task
            raise ArgumentError(
                f"{place}: side_cameras corrects one number a picture, and the labels are for "
                f"{what}; leave it out, or name one column of numbers"
            )
        names = column_names(place, first, columns.separator)
        folded = [name.casefold() for name in names]
        known = NAMES if self.columns is None else [[name.casefold()] for name in self._names]
        found = [[i for i, name in enumerate(folded) if name in side] for side in known]
        if not all(len(at) == 1 for at in found):
            raise DataError(
                f"{place}: no columns of pictures beside the middle ones, such as left and right; "
                f"its columns are {listed(names)}; name them (side_columns), or leave "
                "side_cameras out"
            )
        return [at[0] for at in found]


def side_cameras_of(correction: float | None, columns: str | None) -> SideCameras | None:
    """Side cameras as two options say; None where there is no correction.

    Raises:
        ArgumentError: Columns are named without a correction.
    """
    if correction is None and columns is not None:
        raise ArgumentError(
            "side_columns is given without side_cameras, by how much their numbers are corrected"
        )
    return None if correction is None else SideCameras(correction, columns)


def shifted(label: str, shift: float) -> str:
    """A number's text with something added; what is no number stays, and is refused later."""
    number = as_number(label)
    return label if number is None else repr(number + shift)


def side_note(files: Sequence[PictureFile], side: SideCameras) -> str:
    """Say how many pictures are beside others, and how their numbers are corrected."""
    count = sum(file.beside is not None for file in files)
    left, right = side.shifts
    return (
        f"side cameras: {counted(count, 'picture')} beside the middle ones, to learn from alone; "
        f"{left:+g} on the left, {right:+g} on the right"
    )


def draw_own(files: Sequence[PictureFile], draw: Draw) -> Draw:
    """A draw from the middle pictures alone, after which those beside them join the training.

    Args:
        files: The pictures; those beside others come after these.
        draw: Draws parts, ``train`` among them.
    """
    own = np.flatnonzero([file.beside is None for file in files])
    if len(own) == len(files):
        return draw

    def drawn(strata: NDArray[np.int64], groups: Groups | None) -> dict[str, NDArray[np.int64]]:
        found = draw(strata[own], groups and groups.subset(own))
        parts = {part: own[chosen] for part, chosen in found.items()}
        learned = {files[i].name for i in parts["train"].tolist()}
        beside = [i for i, file in enumerate(files) if file.beside in learned]
        parts["train"] = np.concatenate([parts["train"], np.array(beside, np.int64)])
        return parts

    return drawn


def check_own(data_name: str, own: int | None) -> None:
    """Raise ArgumentError if parts are to be drawn from data that have pictures of side cameras."""
    if own is not None:
        raise ArgumentError(
            f"{printable(data_name)}: has pictures of side cameras, which must not judge; draw the "
            "parts where the data are loaded, with validation=0.1"
        )
