"""How names of files and classes are written into messages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE_START = (
    b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    b'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    b'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
)
"""How every page begins; a folder of such pages is recognised by it, so it must not change."""


def printable(name: str | os.PathLike[str]) -> str:
    r"""Return a name that is safe to print on one line, in any language.

    Letters of every script stay as they are. Line breaks, control characters and bytes that are no
    text (file names may hold all of them) become escapes such as ``\n``, so that a message stays
    one line and a terminal cannot be steered by a file's name.
    """
    text = os.fspath(name)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def truncated(text: str, most: int = 100) -> str:
    """Return a text from a file as :func:`printable` does, cut where it is longer than ``most``."""
    return printable(text) if len(text) <= most else f"{printable(text[: most - 1])}…"


def quoted(text: str | os.PathLike[str], most: int = 100) -> str:
    r"""Return a name between quotes, printable and cut as by :func:`truncated`.

    Instead of ``{printable(name)!r}``, which escapes a second time what is escaped already: a line
    break is written ``\n`` and a backslash as it is, as in names without quotes.
    """
    shown = truncated(os.fspath(text), most)
    mark = '"' if "'" in shown and '"' not in shown else "'"
    return f"{mark}{shown}{mark}"


def brief_repr(value: object, most: int = 60) -> str:
    """Return a value as code, printable, on one line and short, whatever its ``repr`` does."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    plain = kind in ("i", "u", "f", "b", "U", "S") and getattr(value, "ndim", 1) == 0
    try:
        text = repr(value.item() if plain else value)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001  # a user's array can hold anything
        text = f"<{type(value).__name__}>"
    text = " ".join(text.split())
    return printable(text if len(text) <= most else f"{text[:most]}…")


def brief_settings(settings: Mapping[str, object]) -> str:
    """Return settings as ``name=value, …``, each value short."""
    return ", ".join(f"{name}={brief_repr(value)}" for name, value in settings.items())


def folder_name(path: str | os.PathLike[str]) -> str:
    """Return what a folder is called, also where it is given as ``.`` or ``..``."""
    return Path(path).resolve().name or printable(path)


def listed(names: list[str] | tuple[str, ...], limit: int = 8) -> str:
    """Return names as ``a, b, c``, at most ``limit`` of them, with the number of those left out."""
    text = ", ".join(truncated(name) for name in names[:limit])
    left = len(names) - limit
    return text if left <= 0 else f"{text} and {left} more"


def pixel_size(height: int, width: int) -> str:
    """Return the size of a picture file in words: ``640×480 pixels (width×height)``."""
    return f"{width}×{height} pixels (width×height)"


def array_shape(shape: Sequence[int]) -> str:
    """Return the shape of a picture's array in words: ``28×28×1 (rows×columns×channels)``."""
    axes = "×".join(("rows", "columns", "channels")[: len(shape)])
    return f"{'×'.join(map(str, shape))} ({axes})"


_PLURALS = {"axis": "axes", "batch": "batches"}


def counted(number: int, noun: str, spec: str = "") -> str:
    """Return ``1 picture``, ``2 pictures``, ``1 class``, ``2 classes``, ``2 boxes``, ``2 axes``.

    Args:
        number: How many.
        noun: What, in the singular; of several words, the last changes.
        spec: How the number is written, e.g. ``","`` for ``1,024 values``.
    """
    if number == 1:
        return f"1 {noun}"
    *before, last = noun.split(" ")
    several = _PLURALS.get(last) or last + ("es" if last.endswith(("s", "x")) else "s")
    return " ".join([f"{number:{spec}}", *before, several])
