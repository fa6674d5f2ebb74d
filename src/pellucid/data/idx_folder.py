"""A folder of IDX files that are named as MNIST's are: ``train-images-idx3-ubyte.gz`` and so on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.idx import read_idx_pair
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_NAME = re.compile(
    r"(?P<part>train|t10k|test)[-._](?P<what>images|labels)[-._]idx\d[-._]ubyte(?P<gz>\.gz)?",
    re.IGNORECASE,
)


def find_idx_files(folder: Path) -> dict[str, dict[str, Path]]:
    """Return the IDX files of a folder: by part (``train``, ``test``), then ``images``/``labels``.

    Where a file lies there plain and compressed, the plain one counts. The result is empty for a
    folder of other things.

    Raises:
        DataError: The folder cannot be listed.
    """
    found: dict[str, dict[str, Path]] = {}
    for path in reversed(visible_files(folder)):  # the plain file after the .gz
        match = _NAME.fullmatch(path.name)
        if match:
            part = "train" if match["part"].lower() == "train" else "test"
            found.setdefault(part, {})[match["what"].lower()] = path
    return found


def load_idx_folder(
    folder: Path, parts: tuple[str, ...] = ("train", "test"), *, max_bytes: int | None = None
) -> dict[str, Dataset]:
    """Read the training set, the test set, or both from a folder of IDX files.

    The labels that occur are the classes, in ascending order, and their numbers are their names.

    Args:
        folder: Where the files lie.
        parts: Which sets are wanted; those that are not there are left out.
        max_bytes: As :func:`pellucid.data.idx.read_idx` takes it, for each file.

    Returns:
        The data sets by name, all with the same classes.

    Raises:
        DataError: A file misses its partner, or cannot be used (see
            :func:`pellucid.data.idx.read_idx_pair`); or the sets differ in their pictures' shape.
    """
    files = find_idx_files(folder)
    pairs: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]] = {}
    for part in parts:
        if part not in files:
            continue
        pair = files[part]
        for what, other, dimensions in (("images", "labels", 3), ("labels", "images", 1)):
            if what not in pair:
                prefix = "train" if part == "train" else "t10k"
                raise DataError(
                    f"{printable(folder)}: {printable(pair[other].name)} lies there without the "
                    f"file of its {what}; put {prefix}-{what}-idx{dimensions}-ubyte.gz beside it"
                )
        pairs[part] = read_idx_pair(pair["images"], pair["labels"], max_bytes=max_bytes)
    labels = np.unique(np.concatenate([labels for _, labels in pairs.values()])) if pairs else ()
    classes = tuple(str(label) for label in labels)
    return {
        part: Dataset(
            images, np.searchsorted(labels, numbers), classes, name=part, label_kind="int"
        )
        for part, (images, numbers) in pairs.items()
    }
