"""Opening files of folders that may be others', where a pipe could let us wait for ever."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pellucid.errors import FileFormatError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_OPEN = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_BINARY"))


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read; a folder, a pipe or a device is refused.

    Raises:
        OSError: If the system does not let us.
        FileFormatError: If it is no regular file.
    """
    descriptor = os.open(path, _OPEN)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileFormatError(f"{printable(path)}: is no regular file; remove it")
    return os.fdopen(descriptor, "rb")
