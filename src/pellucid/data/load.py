"""Load data by name: a built-in set, a folder of pictures, a folder of IDX files."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.arrange import DEFAULT_SHARE, arrange, check_classes
from pellucid.data.decode import unreadable
from pellucid.data.folder import scan_folder
from pellucid.data.idx_folder import find_idx_files, load_idx_folder
from pellucid.data.mnist import PARTS as MNIST_PARTS
from pellucid.data.mnist import load_mnist
from pellucid.data.names import folder_name, shown
from pellucid.data.pictures import check_image_size, choose_preprocessing, read_pictures
from pellucid.data.sources import ArraySource, PictureSource, check_known, in_classes
from pellucid.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset, Splits
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.split import Share

BUILTIN = ("mnist",)
"""Names of the data sets that ship with the package."""

MNIST_VALIDATION = 5_000
"""Pictures that are set aside from MNIST's training set by default."""

SPLITS = ("train", "validation", "test")
"""Names of the parts of divided data."""

_NO_PICTURES = "put PNG or JPEG pictures directly into one folder per class"


def load(
    source: str | os.PathLike[str],
    *,
    image_size: tuple[int, int] | None = None,
    validation: Share | None = None,
    seed: int = 0,
) -> Splits:
    """Load pictures and divide them into training, validation and test set.

    Args:
        source: One of

            - ``"mnist"``: 60 000 handwritten digits, of which 5 000 validate by default, and
              10 000 to test with, all of 28×28 grey pixels;
            - a folder of PNG and JPEG pictures with one folder per class, ``root/<class>/*``:
              80 % train, 10 % validate, 10 % test by default;
            - the same, already divided: ``root/train/<class>/*``, and ``val``, ``valid`` or
              ``validation``, and ``test``, as far as they are there. 10 % of the training pictures
              validate by default where there is no part for it; there is no test set where there is
              no part for it;
            - a folder of IDX files named as MNIST's are (``train-images-idx3-ubyte.gz`` …), which
              is taken as divided.
        image_size: Height and width that pictures are resized to; None for the size that all
            pictures have, where they have one and it is at most 256 on a side, and else 64×64.
            Arrays (MNIST, IDX) are not resized.
        validation: Fraction (0 < f < 1) or number of pictures to validate by; 0 for none.
        seed: Decides which pictures are drawn for validation and test; equal seeds draw equal ones.

    Returns:
        The three sets, with notes on what was chosen. Grey pictures have 1 channel; where any
        picture has colour, all have 3.

    Raises:
        DataError: There is no such source, or it cannot be used.
        ArgumentError: A setting is outside its range.
    """
    if image_size is not None:
        check_image_size(image_size)
    if source == "mnist":
        arrays = ArraySource("mnist", load_mnist())
        _check_not_resized(arrays, image_size)
        return arrange(arrays, validation, MNIST_VALIDATION, seed)
    folder = _folder(source)
    if find_idx_files(folder):
        arrays = _idx_source(folder)
        _check_not_resized(arrays, image_size)
        return arrange(arrays, validation, DEFAULT_SHARE, seed)
    pictures, notes = _picture_source(folder, image_size)
    return arrange(pictures, validation, DEFAULT_SHARE, seed, notes)


