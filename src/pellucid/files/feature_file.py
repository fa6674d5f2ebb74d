"""The file of features: what a body sees in labelled pictures, kept beside the model.

A safetensors file (see :mod:`pellucid.files.container`) with ``features`` float32 (N, D);
``targets`` as the task has them; ``parts`` uint8 (N,), positions in :data:`PARTS`; and ``names``,
the pictures' names in UTF-8, a line each. Its JSON text has the task, and a digest of the body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import FileFormatError, PellucidError
from pellucid.files.atomic import write_file
from pellucid.files.container import Contents, pack, unpack
from pellucid.settings import to_dict
from pellucid.short_repr import short_repr
from pellucid.tasks import task_from_dict
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from pellucid.files.strict_json import JSON
    from pellucid.tasks import Task

KIND, FORMAT = "features", 1

PARTS = ("all", "train", "validation", "test")
"""What parts of data are called; ``all`` where they are not divided."""

FILE = "features.safetensors"
"""What the file is called in a run's folder."""


@short_repr
@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features of labelled pictures.

    Attributes:
        features: float32 (N, D).
        targets: What is wanted of each picture, (N,) or (N, K), as ``task.known()`` has them.
        names: What each picture is called, N.
        parts: Which part each is in: positions in :data:`PARTS`, uint8 (N,).
        task: What they are for.
        body: Hexadecimal digest of the body that made them.
    """

    features: NDArray[np.float32]
    targets: NDArray[Any]
    names: tuple[str, ...]
    parts: NDArray[np.uint8]
    task: Task
    body: str

    def part(self, name: str) -> NDArray[np.int64]:
        """The rows of a part, ascending."""
        return np.flatnonzero(self.parts == PARTS.index(name))


def save_features(path: str | os.PathLike[str], found: FeatureSet) -> None:
    """Write features; an earlier file is replaced whole or not at all.

    Raises:
        OutputError: If the file cannot be written.
    """
    write_file(path, features_bytes(found))


def features_bytes(found: FeatureSet) -> bytes:
    """The bytes of a file of features."""
    text = "\n".join(name.replace("\n", " ") for name in found.names)
    arrays = {
        "features": found.features,
        "targets": found.targets,
        "parts": found.parts,
        "names": np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8),
    }
    document: dict[str, JSON] = {"task": to_dict(found.task), "body": found.body}
    return pack(KIND, FORMAT, Contents(document, arrays))


def load_features(path: str | os.PathLike[str]) -> FeatureSet:
    """Read features.

    Raises:
        DataError: There is no such file, or it cannot be read.
        FileFormatError: It is damaged, or no file of features.
    """
    contents = unpack(path, KIND, FORMAT)
    name, arrays = printable(path), contents.arrays
    try:
        found = FeatureSet(
            arrays["features"],
            arrays["targets"],
            tuple(arrays["names"].tobytes().decode("utf-8", "surrogateescape").split("\n")),
            arrays["parts"],
            task_from_dict(contents.document["task"]),
            str(contents.document["body"]),
        )
        _check(found)
    except (PellucidError, LookupError, ValueError, TypeError) as error:
        raise FileFormatError(
            f"{name}: is no valid file of features ({printable(str(error))[:200]}); train again"
        ) from error
    return found


def _check(found: FeatureSet) -> None:
    count, kinds = len(found.features), len(found.task.names)
    targets = found.targets
    if found.features.ndim != 2 or found.features.dtype != np.float32 or not count:
        raise ValueError("features must be float32 (N, D)")
    if not np.isfinite(found.features).all():
        raise ValueError("features must be finite")
    if len(found.names) != count or found.parts.shape != (count,):
        raise ValueError(f"{count} rows need as many names and parts")
    if found.parts.dtype != np.uint8 or found.parts.max() >= len(PARTS):
        raise ValueError("parts must be positions of parts")
    if found.task.of_one_class:
        if targets.shape != (count,) or targets.dtype != np.int64:
            raise ValueError("targets must be int64 (N,)")
        if targets.min() < 0 or targets.max() >= kinds:
            raise ValueError(f"targets must be 0 to {kinds - 1}")
    elif targets.shape != (count, kinds) or not np.isfinite(targets).all():
        raise ValueError(f"targets must be finite, (N, {kinds})")
