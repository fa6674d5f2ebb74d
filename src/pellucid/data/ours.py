"""Recognise what Pellucid itself wrote: runs, reports, experiments, models, caches, drawings.

None of it is data, wherever it lies. It is recognised by content, never by the name of its folder:
a class may be called ``runs``.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from pellucid.data.picture_files import SUFFIXES, is_folder, is_hidden
from pellucid.errors import DataError
from pellucid.text import PAGE_START, counted, printable
from pellucid.user_cache import TAG, TAG_TEXT

PNG_START = b"\x89PNG\r\n\x1a\n"

DRAWING = b"tEXtSoftware\0Pellucid"
"""The chunk, without its length and checksum, that marks a PNG file as one that Pellucid drew."""

_TAG_START = TAG_TEXT.split("\n", 1)[0].encode("ascii")
_LOCK, _CONFIG = ".pellucid-lock", "config.json"
_EXPERIMENT = frozenset({"plot.png", "runs.csv", "outcome.json"})
_REPORT_PICTURE, _REPORT_PAGE = "confusion.png", "report.html"
_CACHED = re.compile(r"[0-9a-f]{32,64}\.(pictures|known|code|unfinished)")
_MODEL_START = b'{"__metadata__":{"pellucid":'
_LARGEST_CONFIG = 1 << 24
_DEPTH = 8
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_BINARY"))  # no pipe

RUN = "a run"
"""What :func:`own_folder` calls a folder of training."""


def own_folder(folder: Path, *, refuse_mixed: bool = False, depth: int = _DEPTH) -> str | None:
    """Return what Pellucid wrote a folder for, such as ``a run``; None if it may hold data.

    A folder that holds nothing but such folders (``runs``) is one, too.

    Args:
        folder: The folder.
        refuse_mixed: Whether to raise where a run lies beside pictures; else such a folder is data.
        depth: How many folders below it are looked into.

    Raises:
        DataError: If ``refuse_mixed``, and it holds a run and pictures that Pellucid did not draw:
            which of the two is meant cannot be known.
    """
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError:  # listing it says so
        return None
    kind = _kind(folder, {entry.name for entry in entries})
    visible = [entry for entry in entries if not is_hidden(entry.name)]
    if kind is None and (not visible or depth == 0):
        return None
    folders: list[Path] = []
    pictures: list[Path] = []
    for entry in visible:
        path = folder / entry.name
        if is_folder(entry):
            if depth == 0 or own_folder(path, depth=depth - 1) is None:
                folders.append(path)
        elif kind is None:
            return None  # an ordinary folder
        elif path.suffix.lower() in SUFFIXES and not is_drawing(path):
            pictures.append(path)
        if kind is None and folders:
            return None
    if kind == RUN:
        folders = [each for each in folders if _has_pictures(each)]
    if kind == RUN and refuse_mixed and (pictures or folders):
        first = pictures[0].name if pictures else folders[0].name
        raise DataError(
            f"{printable(folder)}: holds a run of Pellucid, and beside it "
            f"{counted(len(pictures) or len(folders), 'picture' if pictures else 'folder')} "
            f"({printable(first)}); a run is no data: move one of the two to another folder"
        )
    if pictures or folders:
        return None
    return kind or "runs, reports or caches"


def is_drawing(path: Path) -> bool:
    """Return whether a file is a PNG that Pellucid drew: a report's, a heatmap, a filter's result.

    It is False where the file cannot be read: opening it says so.
    """
    if path.suffix.lower() != ".png":
        return False
    if path.name == _REPORT_PICTURE and _starts(path.with_name(_REPORT_PAGE), PAGE_START):
        return True
    if path.name in _EXPERIMENT and _is_experiment(path.parent):
        return True
    start = _start(path, 64)
    return start.startswith(PNG_START) and start[37:].startswith(DRAWING)


def picture_in(folder: Path) -> Path | None:
    """Return a picture that lies in a folder itself and is no drawing of Pellucid's; None if none.

    A run that is kept beside such pictures would make the folder useless as data.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # it is not there yet, or cannot be listed: writing there says so
        return None
    for path in paths:
        if path.suffix.lower() in SUFFIXES and not is_hidden(path.name) and not is_drawing(path):
            return path
    return None


def drawing(png: bytes) -> bytes:
    """Return a PNG file's bytes with the mark that :func:`is_drawing` finds."""
    import zlib

    if png[37:].startswith(DRAWING):
        return png
    length, checksum = len(DRAWING) - 4, zlib.crc32(DRAWING)
    chunk = length.to_bytes(4, "big") + DRAWING + checksum.to_bytes(4, "big")
    return png[:33] + chunk + png[33:]  # after the header, which comes first and has 25 bytes


def _kind(folder: Path, names: set[str]) -> str | None:
    if _LOCK in names or (_CONFIG in names and _is_config(folder / _CONFIG)):
        return RUN
    models = [name for name in names if name.endswith(".safetensors")]
    if any(_start(folder / name, 64)[8:].startswith(_MODEL_START) for name in models):
        return RUN if "model.safetensors" in models or "last.safetensors" in models else "models"
    if names >= _EXPERIMENT and _is_experiment(folder):
        return "an experiment"
    if TAG in names and _starts(folder / TAG, _TAG_START):
        return "a cache"
    cached = [name for name in names if _CACHED.fullmatch(name)]
    if cached and names <= {*cached, "pictures"}:
        return "a cache"
    pages = [name for name in names if name.lower().endswith(".html")]
    if any(_starts(folder / name, PAGE_START) for name in pages):
        return "a report"
    pictures = [name for name in names if name.lower().endswith(".png")]
    visible = {name for name in names if not is_hidden(name)}
    if pictures and len(pictures) == len(visible):
        return "drawings" if all(is_drawing(folder / name) for name in pictures) else None
    return None


def _is_config(path: Path) -> bool:
    """Whether a file describes a run: other programs have a ``config.json``, too."""
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            return False
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() >= {"classes", "preprocessing", "recipe"}


def _is_experiment(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _EXPERIMENT) and (
        b'"experiment"' in _start(folder / "outcome.json", 4096)
    )


def _has_pictures(folder: Path) -> bool:
    for _, _, files in os.walk(folder):
        if any(Path(name).suffix.lower() in SUFFIXES for name in files if not is_hidden(name)):
            return True
    return False


def _starts(path: Path, start: bytes) -> bool:
    return _start(path, len(start)) == start


def _start(path: Path, size: int) -> bytes:
    """The first bytes of a file; none of what cannot be read."""
    try:
        descriptor = os.open(path, _READ)
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
