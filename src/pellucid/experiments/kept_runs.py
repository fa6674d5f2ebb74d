"""Networks of an experiment that has not ended, kept, so that an interrupted one goes on."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pellucid.errors import ArgumentError, FileFormatError
from pellucid.experiments.training_run import Run
from pellucid.files.atomic import write_text
from pellucid.files.folders import make_folder
from pellucid.text import printable
from pellucid.training.history import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

FOLDER = "unfinished"
"""Where runs are kept, in the folder of an experiment."""


COMMON = ("kinds",)
"""What all parts in one folder have in common, of an experiment in parts which these are: they are
removed together."""


def digest_of(values: object) -> str:
    """Of JSON values, in short: other values have another one."""
    text = json.dumps(values, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class KeptRuns:
    """The trained networks of an experiment, a file each, written when a training ends.

    Attributes:
        folder: Where they are; made when the first is kept.
        part: What they are a part of, where an experiment trains networks of one name several
            times over.
    """

    folder: Path
    part: str = ""

    @classmethod
    def open(cls, place: Path, asked: Mapping[str, Any], part: str = "") -> KeptRuns:
        """Those in the folder of an experiment, none yet or what an interrupted one left.

        Args:
            place: The folder.
            asked: What a run follows from besides variant and seed, as JSON values.
            part: See the class.

        Raises:
            ArgumentError: If the ones that are there follow from something else.
            FileFormatError: If what is there cannot be read.
        """
        kept = cls(place / FOLDER, part)
        path = kept.folder / f"{kept._name('asked')}.json"
        for each in sorted(kept.folder.glob("asked-*.json")):
            before = kept._read(each.name)
            for name in {**before, **asked} if each == path else COMMON:
                if before.get(name) != asked.get(name):
                    raise ArgumentError(
                        f"{printable(place)}: holds an interrupted experiment with other {name}: "
                        f"{before.get(name)!r}, got {asked.get(name)!r}; name another folder, or "
                        f"remove {printable(kept.folder)}"
                    )
        if not path.exists():
            make_folder(kept.folder)
            write_text(path, json.dumps(dict(asked), indent=1) + "\n")
        return kept

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("run-*.json"))

    def find(self, variant: str, seed: int) -> Run | None:
        """The run of a variant and seed; none if it has not ended.

        Raises:
            FileFormatError: If it cannot be read.
        """

        def made(found: dict[str, Any]) -> Run:
            epochs = tuple(Epoch.from_dict(row) for row in found["epochs"])
            return Run(variant, seed, epochs, bool(found["diverged"]))

        return self.find_as(made, variant, seed)

    def find_as(self, made: Callable[[dict[str, Any]], T], variant: str, seed: int) -> T | None:
        """What is made of the record of a variant and seed; none if its run has not ended.

        Args:
            made: From what :meth:`keep_record` was given.
            variant: Which.
            seed: Which.

        Raises:
            FileFormatError: If it cannot be read.
        """
        name = self._name("run", variant, str(seed)) + ".json"
        if not (self.folder / name).exists():
            return None
        try:
            return made(self._read(name))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._unreadable(name) from error

    def keep(self, run: Run) -> None:
        """Write a run."""
        epochs = [each.to_dict() for each in run.epochs]
        self.keep_record(run.variant, run.seed, {"diverged": run.diverged, "epochs": epochs})

    def keep_record(self, variant: str, seed: int, record: Mapping[str, Any]) -> None:
        """Write what is known of the run of a variant and seed, as JSON values."""
        name = self._name("run", variant, str(seed)) + ".json"
        write_text(make_folder(self.folder) / name, json.dumps(dict(record)) + "\n")

    def keep_seen(self, seen: Mapping[str, Any]) -> None:
        """Write what else was seen of this part, as JSON values."""
        write_text(make_folder(self.folder) / f"{self._name('seen')}.json", json.dumps(dict(seen)))

    def seen(self) -> dict[str, Any]:
        """What else was seen of this part; empty if nothing was.

        Raises:
            FileFormatError: If it cannot be read.
        """
        name = f"{self._name('seen')}.json"
        return self._read(name) if (self.folder / name).exists() else {}

    def remove(self) -> None:
        """Remove all, of an experiment that has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _name(self, *words: str) -> str:
        """A file's name of a few words; of others it is another, in whatever script they are."""
        plain = re.sub(r"[^a-z0-9]+", "-", "-".join((words[0], self.part, *words[1:])).lower())
        return f"{plain[:60]}-{digest_of((self.part, *words))}"

    def _read(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._unreadable(name) from error
        if not isinstance(found, dict):
            raise self._unreadable(name)
        return found

    def _unreadable(self, name: str) -> FileFormatError:
        return FileFormatError(
            f"{printable(self.folder / name)}: cannot be read as what an interrupted experiment "
            "left; remove it, and its network is trained again"
        )
