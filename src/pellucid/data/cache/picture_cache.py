"""The folder in which decoded pictures are kept, as far as there is one."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.cores import available_threads
from pellucid.data.cache.build import decoded_blocks
from pellucid.data.cache.cache_file import PIXELS_AT, open_cache_file, write_cache_file
from pellucid.data.cache.file_index import FileIndex
from pellucid.data.cache.helpers import Helpers, helpers_for
from pellucid.data.cache.versions import decoders, sound_decoders
from pellucid.data.value_range import ValueRange, value_range
from pellucid.errors import ArgumentError
from pellucid.user_cache import VARIABLE, is_safe, made_safe, user_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pellucid.data.cache.cache_file import Block, CacheFile
    from pellucid.data.decoded import PictureFile
    from pellucid.data.preprocessing import Preprocessing

    Order = Callable[[Sequence[int]], Sequence[int]]

LIMIT = 10 << 30
"""Bytes that are kept; beyond that, what was used longest ago goes."""

SPARE = 1 << 30
"""Bytes of the disk that are left free."""

ENTRY, KNOWN, RANGE, UNFINISHED = ".pictures", ".known", ".range", ".unfinished"
ABANDONED = 3600.0
"""Seconds after which a file that is still being written has lost its writer."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class PictureCache:
    """Decoded pictures of the files below one folder.

    Any number of processes may use one cache at once: a file appears whole or not at all, and of
    several that are made at the same time, which are equal, the last one stays.

    Args:
        folder: Where they are kept.
        root: The folder that the names of picture files are relative to.
        limit: Bytes that may be kept.
        threads: How many decode and check; None for :func:`pellucid.cores.available_threads`.

    Attributes:
        note: Why something could not be kept; empty otherwise.
    """

    def __init__(
        self, folder: Path, root: Path, *, limit: int = LIMIT, threads: int | None = None
    ) -> None:
        self.note = ""
        self._folder = folder
        self._limit = limit
        self._threads = threads or available_threads()
        name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()
        self._known_at = folder / f"{name}{KNOWN}"
        self.files = FileIndex(self._remembered(), self._threads)

    def decoded(
        self,
        files: Sequence[PictureFile],
        digests: Sequence[str],
        order: Order,
        preprocessing: Preprocessing,
        *,
        max_pixels: int,
        stop: bool,
        helpers: Helpers | None = None,
    ) -> CacheFile | None:
        """The pictures of files: from the cache, or decoded now and kept.

        Args:
            files: The files.
            digests: The SHA-256 of each, from :attr:`files`.
            order: From the positions of the files that can be used, to the order in which their
                pictures are put where they are decoded now.
            preprocessing: How each is converted and resized.
            max_pixels: Pictures with more pixels count as bad.
            stop: Whether to raise at a bad file that is met in decoding.
            helpers: From :meth:`helpers`.

        Returns:
            The pictures; none where they cannot be kept, which :attr:`note` then explains.

        Raises:
            DataError: If ``stop``, for the first bad file in order.
        """
        key = _key(digests, preprocessing, max_pixels)
        path = self._folder / f"{key.hex()}{ENTRY}"
        entry = self._opened(path, key, preprocessing)
        if entry is None and self._is_room_for(len(files), preprocessing):
            try:
                entry = self._built(
                    path, key, files, order, preprocessing,
                    max_pixels=max_pixels, stop=stop, helpers=helpers,
                )  # fmt: skip
            except OSError as error:
                self.note = f"{self._folder} cannot be written in: {error.strerror or error}"
        self._remember()
        return entry

    def value_range(self, files: Sequence[PictureFile], max_pixels: int) -> ValueRange | None:
        """Return what :func:`pellucid.data.value_range.value_range` does: kept, or found now."""
        digests = [digest for digest in self.files.digests(files) if isinstance(digest, str)]
        settings = {"what": "value range 1", "decoders": decoders(), "max_pixels": max_pixels}
        path = self._folder / f"{_digest(settings, digests).hex()}{RANGE}"
        known = _kept_range(path)
        if known is not None:
            return known
        found = value_range(files, max_pixels, threads=self._threads)
        if found is not None and self.files.unchanged(files):
            text = json.dumps(asdict(found)).encode("ascii")
            with suppress(OSError), self._unfinished() as unfinished:
                with os.fdopen(os.open(unfinished, _CREATE, 0o600), "wb") as file:
                    file.write(hashlib.sha256(text).digest() + text)
                unfinished.replace(path)
        return found

    def helpers(
        self, files: Sequence[PictureFile], preprocessing: Preprocessing, max_pixels: int
    ) -> Helpers:
        """Start processes that help to decode, if thousands of files have never been met.

        They get ready while files are still compared by their content.
        """
        new = self.files.never_met(files)
        return Helpers(helpers_for(new, self._threads), preprocessing, max_pixels)

    def _built(
        self,
        path: Path,
        key: bytes,
        files: Sequence[PictureFile],
        order: Order,
        preprocessing: Preprocessing,
        *,
        max_pixels: int,
        stop: bool,
        helpers: Helpers | None,
    ) -> CacheFile | None:
        blocks = decoded_blocks(
            files,
            order(range(len(files))),
            preprocessing,
            max_pixels,
            threads=self._threads,
            stop=stop,
            helpers=helpers,
        )
        with closing(blocks), self._unfinished() as unfinished:
            self._write(unfinished, key, blocks)
            if not self.files.unchanged(files):
                self.note = "some files changed while they were read"
                return None
            unfinished.replace(path)
        entry = self._opened(path, key, preprocessing)
        if entry is not None and entry.bad:  # the others have another order without them
            good = order([i for i in range(len(files)) if i not in entry.bad])
            if not np.array_equal(good, entry.positions):
                with self._unfinished() as unfinished:
                    self._write(unfinished, key, entry.rearranged(good))
                    unfinished.replace(path)
                entry = self._opened(path, key, preprocessing)
        if entry is None:
            self.note = f"{self._folder} does not give back what is written there"
        return entry

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        """Give a new file's name; what still has it in the end is removed."""
        path = self._folder / f"{secrets.token_hex(16)}{UNFINISHED}"
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink()

    def _write(self, path: Path, key: bytes, blocks: Iterable[Block]) -> None:
        with os.fdopen(os.open(path, _CREATE, 0o600), "wb") as file:
            write_cache_file(file, key, blocks)

    def _opened(self, path: Path, key: bytes, preprocessing: Preprocessing) -> CacheFile | None:
        try:
            entry = open_cache_file(path, key, preprocessing.shape, self._threads)
        except OSError:
            return None
        with suppress(OSError):
            if entry is None:
                path.unlink()
            else:
                os.utime(path)  # used just now
        return entry

    def _is_room_for(self, count: int, preprocessing: Preprocessing) -> bool:
        """Make room for pictures; whether there is."""
        import shutil

        height, width, channels = preprocessing.shape
        size = PIXELS_AT + count * height * width * channels
        if size > self._limit:
            self.note = f"they need {size / 1e9:.1f} GB, at most {self._limit / 1e9:.1f} are kept"
            return False
        self._trim(self._limit - size)
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError:
            return True  # writing will say what is wrong
        if free < size + SPARE:
            self.note = (
                f"they need {size / 1e9:.1f} GB, and {self._folder} has {free / 1e9:.1f} GB left; "
                f"name a folder on another disk in {VARIABLE}"
            )
            return False
        return True

    def _trim(self, limit: int) -> None:
        """Remove what was used longest ago until the rest is within a limit."""
        kept: list[tuple[float, int, Path]] = []
        with suppress(OSError):
            for path in self._folder.iterdir():
                with suppress(OSError):  # another process may have removed it
                    status = path.stat()
                    if path.suffix in (ENTRY, KNOWN, RANGE):
                        kept.append((status.st_mtime, status.st_size, path))
                    elif path.suffix == UNFINISHED and time.time() - status.st_mtime > ABANDONED:
                        path.unlink()
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= limit:
                break
            with suppress(OSError):
                path.unlink()
            total -= size

    def _remembered(self) -> bytes | None:
        with suppress(OSError), self._known_at.open("rb") as file:
            return file.read() if is_safe(os.fstat(file.fileno())) else None
        return None

    def _remember(self) -> None:
        """Keep what is known of the files, too."""
        if not self.files.changed:
            with suppress(OSError):
                os.utime(self._known_at)
            return
        with suppress(OSError), self._unfinished() as unfinished:
            with os.fdopen(os.open(unfinished, _CREATE, 0o600), "wb") as file:
                file.write(self.files.to_bytes())
            unfinished.replace(self._known_at)
            self.files.changed = False


