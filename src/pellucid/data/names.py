"""How names of files and classes are written into messages."""

from __future__ import annotations

import os
from pathlib import Path


def shown(name: str | os.PathLike[str]) -> str:
    r"""Return a name that is safe to print on one line, in any language.

    Letters of every script stay as they are. Line breaks, control characters and bytes that are no
    text (file names may hold all of them) become escapes such as ``\n``, so that a message stays
    one line and a terminal cannot be steered by a file's name.
    """
    text = os.fspath(name)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def brief(text: str, most: int = 100) -> str:
    """Return a text from a file as :func:`shown` does, cut where it is longer than ``most``."""
    return shown(text) if len(text) <= most else f"{shown(text[: most - 1])}…"


def folder_name(path: str | os.PathLike[str]) -> str:
    """Return what a folder is called, also where it is given as ``.`` or ``..``."""
    return Path(path).resolve().name or shown(path)


def listed(names: list[str] | tuple[str, ...], limit: int = 8) -> str:
    """Return names as ``a, b, c``, at most ``limit`` of them, with the number of those left out."""
    text = ", ".join(brief(name) for name in names[:limit])
    left = len(names) - limit
    return text if left <= 0 else f"{text} and {left} more"


def counted(number: int, noun: str) -> str:
    """Return ``1 picture``, ``2 pictures``, ``1 class``, ``2 classes``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}{'es' if noun.endswith('s') else 's'}"
