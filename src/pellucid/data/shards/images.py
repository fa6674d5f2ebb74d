"""Pixels that are read from shards when they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cores import available_threads
from pellucid.counter_random import permutation
from pellucid.data.decode import unreadable
from pellucid.errors import DataError, MissingDependencyError
from pellucid.in_threads import in_order
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.shards.index import Shard

WINDOW = 256 << 20
"""Bytes of files among which pictures are shuffled: what a shuffle buffer holds."""


class ShardReader:
    """The bytes of the pictures of some tar files; the last ones that were read are kept.

    Args:
        folder: Where they are.
        shards: The tar files.
        window: Bytes of files that are shuffled together; twice as many are kept.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard], window: int = WINDOW) -> None:
        self.shards, self.window = tuple(shards), window
        self._folder, self._lock = folder, threading.Lock()
        self._kept: OrderedDict[int, list[bytes]] = OrderedDict()

    def pictures(self, number: int) -> list[bytes]:
        """The pictures of a tar file, as they were written.

        Raises:
            DataError: It cannot be read, or does not hold what the index says.
        """
        with self._lock:
            if number not in self._kept:
                self._kept[number] = self._read(self.shards[number])
            self._kept.move_to_end(number)
            held = sum(self.shards[each].content for each in self._kept)
            while held > 2 * self.window and len(self._kept) > 2:
                oldest, _ = self._kept.popitem(last=False)
                held -= self.shards[oldest].content
            return self._kept[number]

    def _read(self, shard: Shard) -> list[bytes]:
        path = self._folder / shard.name
        found = [content for _, content in samples(path)]
        if len(found) != shard.pictures:
            raise DataError(
                f"{printable(path)}: holds {counted(len(found), 'picture')}, expected "
                f"{shard.pictures}; write the shards again: pellucid shard DATA"
            )
        return found


def samples(path: Path) -> Iterator[tuple[str, bytes]]:
    """The key and the bytes of each picture of a tar file, in order, by the library webdataset.

    Raises:
        DataError: It is damaged, or holds anything else than pictures with their descriptions.
        MissingDependencyError: If the library is not installed.
    """
    from tarfile import TarError

    library = tar_library()
    try:
        with path.open("rb") as stream:
            files = library.tar_file_expander([{"url": str(path), "stream": stream}])
            for sample in library.group_by_keys(files):
                yield sample["__key__"], sample[_picture_in(sample, path)]
    except DataError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error
    except (TarError, ValueError, EOFError) as error:
        said = str(error.args[0]) if error.args else type(error).__name__
        said, *_ = said.split(" @ ")  # behind which the library names its stream
        raise DataError(
            f"{printable(path)}: damaged, or no tar file of shards ({printable(said)})"
        ) from error


