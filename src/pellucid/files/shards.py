"""Write picture files as shards: tar files that are read from beginning to end."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.counter_random import permutation
from pellucid.data.decisions.files import decided_files
from pellucid.data.decisions.matched import match_files
from pellucid.data.decoded import PictureFile, reason_of
from pellucid.data.detect_format import locate
from pellucid.data.faults import fault_notes
from pellucid.data.listing import is_of_pictures, scanned
from pellucid.data.quarantine import BadFile
from pellucid.data.shards.images import WINDOW
from pellucid.data.shards.index import INDEX, Shard, ShardIndex, described, is_shards, list_name
from pellucid.data.sound.decode import sound_header
from pellucid.data.sources import PictureSource
from pellucid.errors import ArgumentError, DataError, OutputError
from pellucid.files.atomic import explained, write_text
from pellucid.files.folders import make_folder
from pellucid.text import counted, printable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.reading import Reading

SHARD_BYTES = 64 << 20
"""After how many bytes a tar file is full."""


@dataclass(frozen=True)
class Sharded:
    """What was written.

    Attributes:
        index: The shards.
        quarantined: Files that cannot be used, which were left out.
        decided: What was decided about pictures, a line each.
    """

    index: ShardIndex
    quarantined: tuple[BadFile, ...] = field(default=())
    decided: tuple[str, ...] = ()


def write_shards(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    reading: Reading,
    *,
    task: str | None = None,
    shard_bytes: int = SHARD_BYTES,
    window: int = WINDOW,
    progress: Callable[[int, int], None] | None = None,
) -> Sharded:
    """Write picture files, or recordings, as shards, with their parts and what is wanted of each.

    Files are taken as they are, byte for byte; each is decoded once, so that one that cannot be
    used is left out here and not met in training. A part that is larger than the window is written
    in an order that is drawn, since files in order mostly have one class after the other, and those
    that are shuffled together would have one alone.

    Args:
        source: A folder or a CSV file of picture files, as :func:`pellucid.data.load` takes it.
        out: The folder of shards, new or empty.
        reading: How the data are read; what is decided about pictures is done.
        task: What they are for; none to recognise it.
        shard_bytes: After how many bytes a tar file is full, at least 1.
        window: Bytes of files that are shuffled together in training.
        progress: Called with how many pictures are written, and how many there are.

    Raises:
        DataError: There are no such data, or no picture can be used.
        ArgumentError: They are no picture files.
        OutputError: The folder holds something, or cannot be written in.
    """
    path, folder = locate(source), Path(out)
    if is_shards(path) or not is_of_pictures(path):
        kind = "shards already" if is_shards(path) else "arrays"
        raise ArgumentError(f"{printable(path)}: {kind}; shards are written of picture files")
    found = scanned(path, reading, task)
    matched = None
    if reading.decisions is not None:
        matched = match_files(reading.decisions, found, printable(path))
        found = decided_files(found, matched)
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{printable(folder)}: holds something already; name a new folder")
    files = [file for part in found.parts.values() for file in part]
    if not files:
        raise DataError(f"{printable(path)}: no pictures to write")
    source_of = PictureSource(printable(path), found, None, reading, allow_one_class=True)
    preprocessing, _ = source_of.choose(found.parts)
    make_folder(folder)
    writer = _Writer(folder, preprocessing, reading, shard_bytes, len(files), progress)
    parts = {part: writer.write(part, _mixed(of, window)) for part, of in found.parts.items()}
    for part, shards in parts.items():
        if not shards:
            raise DataError(f"{printable(path)}: no picture of its part {part} can be used")
    if writer.bad:  # the size is chosen by the pictures that can be used
        bad = {file.name for file in writer.bad}
        usable = {
            part: tuple(file for file in of if file.name not in bad)
            for part, of in found.parts.items()
        }
        preprocessing, _ = source_of.choose(usable)
    index = ShardIndex(
        folder, path.resolve().name, found.targets, preprocessing, parts,
        (*found.notes, *fault_notes(found.faults)), None if matched is None else matched.to_dict(),
    )  # fmt: skip
    write_text(folder / INDEX, json.dumps(index.to_dict(), indent=1, ensure_ascii=True) + "\n")
    left_out = frozenset() if matched is None else matched.left_out
    bad_files = [each for each in found.bad if printable(each.name) not in left_out]
    return Sharded(index, (*bad_files, *writer.bad), () if matched is None else matched.notes)


def _mixed(files: tuple[PictureFile, ...], window: int) -> tuple[PictureFile, ...]:
    """Files in their order where all are shuffled together anyway, else in one that is drawn."""
    if sum(_size(file.path) for file in files) <= window:
        return files
    return tuple(files[i] for i in permutation(len(files), 0, 0).tolist())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it says so
        return 0


@dataclass(frozen=True)
class _Sample:
    """A file as it was, and what is written of it; how it ends is how readers know what it is."""

    ending: str
    content: bytes
    description: dict[str, Any]


class _Writer:
    """Writes the tar files of parts, one after the other."""

    def __init__(
        self,
        folder: Path,
        preprocessing: Preprocessing,
        reading: Reading,
        shard_bytes: int,
        count: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._folder, self._preprocessing, self._reading = folder, preprocessing, reading
        self._limit, self._count, self._progress = max(1, shard_bytes), count, progress
        self._done = 0
        self.bad: list[BadFile] = []

    def write(self, part: str, files: tuple[PictureFile, ...]) -> tuple[Shard, ...]:
        """Write the tar files of a part, and the list of its pictures."""
        shards: list[Shard] = []
        lines: list[str] = []
        pending: list[_Sample] = []
        held = 0
        for sample in self._usable(files):
            pending.append(sample)
            lines.append(json.dumps(sample.description))
            held += len(sample.content)
            if held >= self._limit:
                shards.append(self._tar(part, len(shards), pending))
                pending, held = [], 0
        if pending:
            shards.append(self._tar(part, len(shards), pending))
        write_text(self._folder / list_name(part), "".join(f"{line}\n" for line in lines))
        return tuple(shards)

    def _usable(self, files: tuple[PictureFile, ...]) -> Iterator[_Sample]:
        for file in files:
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self._count)
            try:
                content = file.path.read_bytes()
                self._preprocessing.read(content, max_pixels=self._reading.max_pixels)
                header = None if self._preprocessing.sound is None else sound_header(content)
            except DataError as error:
                self._leave_out(file, reason_of(file.path, error))
            except OSError as error:
                self._leave_out(file, error.strerror or str(error))
            else:
                yield _Sample(_ending(file), content, described(file, header))

    def _leave_out(self, file: PictureFile, reason: str) -> None:
        if self._reading.bad == "error":
            raise DataError(f"{printable(file.name)}: {reason}")
        self.bad.append(BadFile(file.name, reason, file.class_name, file.part))

    def _tar(self, part: str, number: int, samples: list[_Sample]) -> Shard:
        path = self._folder / f"{part}-{number:06}.tar"
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for place, sample in enumerate(samples):
                key = f"{part}-{number:06}-{place:06}"
                text = json.dumps({**sample.description, "part": part}).encode("ascii")
                for ending, data in ((sample.ending, sample.content), ("json", text)):
                    entry = tarfile.TarInfo(f"{key}.{ending}")
                    entry.size, entry.mode = len(data), 0o644
                    tar.addfile(entry, io.BytesIO(data))
        written = buffer.getvalue()
        with explained(path):
            path.write_bytes(written)
        digest = hashlib.sha256(written).hexdigest()
        held = sum(len(sample.content) for sample in samples)
        return Shard(path.name, len(samples), len(written), held, digest)


def _ending(file: PictureFile) -> str:
    """What the picture's file is called behind the dot; readers of tar files go by it."""
    ending = file.path.suffix.lower().lstrip(".")
    return ending if re.fullmatch("[a-z0-9]{2,5}", ending) and ending != "json" else "picture"


def sharded_line(written: Sharded) -> str:
    """What was written, in one line."""
    index = written.index
    shards = [shard for of in index.parts.values() for shard in of]
    parts = ", ".join(
        f"{part} {sum(shard.pictures for shard in of)}" for part, of in index.parts.items()
    )
    size = sum(shard.bytes for shard in shards)
    return f"{counted(len(shards), 'shard')}, {size / 1e6:.1f} MB: {parts}"


def check_shards(index: ShardIndex, progress: Callable[[int, int], None] | None = None) -> int:
    """Check that all shards are as they were written; return how many pictures they hold.

    Raises:
        DataError: Naming the first that is not.
    """
    shards = [shard for of in index.parts.values() for shard in of]
    for number, shard in enumerate(shards):
        path, digest = index.folder / shard.name, hashlib.sha256()
        try:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise DataError(f"{printable(path)}: {error.strerror or error}") from error
        if digest.hexdigest() != shard.sha256:
            raise DataError(
                f"{printable(path)}: is not as it was written; write the shards again: pellucid "
                "shard DATA"
            )
        if progress is not None:
            progress(number + 1, len(shards))
    for part in index.parts:
        index.files(part)
    return sum(shard.pictures for shard in shards)
