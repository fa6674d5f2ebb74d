"""Which files of a folder are pictures, or recordings, which become pictures.

The one rule for all folders:

- a hidden file (its name begins with a dot), and what systems put beside pictures (``__MACOSX``,
  ``Thumbs.db`` and the like), is passed over;
- a file whose name ends as pictures' or recordings' names do (:data:`SUFFIXES`, in any case) is to
  be one: if its content then is none, or of a format that is not read (HEIC), it is a bad file;
- a file whose name has no ending is one if its content begins as one;
- any other file is left out, and reported. Where there are pictures and recordings, those that are
  fewer are left out, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.decode import begins_as_picture
from pellucid.data.sound.decode import begins_as_sound
from pellucid.data.sound.formats import SUFFIXES as SOUND_SUFFIXES

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

SUFFIXES = SOUND_SUFFIXES | frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}
    | {".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
    | {".heic", ".heif", ".hif", ".avif"}
)
"""Endings, in lower case, by which pictures and recordings are found in a folder."""

_CLUTTER = frozenset({"__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini"})


def is_picture(file: Path) -> bool:
    """Return whether a file is to be a picture or a recording.

    Its content is looked at only where its name has no ending.
    """
    if file.suffix:
        return file.suffix.lower() in SUFFIXES
    return begins_as_picture(file) or begins_as_sound(file)


def is_recording(file: Path) -> bool:
    """Return whether a file is to be a recording; as :func:`is_picture`."""
    if file.suffix:
        return file.suffix.lower() in SOUND_SUFFIXES
    return begins_as_sound(file)


def of_one_kind(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the pictures of some files, or the recordings where there are more; and the others."""
    recordings = {file for file in files if is_recording(file)}
    if not recordings or len(recordings) == len(files):
        return list(files), []
    heard = 2 * len(recordings) > len(files)
    kept = [file for file in files if (file in recordings) is heard]
    return kept, [file for file in files if (file in recordings) is not heard]


def is_hidden(name: str) -> bool:
    """Return whether a name is hidden, or one that systems give to what they put beside files."""
    return name.startswith(".") or name.casefold() in _CLUTTER


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder, or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
