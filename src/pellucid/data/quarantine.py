"""Files that cannot be used, set apart so that the rest can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from pellucid.data.note import Note
from pellucid.errors import ArgumentError, DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

Bad = Literal["quarantine", "error"]
"""What is done about a bad file: leave it out and list it, or stop."""


class QuarantineWarning(UserWarning):
    """Files that were to be pictures cannot be used, and the rest is used without them."""


@dataclass(frozen=True)
class BadFile:
    """A file that was to be a picture and cannot be used.

    Attributes:
        name: What it is called in lists: its path relative to the data's folder.
        reason: What is wrong with it and how to mend it, in one line.
        class_name: The class that it would have had.
        part: The part it lies in: ``train``, ``validation``, ``test`` or ``all``.
    """

    name: str
    reason: str
    class_name: str
    part: str


def nothing_left(name: str, bad: Sequence[BadFile], noun: str = "picture") -> DataError:
    """Return the error where none of the files of some data can be used.

    Args:
        name: What the data are called.
        bad: All files.
        noun: What they were to be.
    """
    first = bad[0]
    return DataError(
        f"{name}: none of the {counted(len(bad), noun)} can be used, the first: "
        f"{printable(first.name)}: {first.reason}"
    )


def check_bad(bad: object) -> None:
    """Raise ArgumentError unless ``bad`` is one of the ways to treat bad files."""
    if bad not in get_args(Bad):
        raise ArgumentError(f"bad is {bad!r}; expected one of {', '.join(get_args(Bad))}")


def quarantine_note(quarantined: Sequence[BadFile]) -> tuple[str, ...]:
    """Return one line on the files that were left out, none where none were."""
    if not quarantined:
        return ()
    first = quarantined[0]
    said = f"{printable(first.name)}: {first.reason}"
    line = f"1 file cannot be used and is left out: {said}"
    if len(quarantined) > 1:
        files = counted(len(quarantined), "file")
        line = f"{files} cannot be used and are left out, the first: {said}"
    return (Note(line, "quarantined", count=len(quarantined), first=printable(first.name)),)
