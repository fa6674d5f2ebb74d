"""Find the pictures of a folder: ``root/<class>/…`` or ``root/<part>/<class>/…``, at any depth.

Which files are pictures is decided in :mod:`pellucid.data.picture_files`, how links are followed in
:mod:`pellucid.data.walk`, which folders are parts in :mod:`pellucid.data.layout`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.data.decoded import PictureFile
from pellucid.data.layout import (
    PARTS,
    find_parts,
    inner_folders_note,
    meant_below,
    no_class_folders,
)
from pellucid.data.left_out import left_out_notes, left_out_summary
from pellucid.data.ours import own_folder
from pellucid.data.picture_files import is_picture, of_one_kind
from pellucid.data.quarantine import BadFile
from pellucid.data.targets import NONE, ClassTargets
from pellucid.data.walk import entries, files_below
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.faults import Fault
    from pellucid.data.targets import Targets


@short_repr
@dataclass(frozen=True)
class PictureFolder:
    """What picture files there are, in the order of names, before any is decoded.

    Attributes:
        root: The folder.
        targets: How labels are read, without any picture; its names are the sorted classes of all
            parts.
        parts: The files, by part: ``train``, ``validation``, ``test`` as far as they are there, or
            only ``all`` where the folder is not divided.
        notes: One line each on what was left out, and on what is out of the ordinary.
        bad: Folders below the classes' that cannot be listed.
        left_out: What was left out, in few words, for the end of an error.
        meant: A question, such as ``did you mean zip/animals-v1?``, where the layout asks for it.
        faults: What is wrong with boxes around things; they are corrected, or left out.
    """

    root: Path
    targets: Targets
    parts: dict[str, tuple[PictureFile, ...]]
    notes: tuple[str, ...]
    bad: tuple[BadFile, ...] = ()
    left_out: str = ""
    meant: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all classes of all parts, sorted; of numbers, what they are called."""
        return self.targets.names

    @property
    def advice(self) -> str:
        """What may have been meant, and what was left out, for the end of an error."""
        return "; ".join(words for words in (self.meant, self.left_out) if words)


def scan_folder(root: Path) -> PictureFolder:
    """List the picture files of a folder by part and class, without decoding any.

    Class names are the folders' names (in Unicode's composed form, so that they are the same on
    every system). A folder that holds nothing but what Pellucid wrote is no class.

    Raises:
        DataError: The folder cannot be listed, is empty, has no class folders, or its layout can be
            read in two ways.
    """
    kind = own_folder(root)
    if kind is not None:
        raise DataError(
            f"{printable(root)}: {kind} that Pellucid wrote, no data; give the folder of the "
            "pictures"
        )
    here = entries(root, root, may_hold_runs=PARTS)
    if not here.folders:
        foreign = [file for file in here.files if not is_picture(file)]
        left_out = left_out_summary((), foreign, here.passed)
        described = no_class_folders(root, here.files)
        raise DataError(f"{printable(root)}: {described}{'; ' + left_out if left_out else ''}")
    misplaced = [file for file in here.files if is_picture(file)]
    passed = here.passed
    found_parts, beside = find_parts(root, here.folders)
    foreign = list(beside)
    found: dict[str, list[PictureFile]] = {}
    bad: list[BadFile] = []
    classes: set[str] = set()
    notes: tuple[str, ...] = ()
    meant = ""
    for part, folder in found_parts.items():
        inside = here if folder == root else entries(folder, root)
        if folder != root:
            misplaced += [file for file in inside.files if is_picture(file)]
            passed.add(inside.passed)
        files: list[PictureFile] = []
        kept: list[Path] = []
        for class_name, class_folder in zip(
            _class_names(folder, inside.folders), inside.folders, strict=True
        ):
            below = files_below(class_folder, root)
            passed.add(below.passed)
            bad += [
                BadFile(f"{_name(path, root)}/", _reason(path, error), class_name, part)
                for path, error in below.unlisted
            ]
            pictures = [file for file in below.files if is_picture(file)]
            if not pictures and below.passed.ours and not below.unlisted:
                continue  # a folder of runs and the like
            kept.append(class_folder)
            classes.add(class_name)
            files += [PictureFile(file, _name(file, root), class_name, part) for file in pictures]
            chosen = set(pictures)
            foreign += [file for file in below.files if file not in chosen]
        found[part] = files
        notes += inner_folders_note(kept)
        meant = meant or meant_below(folder, kept)
    paths, others = of_one_kind([file.path for files in found.values() for file in files])
    foreign += others
    usable = set(paths) if others else set()
    parts = {
        part: tuple(file for file in files if not others or file.path in usable)
        for part, files in found.items()
    }
    return PictureFolder(
        root,
        ClassTargets(NONE, tuple(sorted(classes))),
        parts,
        (*left_out_notes(root, misplaced, foreign, passed), *notes),
        tuple(bad),
        left_out_summary(misplaced, foreign, passed),
        meant,
    )


def valid_class_name(name: str) -> str | None:
    """Return a class name in Unicode's composed form; None if it holds bytes that are no text."""
    composed = unicodedata.normalize("NFC", name)
    return None if any("\ud800" <= letter <= "\udfff" for letter in composed) else composed


def _class_names(folder: Path, class_folders: list[Path]) -> list[str]:
    names: list[str] = []
    for class_folder in class_folders:
        name = valid_class_name(class_folder.name)
        if name is None:
            raise DataError(
                f"{printable(class_folder)}: the name of a class must be valid Unicode; rename the "
                f"folder"
            )
        if name in names:
            raise DataError(
                f"{printable(folder)}: two folders are named {printable(name)}, written with "
                f"different Unicode characters; put their pictures into one"
            )
        names.append(name)
    return names


def _name(path: Path, root: Path) -> str:
    # path.relative_to(root).as_posix(), in fewer steps
    return "/".join(path.parts[len(root.parts) :])


def _reason(path: Path, error: DataError) -> str:
    return str(error).removeprefix(f"{printable(path)}: ")