def load_for(
    source: str | os.PathLike[str],
    *,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    split: str = "test",
) -> Dataset:
    """Load pictures to judge a model by, as that model takes them.

    Args:
        source: As :func:`load` takes it.
        preprocessing: The model's. Picture files are read through it; arrays (MNIST, IDX) must
            have its shape.
        classes: The model's class names, in its order.
        split: ``"test"``, ``"validation"`` or ``"train"``: which part of divided data. A folder
            that is not divided (``root/<class>/*``) gives *all* its pictures; MNIST and IDX files
            have no validation part.

    Returns:
        The pictures, with labels counted in ``classes``. Not every class must occur.

    Raises:
        DataError: There is no such source or no such part, a picture cannot be read, a class is
            not known to the model, or arrays have another shape than the model takes.
        ArgumentError: ``split`` is none of the three.
    """
    known = tuple(classes)
    if split not in SPLITS:
        raise ArgumentError(f"split is {split!r}; expected one of {', '.join(SPLITS)}")
    if source == "mnist":
        _check_part("mnist", MNIST_PARTS, split)
        dataset = load_mnist([part for part in MNIST_PARTS if part == split])[split]
        return in_classes(dataset, "mnist", preprocessing, known)
    folder = _folder(source)
    name = shown(folder)
    idx_files = find_idx_files(folder)
    if idx_files:
        _check_part(name, tuple(idx_files), split)
        return in_classes(load_idx_folder(folder, (split,))[split], name, preprocessing, known)
    found = scan_folder(folder)
    part = "all" if "all" in found.parts else split
    _check_part(name, tuple(found.parts), part)
    files = found.parts[part]
    if not files:
        raise DataError(f"{name}: no pictures to read; {_NO_PICTURES}")
    check_known(name, sorted({file.class_name for file in files}), known)
    return read_pictures(
        files, known, preprocessing, folder_name(folder) if part == "all" else part
    )


def _idx_source(folder: Path) -> ArraySource:
    datasets = load_idx_folder(folder)
    if "train" in datasets:
        train = datasets["train"]
        learnable = {train.classes[k] for k in np.unique(train.labels)}
        check_classes(shown(folder), train.classes, learnable)
    return ArraySource(shown(folder), datasets)


def _picture_source(
    folder: Path, image_size: tuple[int, int] | None
) -> tuple[PictureSource, tuple[str, ...]]:
    found = scan_folder(folder)
    files = [file for part in found.parts.values() for file in part]
    for part in found.parts:
        if not found.parts[part]:
            where = "class folders" if part == "all" else f"{part} part"
            raise DataError(f"{shown(folder)}: no pictures in its {where}; {_NO_PICTURES}")
        if part in ("all", "train"):
            learnable = {file.class_name for file in found.parts[part]}
            check_classes(shown(folder), found.classes, learnable)
    preprocessing, note = choose_preprocessing(files, image_size)
    source = PictureSource(shown(folder), found.parts, found.classes, preprocessing)
    return source, (*found.notes, note)


def _folder(source: str | os.PathLike[str]) -> Path:
    """Return the folder that a source names; raise DataError, with the nearest names, otherwise."""
    if not isinstance(source, (str, os.PathLike)):
        raise ArgumentError(
            f"data are given as {type(source).__name__}; expected the path of a folder, or the "
            f"name of a built-in data set ({', '.join(BUILTIN)})"
        )
    if source == "":
        raise DataError("an empty name; expected the path of a folder, or a built-in data set")
    path = Path(source)
    try:
        if path.is_dir():
            return path
        is_file = path.exists()
        nearest = [] if is_file else _nearest_names(path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if is_file:
        raise DataError(
            f"{shown(path)}: a file; expected a folder, of pictures (one folder per class) or of "
            f"IDX files named as MNIST's are, or a built-in data set ({', '.join(BUILTIN)})"
        )
    guess = f"; did you mean {shown(nearest[0])}?" if nearest else ""
    raise DataError(
        f"{shown(path)}: neither a folder nor a built-in data set ({', '.join(BUILTIN)}){guess}"
    )


def _nearest_names(path: Path) -> list[str]:
    """Return the name most like a path's last part, of the built-in sets and what lies there."""
    parent = path.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    by_lower_case = {name.lower(): name for name in (*sorted(names), *BUILTIN)}
    return [
        by_lower_case[m] for m in difflib.get_close_matches(path.name.lower(), by_lower_case, 1)
    ]


def _check_part(name: str, parts: tuple[str, ...], wanted: str) -> None:
    if wanted not in parts:
        raise DataError(f"{name}: no {wanted} part; it has {' and '.join(parts)}")


def _check_not_resized(source: ArraySource, image_size: tuple[int, int] | None) -> None:
    height, width, _ = next(iter(source.datasets.values())).image_shape
    if image_size is not None and tuple(image_size) != (height, width):
        raise DataError(
            f"{source.name}: pictures of {height}×{width} pixels, and image_size asks for "
            f"{image_size[0]}×{image_size[1]}; arrays are not resized: leave image_size out"
        )
