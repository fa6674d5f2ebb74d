r"""Pictures that belong together: of a patient, a speaker, a day; none of them is in two parts.

If pictures of one patient are learned and others of the same patient judge what was learned, the
result says how well patients are recognised who are known already. So a group is kept in one part
wherever parts are drawn, and in one fold (grouped sampling, as scikit-learn's ``GroupKFold``).

Which group a picture is in is said in one text, ``by``:

- ``folder``: the name of the folder that the file is in, ``root/<class>/<group>/1.png``; and
  ``folder:N`` that of the N-th folder below the data's folder, from 1. In a folder with one folder
  per class it must lie below the class. Folders of the same name in two classes are one group.
- a template of file names without their ending, with ``{group}`` where the group is, and ``*`` or
  another name in braces for anything else: ``{digit}_{group}_{take}`` or ``*_{group}_*``. Each
  reaches to where the text behind it occurs first.
- a regular expression with one pair of parentheses around the group: ``patient(\d+)``. It is
  searched for in the file's name. It may repeat at most four things, and nothing in parentheses:
  model files keep it, and one from elsewhere must not be able to make it run for hours.
- ``rows:N``: blocks of N pictures in the order of the data, that of a list's lines or of a folder's
  names. So the neighbours of a picture in a film are in its own part, except at a block's ends.
- any other text is the name of a column of the CSV file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.errors import ArgumentError, DataError
from pellucid.short_repr import short_repr
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.decoded import PictureFile

Rule = Callable[[PurePosixPath, int | None], str]
"""From a file's path below the data's folder, and the position of its class folder in it, to its
group."""

_FOLDER = re.compile(r"folder(?::(\d{1,3}))?")
_ROWS = re.compile(r"rows:(.*)")
_BRACES = re.compile(r"(\{[^{}]*\}|\*)")
_REPEATS = re.compile(r"(?<!\\)[*+{]")
_REPEATED_GROUP = re.compile(r"\)[*+{?]")
_MOST_REPEATS = 4
_EXAMPLES = (
    "'folder', 'folder:2', a template such as '*_{group}_*', a regular expression with one group "
    "such as 'patient(\\d+)', 'rows:100', or the name of a CSV file's column"
)


class GroupError(DataError):
    """It cannot be said which group a picture is in."""


class Group(NamedTuple):
    """The group of one picture: how it was found, what it is called, and which fold is the test."""

    by: str
    name: str
    fold: str = ""


@short_repr
@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each picture of a data set.

    Attributes:
        names: What each picture's group is called, N texts.
        by: How they were found, as :func:`pellucid.data.load` takes it; empty where they were
            given.
        fold: Which groups are the test, see :mod:`pellucid.data.test_fold`; empty where it is drawn
            as other parts are.
    """

    names: tuple[str, ...]
    by: str = ""
    fold: str = ""

    @classmethod
    def of(cls, found: Sequence[Group | None]) -> Groups | None:
        """The groups of some pictures; None where one of them has none."""
        known = [group for group in found if group is not None]
        if not known or len(known) < len(found):
            return None
        return cls(tuple(group.name for group in known), known[0].by, known[0].fold)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Which group each picture is in, (N,): numbers from 0, in the order of the names."""
        return numbered(self.names)

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(set(self.names))

    def subset(self, indices: NDArray[np.integer[Any]]) -> Groups:
        """The groups of the chosen pictures."""
        return Groups(tuple(self.names[i] for i in indices.tolist()), self.by, self.fold)


def numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Texts as numbers from 0, in the order of the texts, (N,)."""
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.array([places[name] for name in names], np.int64)


def check_group(by: object) -> None:
    """Raise ArgumentError unless ``by`` says how pictures are grouped, or is None."""
    if by is None:
        return
    if not isinstance(by, str) or not by.strip():
        raise ArgumentError(f"group is {by!r:.100}; expected {_EXAMPLES}")
    if block_size(by) is None:
        file_rule(by)


def block_size(by: str) -> int | None:
    """How many pictures in a row make a group; None where groups are found otherwise.

    Raises:
        ArgumentError: It is no number.
    """
    rows = _ROWS.fullmatch(by)
    if rows is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", rows[1]):
        raise ArgumentError(
            f"group is {by!r:.100}; expected how many pictures make a block, such as 'rows:100'"
        )
    return int(rows[1])


def block_name(row: int, size: int) -> str:
    """What the block is called that a row, from 0, is in: by its first row."""
    return f"{row // size * size:06}"


