"""What data can come from: arrays that are in memory, or lists of picture files.

A reader (MNIST, IDX, folder) ends in one of the two; how parts are made and mapped to a model's
classes is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pellucid.data.annotations.picture_boxes import image_size_for
from pellucid.data.class_names import given_classes, named_places
from pellucid.data.decoded import targets_of
from pellucid.data.faults import fault_notes
from pellucid.data.learnable import check_learnable
from pellucid.data.pictures import check_room_for, choose_preprocessing, decode_pictures
from pellucid.data.quarantine import quarantine_note
from pellucid.data.side_cameras import draw_own
from pellucid.data.sound.choose import sound_of
from pellucid.data.target_checks import unknown_class
from pellucid.data.targets import ClassTargets
from pellucid.errors import DataError
from pellucid.memory import gigabytes
from pellucid.short_repr import short_repr
from pellucid.text import array_shape, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pellucid.data.cache import PictureCache
    from pellucid.data.class_names import ClassNames
    from pellucid.data.dataset import Dataset
    from pellucid.data.decoded import Decoded, Draw, PictureFile
    from pellucid.data.folder import PictureFolder
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.quarantine import BadFile
    from pellucid.data.reading import Reading
    from pellucid.data.targets import Targets

_MUCH = 1 << 30  # bytes

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

    def divide(self, part: str, draw: Draw) -> dict[str, Dataset]:
        """Return data sets of the pictures that are drawn from a part, which is then used up.

        A part is divided before anything is read.

        Args:
            part: The part.
            draw: Returns, from the class of each picture and its group, which positions go into
                each; none goes into two.
        """


@short_repr
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

    def divide(self, part: str, draw: Draw) -> dict[str, Dataset]:
        """Return copies of the pictures that are drawn."""
        whole = self.datasets[part]
        drawn = draw(whole.targets.strata, whole.groups)
        return {name: whole.subset(indices, name) for name, indices in drawn.items()}


@dataclass(frozen=True)
class PictureSource:
    """Picture files that are decoded when the first part is asked for.

    Attributes:
        name: What the source is called in messages.
        found: The files; those that cannot be listed are bad.
        image_size: Height and width wanted, None to decide by the pictures.
        reading: What is done about bad files, and which are too large.
        allow_one_class: Whether there may be one class only.
        cache: Where pictures are kept that were decoded before; None for nowhere.
        cache_note: Why there is none, if one was wanted.
        like: How pictures are converted and resized, if that is not decided by them.
        left_out: Names, as they are printed, of files that will be left out: they decide nothing,
            and may be bad.
    """

    name: str
    found: PictureFolder
    image_size: tuple[int, int] | None
    reading: Reading
    allow_one_class: bool
    cache: PictureCache | None = None
    cache_note: str = ""
    like: Preprocessing | None = None
    left_out: frozenset[str] = frozenset()
    _draws: dict[str, Draw] = field(default_factory=dict, init=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts."""
        return tuple(self.found.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the size that was chosen and on what was left out."""
        _, notes = self._decoded
        not_kept = self.cache_note or (self.cache.note if self.cache else "")
        kept = (f"decoded pictures are not kept: {printable(not_kept)}",) if not_kept else ()
        found = *self.found.notes, *fault_notes(self.found.faults)
        lost = [file for file in self.quarantined if not self._is_left_out(file.name)]
        return *found, *quarantine_note(lost), *notes, *kept, *self._size

    @property
    def _size(self) -> tuple[str, ...]:
        """A remark on the memory that the pictures take, where it is much."""
        parts, _ = self._decoded
        size = sum(each.images.nbytes for each in parts.values() if each.images.flags.writeable)
        return (f"the pictures take {gigabytes(size)} of memory",) if size > _MUCH else ()

    @property
    def quarantined(self) -> tuple[BadFile, ...]:
        """The files of all parts that cannot be used."""
        parts, _ = self._decoded
        return *self.found.bad, *(file for part in parts.values() for file in part.quarantined)

    def read(self, part: str) -> Dataset:
        """Return a part."""
        parts, _ = self._decoded
        return parts[part].dataset(part)

    def divide(self, part: str, draw: Draw) -> dict[str, Dataset]:
        """Return the pictures that are drawn, each part in one piece where they are kept."""
        self._draws[part] = draw
        parts, _ = self._decoded
        decoded = parts[part]
        drawn = draw_own(decoded.files, draw)(decoded.targets.strata, decoded.groups)
        return decoded.divide(drawn)

    @cached_property
    def _decoded(self) -> tuple[dict[str, Decoded], tuple[str, ...]]:
        """The parts, and remarks on the size and the values of their pictures.

        The size is chosen by the pictures that can be used, as if the others had never been there.
        """
        found = self.found
        if self.reading.bad == "error" and found.bad:
            raise DataError(f"{self.name}: {printable(found.bad[0].name)}: {found.bad[0].reason}")
        wanted = self._wanted(found.parts)
        self._check_classes(wanted, ())
        preprocessing, notes = self.choose(wanted)
        while True:
            if self.cache is None:
                count = sum(map(len, found.parts.values()))
                check_room_for((count, *preprocessing.shape), self.name)
            decoded = {
                part: self._decode(files, preprocessing, part)
                for part, files in found.parts.items()
            }
            bad = [
                file
                for part in decoded.values()
                for file in part.quarantined
                if not self._is_left_out(file.name)
            ]
            if not bad:
                return decoded, notes
            if self.reading.bad == "error":
                raise DataError(f"{self.name}: {printable(bad[0].name)}: {bad[0].reason}")
            names = {file.name for file in bad}
            usable = {
                part: tuple(file for file in files if file.name not in names)
                for part, files in wanted.items()
            }
            self._check_classes(usable, bad)
            again, notes = self.choose(usable)
            if again == preprocessing:
                return decoded, notes
            preprocessing = again

    def _decode(
        self, files: tuple[PictureFile, ...], preprocessing: Preprocessing, part: str
    ) -> Decoded:
        return decode_pictures(
            files,
            self.found.targets,
            preprocessing,
            part,
            bad="quarantine" if self.left_out else self.reading.bad,
            max_pixels=self.reading.max_pixels,
            cache=self.cache,
            draw=self._draws.get(part),
        )

    def _is_left_out(self, name: str) -> bool:
        return bool(self.left_out) and printable(name) in self.left_out

    def _wanted(
        self, parts: Mapping[str, tuple[PictureFile, ...]]
    ) -> Mapping[str, tuple[PictureFile, ...]]:
        """The files that are not left out."""
        if not self.left_out:
            return parts
        return {
            part: tuple(file for file in files if not self._is_left_out(file.name))
            for part, files in parts.items()
        }

    def choose(
        self, parts: Mapping[str, tuple[PictureFile, ...]]
    ) -> tuple[Preprocessing, tuple[str, ...]]:
        """How the files of some parts are read, by their headers; and remarks on it."""
        return choose_preprocessing(
            [file for files in parts.values() for file in files],
            self.image_size,
            name=self.name,
            bad=self.reading.bad,
            max_pixels=self.reading.max_pixels,
            cache=self.cache,
            like=self.like,
            default=self._default_size(parts),
            sound=sound_of(self.found.targets, self.reading.sound),
        )

    def _default_size(self, parts: Mapping[str, tuple[PictureFile, ...]]) -> tuple[int, int] | None:
        """Height and width for pictures with boxes, where they are not asked for."""
        sizes = [file.size for files in parts.values() for file in files if file.size is not None]
        return image_size_for(sizes) if sizes else None

    def _check_classes(
        self, parts: Mapping[str, tuple[PictureFile, ...]], bad: Sequence[BadFile]
    ) -> None:
        for part, files in parts.items():
            if not files:
                where = "class folders" if part == "all" else f"{part} part"
                lost = next((e for e in (*bad, *self.found.bad) if e.part == part), None)
                if lost is not None:
                    raise DataError(
                        f"{self.name}: no pictures in its {where} that can be used, the first: "
                        f"{printable(lost.name)}: {lost.reason}"
                    )
                raise DataError(
                    f"{self.name}: no pictures in its {where}; {self.found.advice or NO_PICTURES}"
                )
            if part in ("all", "train"):
                check_learnable(
                    self.name,
                    targets_of(files, self.found.targets),
                    bad=bad,
                    allow_one_class=self.allow_one_class,
                    advice=self.found.advice,
                )


def with_classes(
    datasets: Mapping[str, Dataset], given: ClassNames, name: str
) -> dict[str, Dataset]:
    """Return data sets of one source with the class names that the user gives.

    Integers count the names (see :func:`pellucid.data.class_names.named_places`); names that are
    the labels themselves decide the order of the classes.

    Args:
        datasets: The data sets by part, all with the same classes.
        given: The names; see :func:`pellucid.data.class_names.given_classes`.
        name: What the data are called in messages.

    Raises:
        DataError: The names cannot be used, or do not suit the labels.
    """
    classes, kind = given_classes(given, f"{name}: classes")
    labels = {part: dataset.labels for part, dataset in datasets.items()}
    places = named_places(labels, classes, kind, name)
    source = None
    if kind == "text" and all(dataset.label_kind == "int" for dataset in datasets.values()):
        used = np.unique(np.concatenate(list(labels.values()))).tolist()
        counted_from_0 = used[0] >= 0 and used[-1] < len(classes)
        source = tuple(str(k) for k in (range(len(classes)) if counted_from_0 else used))
    return {
        part: dataset.with_classes(
            places=places[part], classes=classes, label_kind=kind, source_classes=source
        )
        for part, dataset in datasets.items()
    }


def class_terms(
    occurring: Iterable[str], classes: tuple[str, ...], source_classes: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Return a model's classes as the data call them.

    Args:
        occurring: The names of the classes that occur in the data.
        classes: The model's class names.
        source_classes: What its training data called them, if they were renamed.

    Returns:
        ``source_classes`` where all that occur are among these and not among ``classes``.
    """
    found = set(occurring)
    renamed = source_classes is not None and not found <= set(classes)
    if renamed and source_classes is not None and found <= set(source_classes):
        return source_classes
    return classes


def in_classes(
    dataset: Dataset,
    name: str,
    preprocessing: Preprocessing,
    classes: tuple[str, ...],
    source_classes: tuple[str, ...] | None = None,
) -> Dataset:
    """Return arrays as a model takes them: with the model's classes, in its order.

    Args:
        dataset: The pictures.
        name: What the data are called in messages.
        preprocessing: The model's.
        classes: The model's.
        source_classes: What its training data called them, if they were renamed.

    Raises:
        DataError: The pictures have another shape than the model takes, or a class that occurs is
            none of the model's.
    """
    _check_shape(dataset, name, preprocessing)
    used = np.unique(dataset.places)
    called = dataset.classes
    if dataset.source_classes is not None and not {called[k] for k in used} <= set(classes):
        called = dataset.source_classes
    occurring = [called[k] for k in used]
    terms = class_terms(occurring, classes, source_classes)
    check_known(name, occurring, terms)
    place_of = {class_name: place for place, class_name in enumerate(terms)}
    table = np.array([place_of.get(class_name, -1) for class_name in called], np.int64)
    found = dataset.with_classes(
        places=table[dataset.places], classes=classes, label_kind="text",
        source_classes=source_classes,
    )  # fmt: skip
    return replace(found, quarantined=())


def check_known(name: str, occurring: list[str], classes: tuple[str, ...]) -> None:
    """Raise DataError if a class that occurs in data is none of a model's."""
    unknown = [entry for entry in occurring if entry not in classes]
    if unknown:
        raise unknown_class(name, unknown[0], classes)


def in_task(
    dataset: Dataset,
    name: str,
    preprocessing: Preprocessing,
    known: Targets,
    source_classes: tuple[str, ...] | None = None,
) -> Dataset:
    """Return arrays as a model takes them: with its classes, in its order, or as its numbers.

    Args:
        dataset: The pictures.
        name: What the data are called in messages.
        preprocessing: The model's.
        known: The model's targets, of no picture.
        source_classes: What its training data called its classes, if they were renamed.

    Raises:
        DataError: The pictures have another shape than the model takes, or labels that do not suit
            it.
    """
    if isinstance(known, ClassTargets) and isinstance(dataset.targets, ClassTargets):
        return in_classes(dataset, name, preprocessing, known.classes, source_classes)
    _check_shape(dataset, name, preprocessing)
    return replace(dataset, targets=known.adopt(dataset.targets, name), quarantined=())


def _check_shape(dataset: Dataset, name: str, preprocessing: Preprocessing) -> None:
    if dataset.image_shape != preprocessing.shape:
        raise DataError(
            f"{name}: pictures of {array_shape(dataset.image_shape)}, but the model takes "
            f"{_by(preprocessing.shape)}; give data of that shape or another model"
        )


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
