"""Names and texts as the language C writes them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_LETTERS = 40
"""Of a name: a function's, which is longer, still differs from others within the 63 letters that
compilers must compare (C99, section 5.2.4.1)."""

WIDTH = 100
"""Columns of a comment."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def name_of(text: str) -> str:
    """A name for what a file or folder is called: ``cats-dogs`` becomes ``cats_dogs``."""
    letters = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:MOST_LETTERS]
    return letters if letters[:1].isalpha() else f"network_{letters}".rstrip("_")


def check_name(name: str) -> str:
    """Check that functions can be named so.

    Raises:
        ArgumentError: If it is no identifier.
    """
    if not _NAME.fullmatch(name) or len(name) > MOST_LETTERS:
        raise ArgumentError(
            f"name is {name!r:.80}; expected up to {MOST_LETTERS} letters A–Z, digits and _, a "
            "letter first, as names of functions in C are"
        )
    return name


def string(text: str) -> str:
    """A string literal, in ASCII: other letters as the bytes of UTF-8, in octal."""
    kept = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "replace")
    )
    return f'"{kept}"'


def strings(texts: Iterable[str]) -> str:
    """The values of an array of strings."""
    return "{" + ", ".join(map(string, texts)) + "}"


def number(value: float) -> str:
    """A float literal that is read as the same float32."""
    text = str(np.float32(value))
    return f"{text}f" if any(c in text for c in ".e") else f"{text}.0f"


def numbers(values: Iterable[float]) -> str:
    """The values of an array of floats."""
    return "{" + ", ".join(map(number, values)) + "}"


def comment(paragraphs: Iterable[str]) -> str:
    """A comment of several paragraphs, each in lines that fit a screen; nothing in it ends it."""
    lines = [
        f" * {line}".rstrip()
        for paragraph in paragraphs
        for line in textwrap.wrap(printable(paragraph).replace("*/", "* /"), WIDTH - 3) or [""]
    ]
    return "\n".join(["/*", *lines, " */"])