def file_rule(by: str) -> Rule | None:
    """How groups follow from the paths of files; None where they are in a column.

    Raises:
        ArgumentError: It is a template without ``{group}``, or no regular expression with one pair
            of parentheses.
    """
    level = _FOLDER.fullmatch(by)
    if level is not None:
        return _by_folder(by, None if level[1] is None else int(level[1]))
    if "{group}" in by:
        return _by_name(by, _of_template(by))
    if "(" in by:
        try:
            pattern = re.compile(by)
        except re.error as error:
            raise ArgumentError(f"group is {by!r:.100}, no regular expression: {error}") from error
        if len(_REPEATS.findall(by)) > _MOST_REPEATS or _REPEATED_GROUP.search(by):
            raise ArgumentError(
                f"group is {by!r:.100}, a regular expression that may take for ever; expected one "
                f"with at most {_MOST_REPEATS} of *, + and {{, and none behind a parenthesis"
            )
        if pattern.groups != 1:
            raise ArgumentError(
                f"group is {by!r:.100}, a regular expression with {pattern.groups} groups; "
                "expected one pair of parentheses, around the group; others are (?:…)"
            )
        return _by_name(by, pattern)
    if "{" in by:
        raise ArgumentError(
            f"group is {by!r:.100}, a template that does not say what the group is; write "
            "{group} in its place, such as '{digit}_{group}_{take}'"
        )
    return None


def file_groups(
    files: Sequence[PictureFile], by: str, rule: Rule, class_at: int | None
) -> list[Group]:
    """The group of each file.

    Args:
        files: The files.
        by: How they are grouped.
        rule: The same as a function.
        class_at: Position of the class folder in their names, from 0; None where there is none.

    Raises:
        GroupError: Naming the first that has none.
    """
    return [Group(by, rule(PurePosixPath(file.name), class_at)) for file in files]


def in_blocks(
    parts: Mapping[str, Sequence[PictureFile]], by: str, size: int
) -> dict[str, tuple[PictureFile, ...]]:
    """Files in groups of ``size`` that follow one another, counted through all parts."""
    found, row = {}, 0
    for part, files in parts.items():
        found[part] = tuple(
            replace(file, group=Group(by, block_name(k, size))) for k, file in enumerate(files, row)
        )
        row += len(files)
    return found


def _by_folder(by: str, level: int | None) -> Rule:
    if level == 0:
        raise ArgumentError("group is 'folder:0'; levels count from 1, the data's own folders")

    def rule(path: PurePosixPath, class_at: int | None) -> str:
        folders = path.parts[:-1]
        at = len(folders) - 1 if level is None else level - 1
        if at < 0 or at >= len(folders):
            raise GroupError(
                f"{printable(path)}: is below {counted(len(folders), 'folder')}, and the group is "
                f"by {by}; put the pictures of a group into a folder, or give another rule"
            )
        if class_at is not None and at <= class_at:
            what = "its class" if at == class_at else "its part"
            raise GroupError(
                f"{printable(path)}: the group is by {by}, and {printable(folders[at])} is {what}; "
                "expected folders of groups below those of classes, such as cat/patient1/1.png"
            )
        return folders[at]

    return rule


def _by_name(by: str, pattern: re.Pattern[str]) -> Rule:
    whole = "{group}" in by

    def rule(path: PurePosixPath, _class_at: int | None) -> str:
        found = pattern.fullmatch(path.stem) if whole else pattern.search(path.name)
        if found is None or not found[1]:
            raise GroupError(
                f"{printable(path)}: its name does not match the group's "
                f"{'template' if whole else 'regular expression'} {printable(by)}; rename it, or "
                "give another"
            )
        return found[1]

    return rule


def _of_template(by: str) -> re.Pattern[str]:
    pieces = _BRACES.split(by)
    if pieces.count("{group}") != 1 or "/" in by:
        raise ArgumentError(
            f"group is {by!r:.100}; expected {{group}} once, in a template of names without folders"
        )
    written = [re.escape(pieces[0])]
    places, literals = pieces[1::2], pieces[2::2]
    if not all(literals[:-1]):
        raise ArgumentError(
            f"group is {by!r:.100}: two placeholders without anything between them; expected text "
            "that separates them, such as _"
        )
    for place, literal in zip(places, literals, strict=True):
        end = re.escape(literal) or "$"
        # atomic: never tried again at a later occurrence, which could take for ever
        written.append(f"(?>(.+?){end})" if place == "{group}" else f"(?>.+?{end})")
    return re.compile("".join(written), re.DOTALL)
