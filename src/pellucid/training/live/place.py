"""Where a training writes what is looked at while and after it runs, and what of it is ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pellucid.errors import OutputError
from pellucid.files.atomic import explained, remove_file
from pellucid.text import printable, quoted
from pellucid.training.live.formats import (
    CONTROL,
    LIVE,
    NETWORK,
    PROGRESS,
    STEPS,
    WANTED,
    WEIGHTS,
)

if TYPE_CHECKING:
    from pathlib import Path

_LEFT_OVER = r"\.pellucid-[0-9a-f]+\.tmp"
_LIVE = re.compile(
    "|".join([*map(re.escape, (PROGRESS, STEPS, WEIGHTS, NETWORK, CONTROL, WANTED)), _LEFT_OVER])
)


def open_live(run: Path) -> Path:
    """A run's ``live``, made if it is not there.

    Raises:
        OutputError: If it cannot be made, is a link, or holds what no training has written.
    """
    return open_folder(run / LIVE, _LIVE)


def clear_live(run: Path) -> None:
    """Remove what earlier trainings, and who watched them, have left in a run's ``live``.

    Raises:
        OutputError: If the system does not let us.
    """
    clear_folder(run / LIVE, _LIVE)


def open_folder(folder: Path, ours: re.Pattern[str]) -> Path:
    """A folder of ours, made if it is not there; what killed writers left in it is removed.

    Args:
        folder: The folder.
        ours: What names of files that a training writes there are like.

    Raises:
        OutputError: If it cannot be made, is a link, or holds anything else.
    """
    if folder.is_symlink():
        raise OutputError(f"{printable(folder)}: is a link; remove it")
    with explained(folder):
        folder.mkdir(exist_ok=True)
        names = [each.name for each in folder.iterdir()]
    for name in names:
        if not ours.fullmatch(name):
            raise OutputError(
                f"{printable(folder)}: holds {quoted(name)}, which no training writes there; move "
                "it elsewhere"
            )
        if re.fullmatch(_LEFT_OVER, name):
            remove_file(folder / name)
    return folder


def clear_folder(folder: Path, ours: re.Pattern[str]) -> None:
    """Remove a folder of ours with its files; one that is not all ours stays as it is.

    Raises:
        OutputError: If the system does not let us.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    with explained(folder):
        names = [each.name for each in folder.iterdir()]
    if not all(ours.fullmatch(name) for name in names):
        return
    for name in names:
        remove_file(folder / name)
    with explained(folder):
        folder.rmdir()
