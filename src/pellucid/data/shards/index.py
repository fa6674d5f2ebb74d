"""What a folder of shards holds: ``shards.json``, and a list of pictures for each part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.data.decode import unreadable
from pellucid.data.decoded import PictureFile
from pellucid.data.groups import Group
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.targets import TARGETS, Numbers
from pellucid.errors import DataError
from pellucid.text import printable, truncated

if TYPE_CHECKING:
    from pellucid.data.targets import Targets

INDEX = "shards.json"
FORMAT = "pellucid shards 1"


@dataclass(frozen=True)
class Shard:
    """One tar file.

    Attributes:
        name: Of the file, in the folder.
        pictures: How many it holds.
        bytes: Its size.
        sha256: Of its content, 64 hex digits.
    """

    name: str
    pictures: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ShardIndex:
    """What is known of shards before one is read.

    Attributes:
        folder: Where they are.
        name: What the data were called.
        kind: What they are for: a name of :data:`pellucid.data.targets.TARGETS`.
        names: The classes, labels or columns.
        preprocessing: How a folder of the same pictures is read where nothing else is asked for.
        parts: The tar files of each part, in order.
        notes: What was to be said of the data.
    """

    folder: Path
    name: str
    kind: str
    names: tuple[str, ...]
    preprocessing: Preprocessing
    parts: dict[str, tuple[Shard, ...]]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "targets": {"kind": self.kind, "names": list(self.names)},
            "preprocessing": self.preprocessing.to_dict(),
            "parts": {part: [vars(each) for each in of] for part, of in self.parts.items()},
            "notes": list(self.notes),
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
                f"{FORMAT!r}; write the shards anew: pellucid shard DATA"
            )
        try:
            kind, names = values["targets"]["kind"], tuple(map(str, values["targets"]["names"]))
            TARGETS[kind]
            parts = {
                str(part): tuple(Shard(**_checked(each)) for each in of)
                for part, of in values["parts"].items()
            }
            return cls(
                folder, str(values["name"]), kind, names,
                Preprocessing.from_dict(values["preprocessing"]), parts,
                tuple(map(str, values["notes"])),
            )  # fmt: skip
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(path, error) from error

    @property
    def targets(self) -> Targets:
        """How labels are read, without any picture."""
        if self.kind == Numbers.kind:
            count = len(self.names)
            return Numbers(np.zeros((0, count)), self.names, flat=count == 1)
        return TARGETS[self.kind].like(self.names)

    def files(self, part: str) -> tuple[PictureFile, ...]:
        """The pictures of a part, in the order in which they lie in its tar files.

        Raises:
            DataError: Their list cannot be read, or has not as many as the tar files.
        """
        path = self.folder / list_name(part)
        try:
            with path.open(encoding="utf-8") as lines:
                found = tuple(_file(json.loads(line), part, path) for line in lines)
        except OSError as error:
            raise unreadable(path, error) from error
        except (LookupError, TypeError, ValueError) as error:
            raise _damaged(path, error) from error
        held = sum(shard.pictures for shard in self.parts[part])
        if len(found) != held:
            raise DataError(
                f"{printable(path)}: lists {len(found)} pictures, the tar files hold {held}; write "
                "the shards anew: pellucid shard DATA"
            )
        return found


def is_shards(path: Path) -> bool:
    """Whether a path is a folder of shards."""
    return (path / INDEX).is_file()


def list_name(part: str) -> str:
    """What the list of a part's pictures is called."""
    return f"{part}.jsonl"


def described(file: PictureFile) -> dict[str, Any]:
    """What is written of a picture beside it."""
    found: dict[str, Any] = {"name": file.name, "label": file.class_name}
    if file.size is not None:
        found["size"] = list(file.size)
    if file.group is not None:
        found["group"] = list(file.group)
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
        "sha256": str(values["sha256"]),
    }  # fmt: skip


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{printable(path)}: does not describe shards ({truncated(str(error))}); write "
        "them again: pellucid shard DATA"
    )
