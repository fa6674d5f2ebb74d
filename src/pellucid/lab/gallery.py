"""All pictures of a lab's data, with their labels, before any is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pellucid.data.arrays import datasets_from
from pellucid.data.check.fingerprint import image_of
from pellucid.data.decisions.digest import file_digest, pixel_digest
from pellucid.data.decode import decode, opened
from pellucid.data.detect_format import locate
from pellucid.data.idx_folder import load_idx_folder
from pellucid.data.listing import is_of_pictures, scanned
from pellucid.data.mnist import load_mnist
from pellucid.data.npz import read_npz
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.reading import Reading
from pellucid.data.shards.index import is_shards
from pellucid.data.targets import ClassTargets, Numbers
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from PIL import Image

    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets


@dataclass(frozen=True, eq=False)
class Gallery:
    """Pictures that are known by their places, and by names that are printed.

    Attributes:
        classes: What a picture can be labelled with.
        names: What each is called in decisions, N.
        labels: What each is labelled with, N.
        parts: The part of each, N.
        image: Returns a picture by its place, as a Pillow image.
        digest: Returns the digest of a picture's content, by its place; empty where it has gone.
        targets: What the data bring: of which kind a label is.
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    parts: tuple[str, ...]
    image: Callable[[int], Image.Image]
    digest: Callable[[int], str]
    targets: Targets

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each name."""
        return {name: i for i, name in reversed(list(enumerate(self.names)))}

    @property
    def joins(self) -> bool:
        """Whether a label may be something else than one class: several, or numbers."""
        return not isinstance(self.targets, ClassTargets)

    @property
    def numbers(self) -> int:
        """How many numbers a label is; 0 where it is none."""
        return len(self.targets.columns) if isinstance(self.targets, Numbers) else 0

    def labelled(self, label: str) -> list[int]:
        """The places of the pictures with a label."""
        return [i for i, each in enumerate(self.labels) if each == label]


def gallery_of(data: str) -> Gallery:
    """The pictures of data.

    Args:
        data: As ``pellucid train`` takes them.

    Raises:
        DataError: There are no such data, or they are none of pictures.
    """
    if data == "mnist":
        return _of_arrays(load_mnist())
    path = locate(data)
    if is_shards(path):
        raise DataError(
            f"{printable(path)}: shards, whose pictures cannot be decided about; open the lab with "
            "the data that they were made of"
        )
    if is_of_pictures(path):
        return _of_files(path)
    if path.is_file():
        return _of_arrays(datasets_from(read_npz(path), printable(path)))
    return _of_arrays(load_idx_folder(path))


def _of_files(path: Path) -> Gallery:
    found = scanned(path, Reading())
    files = [file for of in found.parts.values() for file in of]

    def image(i: int) -> Image.Image:
        with opened(files[i].path, MAX_PIXELS) as picture:
            return decode(picture, printable(files[i].name), channels=3, background=255)

    def digest(i: int) -> str:
        try:
            return file_digest(files[i].path)
        except DataError:  # it was listed, and has gone since
            return ""

    return Gallery(
        found.classes,
        tuple(printable(file.name) for file in files),
        tuple(file.class_name for file in files),
        tuple(file.part for file in files),
        image,
        digest,
        found.targets,
    )


def _of_arrays(datasets: Mapping[str, Dataset]) -> Gallery:
    places = [(part, i) for part, data in datasets.items() for i in range(len(data))]

    def pixels(place: int) -> Image.Image:
        part, i = places[place]
        return image_of(datasets[part].images[i])

    def digest(place: int) -> str:
        part, i = places[place]
        return pixel_digest(datasets[part].images[i])

    targets = next(iter(datasets.values())).targets
    return Gallery(
        tuple(targets.names),
        tuple(f"{part}[{i}]" for part, i in places),
        tuple(datasets[part].targets.written(i) for part, i in places),
        tuple(part for part, _ in places),
        pixels,
        digest,
        targets,
    )
