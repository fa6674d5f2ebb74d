"""Machine code that a run of the tests leaves to the next one.

Its names are digests of all that it is made of: text, processor, compiler. So code that is there is
the code that would be compiled, and most of a run's time goes into compiling.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from pellucid.engines.native.runtime.host.cache import ENDING, UNFINISHED, CodeCache

if TYPE_CHECKING:
    from pathlib import Path


def copy_code(source: Path, target: Path) -> None:
    """Copy code that the target lacks; what it has counts as used when the source's last was.

    Any number of processes may do so at once, and remove what was used longest ago.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in source.glob(f"*{ENDING}"):
        with suppress(FileNotFoundError):  # another process found it too old
            to, times = target / path.name, path.stat()
            if to.exists():
                if times.st_mtime > to.stat().st_mtime:
                    os.utime(to, ns=(times.st_atime_ns, times.st_mtime_ns))
                continue
            try:
                os.link(path, to)  # nobody writes into it: it takes no room, and no time
            except OSError:  # on another disk, or there by now
                part = target / f"{path.stem}-{os.getpid()}{UNFINISHED}"
                shutil.copy2(path, part)
                part.replace(to)


def trim(folder: Path) -> None:
    """Remove the code that was used longest ago, beyond what a user's cache holds."""
    CodeCache(folder)._trim()
