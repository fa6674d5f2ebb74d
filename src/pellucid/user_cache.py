"""The user's folder for what can be made again: machine code, decoded pictures.

What lies there is used without being made, so it is taken only from a folder that belongs to the
user and that nobody else can write.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG = "CACHEDIR.TAG"
"""The file that marks a folder as a cache, so that backups and readers of pictures skip it."""

TAG_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder was made by Pellucid; all of it can be made again.\n"
    "# https://bford.info/cachedir/\n"
)

VARIABLE = "PELLUCID_CACHE"
"""The environment variable that names another folder, or says ``off``."""


def user_cache(environment: Mapping[str, str] = os.environ) -> tuple[Path | None, str]:
    """The system's folder for caches, or the one that ``PELLUCID_CACHE`` names; made if need be.

    Returns:
        The folder, and no reason; or none, and the reason why there is none.
    """
    described = environment.get(VARIABLE, "")
    if described == "off":
        return None, f"{VARIABLE} is off"
    if described:
        try:
            folder = Path(described).expanduser().absolute()
        except RuntimeError:
            return None, f"{described}: there is no such user; name another folder in {VARIABLE}"
    else:
        from platformdirs import user_cache_path

        folder = user_cache_path("pellucid", appauthor=False)
    if not folder.is_absolute():
        return None, f"this user has no home folder; name a folder in {VARIABLE}"
    reason = made_safe(folder)
    return (None, reason) if reason else (folder, "")


def made_safe(folder: Path) -> str:
    """Make a folder, unless it is there; say why it cannot be used, with nothing if it can be."""
    try:
        is_new = not folder.exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = fault(folder.stat())
        if is_new:
            _tag(folder / TAG)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        return f"{folder} cannot be used: {getattr(error, 'strerror', error)}"
    return f"{folder} {found}; name another folder in {VARIABLE}" if found else ""


def _tag(path: Path) -> None:
    """Mark a new folder as a cache; without the mark it is one all the same."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, TAG_TEXT.encode("ascii"))
        finally:
            os.close(descriptor)


def fault(status: os.stat_result) -> str:
    """Why somebody else could have put something there; empty if nobody could."""
    if not hasattr(os, "geteuid"):  # Windows: the folder lies in the user's own profile
        return ""
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by others"
    return ""


def is_safe(status: os.stat_result) -> bool:
    """Whether a file is a plain one that nobody else could have put there."""
    return stat.S_ISREG(status.st_mode) and not fault(status)
