"""Read lists of picture files into data sets."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cores import available_threads
from pellucid.data.cache.build import decoded_blocks
from pellucid.data.decode import header
from pellucid.data.decoded import Decoded, bad_file, groups_of, named_in, reason_of, targets_of
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.quarantine import check_bad, nothing_left
from pellucid.data.sound.choose import are_recordings, check_kind, recording_preprocessing
from pellucid.data.value_range import clipping_remark, value_range
from pellucid.errors import ArgumentError, DataError, PellucidError
from pellucid.memory import check_memory, gigabytes
from pellucid.text import array_shape, counted, pixel_size, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.cache import PictureCache
    from pellucid.data.cache.helpers import Helpers
    from pellucid.data.dataset import Dataset
    from pellucid.data.decoded import Draw, PictureFile
    from pellucid.data.quarantine import Bad
    from pellucid.data.targets import Targets

LARGEST_COMMON_SIDE = 256
"""Pictures that all have one size keep it up to this height and width."""

DEFAULT_SIDE = 64
"""Height and width given to pictures of different or larger sizes."""


_SMALLER = (
    "choose a smaller size (--image-size, in Python image_size), or keep decoded pictures on a "
    "disk that has room for them (PELLUCID_CACHE names the folder)"
)


def choose_preprocessing(
    files: Sequence[PictureFile],
    image_size: tuple[int, int] | None,
    *,
    name: str = "data",
    bad: Bad = "error",
    max_pixels: int = MAX_PIXELS,
    cache: PictureCache | None = None,
    like: Preprocessing | None = None,
    default: tuple[int, int] | None = None,
    sound: Mapping[str, Any] | None = None,
) -> tuple[Preprocessing, tuple[str, ...]]:
    """Decide the size and the channels that pictures get, from their headers.

    The range of values of pictures of more than 8 bits is found, too, for which these are decoded.
    Of recordings it is decided how they become pictures.

    Args:
        files: The pictures, at least one.
        image_size: Height and width wanted; None for the common size of all pictures where they
            have one and it is at most 256 on a side, else 64×64.
        name: What the data are called in messages.
        bad: ``"error"`` to raise at the first file that cannot be opened, ``"quarantine"`` to pass
            over such files.
        max_pixels: Pictures with more pixels count as bad.
        cache: Knows the headers of files that have not changed.
        like: A preprocessing to take size, channels and everything else from, but the range of
            values; None to decide by the pictures.
        default: The height and width where ``image_size`` is None; None to decide by the pictures.
        sound: Settings of sound that are given, by name; None for none.

    Returns:
        The preprocessing, with 1 channel where every picture is grey and 3 otherwise; and remarks
        on what was chosen, one line each.

    Raises:
        DataError: A file cannot be read or is no picture; or none can be used.
        ArgumentError: The size wanted is no pair of integers 1..4096; or a size is given for
            recordings, or settings of sound for pictures.
    """
    check_bad(bad)
    if image_size is not None:
        check_image_size(image_size)
    recordings = (like is None or like.sound is None) and are_recordings(files)
    check_kind(name, sound, image_size, like, recordings=recordings)
    if like is not None and like.sound is not None:
        return like, ("recordings are read as those were that the model learned",)
    if recordings:
        return recording_preprocessing(files, sound or {}, name=name, bad=bad)
    sizes: dict[tuple[int, int], None] = {}  # in the order they were met
    grey = True
    deep: list[PictureFile] = []
    failed: list[tuple[PictureFile, DataError]] = []
    for file in files:
        try:
            if cache is None:
                found = header(file.path, max_pixels)
            else:
                found = cache.files.header(file, max_pixels)
        except DataError as error:
            if bad == "error":
                raise DataError(f"{error}{named_in(file)}") from error
            failed.append((file, error))
            continue
        grey = grey and found.grey
        sizes[found.height, found.width] = None
        if found.deep:
            deep.append(file)
    if not sizes:
        raise nothing_left(
            name, [bad_file(file, reason_of(file.path, error)) for file, error in failed]
        )
    if like is None:
        preprocessing, note = _sized(list(sizes), image_size, default, grey=grey)
    else:
        preprocessing, note = _as(like, grey=grey)
    if not deep:
        return preprocessing, (note,)
    values = value_range(deep, max_pixels) if cache is None else cache.value_range(deep, max_pixels)
    if values is None:
        return preprocessing, (note,)
    others = len(files) - len(failed) - len(deep)
    return replace(preprocessing, value_range=values.ends), (note, values.note(others))


def _as(like: Preprocessing, *, grey: bool) -> tuple[Preprocessing, str]:
    """Return a given preprocessing for other pictures, and a remark on what it does to them."""
    size = pixel_size(like.height, like.width)
    note = f"pictures of {size}, {'grey' if like.channels == 1 else 'colour'}, by {like.resize!r}"
    if grey != (like.channels == 1):
        note += "; grey ones get three equal channels" if grey else "; of colours, their grey"
    return replace(like, value_range=None, invert=False), note


def _sized(
    sizes: Sequence[tuple[int, int]],
    image_size: tuple[int, int] | None,
    default: tuple[int, int] | None,
    *,
    grey: bool,
) -> tuple[Preprocessing, str]:
    """Return the preprocessing for pictures of some sizes, and a remark on it."""
    channels, colours = (1, "grey") if grey else (3, "colour")
    if image_size is not None:
        return Preprocessing(
            *image_size, channels
        ), f"pictures of {pixel_size(*image_size)}, {colours}"
    first, *others = sizes
    if not others and (default is None or default == first) and max(first) <= LARGEST_COMMON_SIDE:
        return Preprocessing(*first, channels), f"all pictures are {pixel_size(*first)}, {colours}"
    preprocessing = Preprocessing(*(default or (DEFAULT_SIDE, DEFAULT_SIDE)), channels)
    return preprocessing, (
        f"pictures of {pixel_size(*first)}{' and other sizes' if others else ''} are fitted into "
        f"{preprocessing.width}×{preprocessing.height}, {colours}, by {preprocessing.resize!r}; "
        f"another size: --image-size, in Python image_size"
    )


def read_pictures(
    files: Sequence[PictureFile],
    like: Targets,
    preprocessing: Preprocessing,
    name: str,
    *,
    bad: Bad = "error",
    max_pixels: int = MAX_PIXELS,
    cache: PictureCache | None = None,
) -> Dataset:
    """Read pictures as a data set; arguments and errors as of :func:`decode_pictures`.

    Where the preprocessing has a range of values and pictures have values beyond, this is remarked.
    """
    read = decode_pictures(
        files, like, preprocessing, name, bad=bad, max_pixels=max_pixels, cache=cache
    )
    remarks: tuple[str, ...] = ()
    if preprocessing.value_range is not None:
        deep = [file for file in read.files if header(file.path, max_pixels).deep]
        values = (
            value_range(deep, max_pixels) if cache is None else cache.value_range(deep, max_pixels)
        )
        remarks = clipping_remark(preprocessing.value_range, values)
    return replace(read.dataset(name), remarks=remarks)


def decode_pictures(
    files: Sequence[PictureFile],
    like: Targets,
    preprocessing: Preprocessing,
    name: str,
    *,
    bad: Bad = "error",
    max_pixels: int = MAX_PIXELS,
    cache: PictureCache | None = None,
    draw: Draw | None = None,
) -> Decoded:
    """Decode pictures, by :func:`~pellucid.cores.available_threads`, or find them in the cache.

    Args:
        files: The pictures, in the order they get.
        like: How the files' labels are read.
        preprocessing: How each is converted and resized.
        name: What the data are called in messages.
        bad: ``"error"`` to raise at the first file that cannot be used, ``"quarantine"`` to leave
            such files out.
        max_pixels: Pictures with more pixels count as bad.
        cache: Where pictures are kept that were decoded before; None for nowhere.
        draw: How they will be divided. Then each part lies in one piece in the cache, if they
            are not there yet.

    Returns:
        The pictures with their labels, and the files that were left out; the same for any number
        of threads, from the cache or not.

    Raises:
        DataError: A file cannot be read, and the first of them in order is named; or none of them
            can be used; or memory is short.
    """
    check_bad(bad)
    if cache is not None:
        with cache.helpers(files, preprocessing, max_pixels) as helpers:
            found = _read_cached(
                files, like, preprocessing, name, bad, max_pixels, cache, draw, helpers
            )
        if found is not None:
            return found
    images = _allocated((len(files), *preprocessing.shape), name)
    failed: dict[int, str] = {}
    kept: list[int] = []
    decoded = decoded_blocks(
        files,
        range(len(files)),
        preprocessing,
        max_pixels,
        threads=available_threads(),
        stop=bad == "error",
    )
    with closing(decoded) as blocks:
        for block in blocks:
            images[len(kept) : len(kept) + len(block.pixels)] = block.pixels
            kept += block.positions
            failed |= block.bad
    return _usable(files, like, name, images[: len(kept)], None, failed, preprocessing)


def _read_cached(
    files: Sequence[PictureFile],
    like: Targets,
    preprocessing: Preprocessing,
    name: str,
    bad: Bad,
    max_pixels: int,
    cache: PictureCache,
    draw: Draw | None,
    helpers: Helpers,
) -> Decoded | None:
    """The pictures from the cache, which takes them in if need be; None if it cannot."""
    digests = cache.files.digests(files)
    readable = [i for i, digest in enumerate(digests) if isinstance(digest, str)]
    failed = {
        i: reason_of(files[i].path, digest)
        for i, digest in enumerate(digests)
        if isinstance(digest, DataError)
    }
    if failed and bad == "error":
        return None  # the first bad file is to be named, of whichever kind
    chosen = [files[i] for i in readable]

    def order(usable: Sequence[int]) -> Sequence[int]:
        if draw is None or bad == "error" or any(file.beside for file in chosen):
            return usable
        try:
            some = [chosen[i] for i in usable]
            parts = draw(targets_of(some, like).strata, groups_of(some))
        except PellucidError:  # dividing them says so
            return usable
        return np.asarray(usable)[np.concatenate(list(parts.values()))].tolist()  # type: ignore[no-any-return]

    entry = cache.decoded(
        chosen,
        [digest for digest in digests if isinstance(digest, str)],
        order,
        preprocessing,
        max_pixels=max_pixels,
        stop=bad == "error",
        helpers=helpers,
    )
    if entry is None:
        return None
    failed |= {readable[i]: reason for i, reason in entry.bad.items()}
    if failed and bad == "error":
        first = min(failed)
        reason = f"{failed[first]}{named_in(files[first])}"
        raise DataError(f"{printable(files[first].path)}: {reason}")
    rows = np.argsort(entry.positions)
    return _usable(files, like, name, entry.pixels, rows, failed, preprocessing)


def _usable(
    files: Sequence[PictureFile],
    like: Targets,
    name: str,
    images: NDArray[np.uint8],
    rows: NDArray[np.int64] | None,
    failed: Mapping[int, str],
    preprocessing: Preprocessing,
) -> Decoded:
    quarantined = tuple(bad_file(files[i], failed[i]) for i in sorted(failed))
    usable = tuple(file for i, file in enumerate(files) if i not in failed)
    if not usable:
        raise nothing_left(name, quarantined, preprocessing.noun)
    return Decoded(images, rows, usable, like, preprocessing, quarantined)


def check_image_size(image_size: object) -> None:
    """Raise ArgumentError unless ``image_size`` is a pair (height, width) of integers in range."""
    if not isinstance(image_size, (tuple, list)) or len(image_size) != 2:
        raise ArgumentError(f"image_size is {image_size!r:.100}; expected (height, width)")
    height, width = image_size
    Preprocessing(height, width, channels=1)


def check_room_for(shape: tuple[int, ...], name: str) -> None:
    """Check that pictures fit into the memory that is available, before any is decoded.

    Args:
        shape: (N, H, W, C) of bytes.
        name: What the data are called in messages.

    Raises:
        DataError: With the memory that they need, and what can be done.
    """
    check_memory(math.prod(shape), _what(shape, name), _SMALLER)


def _allocated(shape: tuple[int, ...], name: str) -> NDArray[np.uint8]:
    check_room_for(shape, name)
    try:
        return np.empty(shape, np.uint8)
    except (MemoryError, ValueError) as error:
        needed = gigabytes(math.prod(shape))
        raise DataError(f"{_what(shape, name)} need {needed} of memory; {_SMALLER}") from error


def _what(shape: tuple[int, ...], name: str) -> str:
    return f"{name}: {counted(shape[0], 'picture')} of {array_shape(shape[1:])}"
