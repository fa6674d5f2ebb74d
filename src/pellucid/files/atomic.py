"""Files written whole or not at all, so that an earlier one is never damaged.

The new content goes to a temporary file in the same folder, reaches the disk (fsync), and takes the
old file's place in one step (rename). A reader meanwhile sees the old file or the new one,
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

from pellucid.data.ours import PNG_START, drawing
from pellucid.errors import OutputError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class System:
    """What writing asks of the operating system, in one place, so that a test can replace it."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file or a folder; its descriptor."""
        return os.open(path, flags, 0o666)

    def write(self, descriptor: int, part: memoryview) -> int:
        """Write some of the bytes; how many."""
        return os.write(descriptor, part)

    def sync(self, descriptor: int) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Close a file or a folder."""
        os.close(descriptor)

    def chmod(self, path: Path, mode: int) -> None:
        """Set a file's permissions."""
        path.chmod(mode)

    def link(self, path: Path, name: Path) -> None:
        """Give a file a second name."""
        name.hardlink_to(path)

    def replace(self, path: Path, target: Path) -> None:
        """Let a file take another's place."""
        path.replace(target)

    def remove(self, path: Path) -> None:
        """Take a file's name away."""
        path.unlink()


SYSTEM = System()


def write_file(
    path: str | os.PathLike[str],
    content: bytes | Iterable[bytes],
    *,
    keep: str | os.PathLike[str] | None = None,
    before: Callable[[], None] | None = None,
    sync: bool = True,
) -> None:
    """Write a file, or leave everything as it was.

    A link is followed, and the file it points to is replaced. An earlier file's permissions are
    kept; a new file gets those that the system gives new files. A PNG is marked as drawn by
    Pellucid, so that it is never taken for a picture to learn from.

    Args:
        path: Where; its folder must exist.
        content: All bytes, or parts of them in order.
        keep: A second name, on the same disk, under which the earlier file lives on; what had that
            name is gone. At every moment one of the two names has a whole file.
        before: Called when the new content is safe on the disk and nothing is replaced yet.
        sync: Whether it must outlast a power failure, for which the disk is waited for. A file that
            is replaced again within seconds need not.

    Raises:
        OutputError: The folder is missing, is no folder or may not be written in, the path is a
            folder or a device, the earlier file is write-protected, the disk is full, or the system
            fails in another way. The earlier file is intact, and no temporary file is left.
    """
    asked = Path(path)
    if isinstance(content, bytes) and content.startswith(PNG_START):
        content = drawing(content)
    with explained(asked):
        target = Path(os.path.realpath(asked))
        mode = _mode_of_earlier(target)
        temporary = target.parent / f".pellucid-{secrets.token_hex(8)}.tmp"
        descriptor = SYSTEM.open(temporary, _CREATE)
    try:
        try:
            for part in [content] if isinstance(content, bytes) else content:
                with explained(asked):
                    _write(descriptor, part)
            if sync:
                with explained(asked):
                    SYSTEM.sync(descriptor)
        finally:
            SYSTEM.close(descriptor)
        with explained(asked):
            if mode is not None and mode != stat.S_IMODE(temporary.stat().st_mode):
                SYSTEM.chmod(temporary, mode)
        if before is not None:
            before()
        with explained(asked):
            if keep is not None and mode is not None:
                _keep(target, Path(keep))
            SYSTEM.replace(temporary, target)
    except BaseException:  # an interruption from the keyboard too
        with suppress(OSError):
            SYSTEM.remove(temporary)
        raise
    if sync:
        _sync_folder(target.parent)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    r"""Write a text file in UTF-8, as :func:`write_file` does.

    Bytes of file names that are no text (Python's surrogate escapes) become escapes such as
    ``\udcff``, which any reader can show.

    Raises:
        OutputError: As for :func:`write_file`.
    """
    write_file(path, text.encode("utf-8", errors="backslashreplace"))


def remove_file(path: str | os.PathLike[str]) -> None:
    """Remove a file, if it is there.

    Raises:
        OutputError: If the system does not let us.
    """
    try:
        SYSTEM.remove(Path(path))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutputError(
            f"{printable(path)}: cannot be removed: {_reason(Path(path), error)}"
        ) from error


def remove_left_over(folder: Path) -> None:
    """Remove what killed writers left in a folder; only while nobody else writes there."""
    for temporary in folder.glob(".pellucid-*.tmp"):
        with suppress(OSError):
            SYSTEM.remove(temporary)


def check_writable(path: Path) -> None:
    """Check that :func:`write_file` could write a file now; nothing is left there.

    Raises:
        OutputError: As for :func:`write_file`.
    """
    with explained(path):
        target = Path(os.path.realpath(path))
        _mode_of_earlier(target)
        trial = target.parent / f".pellucid-{secrets.token_hex(8)}.tmp"
        SYSTEM.close(SYSTEM.open(trial, _CREATE))
        SYSTEM.remove(trial)


def _write(descriptor: int, part: bytes) -> None:
    left = memoryview(part)
    while left:  # the system may take less than it is given
        left = left[SYSTEM.write(descriptor, left) :]


def _keep(target: Path, name: Path) -> None:
    """Let a file live on under another name, too."""
    spare = name.parent / f".pellucid-{secrets.token_hex(8)}.tmp"
    try:
        SYSTEM.link(target, spare)
    except OSError:  # some file systems have no second names
        write_file(name, target.read_bytes())
        return
    try:
        SYSTEM.replace(spare, name)
    finally:
        with suppress(OSError):  # it is still there if both were the same file already
            SYSTEM.remove(spare)


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
        descriptor = SYSTEM.open(folder, os.O_RDONLY)
        try:
            SYSTEM.sync(descriptor)
        finally:
            SYSTEM.close(descriptor)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write a path into an :class:`OutputError` that says why."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name, or our refusal
        raise OutputError(
            f"{printable(path)}: cannot be written: {_reason(path, error)}; nothing was changed"
        ) from error


def _reason(path: Path, error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    folder = printable(path.parent)
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
    return printable((error.strerror if isinstance(error, OSError) else None) or str(error))
