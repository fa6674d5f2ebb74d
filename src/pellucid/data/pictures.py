"""Read lists of picture files into data sets."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.decode import header
from pellucid.data.names import counted, shown
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.quarantine import BadFile, check_bad
from pellucid.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.data.quarantine import Bad

LARGEST_COMMON_SIDE = 256
"""Pictures that all have one size keep it up to this height and width."""

DEFAULT_SIDE = 64
"""Height and width given to pictures of different or larger sizes."""

_BLOCK = 64  # pictures per task of a thread


@dataclass(frozen=True)
class PictureFile:
    """One labelled picture on disk.

    Attributes:
        path: Where it lies.
        name: What it is called in messages and lists: its path relative to the data's folder.
        class_name: Its class.
        part: The part it lies in: ``train``, ``validation``, ``test`` or ``all``.
    """

    path: Path
    name: str
    class_name: str
    part: str = "all"


def choose_preprocessing(
    files: Sequence[PictureFile],
    image_size: tuple[int, int] | None,
    *,
    name: str = "data",
    bad: Bad = "error",
    max_pixels: int = MAX_PIXELS,
) -> tuple[Preprocessing, str]:
    """Decide the size and the channels that pictures get, from their headers.

    Args:
        files: The pictures, at least one.
        image_size: Height and width wanted; None for the common size of all pictures where they
            have one and it is at most 256 on a side, else 64×64.
        name: What the data are called in messages.
        bad: ``"error"`` to raise at the first file that cannot be opened, ``"quarantine"`` to pass
            over such files.
        max_pixels: Pictures with more pixels count as bad.

    Returns:
        The preprocessing, with 1 channel where every picture is grey and 3 otherwise; and a remark
        on what was chosen, in one line.

    Raises:
        DataError: A file cannot be read or is no picture; or none can be used.
        ArgumentError: The size wanted is no pair of integers 1..4096.
    """
    check_bad(bad)
    if image_size is not None:
        check_image_size(image_size)
    sizes: dict[tuple[int, int], None] = {}  # in the order they were met
    grey = True
    failed: list[tuple[PictureFile, DataError]] = []
    for file in files:
        try:
            height, width, is_grey = header(file.path, max_pixels)
        except DataError as error:
            if bad == "error":
                raise
            failed.append((file, error))
            continue
        grey = grey and is_grey
        sizes[height, width] = None
        if not grey and (image_size is not None or len(sizes) > 1):
            break  # nothing is left to decide
    if not sizes:
        raise _nothing_left(name, [_bad_file(file, error) for file, error in failed])
    channels, colours = (1, "grey") if grey else (3, "colour")
    if image_size is not None:
        return Preprocessing(*image_size, channels), f"pictures of {_by(image_size)}, {colours}"
    first, *others = sizes
    if not others and max(first) <= LARGEST_COMMON_SIDE:
        return Preprocessing(*first, channels), f"all pictures are {_by(first)}, {colours}"
    preprocessing = Preprocessing(DEFAULT_SIDE, DEFAULT_SIDE, channels)
    return preprocessing, (
        f"pictures of {_by(first)}{' and other sizes' if others else ''} are fitted into "
        f"{_by(preprocessing.shape[:2])}, {colours}, by {preprocessing.resize!r}; another size can "
        f"be chosen with image_size"
    )


def read_pictures(
    files: Sequence[PictureFile],
    classes: tuple[str, ...],
    preprocessing: Preprocessing,
    name: str,
    *,
    bad: Bad = "error",
    max_pixels: int = MAX_PIXELS,
) -> Dataset:
    """Decode pictures into one array, by as many threads as there are processors.

    Args:
        files: The pictures, in the order they get.
        classes: The class names; every file's class is among them.
        preprocessing: How each is converted and resized.
        name: What the data set is called.
        bad: ``"error"`` to raise at the first file that cannot be used, ``"quarantine"`` to leave
            such files out.
        max_pixels: Pictures with more pixels count as bad.

    Returns:
        The pictures with their labels, and the files that were left out; the same for any number
        of threads.

    Raises:
        DataError: A file cannot be read, and the first of them in order is named; or none of them
            can be used; or memory is short.
    """
    from concurrent.futures import ThreadPoolExecutor

    check_bad(bad)
    images = _allocated((len(files), *preprocessing.shape), name)

    def read(start: int) -> dict[int, DataError]:
        failed: dict[int, DataError] = {}
        for i in range(start, min(start + _BLOCK, len(files))):
            try:
                images[i] = preprocessing.read(files[i].path, max_pixels=max_pixels)
            except DataError as error:
                if bad == "error":
                    raise
                failed[i] = error
        return failed

    failed: dict[int, DataError] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for of_block in pool.map(read, range(0, len(files), _BLOCK)):
            failed |= of_block  # or raises what a thread has raised, the first block's first
    quarantined = tuple(_bad_file(files[i], error) for i, error in failed.items())
    if failed:
        kept = [i for i in range(len(files)) if i not in failed]
        if not kept:
            raise _nothing_left(name, quarantined)
        files = [files[i] for i in kept]
        images = kept_in_place(images, kept)
    label_of = {class_name: label for label, class_name in enumerate(classes)}
    return Dataset(
        images=images,
        labels=np.array([label_of[file.class_name] for file in files], np.int64),
        classes=classes,
        names=tuple(file.name for file in files),
        name=name,
        quarantined=quarantined,
    )


def kept_in_place(images: NDArray[np.uint8], kept: Sequence[int]) -> NDArray[np.uint8]:
    """Move the pictures at ``kept`` (ascending) to the front of their array; return those.

    A copy would need the memory twice.
    """
    for to, origin in enumerate(kept):
        if to != origin:
            images[to] = images[origin]
    return images[: len(kept)]


def _bad_file(file: PictureFile, error: DataError) -> BadFile:
    reason = str(error).removeprefix(f"{shown(file.path)}: ")
    return BadFile(file.name, reason, file.class_name, file.part)


def _nothing_left(name: str, quarantined: Sequence[BadFile]) -> DataError:
    first = quarantined[0]
    return DataError(
        f"{name}: none of the {counted(len(quarantined), 'picture')} can be used, the first: "
        f"{shown(first.name)}: {first.reason}"
    )


def check_image_size(image_size: object) -> None:
    """Raise ArgumentError unless ``image_size`` is a pair (height, width) of integers in range."""
    if not isinstance(image_size, (tuple, list)) or len(image_size) != 2:
        raise ArgumentError(f"image_size is {image_size!r}; expected (height, width)")
    height, width = image_size
    Preprocessing(height, width, channels=1)


def _allocated(shape: tuple[int, ...], name: str) -> NDArray[np.uint8]:
    try:
        return np.empty(shape, np.uint8)
    except (MemoryError, ValueError) as error:
        raise DataError(
            f"{name}: {counted(shape[0], 'picture')} of {'×'.join(map(str, shape[1:]))} need "
            f"{math.prod(shape) / 1e9:.1f} GB of memory; choose a smaller image size"
        ) from error


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]} pixels"
