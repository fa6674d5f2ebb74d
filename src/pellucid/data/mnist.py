"""MNIST, the handwritten digits that ship with the package.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998). 60 000 digits to train with and 10 000 to test
with, 28×28 grey pixels, white on black. The original files are kept byte for byte, only their
container is smaller; their licence lies beside them, in ``builtin/LICENSE-MNIST``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

Part = Literal["train", "test"]

PARTS: tuple[Part, ...] = ("train", "test")
CLASSES = tuple("0123456789")
SIDE = 28

_COUNTS = {"train": 60_000, "test": 10_000}
_FILES = {"train": "train", "test": "t10k"}
_MEMBERS = {"train": 4, "test": 1}


def load_mnist(parts: Sequence[Part] = PARTS) -> dict[str, Dataset]:
    """Unpack the original training set, test set, or both.

    The packed members are unpacked by threads at the same time, and their checksums compared.

    Args:
        parts: ``"train"`` (60 000 pictures), ``"test"`` (10 000).

    Returns:
        The data sets by name; images of shape (N, 28, 28, 1), labels 0..9.

    Raises:
        DataError: The packed files are missing or damaged.
        MissingDependencyError: This Python was built without lzma.
    """
    from concurrent.futures import ThreadPoolExecutor

    images = {part: np.empty((_COUNTS[part], SIDE, SIDE, 1), np.uint8) for part in parts}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pixels = [
            pool.submit(_unpack_images, part, member, images[part])
            for part in parts
            for member in range(_MEMBERS[part])
        ]
        labels = {part: pool.submit(_labels, part) for part in parts}
        for job in pixels:
            job.result()
        return {
            part: Dataset(images[part], labels[part].result(), CLASSES, name=part) for part in parts
        }


def _unpack_images(part: Part, member: int, images: NDArray[np.uint8]) -> None:
    """Unpack one member of a part's pictures to where it belongs in ``images``."""
    members, count = _MEMBERS[part], _COUNTS[part]
    name = f"{_FILES[part]}-images-idx3-ubyte"
    name += ".xz" if members == 1 else f".{member}.xz"
    target = np.split(images, members)[member]
    header = np.array([0x803, count, SIDE, SIDE], ">u4").tobytes() if member == 0 else b""
    target.reshape(-1)[:] = _unpacked(name, header, target.size)


def _labels(part: Part) -> NDArray[np.int64]:
    header = np.array([0x801, _COUNTS[part]], ">u4").tobytes()
    values = _unpacked(f"{_FILES[part]}-labels-idx1-ubyte.xz", header, _COUNTS[part])
    return values.astype(np.int64)


def _unpacked(name: str, header: bytes, size: int) -> NDArray[np.uint8]:
    """Return the ``size`` bytes behind the header of a packed file, as a read-only view."""
    try:
        import lzma
    except ImportError as error:
        raise MissingDependencyError(
            "the built-in data are packed with lzma, which this Python was built without: install "
            "liblzma (xz) and build Python again, or use another Python"
        ) from error
    from importlib.resources import files

    file: Traversable = files("pellucid.data") / "builtin" / name
    try:
        content = lzma.decompress(file.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise DataError(
            f"the built-in file {name} is missing or damaged ({error}); install pellucid again"
        ) from error
    if len(content) != len(header) + size or not content.startswith(header):
        raise DataError(f"the built-in file {name} has other contents; install pellucid again")
    return np.frombuffer(content, np.uint8, offset=len(header))