def tar_library() -> Any:
    """The part of the library webdataset that takes tar files apart, which is loaded late.

    It is loaded when shards are opened, since a run that is kept catches signals, and an import
    that is broken off by one leaves half a library.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    try:
        from webdataset import tariterators
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "reading shards needs the library webdataset, which is not installed; install it with: "
            'pip install "pellucid[shards]"'
        ) from error
    return tariterators


def _picture_in(sample: dict[str, Any], path: Path) -> str:
    """The name of the one file of a sample that is a picture."""
    kinds = [name for name in sample if not name.startswith("__") and name != "json"]
    if len(kinds) != 1:
        raise DataError(
            f"{printable(path)}: {printable(sample['__key__'])} has {len(kinds)} files beside its "
            "description, expected one picture"
        )
    return kinds[0]


class ShardImages:
    """Pictures of shards, used as an array uint8 (N, H, W, C): what is asked for is decoded.

    Args:
        reader: Gives their bytes.
        preprocessing: How they are decoded.
        names: Of all pictures of the reader's tar files, for messages.
        positions: Which of these are meant, ascending; none: all.
        max_pixels: Pictures with more pixels are refused.
    """

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        reader: ShardReader,
        preprocessing: Preprocessing,
        names: Sequence[str],
        max_pixels: int,
        positions: NDArray[np.int64] | None = None,
    ) -> None:
        self._reader, self._preprocessing = reader, preprocessing
        self._names, self._max_pixels = names, max_pixels
        self._positions = np.arange(len(names)) if positions is None else positions
        counts = [shard.pictures for shard in reader.shards]
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, H, W, C)."""
        return len(self._positions), *self._preprocessing.shape

    @property
    def size(self) -> int:
        """How many values there are."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """How much memory all of them would take."""
        return self.size

    def __len__(self) -> int:
        return len(self._positions)

    def __repr__(self) -> str:
        return f"ShardImages{self.shape}"

    def view(self, chosen: NDArray[np.integer[Any]]) -> ShardImages:
        """Some of them, nothing of which is read yet."""
        return ShardImages(
            self._reader, self._preprocessing, self._names, self._max_pixels,
            self._positions[chosen],
        )  # fmt: skip

    def __getitem__(self, which: Any) -> Any:
        """Pixels of some pictures, or of one; every n-th of them, n > 1, is a view."""
        if isinstance(which, slice) and which.step not in (None, 1):
            return self.view(np.arange(len(self))[which])
        positions = self._positions[which]
        if np.ndim(positions) == 0:
            return self._decoded(np.asarray([positions]))[0]
        return self._decoded(positions)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("pictures of shards are decoded, which makes a copy")
        return np.asarray(self._decoded(self._positions), dtype)

    def order(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """In which order pictures are seen in an epoch: each window shuffled, one after another.

        It follows from (seed, epoch) alone. Of a single window it is the order of pictures that
        are in memory.
        """
        found = []
        for number, window in enumerate(self.windows(seed, epoch)):
            own_seed = (seed + 0x9E3779B9 * number) & 0xFFFFFFFF
            found.append(window[permutation(len(window), own_seed, epoch)])
        return np.concatenate(found)

    def windows(self, seed: int, epoch: int) -> list[NDArray[np.int64]]:
        """Which pictures are read together in an epoch, ascending: those of some tar files.

        Tar files are shuffled, and as many as fit into the window go together, so that each is
        read once an epoch. It follows from (seed, epoch) alone.
        """
        owner = np.searchsorted(self._starts, self._positions, side="right") - 1
        shards, counts = np.unique(owner, return_counts=True)
        ends = np.cumsum(counts)
        places = [np.arange(end - count, end) for end, count in zip(ends, counts, strict=True)]
        windows: list[list[int]] = [[]]
        held = 0
        for number in permutation(len(shards), seed, epoch).tolist():
            own = self._reader.shards[int(shards[number])].content
            if windows[-1] and held + own > self._reader.window:
                windows.append([])
                held = 0
            windows[-1].append(number)
            held += own
        return [np.concatenate([places[each] for each in sorted(window)]) for window in windows]

    def _decoded(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        pixels = np.empty((len(positions), *self._preprocessing.shape), np.uint8)
        owner = np.searchsorted(self._starts, positions, side="right") - 1
        for number in dict.fromkeys(owner.tolist()):
            contents = self._reader.pictures(number)
            rows = np.flatnonzero(owner == number)

            def put(row: int, number: int = number, contents: list[bytes] = contents) -> None:
                position = int(positions[row])
                content = contents[position - int(self._starts[number])]
                pixels[row] = self._read(content, position)

            with closing(in_order(put, rows.tolist(), threads=available_threads())) as done:
                for _ in done:
                    pass
        return pixels

    def _read(self, content: bytes, position: int) -> NDArray[np.uint8]:
        try:
            return self._preprocessing.read(content, max_pixels=self._max_pixels)
        except DataError as error:
            name = printable(self._names[position])
            raise DataError(f"{name}, in shards: {printable(str(error))}") from error
