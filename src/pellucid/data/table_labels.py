"""What the labels of a CSV file are: classes, several labels a picture, or numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.recognise import as_number, integers_note, task_of_texts
from pellucid.data.targets import (
    JOINT,
    NONE,
    ClassTargets,
    LabelSets,
    Numbers,
    Unlabelled,
    split_labels,
)
from pellucid.data.transcript_files import are_transcripts, transcripts_of
from pellucid.data.transcripts import Transcripts
from pellucid.errors import DataError
from pellucid.text import counted, listed, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.data.decoded import PictureFile
    from pellucid.data.targets import Targets

_JOINTS = ("|", ",", " ")


@dataclass(frozen=True, eq=False)
class Labelled:
    """The files of a list with their labels.

    Attributes:
        targets: How the labels are read, without any picture.
        files: The files by part; of several labels, each once.
        notes: What the user should know, a line each.
    """

    targets: Targets
    files: dict[str, tuple[PictureFile, ...]]
    notes: tuple[str, ...]


def read_labels(
    place: str,
    files: Mapping[str, Sequence[PictureFile]],
    columns: tuple[str, ...],
    task: str | None = None,
    units: str | None = None,
) -> Labelled:
    """Decide what the labels of a list are, and read them as such.

    Args:
        place: The list, for messages.
        files: By part, with their labels as they are written.
        columns: What the columns of labels are called.
        task: What the labels are for; None to recognise it.
        units: What transcripts are made of; None to choose by them.

    Raises:
        DataError: They cannot be read so.
    """
    every = [file for of_part in files.values() for file in of_part]
    texts = Counter(file.class_name for file in every)
    kind, why = task or "", ""
    if len(columns) > 1:
        kind = task or Numbers.kind
    elif not kind and are_transcripts(columns[0], every):
        kind = Transcripts.kind
    elif not kind:
        several = _listed_with_several(files)
        places = {file.class_name: file.place for file in reversed(every)}
        kind, why = task_of_texts(place, texts, repeated=several, places=places)
    found = {part: tuple(of_part) for part, of_part in files.items()}
    if kind == Unlabelled.kind:
        once = {
            part: tuple({file.name: file for file in reversed(of_part)}.values())[::-1]
            for part, of_part in files.items()
        }
        return Labelled(Unlabelled.of(0), once, ())
    if kind == Numbers.kind:
        _check_numbers(place, every, len(columns))
        nothing = np.zeros((0, len(columns)))
        return Labelled(Numbers(nothing, columns, len(columns) == 1), found, ())
    if kind == LabelSets.kind:
        found = {part: _merged(of_part) for part, of_part in files.items()}
        names = sorted({name for text in texts for name in split_labels(text)})
        if not names:
            raise DataError(f"{place}: no picture has a label; give labels, such as cat{JOINT}dog")
        note = (f"{why}: taken for multi-label classification",) if why else ()
        return Labelled(LabelSets(np.zeros((0, len(names)), np.uint8), tuple(names)), found, note)
    if kind == Transcripts.kind:
        return Labelled(transcripts_of(place, every, units), found, ())
    notes = (*_joined(texts), *_repeated(every), *integers_note(texts, kind))
    return Labelled(ClassTargets(NONE, tuple(sorted(texts))), found, notes)


def _check_numbers(place: str, files: Sequence[PictureFile], width: int) -> None:
    """Raise DataError unless every label is as many finite numbers as there are columns.

    A picture that is listed with different numbers is refused, too.
    """
    wrong: list[PictureFile] = []
    first: dict[tuple[str, str], str] = {}
    for file in files:
        numbers = [as_number(part) for part in file.class_name.split(JOINT)]
        if len(numbers) != width or any(n is None or not isfinite(n) for n in numbers):
            wrong.append(file)
        if first.setdefault((file.part, file.name), file.class_name) != file.class_name:
            raise DataError(
                f"{place}: {printable(file.name)} is listed with different numbers "
                f"({printable(first[file.part, file.name])} and {printable(file.class_name)} in "
                f"{file.place}); keep one line a picture"
            )
    if wrong:
        raise DataError(
            f"{place}: the target of {counted(len(wrong), 'picture')} of {len(files)} is no finite "
            f"number, the first: {printable(wrong[0].name)} with "
            f"{quoted(wrong[0].class_name, 60)} in {wrong[0].place}; complete or remove "
            f"{'that line' if len(wrong) == 1 else 'these lines'}"
        )


def _listed_with_several(files: Mapping[str, Sequence[PictureFile]]) -> str:
    """A picture that is listed in one part with different labels; empty where there is none."""
    for of_part in files.values():
        first: dict[str, str] = {}
        for file in of_part:
            if first.setdefault(file.name, file.class_name) != file.class_name:
                return printable(file.name)
    return ""


def _merged(files: Sequence[PictureFile]) -> tuple[PictureFile, ...]:
    """Each picture once, with all labels that it is listed with."""
    labels: dict[str, dict[str, None]] = {}
    for file in files:
        labels.setdefault(file.name, {}).update(dict.fromkeys(split_labels(file.class_name)))
    once = {file.name: file for file in reversed(files)}
    return tuple(
        replace(once[name], class_name=JOINT.join(sorted(of_picture)))
        for name, of_picture in labels.items()
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
