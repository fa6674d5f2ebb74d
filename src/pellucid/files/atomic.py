"""Files written whole or not at all, so that an earlier one is never damaged.

The new content goes to a temporary file in the same folder, reaches the disk (fsync), and takes the
old file's place in one step (rename). Whoever reads meanwhile sees the old file or the new one,
never a mixture; of several writers the last one wins. A process that is killed in between leaves
the old file, and a ``.pellucid-….tmp`` beside it that can be removed.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.names import shown
from pellucid.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_file(path: str | os.PathLike[str], content: bytes | Iterable[bytes]) -> None:
    """Write a file, or leave everything as it was.

    A link is followed, and the file it points to is replaced. An earlier file's permissions are
    kept; a new file gets those that the system gives new files.

    Args:
        path: Where; its folder must exist.
        content: All bytes, or parts of them in order.

    Raises:
        OutputError: The folder is missing, is no folder or may not be written in, the path is a
            folder or a device, the earlier file is write-protected, the disk is full, or the system
            fails in another way. The earlier file is intact, and no temporary file is left.
    """
    asked = Path(path)
    with _explained(asked):
        target = Path(os.path.realpath(asked))
        mode = _mode_of_earlier(target)
        temporary = target.parent / f".pellucid-{secrets.token_hex(8)}.tmp"
        descriptor = os.open(temporary, _CREATE, 0o666)
    try:
        try:
            for part in [content] if isinstance(content, bytes) else content:
                with _explained(asked):
                    _write(descriptor, part)
            with _explained(asked):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with _explained(asked):
            if mode not in (None, stat.S_IMODE(temporary.stat().st_mode)):
                temporary.chmod(mode)
            temporary.replace(target)
    except BaseException:  # an interruption from the keyboard too
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    r"""Write a text file in UTF-8, as :func:`write_file` does.

    Bytes of file names that are no text (Python's surrogate escapes) become escapes such as
    ``\udcff``, which any reader can show.

    Raises:
        OutputError: As for :func:`write_file`.
    """
    write_file(path, text.encode("utf-8", errors="backslashreplace"))


def _write(descriptor: int, part: bytes) -> None:
    left = memoryview(part)
    while left:  # the system may take less than it is given
        left = left[os.write(descriptor, left) :]


def _mode_of_earlier(target: Path) -> int | None:
    """The permissions of the file that will be replaced; none if there is no such file.

    Raises:
        ValueError: If it must not be replaced.
    """
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise ValueError("it is a folder; give the name of a file in it")
    if not stat.S_ISREG(status.st_mode):  # /dev/null must never be replaced by a file
        raise ValueError("it is a device or a pipe; give the name of a file")
    if not os.access(target, os.W_OK):
        raise ValueError("the earlier file is write-protected; choose another name, or unlock it")
    return stat.S_IMODE(status.st_mode)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power failure, where the system has a way to do it."""
    # Windows opens no folders, and some network file systems do not sync them; the file itself is
    # already whole and in its place.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name, or our refusal
        raise OutputError(
            f"{shown(path)}: cannot be written: {_reason(path, error)}; nothing was changed"
        ) from error


def _reason(path: Path, error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    folder = shown(path.parent)
    if number == errno.ENOENT:
        return f"there is no folder {folder}; create it, or choose another"
    if number == errno.ENOTDIR:
        return f"{folder} is a file, not a folder; choose another folder"
    if number in (errno.EACCES, errno.EPERM):
        return f"no permission to write in {folder}; choose another folder, or change its owner"
    if number == errno.EROFS:
        return f"{folder} can only be read; choose another folder"
    if number == errno.ENOSPC:
        return "the disk is full; free some space, or choose another disk"
    if number == getattr(errno, "EDQUOT", -1):
        return "your quota on this disk is used up; free some space, or choose another disk"
    if number == errno.EFBIG:
        return (
            "the file is larger than this disk or a limit on file sizes allows; choose another "
            "disk, or raise the limit"
        )
    if number == errno.ENAMETOOLONG:
        return "the name is too long; choose a shorter one"
    return shown((error.strerror if isinstance(error, OSError) else None) or str(error))
