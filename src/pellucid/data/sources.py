"""What data can come from: arrays that are in memory, or lists of picture files.

A reader (MNIST, IDX, folder) ends in one of the two; how parts are made and mapped to a model's
classes is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.names import counted, listed, shown
from pellucid.data.pictures import choose_preprocessing, kept_in_place, read_pictures
from pellucid.data.quarantine import quarantine_note
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.folder import PictureFolder
    from pellucid.data.pictures import PictureFile
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.quarantine import Bad, BadFile

NO_PICTURES = "put pictures into one folder per class"
"""What is to be done where there are none."""


class Source(Protocol):
    """Labelled pictures in named parts: ``train``, ``validation``, ``test``, or only ``all``."""

    @property
    def name(self) -> str:
        """What the source is called in messages."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are there."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on what was chosen and left out, one line each."""

    @property
    def quarantined(self) -> tuple[BadFile, ...]:
        """The files of all parts that cannot be used."""

    def read(self, part: str) -> Dataset:
        """Return a part as a data set of the same name."""

    def divide(self, part: str, positions: Mapping[str, NDArray[np.int64]]) -> dict[str, Dataset]:
        """Return data sets of the pictures at given positions of a part, which is then used up.

        Args:
            part: The part.
            positions: Ascending positions by the name of each data set; no position stands twice.
        """


@dataclass(frozen=True)
class ArraySource:
    """Data sets that are in memory."""

    name: str
    datasets: Mapping[str, Dataset]
    notes: tuple[str, ...] = ()
    quarantined: tuple[BadFile, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        return tuple(self.datasets)

    def read(self, part: str) -> Dataset:
        """Return a part."""
        return self.datasets[part]

    def divide(self, part: str, positions: Mapping[str, NDArray[np.int64]]) -> dict[str, Dataset]:
        """Return copies of the pictures at given positions."""
        whole = self.datasets[part]
        return {name: whole.subset(indices, name) for name, indices in positions.items()}


@dataclass(frozen=True)
class PictureSource:
    """Picture files that are decoded when the first part is asked for.

    Attributes:
        name: What the source is called in messages.
        found: The files; those that cannot be listed are bad.
        image_size: Height and width wanted, None to decide by the pictures.
        bad: What is done about bad files.
        max_pixels: Pictures with more pixels count as bad.
        allow_one_class: Whether there may be one class only.
    """

    name: str
    found: PictureFolder
    image_size: tuple[int, int] | None
    bad: Bad
    max_pixels: int
    allow_one_class: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        return tuple(self.found.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the size that was chosen and on what was left out."""
        _, note = self._decoded
        return *self.found.notes, *quarantine_note(self.quarantined), note

    @property
    def quarantined(self) -> tuple[BadFile, ...]:
        """The files of all parts that cannot be used."""
        datasets, _ = self._decoded
        of_parts = (dataset.quarantined for dataset in datasets.values())
        return *self.found.bad, *(file for files in of_parts for file in files)

    def read(self, part: str) -> Dataset:
        """Return a part."""
        datasets, _ = self._decoded
        return datasets[part]

    def divide(self, part: str, positions: Mapping[str, NDArray[np.int64]]) -> dict[str, Dataset]:
        """Return the pictures at given positions: small parts copied, the largest moved.

        So the pictures of a whole folder need their memory once, not twice.
        """
        whole = self.read(part)
        largest = max(positions, key=lambda name: len(positions[name]))
        divided = {
            name: whole.subset(indices, name)
            for name, indices in positions.items()
            if name != largest or not whole.images.flags.writeable
        }
        if largest not in divided:
            kept = positions[largest]
            names = None if whole.names is None else tuple(whole.names[i] for i in kept.tolist())
            divided[largest] = Dataset(
                kept_in_place(whole.images, kept.tolist()),
                whole.labels[kept],
                whole.classes,
                names,
                largest,
            )
        return divided

    @cached_property
    def _decoded(self) -> tuple[dict[str, Dataset], str]:
        """The parts as data sets, and a remark on their size.

        The size is chosen by the pictures that can be used, as if the others had never been there.
        """
        found = self.found
        if self.bad == "error" and found.bad:
            raise DataError(f"{self.name}: {shown(found.bad[0].name)}: {found.bad[0].reason}")
        self._check_classes(found.parts, ())
        preprocessing, note = self._choose(found.parts)
        while True:
            datasets = {
                part: self._read(files, preprocessing, part) for part, files in found.parts.items()
            }
            bad = [file for dataset in datasets.values() for file in dataset.quarantined]
            if not bad:
                return datasets, note
            names = {file.name for file in bad}
            usable = {
                part: tuple(file for file in files if file.name not in names)
                for part, files in found.parts.items()
            }
            self._check_classes(usable, bad)
            again, note = self._choose(usable)
            if again == preprocessing:
                return datasets, note
            preprocessing = again

    def _read(
        self, files: tuple[PictureFile, ...], preprocessing: Preprocessing, part: str
    ) -> Dataset:
        return read_pictures(
            files,
            self.found.classes,
            preprocessing,
            part,
            bad=self.bad,
            max_pixels=self.max_pixels,
        )

    def _choose(self, parts: Mapping[str, tuple[PictureFile, ...]]) -> tuple[Preprocessing, str]:
        return choose_preprocessing(
            [file for files in parts.values() for file in files],
            self.image_size,
            name=self.name,
            bad=self.bad,
            max_pixels=self.max_pixels,
        )

    def _check_classes(
        self, parts: Mapping[str, tuple[PictureFile, ...]], bad: Sequence[BadFile]
    ) -> None:
        for part, files in parts.items():
            if not files:
                where = "class folders" if part == "all" else f"{part} part"
                raise DataError(f"{self.name}: no pictures in its {where}; {NO_PICTURES}")
            if part in ("all", "train"):
                check_classes(
                    self.name,
                    self.found.classes,
                    {file.class_name for file in files},
                    bad=bad,
                    allow_one_class=self.allow_one_class,
                )


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


def check_classes(
    name: str,
    classes: tuple[str, ...],
    learnable: set[str],
    *,
    bad: Sequence[BadFile] = (),
    allow_one_class: bool = False,
) -> None:
    """Raise DataError unless there are two classes or more, all of them among the learnable.

    Args:
        name: What the data are called in messages.
        classes: The class names.
        learnable: Names of the classes that have pictures to train with.
        bad: The files that cannot be used.
        allow_one_class: Whether one class is enough.
    """
    if len(classes) < 2 and not allow_one_class:
        raise DataError(
            f"{name}: one class only, {shown(classes[0])}; expected at least two classes, each "
            f"with pictures of its own (or allow it with allow_one_class)"
        )
    empty = [entry for entry in classes if entry not in learnable]
    if empty:
        others = f" (and {counted(len(empty) - 1, 'other class')})" if len(empty) > 1 else ""
        lost = [file for file in bad if file.class_name == empty[0]]
        if lost:
            raise DataError(
                f"{name}: of the class {shown(empty[0])}{others} no picture can be used; "
                f"{shown(lost[0].name)}: {lost[0].reason}"
            )
        raise DataError(
            f"{name}: the class {shown(empty[0])}{others} has no pictures to train with; add some "
            f"to the folder of the class, or remove the class"
        )


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
