"""The file of features: what a body sees in pictures, with their labels kept beside the model.

A safetensors file (see :mod:`pellucid.files.container`) with ``features`` float32 (N, D);
``names``, the pictures' names in UTF-8 one after another, and ``name_lengths`` int64 (N,), the
bytes of each: a file's name may hold any character. Of labelled pictures also ``targets`` as the
task has them, and ``parts`` uint8 (N,), positions in :data:`PARTS`; where labels are boxes or
texts, in place of targets ``labels`` and ``label_lengths``, a line for each picture. Its JSON text
has a digest of the body, what was decided about the pictures, if anything, and, of targets, the
task. In format 1 there were no lengths, but names a line each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.files.strict_json import JSON
    from pellucid.tasks import Task

KIND, FORMAT = "features", 2

PARTS = ("all", "train", "validation", "test")
"""What parts of data are called; ``all`` where they are not divided."""

FILE = "features.safetensors"
"""What the file is called in a run's folder."""


@short_repr
@dataclass(frozen=True, eq=False)
class PictureFeatures:
    """Features of pictures.

    Attributes:
        features: float32 (N, D).
        names: What each picture is called, N.
        body: Hexadecimal digest of the body that made them.
        decisions: What was decided about the pictures, as a model's provenance keeps it: a digest,
            and how many of each kind; None where nothing was.
    """

    features: NDArray[np.float32]
    names: tuple[str, ...]
    body: str
    decisions: dict[str, Any] | None = field(default=None, kw_only=True)


@short_repr
@dataclass(frozen=True, eq=False)
class FeatureSet(PictureFeatures):
    """Features of labelled pictures.

    Attributes:
        targets: What is wanted of each picture, (N,) or (N, K), as ``task.known()`` has them.
        parts: Which part each is in: positions in :data:`PARTS`, uint8 (N,).
        task: What they are for.
    """

    targets: NDArray[Any]
    parts: NDArray[np.uint8]
    task: Task

    def part(self, name: str) -> NDArray[np.int64]:
        """The rows of a part, ascending."""
        return np.flatnonzero(self.parts == PARTS.index(name))


@short_repr
@dataclass(frozen=True, eq=False)
class DescribedFeatures(PictureFeatures):
    """Features of pictures of which is known what no row of numbers holds: boxes, or texts.

    Attributes:
        labels: What is known of each picture in a line: boxes counted by class, or texts.
        parts: Which part each is in: positions in :data:`PARTS`, uint8 (N,).
    """

    labels: tuple[str, ...]
    parts: NDArray[np.uint8]


def save_features(path: str | os.PathLike[str], found: FeatureSet) -> None:
    """Write features; an earlier file is replaced whole or not at all.

    Raises:
        OutputError: If the file cannot be written.
    """
    write_file(path, features_bytes(found))


def features_bytes(found: PictureFeatures) -> bytes:
    """The bytes of a file of features; without labels, it cannot be loaded as a feature set."""
    arrays: dict[str, NDArray[Any]] = {"features": found.features, **_texts("name", found.names)}
    document: dict[str, JSON] = {"body": found.body}
    if found.decisions is not None:
        document["decisions"] = found.decisions
    if isinstance(found, FeatureSet):
        arrays |= {"targets": found.targets, "parts": found.parts}
        document["task"] = to_dict(found.task)
    elif isinstance(found, DescribedFeatures):
        arrays |= {**_texts("label", found.labels), "parts": found.parts}
    return pack(KIND, FORMAT, Contents(document, arrays))


def _texts(what: str, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Texts one after another in UTF-8, and the bytes of each."""
    encoded = [text.encode("utf-8", "surrogateescape") for text in texts]
    return {
        f"{what}s": np.frombuffer(b"".join(encoded), np.uint8),
        f"{what}_lengths": np.array([len(text) for text in encoded], np.int64),
    }


def _names(contents: Contents) -> tuple[str, ...]:
    """The pictures' names.

    Raises:
        LookupError: There are none.
        ValueError: They are no text, or as long as is not said.
    """
    joined = contents.arrays["names"].tobytes()
    if contents.version < 2:
        return tuple(joined.decode("utf-8", "surrogateescape").split("\n"))
    lengths = contents.arrays["name_lengths"]
    if lengths.dtype != np.int64 or lengths.ndim != 1 or lengths.min(initial=0) < 0:
        raise ValueError("lengths of names must be int64 (N,)")
    ends = lengths.cumsum()
    if len(joined) != (ends[-1] if len(ends) else 0):
        raise ValueError("lengths of names are not those of the names")
    return tuple(
        joined[end - length : end].decode("utf-8", "surrogateescape")
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    )


def load_features(path: str | os.PathLike[str]) -> FeatureSet:
    """Read features.

    Raises:
        DataError: There is no such file, or it cannot be read.
        FileFormatError: It is damaged, or no file of features.
    """
    contents = unpack(path, KIND, FORMAT)
    name, arrays = printable(path), contents.arrays
    if "targets" not in arrays and "task" not in contents.document:
        raise FileFormatError(
            f"{name}: holds features of pictures without labels; expected those of labelled ones, "
            "which training on a body keeps (pellucid train … --from)"
        )
    try:
        found = FeatureSet(
            features=arrays["features"],
            names=_names(contents),
            body=str(contents.document["body"]),
            targets=arrays["targets"],
            parts=arrays["parts"],
            task=task_from_dict(contents.document["task"]),
            decisions=_decisions(contents.document.get("decisions")),
        )
        _check(found)
    except (PellucidError, LookupError, ValueError, TypeError) as error:
        raise FileFormatError(
            f"{name}: is no valid file of features ({printable(str(error))[:200]}); train again"
        ) from error
    return found


def _decisions(values: JSON) -> dict[str, Any] | None:
    if values is not None and not isinstance(values, dict):
        raise ValueError("decisions must be an object")
    return values


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
