"""What would spoil a training's result stops it before it begins, unless the user allows it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.cli.arguments import one_of
from pellucid.errors import DataError
from pellucid.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pellucid.data import Dataset, Splits
    from pellucid.data.check import Finding

ONE_CLASS = "one-class"

ALLOWABLE = (ONE_CLASS, "conflicting-labels", "leakage")
"""What can be allowed; the kinds of findings of ``pellucid check`` that have these names."""

MOST_COPIED = 0.05
"""The share of drawn pictures that may have copies in other parts without stopping training."""

MOST_NAMES = 4
"""How many names of a finding are printed."""

Place = tuple[str, int]
"""A part, and a picture's place in it."""


def check_allowed(
    names: Iterable[str] | None, allowable: Collection[str] = ALLOWABLE
) -> tuple[str, ...]:
    """Return the kinds of findings that are allowed, by their own names; refuse others."""
    return tuple(one_of("finding", name, allowable, "--allow") for name in names or ())


def leakage_notes(
    splits: Splits, name: str, allowed: Collection[str], root: Path | None = None
) -> tuple[str, ...]:
    """Look for pictures that are in several classes, or in several of the parts that were given.

    Two pictures are the same if all their pixels are, at the size at which they are learned.

    Args:
        splits: The data, as they were read.
        name: What they are called in messages.
        allowed: Kinds of findings that do not stop training.
        root: The folder that names of picture files are relative to. Pictures of more than 8 bits
            are then compared by their files, with all their bits.

    Returns:
        What the user should know although it does not stop training, a line each.

    Raises:
        DataError: If something was found that is not allowed; also if more than a few of the
            pictures in parts that were drawn have copies in other parts.
    """
    parts = {
        part: dataset
        for part, dataset in (
            ("train", splits.train), ("validation", splits.validation), ("test", splits.test)
        )
        if dataset is not None
    }  # fmt: skip
    repeated = list(_repeated(parts))
    if splits.train.value_range is not None and root is not None:
        repeated = list(_in_full(parts, repeated, root))
    findings = _findings(parts, repeated, splits.drawn)
    for finding in findings:
        if finding.kind not in allowed:
            raise DataError(_refusal(findings, finding, name))
    notes = []
    if findings:
        notes.append(
            f"{counted(len(findings), 'finding')} that would spoil the result, allowed: "
            f"{', '.join(sorted({finding.kind for finding in findings}))}; "
            f"the first: {_line(findings[0])}"
        )
    copied = _drawn_copies(repeated, splits.drawn)
    if copied:
        total = sum(len(parts[part]) for part in splits.drawn)
        things = f"{splits.train.noun}s"
        note = (
            f"copies of {things} were drawn into several parts: {copied} of {total} in "
            f"{' and '.join(splits.drawn)} can also be seen elsewhere, which makes these parts "
            f"easier than new {things} are"
        )
        if copied > MOST_COPIED * total and "leakage" not in allowed:
            raise DataError(
                f"{name}: {note}; keep one of each (pellucid check lists them), or divide the "
                f"{things} yourself (to train anyway: --allow leakage)"
            )
        notes.append(f"{note}; pellucid check lists them")
    return tuple(notes)


def picture_root(source: str) -> Path | None:
    """The folder that names of a source's picture files are relative to; None of arrays."""
    from pathlib import Path

    from pellucid.data.listing import is_of_pictures

    path = Path(source)
    if not path.exists() or not is_of_pictures(path):
        return None
    return path if path.is_dir() else path.parent


def _repeated(parts: dict[str, Dataset]) -> Iterable[list[Place]]:
    """The groups of pictures whose pixels are the same."""
    groups: dict[bytes, list[Place]] = defaultdict(list)
    for part, dataset in parts.items():
        for i, image in enumerate(dataset.images):
            digest = hashlib.sha256(np.ascontiguousarray(image).data).digest()
            groups[digest].append((part, i))
    return (group for group in groups.values() if len(group) > 1)


def _in_full(
    parts: dict[str, Dataset], repeated: list[list[Place]], root: Path
) -> Iterable[list[Place]]:
    """The groups among those that are the same with all their bits, too."""
    from pellucid.data.check.fingerprint import Fingerprint, SharedCounts, fingerprint_file
    from pellucid.data.decoded import PictureFile
    from pellucid.data.pillow import MAX_PIXELS

    for group in repeated:
        same: dict[bytes, list[Place]] = defaultdict(list)
        for part, i in group:
            called = parts[part].picture_name(i)
            picture = fingerprint_file(
                PictureFile(root / called, called, ""), MAX_PIXELS, SharedCounts()
            )
            same[picture.pixels if isinstance(picture, Fingerprint) else b""].append((part, i))
        yield from (places for places in same.values() if len(places) > 1)


def _findings(
    parts: dict[str, Dataset], repeated: list[list[Place]], drawn: tuple[str, ...]
) -> tuple[Finding, ...]:
    """What of the repeated pictures spoils training; a part that was drawn is no part here."""
    if not repeated:
        return ()
    from pellucid.data.check import inspect_datasets

    suspects: dict[str, list[Dataset]] = defaultdict(list)
    for part, dataset in parts.items():
        places = [i for group in repeated for of, i in group if of == part]
        if places:
            names = tuple(dataset.picture_name(i) for i in places)
            suspects["train" if part in drawn else part].append(
                replace(dataset.subset(places), names=names)
            )
    report = inspect_datasets({part: _joined(of) for part, of in suspects.items()}, bad=())
    return tuple(
        finding
        for finding in report.spoiling
        if finding.kind in ("conflicting-labels", "leakage")  # what else is said of all pictures
    )


def _joined(pieces: list[Dataset]) -> Dataset:
    return replace(
        pieces[0],
        images=np.concatenate([piece.images for piece in pieces]),
        targets=pieces[0].targets.joined_with([piece.targets for piece in pieces[1:]]),
        names=tuple(name for piece in pieces for name in piece.names or ()),
        groups=None,
    )


def _refusal(findings: tuple[Finding, ...], first: Finding, name: str) -> str:
    from pellucid.data.check.finding_kinds import KINDS

    number = sum(finding.kind == first.kind for finding in findings)
    more = f" (and {number - 1} more of the kind, see pellucid check)" if number > 1 else ""
    return (
        f"{name}: {_line(first)}{more}; {KINDS[first.kind].advice} (to train anyway: "
        f"--allow {first.kind})"
    )


def _line(finding: Finding) -> str:
    return f"{listed(finding.names, MOST_NAMES)}: {finding.words}"


def _drawn_copies(repeated: list[list[Place]], drawn: tuple[str, ...]) -> int:
    """How many pictures, of the parts that were drawn, have copies in another or in training."""
    among = {"train", *drawn}
    number = 0
    for group in repeated:
        if len({part for part, _ in group if part in among}) > 1:
            number += sum(part in drawn for part, _ in group)
    return number
