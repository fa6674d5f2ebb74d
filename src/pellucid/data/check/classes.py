"""What is found out about the classes: none, one, few pictures, many more than others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.check.report import ClassCount, found
from pellucid.data.class_notes import odd_names
from pellucid.data.targets import ClassTargets, Numbers
from pellucid.data.transcripts import Transcripts
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.check.fingerprint import Fingerprint
    from pellucid.data.check.report import Finding
    from pellucid.data.quarantine import BadFile
    from pellucid.data.targets import Targets

SMALL_CLASS = 20
"""With fewer pictures to train with a class is called small."""

IMBALANCE = 5.0
"""The largest class is too large with this many times the pictures of the smallest."""


def class_counts(
    targets: Targets,
    parts: Sequence[str],
    fingerprints: Sequence[Fingerprint],
    bad: Sequence[BadFile],
) -> tuple[ClassCount, ...]:
    """Return numbers and sizes of the pictures of each class, in their order; none of numbers."""
    if isinstance(targets, Numbers | Transcripts):
        return ()
    of_class: dict[str, list[Fingerprint]] = {name: [] for name in targets.names}
    for picture in fingerprints:
        for name in targets.classes_of(picture.class_name):
            of_class[name].append(picture)
    unusable = Counter(name for file in bad for name in targets.classes_of(file.class_name))
    counts: list[ClassCount] = []
    for name, pictures in of_class.items():
        of_part = Counter(picture.part for picture in pictures)
        sizes = [(picture.height, picture.width) for picture in pictures]
        counts.append(
            ClassCount(
                name=name,
                pictures={part: of_part[part] for part in parts},
                unusable=unusable[name],
                smallest=min(sizes, key=_pixels, default=None),
                largest=max(sizes, key=_pixels, default=None),
            )
        )
    return tuple(counts)


def class_findings(
    targets: Targets,
    counts: Sequence[ClassCount],
    parts: Sequence[str],
    fingerprints: Sequence[Fingerprint],
) -> list[Finding]:
    """Return what keeps classes or numbers from being learned, or from being judged."""
    names = tuple(each.name for each in counts)
    if not fingerprints:
        return [found("no-pictures", names, "no picture can be used")]
    origin = "train" if "train" in parts else "all"
    if origin not in parts:
        return [found("no-training-part", tuple(parts), "there is no part named train")]
    findings: list[Finding] = []
    if isinstance(targets, Transcripts):
        return findings
    if isinstance(targets, Numbers):
        texts = [picture.class_name for picture in fingerprints if picture.part == origin]
        values = targets.read(texts).values
        for k in np.flatnonzero(np.ptp(values, axis=0) == 0) if len(values) else ():
            words = f"all {counted(len(values), 'picture')} to train with have {values[0, k]:g}"
            findings.append(
                found(
                    "constant-target",
                    (targets.columns[k],),
                    words,
                    count=len(values),
                    value=f"{values[0, k]:g}",
                )
            )
        return findings
    one_each = isinstance(targets, ClassTargets)
    if len(counts) == 1 and one_each:
        findings.append(found("one-class", names, "no other class is there"))
    learnable = {each.name: each.pictures[origin] for each in counts}
    totals = {each.name: sum(each.pictures.values()) for each in counts}
    findings += [
        found(
            "odd-names", names, words,
            alike=len(names) > 1, counts={printable(name): totals[name] for name in names},
        )
        for names, words in odd_names(totals)
    ]  # fmt: skip
    empty = tuple(name for name, number in learnable.items() if not number)
    if empty:
        findings.append(
            found("class-without-pictures", empty, "no picture to train with can be used")
        )
    for name, number in learnable.items():
        if 0 < number < SMALL_CLASS:
            words = f"{counted(number, 'picture')} to train with, fewer than {SMALL_CLASS}"
            findings.append(found("small-class", (name,), words, count=number, least=SMALL_CLASS))
    present = {name: number for name, number in learnable.items() if number}
    if len(present) > 1 and one_each:
        largest = max(present, key=present.__getitem__)
        smallest = min(present, key=present.__getitem__)
        if present[largest] > IMBALANCE * present[smallest]:
            words = (
                f"{counted(present[largest], 'picture')} of the largest class and "
                f"{present[smallest]} of the smallest, more than {IMBALANCE:g} times as many"
            )
            findings.append(
                found(
                    "imbalance",
                    (largest, smallest),
                    words,
                    largest=present[largest],
                    smallest=present[smallest],
                    times=IMBALANCE,
                )
            )
    for part in parts:
        missing = tuple(
            each.name for each in counts if not each.pictures[part] and learnable[each.name]
        )
        if missing and part != origin:
            findings.append(
                found("class-missing", missing, f"no pictures in the {part} part", part=part)
            )
    return findings


def _pixels(size: tuple[int, int]) -> int:
    return size[0] * size[1]
