"""Which files of a folder are pictures.

The one rule for all folders:

- a hidden file (its name begins with a dot), and what systems put beside pictures (``__MACOSX``,
  ``Thumbs.db`` and the like), is passed over;
- a file whose name ends as pictures' names do (:data:`SUFFIXES`, in any case) is to be one: if its
  content then is none, or of a format that is not read (HEIC), it is a bad file;
- a file whose name has no ending is one if its content begins as a picture;
- any other file is left out, and reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.decode import begins_as_picture

if TYPE_CHECKING:
    import os
    from pathlib import Path

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}
    | {".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
    | {".heic", ".heif", ".hif", ".avif"}
)
"""Endings, in lower case, by which pictures are found in a folder."""

_CLUTTER = frozenset({"__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini"})


def is_picture(file: Path) -> bool:
    """Return whether a file is to be a picture; its content is looked at only without an ending."""
    return file.suffix.lower() in SUFFIXES or (not file.suffix and begins_as_picture(file))


def is_hidden(name: str) -> bool:
    """Return whether a name is hidden, or one that systems give to what they put beside files."""
    return name.startswith(".") or name.casefold() in _CLUTTER


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder, or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
