"""Which decisions hold for some data: their pictures are there, and as they were."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.data.decisions.decision import KEEP, LEAVE_OUT, MOVE, WAYS
from pellucid.data.decisions.digest import file_digest, is_same, pixel_digest
from pellucid.data.note import Note
from pellucid.data.targets import ClassTargets, LabelSets, Numbers
from pellucid.errors import DataError
from pellucid.known_names import alternatives, near_names
from pellucid.short_repr import short_repr
from pellucid.text import counted, listed, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pellucid.data.dataset import Dataset
    from pellucid.data.decisions.decision import Decision, Decisions
    from pellucid.data.folder import PictureFolder
    from pellucid.data.targets import Targets

_IN_ARRAY = re.compile(r"(?:.*:)?(?P<part>[a-z]+)(?:\[(?P<inner>\d{1,12})\]|:(?P<plain>\d{1,12}))")


@short_repr
@dataclass(frozen=True, eq=False)
class Matched:
    """The decisions that hold for some data.

    Attributes:
        decisions: All of them.
        of: Those that hold, by the picture's name as it is printed.
        changed: Names of pictures that have changed since, about which nothing holds.
        gone: How many pictures that were to be left out are not there any more.
    """

    decisions: Decisions
    of: Mapping[str, Decision]
    changed: tuple[str, ...] = ()
    gone: int = 0
    _counts: Counter[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_counts", Counter(each.way for each in self.of.values()))

    @property
    def counts(self) -> dict[str, int]:
        """How many of each way hold."""
        return {way: self._counts[way] for way in WAYS}

    @property
    def left_out(self) -> frozenset[str]:
        """Names of the pictures that are left out, as they are printed."""
        return frozenset(name for name, each in self.of.items() if each.way == LEAVE_OUT)

    @property
    def looked_at(self) -> frozenset[str]:
        """Names of the pictures that stay, whose labels somebody has decided on."""
        return frozenset(name for name, each in self.of.items() if each.way != LEAVE_OUT)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know, a line each."""
        counts = self.counts
        gone = f"; {counted(self.gone, 'picture')} to leave out no longer there" * bool(self.gone)
        line = (
            f"decisions of {self.decisions.name}: {counts[KEEP]} kept, {counts[MOVE]} moved, "
            f"{counts[LEAVE_OUT]} left out{gone}"
        )
        first = Note(
            line, "decisions",
            file=self.decisions.name, keep=counts[KEEP], move=counts[MOVE],
            left_out=counts[LEAVE_OUT], gone=self.gone,
        )  # fmt: skip
        if not self.changed:
            return (first,)
        are, names = "is" if len(self.changed) == 1 else "are", listed(self.changed, 3)
        return first, Note(
            f"{counted(len(self.changed), 'decision')} {are} not applied, since the picture has "
            f"changed: {names}; look at it again, and decide again",
            "changed",
            count=len(self.changed), pictures=names,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """What a model's provenance keeps, as JSON values."""
        return {
            "digest": self.decisions.digest,
            **self.counts,
            "changed": len(self.changed),
        }


def match_files(decisions: Decisions, found: PictureFolder, name: str) -> Matched:
    """The decisions that hold for picture files.

    Args:
        decisions: The decisions.
        found: The files, as if nothing had been decided.
        name: What the data are called in messages.

    Raises:
        DataError: A picture that is to stay is not there, a label is none of the data's, or what
            pictures show cannot be moved; the line is named.
    """
    paths = {printable(file.name): file.path for of in found.parts.values() for file in of}

    def digest(path: str) -> str | None:
        try:
            return file_digest(paths[path])
        except DataError:  # a bad file, which is the reason to leave it out
            return None

    return _matched(decisions, paths, digest, found.targets, name)


def match_arrays(decisions: Decisions, datasets: Mapping[str, Dataset], name: str) -> Matched:
    """The decisions that hold for arrays; arguments and errors as of :func:`match_files`.

    Args:
        decisions: The decisions; a path is ``train[449]``, or ``mnist:train[449]``.
        datasets: The pictures of each part; a decision about another part is passed over.
        name: What the data are called in messages.
    """
    found: dict[str, tuple[str, int]] = {}
    names = {
        printable(data.names[i]): (part, i)
        for part, data in datasets.items()
        if data.names is not None
        for i in range(len(data))
    }
    rows = []
    for path, each in decisions.of.items():
        place = names.get(path)
        if place is None and (form := _IN_ARRAY.fullmatch(path)):
            part, number = form["part"], int(form["inner"] or form["plain"])
            if part in ("train", "validation", "test", "all") and part not in datasets:
                continue
            if part in datasets and number < len(datasets[part]):
                place = part, number
        if place is not None:
            found[path] = place
        rows.append(each)
    some = type(decisions)(decisions.name, tuple(rows))
    if not rows:
        return Matched(decisions, {})

    def digest(path: str) -> str:
        part, i = found[path]
        return pixel_digest(datasets[part].images[i])

    targets = next(iter(datasets.values())).targets
    matched = _matched(some, found, digest, targets, name)
    of = {picture_key(datasets[part], *found[path]): each for path, each in matched.of.items()
          for part in (found[path][0],)}  # fmt: skip
    return Matched(decisions, of, matched.changed, matched.gone)


def picture_key(data: Dataset, part: str, i: int) -> str:
    """What decisions call picture ``i`` of a part of data, as its own source has it."""
    return f"{part}[{i}]" if data.names is None else printable(data.names[i])


def _matched(
    decisions: Decisions,
    known: Mapping[str, object],
    digest: Callable[[str], str | None],
    targets: Targets,
    name: str,
) -> Matched:
    of: dict[str, Decision] = {}
    changed: list[str] = []
    gone = 0
    if decisions.rows and not any(path in known for path in decisions.of):
        first = decisions.rows[0]
        raise DataError(
            f"{decisions.name}: decides about pictures of other data: none of its "
            f"{counted(len(decisions), 'path')} is in {name}, such as {printable(first.path)}; "
            "give the decisions about these data"
        )
    for path, each in decisions.of.items():
        if path not in known:
            if each.way != LEAVE_OUT:
                raise DataError(_missing(each, list(known), name))
            gone += 1
            continue
        if each.digest and (now := digest(path)) is not None and not is_same(each.digest, now):
            changed.append(path)
            continue
        if each.way == MOVE:
            check_label(each.label, targets, f"{each.place or decisions.name}")
        of[path] = each
    return Matched(decisions, of, tuple(changed), gone)


def _missing(row: Decision, known: list[str], name: str) -> str:
    near = near_names(row.path, known)
    hint = f"did you mean {alternatives(near)}? C" if near else "c"
    return (
        f"{row.place or 'decisions'}: {name} has no picture {quoted(row.path, 80)}; {hint}orrect "
        "the path, which is relative to the data's folder, or remove the line"
    )


def check_label(label: str, targets: Targets, place: str) -> None:
    """Check that a picture can get a label.

    Args:
        label: As a list has it.
        targets: Of the data.
        place: Where it is written, for messages.

    Raises:
        DataError: It is none that the data know, or their targets are no labels.
    """
    if isinstance(targets, Numbers):
        numbers = label.split(";")
        try:
            finite = all(abs(float(each)) < float("inf") for each in numbers)
        except ValueError:
            finite = False
        if not finite or len(numbers) != len(targets.columns):
            raise DataError(
                f"{place}: the label {quoted(label, 40)} is not "
                f"{counted(len(targets.columns), 'number')}; write it as 1.5, several as 1.5;2"
            )
        return
    if not isinstance(targets, ClassTargets | LabelSets):
        raise DataError(
            f"{place}: moves a picture, but these are data for {targets.title}, whose pictures are "
            "in no class; leave it out, or mend the annotation"
        )
    known = targets.names
    source = getattr(targets, "source_classes", None) or ()
    for each in targets.classes_of(label):
        if each not in known and each not in source:
            near = near_names(each, known)
            hint = f"did you mean {alternatives(near)}? " if near else ""
            raise DataError(
                f"{place}: no class {quoted(each, 80)}; {hint}expected one of {listed(known, 12)}"
            )
