"""Find the picture that a line of a CSV file means: as it is written, or nearly so."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.picture_files import SUFFIXES, is_hidden
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = 3
_MOST_FOLDERS = 2000
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class PathFinder:
    """Finds pictures below the folder of a CSV file.

    A path is tried as it is written; then without blanks around it, with its backslashes as
    slashes, without the name of the folder itself in front; then with the ending of a picture; and
    then in the folders below. Folders are listed once, so that a line costs no call of the system.

    Of several folders that have it, one that is called as the list is meant: ``train/`` by
    ``train.csv``.

    Args:
        table: The CSV file.
    """

    def __init__(self, table: Path) -> None:
        root = table.parent
        self._stem = table.stem.casefold()
        self._root = os.fspath(root)
        self._name = root.resolve().name
        self._names: dict[str, frozenset[str]] = {}
        self._stems: dict[str, dict[str, list[str]]] = {}
        self._below: list[str] | None = None
        self._names_below: set[str] = set()

    def find(self, written: str) -> str | None:
        """Return a path relative to the folder, in its shortest form; None if it leads out of it.

        What is not found is returned as it is written.

        Raises:
            DataError: Several pictures can be meant.
        """
        plain = written.strip()
        form: str | None = None
        for each in dict.fromkeys((written, plain, plain.replace("\\", "/"))):
            form = self._inside(each)
            if form is not None and self._is_there(form):
                return form
        if form is None:
            return None
        first, _, rest = form.partition(os.sep)
        if rest and first == self._name and self._is_there(rest):
            return rest
        return self._with_ending(form) or self._elsewhere(form) or form

    def _inside(self, written: str) -> str | None:
        """A path in its shortest form, relative to the folder; none if it leads out of it.

        It is the words that decide: links in the folder are followed, and ``..`` after a link does
        not leave it, since what is opened is the shortest form.
        """
        if os.path.isabs(written):  # noqa: PTH117 - called for every line, as are those below
            root = os.path.abspath(self._root)  # noqa: PTH100
            shortest = os.path.normpath(written)
            if not shortest.startswith(root.rstrip(os.sep) + os.sep):
                root, shortest = os.path.realpath(root), os.path.realpath(os.path.dirname(shortest))  # noqa: PTH120
                shortest = os.path.join(shortest, os.path.basename(written))  # noqa: PTH118, PTH119
            if not shortest.startswith(root.rstrip(os.sep) + os.sep):
                return None
            return shortest[len(root.rstrip(os.sep)) + 1 :]
        if _DRIVE.match(written):
            return None
        shortest = os.path.normpath(written) if written else ""
        return None if shortest.split(os.sep, 1)[0] == os.pardir else shortest

    def _is_there(self, relative: str) -> bool:
        folder, _, name = relative.rpartition(os.sep)
        return name in self._listed(folder)

    def _with_ending(self, relative: str) -> str | None:
        folder, name = os.path.split(relative)
        if os.path.splitext(name)[1].lower() in SUFFIXES:  # noqa: PTH122
            return None
        found = self._stems_of(folder).get(name, ())
        if len(found) > 1:
            raise DataError(
                f"{printable(relative)} can be {printable(found[0])} or {printable(found[1])}; "
                f"write the ending, too"
            )
        return os.path.join(folder, found[0]) if found else None  # noqa: PTH118

    def _elsewhere(self, relative: str) -> str | None:
        """The same in a folder below; the only one."""
        if self._below is None:
            self._below = list(self._folders())
            for folder in self._below:
                self._names_below |= self._listed(folder)
                self._names_below |= self._stems_of(folder).keys()
        found: list[str] = []
        if relative.rpartition(os.sep)[2] not in self._names_below:
            return None
        for folder in self._below:
            there = os.path.join(folder, relative)  # noqa: PTH118
            if self._is_there(there):
                found.append(there)
            elif (ended := self._with_ending(there)) is not None:
                found.append(ended)
        if len(found) > 1:
            called = [each for each in found if self._is_called_as_the_list(each)]
            if len(called) == 1:
                return called[0]
            raise DataError(
                f"{printable(relative)} can be {printable(found[0])} or {printable(found[1])}; "
                f"write the folder, too"
            )
        return found[0] if found else None

    def _is_called_as_the_list(self, relative: str) -> bool:
        first = relative.split(os.sep, 1)[0].casefold()
        return first == self._stem or first.startswith((f"{self._stem}_", f"{self._stem}-"))

    def _listed(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            try:
                names = frozenset(os.listdir(os.path.join(self._root, folder) or os.curdir))  # noqa: PTH118, PTH208
            except (OSError, ValueError):  # ValueError: a zero byte in the name
                names = frozenset()
            self._names[folder] = names
        return self._names[folder]

    def _stems_of(self, folder: str) -> dict[str, list[str]]:
        if folder not in self._stems:
            stems: dict[str, list[str]] = {}
            for name in sorted(self._listed(folder)):
                stem, ending = os.path.splitext(name)  # noqa: PTH122
                if ending.lower() in SUFFIXES:
                    stems.setdefault(stem, []).append(name)
            self._stems[folder] = stems
        return self._stems[folder]

    def _folders(self) -> Iterator[str]:
        """Folders below, the nearest first, relative to the folder."""
        level = [""]
        count = 0
        for _ in range(_DEPTH):
            deeper = []
            for folder in level:
                for name in sorted(self._listed(folder)):
                    inner = os.path.join(folder, name)  # noqa: PTH118
                    if is_hidden(name) or not (Path(self._root) / inner).is_dir():
                        continue
                    count += 1
                    if count > _MOST_FOLDERS:
                        return
                    yield inner
                    deeper.append(inner)
            level = deeper
