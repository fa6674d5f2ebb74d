"""The decisions of a lab: one CSV file, which others may change meanwhile."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.data.decisions import MOVE, Decision, decisions_csv, read_decisions
from pellucid.data.decisions.decision import WAYS
from pellucid.errors import ArgumentError, DataError, OutputError
from pellucid.files import check_inside, make_folder, write_file
from pellucid.files.lock import FolderLock, TakenError
from pellucid.files.regular import open_regular
from pellucid.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

NAME = "decisions.csv"
"""In the folder of runs."""

EARLIER = "decisions.earlier.csv"
"""Beside it: the file as somebody else wrote it, with columns or lines that are no decisions."""

MOST_NOTE = 2_000
"""Letters of a remark."""

_TRIES = 8

_PATIENCE = 10.0
"""Seconds for which another lab that writes is waited for."""


@dataclass(frozen=True)
class Said:
    """What is decided about a picture.

    Attributes:
        way: ``keep``, ``move`` or ``leave-out``.
        label: Where it moves to.
        note: A remark.
    """

    way: str
    label: str = ""
    note: str = ""

    @classmethod
    def of(cls, values: object, what: str) -> Said | None:
        """From JSON values; None where nothing is decided.

        Raises:
            ArgumentError: If they are no decision.
        """
        if values is None:
            return None
        if not isinstance(values, dict) or set(values) - {"decision", "label", "note"}:
            raise ArgumentError(
                f"{what} is {checks.brief(values)}; expected decision, label and note, or null"
            )
        way, label, note = (values.get(name) or "" for name in ("decision", "label", "note"))
        if way not in WAYS:
            raise ArgumentError(f"{what}: decision is {checks.brief(way)}; expected {listed(WAYS)}")
        if not isinstance(label, str) or not isinstance(note, str) or len(note) > MOST_NOTE:
            raise ArgumentError(f"{what}: label and note are texts, of {MOST_NOTE} letters at most")
        if way == MOVE and not label:
            raise ArgumentError(f"{what}: moves, and no label says where; name a class")
        # a line of the file has no other line in it
        return cls(way, label if way == MOVE else "", " ".join(note.split()))

    def to_dict(self) -> dict[str, str]:
        """As JSON values."""
        return {"decision": self.way, "label": self.label, "note": self.note}


@dataclass(frozen=True)
class Change:
    """What a page wants to be decided about a picture.

    Attributes:
        path: The picture, as it is printed.
        before: What the page took for decided; None: nothing.
        after: What is to be; None: nothing.
    """

    path: str
    before: Said | None
    after: Said | None


@dataclass(frozen=True)
class Kept:
    """The decisions at a moment.

    Attributes:
        version: By what the file's content is known; empty where there is no file.
        rows: The decisions.
    """

    version: str
    rows: tuple[Decision, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of changes.

    Attributes:
        kept: The decisions as they are now.
        contradicted: Changes that were not made, since somebody else decided otherwise meanwhile.
    """

    kept: Kept
    contradicted: tuple[Change, ...]


class _ChangedError(Exception):
    """The file is another one than that which was read."""


class DecisionBook:
    """The decisions that a lab keeps.

    Others may write the file, too: another lab, an editor. What they decided stays: only changes
    of a picture whose decision is still the one that the page knew are made.

    Args:
        root: The folder of runs; it is made with the first decision.
    """

    def __init__(self, root: Path) -> None:
        self.file = root / NAME
        self._lock = threading.Lock()

    def read(self) -> Kept:
        """The decisions as they are now.

        Raises:
            DataError: If the file cannot be read, or is none of decisions.
        """
        content = self._content()
        if not content:
            return Kept(_version(content), ())
        kept = Kept(_version(content), read_decisions(self.file).rows)
        return kept if self._content() == content else self.read()

    def change(self, changes: Sequence[Change], digest: Callable[[str], str]) -> Outcome:
        """Make changes, at once.

        Args:
            changes: The changes, one a picture.
            digest: Returns the digest of a picture's content, by its path.

        Raises:
            DataError: If the file is none of decisions; it stays as it is.
            OutputError: If it cannot be written; it stays as it is.
        """
        digests = {each.path: digest(each.path) for each in changes if each.after is not None}
        with self._lock, _alone(self.file.parent):
            for _ in range(_TRIES):
                try:
                    return self._changed(changes, digests)
                except _ChangedError:
                    continue
        raise DataError(f"{printable(self.file)}: is being written all the time; try again")

    def _changed(self, changes: Sequence[Change], digests: dict[str, str]) -> Outcome:
        now = self.read()
        rows = {printable(row.path): row for row in now.rows}
        contradicted = []
        for each in changes:
            there = said(rows.get(each.path))
            if there not in (each.before, each.after):
                contradicted.append(each)
            elif each.after is None:
                rows.pop(each.path, None)
            elif there != each.after:
                rows[each.path] = Decision(
                    each.path, each.after.way, each.after.label, each.after.note,
                    digests[each.path],
                )  # fmt: skip
        if tuple(rows.values()) != now.rows:
            now = self._written(now, tuple(rows.values()))
        return Outcome(now, tuple(contradicted))

    def _written(self, now: Kept, rows: tuple[Decision, ...]) -> Kept:
        content = decisions_csv(rows).encode("utf-8", "backslashreplace")

        def unchanged() -> None:
            if _version(self._content()) != now.version:
                raise _ChangedError

        own = decisions_csv(now.rows).encode("utf-8", "backslashreplace")
        foreign = now.version != "" and _version(own) != now.version
        make_folder(self.file.parent)
        check_inside(self.file, self.file.parent)
        keep = self.file.with_name(EARLIER) if foreign else None
        write_file(self.file, content, keep=keep, before=unchanged)
        return Kept(_version(content), rows)

    def _content(self) -> bytes:
        try:
            with open_regular(self.file) as file:
                return file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise DataError(
                f"{printable(self.file)}: cannot be read: {error.strerror}; look at its permissions"
            ) from error


class _Lock(FolderLock):
    """Held by the lab that writes decisions in a folder of runs."""

    NAME = ".decisions.lock"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other lab writes decisions; an editor is seen by what the file holds."""
    lock, end = None, time.monotonic() + _PATIENCE
    while lock is None:
        try:
            make_folder(folder)
            lock = _Lock(folder)
        except TakenError as error:
            if time.monotonic() >= end:
                raise DataError(
                    f"{printable(folder)}: another lab is writing its decisions; try again"
                ) from error
            time.sleep(0.01)
        except OutputError:  # writing the decisions says what is wrong with the folder
            break
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def said(row: Decision | None) -> Said | None:
    """What a row of the file says."""
    if row is None:
        return None
    return Said(row.way, row.label if row.way == MOVE else "", row.note)


def changes_of(values: object) -> list[Change]:
    """Changes from JSON values.

    Raises:
        ArgumentError: If they are none.
    """
    if not isinstance(values, list):
        raise ArgumentError(f"changes are {checks.brief(values)}; expected a list")
    found: dict[str, Change] = {}
    for each in values:
        path: Any = each.get("path") if isinstance(each, dict) else None
        if not isinstance(path, str) or set(each) - {"path", "before", "after"}:
            raise ArgumentError(
                f"a change is {checks.brief(each)}; expected path, before and after"
            )
        if path in found:
            raise ArgumentError(f"{checks.brief(path)} is changed twice; send one change of it")
        before, after = (Said.of(each.get(name), name) for name in ("before", "after"))
        found[path] = Change(path, before, after)
    return list(found.values())


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16] if content else ""