def open_picture_cache(
    setting: bool | str | os.PathLike[str],
    root: Path,
    environment: Mapping[str, str] = os.environ,
) -> tuple[PictureCache | None, str]:
    """The cache for the pictures below a folder.

    Args:
        setting: True for the folder ``pictures`` in the user's cache (:mod:`pellucid.user_cache`),
            False for none, or the path of another folder, which is made.
        root: The folder that the names of picture files are relative to.
        environment: The environment variables.

    Returns:
        The cache; or none, and the reason if one was wanted.

    Raises:
        ArgumentError: The setting is none of the above.
    """
    check_cache(setting)
    if setting is False:
        return None, ""
    if setting is True:
        if environment.get(VARIABLE) == "off":
            return None, ""
        above, reason = user_cache(environment)
        if above is None:
            return None, reason
        folder = above / "pictures"
    else:
        try:
            folder = Path(setting).expanduser().absolute()
        except RuntimeError:
            return None, f"{os.fspath(setting)}: there is no such user; name another folder"
    reason = made_safe(folder)
    return (None, reason) if reason else (PictureCache(folder, root), "")


def check_cache(setting: object) -> None:
    """Raise ArgumentError unless ``setting`` says where decoded pictures are kept."""
    if not isinstance(setting, (bool, str, os.PathLike)) or setting == "":
        raise ArgumentError(
            f"cache is {setting!r:.100}; expected True, False or the path of a folder"
        )


def _key(digests: Sequence[str], preprocessing: Preprocessing, max_pixels: int) -> bytes:
    """What pictures are found by: 32 bytes that stand for contents and settings."""
    settings = {
        "decoders": decoders() if preprocessing.sound is None else sound_decoders(),
        "preprocessing": preprocessing.to_dict(),
        "max_pixels": max_pixels,
    }
    return _digest(settings, digests)


def _digest(settings: Mapping[str, object], digests: Sequence[str]) -> bytes:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode("ascii"))
    for one in digests:
        digest.update(bytes.fromhex(one))
    return digest.digest()


def _kept_range(path: Path) -> ValueRange | None:
    """Return the range of values in a file; None if there is none, or it is damaged."""
    try:
        with path.open("rb") as file:
            content = file.read() if is_safe(os.fstat(file.fileno())) else b""
            with suppress(OSError):
                os.utime(path)  # used just now
    except OSError:
        return None
    size = hashlib.sha256().digest_size
    if hashlib.sha256(content[size:]).digest() != content[:size]:
        return None
    return ValueRange(**json.loads(content[size:]))
