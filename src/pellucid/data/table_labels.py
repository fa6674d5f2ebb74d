"""What the labels of a CSV file tell: numbers in place of classes, several labels a picture."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.decoded import PictureFile

_JOINTS = (";", "|", ",", " ")
_FEW_NUMBERS = 10


def label_notes(place: str, files: Sequence[PictureFile]) -> tuple[str, ...]:
    """Return a line on each thing about the labels that may not be meant.

    Raises:
        DataError: The labels are measurements, not classes.
    """
    counts = Counter(file.class_name for file in files)
    _refuse_measurements(place, counts, len(files))
    return (*_joined(counts), *_repeated(files))


def _refuse_measurements(place: str, counts: Counter[str], total: int) -> None:
    """Raise DataError where labels are numbers with fractions, too many to be classes."""
    if len(counts) <= _FEW_NUMBERS:
        return
    numbers: list[float] = []
    for name in counts:
        try:
            numbers.append(float(name))
        except ValueError:
            return
    if all(number.is_integer() for number in numbers):
        return
    first = next(name for name, number in zip(counts, numbers, strict=True) if number % 1 != 0)
    raise DataError(
        f"{place}: the labels are numbers such as {printable(first)}, {len(counts)} different ones "
        f"for {counted(total, 'picture')}; classes are expected: put the numbers into a few "
        f"ranges, and give the names of these"
    )


def _joined(counts: Counter[str]) -> tuple[str, ...]:
    """On labels such as ``cat;pet`` where ``cat`` or ``pet`` is a label, too."""
    for joint in _JOINTS:
        pieces = {
            name: parts
            for name in counts
            if joint in name and all(parts := [piece.strip() for piece in name.split(joint)])
        }
        alone = {name: [piece in counts for piece in parts] for name, parts in pieces.items()}
        if joint == " ":  # between the words of one name, too
            pieces = {name: pieces[name] for name, known in alone.items() if all(known)}
        if any(any(known) for name, known in alone.items() if name in pieces):
            pictures = sum(counts[name] for name in pieces)
            return (
                (
                    f"{counted(pictures, 'picture')} seem to have several labels "
                    f"({listed(list(pieces), 3)}): a picture has one class here, so that each such "
                    f"combination counts as a class of its own; keep one label a picture"
                ),
            )
    return ()


def _repeated(files: Sequence[PictureFile]) -> tuple[str, ...]:
    """On pictures that are listed several times, with different labels."""
    first: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for file in files:
        before = first.setdefault(file.name, file.class_name)
        if before != file.class_name:
            labels = several.setdefault(file.name, [before])
            if file.class_name not in labels:
                labels.append(file.class_name)
    if not several:
        return ()
    name, labels = next(iter(several.items()))
    return (
        (
            f"{counted(len(several), 'picture')} are listed with several labels "
            f"({printable(name)}: {listed(labels, 3)}): a picture has one class here, and such a "
            f"picture would be learned as each of them; keep one line a picture"
        ),
    )
