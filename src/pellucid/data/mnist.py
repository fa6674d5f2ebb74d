"""MNIST, the handwritten digits that ship with the package.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998). 60 000 digits to train with and 10 000 to test
with, 28×28 grey pixels, white on black. The original files are kept byte for byte, only their
container is smaller; their licence lies beside them, in ``builtin/LICENSE-MNIST``.
"""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid.cores import available_threads
from pellucid.data.dataset import Dataset
from pellucid.errors import DataError, MissingDependencyError
from pellucid.in_threads import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from lzma import LZMADecompressor

    from numpy.typing import NDArray

Part = Literal["train", "test"]

PARTS: tuple[Part, ...] = ("train", "test")
CLASSES = tuple("0123456789")
SIDE = 28

_COUNTS = {"train": 60_000, "test": 10_000}
_PREFIXES = {"train": "train", "test": "t10k"}
_MEMBERS = {"train": 4, "test": 1}
_PIECE = 1 << 18


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
    files = {part: (_images_file(part), _labels_file(part)) for part in parts}
    members = [member for pair in files.values() for file in pair for member in file.members()]
    with closing(in_order(_unpack, members, threads=available_threads())) as unpacked:
        for _ in unpacked:
            pass
    return {
        part: Dataset(
            images.values()[..., np.newaxis],
            labels.values().astype(np.int64),
            CLASSES,
            name=part,
            label_kind="int",
        )
        for part, (images, labels) in files.items()
    }


@dataclass(frozen=True)
class _IdxFile:
    """An original IDX file of which everything but the values is known."""

    name: str
    shape: tuple[int, ...]
    member_count: int
    content: NDArray[np.uint8]  # header and values
    header: bytes

    @classmethod
    def empty(cls, name: str, shape: tuple[int, ...], member_count: int) -> _IdxFile:
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
        content = np.empty(len(header) + math.prod(shape), np.uint8)
        return cls(name, shape, member_count, content, header)

    def members(self) -> list[tuple[str, NDArray[np.uint8]]]:
        """Return the name of each packed member and where it belongs in ``content``."""
        if self.member_count == 1:
            return [(f"{self.name}.xz", self.content)]
        step = (len(self.content) - len(self.header)) // self.member_count
        cuts = [len(self.header) + step * i for i in range(1, self.member_count)]
        pieces = np.split(self.content, cuts)
        return [(f"{self.name}.{i}.xz", piece) for i, piece in enumerate(pieces)]

    def values(self) -> NDArray[np.uint8]:
        """Return what follows the header, shaped, without a copy."""
        start = len(self.header)
        if self.content[:start].tobytes() != self.header:
            raise DataError(f"the built-in file {self.name} is damaged; install pellucid again")
        return self.content[start:].reshape(self.shape)


def _images_file(part: Part) -> _IdxFile:
    name = f"{_PREFIXES[part]}-images-idx3-ubyte"
    return _IdxFile.empty(name, (_COUNTS[part], SIDE, SIDE), _MEMBERS[part])


def _labels_file(part: Part) -> _IdxFile:
    return _IdxFile.empty(f"{_PREFIXES[part]}-labels-idx1-ubyte", (_COUNTS[part],), 1)


def _unpack(member: tuple[str, NDArray[np.uint8]]) -> None:
    """Unpack one member to where it belongs."""
    name, target = member
    try:
        import lzma
    except ImportError as error:
        raise MissingDependencyError(
            "the built-in data are packed with lzma, which this Python was built without: install "
            "liblzma (xz) and build Python again, or use another Python"
        ) from error
    from importlib.resources import files

    try:
        packed = (files("pellucid.data") / "builtin" / name).read_bytes()
        done = _decompress(packed, target, lzma.LZMADecompressor(lzma.FORMAT_XZ))
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise DataError(
            f"the built-in file {name} is missing or damaged ({error}); install pellucid again"
        ) from error
    if done != len(target):
        raise DataError(f"the built-in file {name} is cut short; install pellucid again")


def _decompress(packed: bytes, target: NDArray[np.uint8], decoder: LZMADecompressor) -> int:
    """Fill ``target`` piece by piece, so that pieces stay in cache; return the number of bytes.

    It is 0 where the packed data end before their checksum.
    """
    done = 0
    piece = decoder.decompress(packed, _PIECE)
    while piece:
        target[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
        piece = b"" if decoder.eof else decoder.decompress(b"", _PIECE)
    return done if decoder.eof else 0
