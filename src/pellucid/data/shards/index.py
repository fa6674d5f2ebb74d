"""What a folder of shards holds: ``shards.json``, and a list of pictures for each part."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from pellucid.data.decode import unreadable
from pellucid.data.decoded import PictureFile
from pellucid.data.groups import Group
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.sound.decode import SoundHeader
from pellucid.data.targets import TARGETS, Numbers
from pellucid.data.transcripts import UNITS, Transcripts
from pellucid.errors import DataError
from pellucid.text import counted, printable, truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pellucid.data.targets import Targets

Value = TypeVar("Value")

INDEX = "shards.json"
FORMAT = "pellucid shards 1"


@dataclass(frozen=True)
class Shard:
    """One tar file.

    Attributes:
        name: Of the file, in the folder.
        pictures: How many it holds.
        bytes: Its size.
        content: Bytes of the pictures in it, which are in memory while it is read.
        sha256: Of its content, 64 hex digits.
    """

    name: str
    pictures: int
    bytes: int
    content: int
    sha256: str


@dataclass(frozen=True)
class ShardIndex:
    """What is known of shards before one is read.

    Attributes:
        folder: Where they are.
        name: What the data were called.
        targets: How labels are read, without any picture.
        preprocessing: How a folder of the same pictures is read where nothing else is asked for.
        parts: The tar files of each part, in order.
        notes: What was to be said of the data.
        decisions: What was decided about the pictures before they were written, as a model's
            provenance keeps it; None where nothing was.

    The list of a part has a line for each picture or recording: ``name``, ``label`` (its class; of
    labels, numbers, boxes, captions or a transcript their text), and as far as there are such its
    ``size`` (width and height, where boxes count its pixels), ``group`` (by what, and which), and
    of recordings ``sound`` (rate, samples, channels).
    """

    folder: Path
    name: str
    targets: Targets
    preprocessing: Preprocessing
    parts: dict[str, tuple[Shard, ...]]
    notes: tuple[str, ...] = ()
    decisions: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "targets": _targets_values(self.targets),
            "preprocessing": self.preprocessing.to_dict(),
            "parts": {part: [vars(each) for each in of] for part, of in self.parts.items()},
            "notes": list(self.notes),
            **({} if self.decisions is None else {"decisions": self.decisions}),
        }

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what a folder of shards holds.

        Raises:
            DataError: It cannot be read, or is not what :meth:`to_dict` gives.
        """
        path = folder / INDEX
        try:
            values = json.loads(path.read_text("utf-8"))
            written = values["format"]
        except OSError as error:
            raise unreadable(path, error) from error
        except (LookupError, TypeError, ValueError) as error:
            raise _damaged(path, error) from error
        if written != FORMAT:
            raise DataError(
                f"{printable(path)}: is in the format {truncated(str(written))}, expected "
                f"{FORMAT!r}; write the shards again: pellucid shard DATA"
            )
        try:
            parts = {
                str(part): tuple(Shard(**_checked(each)) for each in of)
                for part, of in values["parts"].items()
            }
            return cls(
                folder, str(values["name"]), _targets(values["targets"]),
                Preprocessing.from_dict(values["preprocessing"]), parts,
                tuple(map(str, values["notes"])), _decisions(values.get("decisions")),
            )  # fmt: skip
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(path, error) from error

    def files(self, part: str) -> tuple[PictureFile, ...]:
        """The pictures of a part, in the order in which they lie in its tar files.

        Raises:
            DataError: Their list cannot be read, or has not as many as the tar files.
        """
        path = self.folder / list_name(part)
        return tuple(self._lines(part, lambda values: _file(values, part, path)))

    def headers(self, part: str) -> tuple[SoundHeader, ...]:
        """The headers of the recordings of a part.

        Raises:
            DataError: As :meth:`files`.
        """
        return tuple(self._lines(part, lambda values: SoundHeader(*map(int, values["sound"]))))

    def _lines(self, part: str, read: Callable[[dict[str, Any]], Value]) -> Iterator[Value]:
        path, found = self.folder / list_name(part), 0
        try:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield read(json.loads(line))
                    found += 1
        except OSError as error:
            raise unreadable(path, error) from error
        except (LookupError, TypeError, ValueError) as error:
            raise _damaged(path, error) from error
        held = sum(shard.pictures for shard in self.parts[part])
        if found != held:
            raise DataError(
                f"{printable(path)}: lists {counted(found, 'picture')}, the tar files hold "
                f"{held}; write the shards again: pellucid shard DATA"
            )


def is_shards(path: Path) -> bool:
    """Whether a path is a folder of shards."""
    return (path / INDEX).is_file()


def list_name(part: str) -> str:
    """What the list of a part's pictures is called."""
    return f"{part}.jsonl"


def described(file: PictureFile, header: SoundHeader | None = None) -> dict[str, Any]:
    """What is written of a picture, or of a recording with its header, beside it."""
    found: dict[str, Any] = {"name": file.name, "label": file.class_name}
    if file.size is not None:
        found["size"] = list(file.size)
    if file.group is not None:
        found["group"] = list(file.group)
    if header is not None:
        found["sound"] = list(header)
    return found


def _targets_values(targets: Targets) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": targets.kind, "names": list(targets.names)}
    if isinstance(targets, Transcripts):
        found["units"] = targets.units
    return found


def _targets(values: dict[str, Any]) -> Targets:
    kind, names = values["kind"], tuple(map(str, values["names"]))
    if kind == Numbers.kind:
        count = len(names)
        return Numbers(np.zeros((0, count)), names, flat=count == 1)
    found = TARGETS[kind].like(names)
    if isinstance(found, Transcripts):
        return replace(found, units=UNITS[UNITS.index(values["units"])])
    return found


def _file(values: dict[str, Any], part: str, path: Path) -> PictureFile:
    size, group = values.get("size"), values.get("group")
    return PictureFile(
        path, str(values["name"]), str(values["label"]), part,
        None if size is None else (int(size[0]), int(size[1])),
        None if group is None else Group(*map(str, group)),
    )  # fmt: skip


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    name = str(values["name"])
    if Path(name).name != name:
        raise ValueError(f"a tar file in another folder: {name}")
    return {
        "name": name, "pictures": int(values["pictures"]), "bytes": int(values["bytes"]),
        "content": int(values["content"]), "sha256": str(values["sha256"]),
    }  # fmt: skip


def _decisions(values: Any) -> dict[str, Any] | None:
    if values is not None and not isinstance(values, dict):
        raise TypeError("decisions are no object")
    return values


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{printable(path)}: does not describe shards ({truncated(str(error))}); write "
        "them again: pellucid shard DATA"
    )
