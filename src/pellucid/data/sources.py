"""What data can come from: arrays that are in memory, or lists of picture files.

A reader (MNIST, IDX, folder) ends in one of the two; how parts are made and mapped to a model's
classes is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.names import listed, shown
from pellucid.data.pictures import PictureFile, read_pictures
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Preprocessing


class Source(Protocol):
    """Labelled pictures in named parts: ``train``, ``validation``, ``test``, or only ``all``."""

    @property
    def name(self) -> str:
        """What the source is called in messages."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are there."""

    def labels(self, part: str) -> NDArray[np.int64]:
        """Return the labels of a part, shape (N,)."""

    def read(self, part: str, name: str, indices: NDArray[np.int64] | None = None) -> Dataset:
        """Return a part, or some of its pictures, as a data set of the given name."""


@dataclass(frozen=True)
class ArraySource:
    """Data sets that are in memory."""

    name: str
    datasets: Mapping[str, Dataset]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        return tuple(self.datasets)

    def labels(self, part: str) -> NDArray[np.int64]:
        """Return the labels of a part."""
        return self.datasets[part].labels

    def read(self, part: str, name: str, indices: NDArray[np.int64] | None = None) -> Dataset:
        """Return a part, or a copy of some of its pictures."""
        dataset = self.datasets[part]
        return dataset if indices is None else dataset.subset(indices, name)


@dataclass(frozen=True)
class PictureSource:
    """Picture files that are decoded when a part is read, straight into its array."""

    name: str
    files: Mapping[str, tuple[PictureFile, ...]]
    classes: tuple[str, ...]
    preprocessing: Preprocessing

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        return tuple(self.files)

    def labels(self, part: str) -> NDArray[np.int64]:
        """Return the labels of a part."""
        label_of = {name: label for label, name in enumerate(self.classes)}
        return np.array([label_of[file.class_name] for file in self.files[part]], np.int64)

    def read(self, part: str, name: str, indices: NDArray[np.int64] | None = None) -> Dataset:
        """Decode the pictures of a part, or some of them."""
        files = self.files[part]
        chosen = files if indices is None else [files[i] for i in indices]
        return read_pictures(chosen, self.classes, self.preprocessing, name)


def in_classes(
    dataset: Dataset, name: str, preprocessing: Preprocessing, classes: tuple[str, ...]
) -> Dataset:
    """Return arrays as a model takes them: the labels counted in the model's classes.

    Args:
        dataset: The pictures.
        name: What the data are called in messages.
        preprocessing: The model's.
        classes: The model's.

    Raises:
        DataError: The pictures have another shape than the model takes, or a class that occurs is
            none of the model's.
    """
    if dataset.image_shape != preprocessing.shape:
        raise DataError(
            f"{name}: pictures of {_by(dataset.image_shape)}, but the model takes "
            f"{_by(preprocessing.shape)}; give data of that shape or another model"
        )
    check_known(name, [dataset.classes[k] for k in np.unique(dataset.labels)], classes)
    label_of = {class_name: label for label, class_name in enumerate(classes)}
    table = np.array([label_of.get(class_name, -1) for class_name in dataset.classes], np.int64)
    return Dataset(dataset.images, table[dataset.labels], classes, dataset.names, dataset.name)


def check_known(name: str, occurring: list[str], classes: tuple[str, ...]) -> None:
    """Raise DataError if a class that occurs in data is none of a model's."""
    unknown = [entry for entry in occurring if entry not in classes]
    if unknown:
        raise DataError(
            f"{name}: the model does not know the class {shown(unknown[0])}; it knows "
            f"{listed(classes)}: leave that class out, or use a model that was trained on it"
        )


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
