"""Checks of settings, so that each mistake has one wording."""

from __future__ import annotations

import math
import reprlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from pellucid.errors import ArgumentError
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

LARGEST = 1 << 20
"""No size, stride or count of a network is larger: a guard against hostile model files."""


class _Short(reprlib.Repr):
    """As :func:`repr`, but cut short; Python refuses to write out numbers of 4300 digits."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 60

    def repr_int(self, x: int, level: int) -> str:
        if abs(x) < 10**20:
            return super().repr_int(x, level)
        return f"<a whole number of {x.bit_length()} bits>"


def brief(value: object) -> str:
    """A value for a message: on one line, and short however long or deep it is."""
    return _Short().repr(value).replace("\n", " ")


def ending(path: str | os.PathLike[str], endings: Sequence[str]) -> str:
    """Check and return a file's ending, in small letters: it says what is written."""
    found = Path(path).suffix.lower()
    if found not in endings:
        raise ArgumentError(
            f"{printable(path)}: the ending says what is written, one of {', '.join(endings)}; got "
            f"{quoted(found)}"
        )
    return found


def whole(name: str, value: object, least: int = 1, most: int = LARGEST) -> None:
    """Check a whole number from ``least`` to ``most``."""
    if not _is_int(value) or not least <= value <= most:
        raise ArgumentError(
            f"{name} must be a whole number from {least} to {most}, got {brief(value)}"
        )


def pair(name: str, value: object, least: int = 1) -> None:
    """Check a pair of whole numbers, one per axis: (height, width)."""
    if (
        not isinstance(value, tuple)
        or len(value) != 2
        or not all(_is_int(v) and least <= v <= LARGEST for v in value)
    ):
        raise ArgumentError(
            f"{name} must be two whole numbers from {least} to {LARGEST}, (height, width), got "
            f"{brief(value)}"
        )


def number(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> None:
    """Check a finite number from ``low`` to ``high``."""
    if not is_number(value) or not low <= value <= high:
        bounds = f" from {low:g} to {high:g}" if math.isfinite(low) or math.isfinite(high) else ""
        raise ArgumentError(f"{name} must be a finite number{bounds}, got {brief(value)}")


def numbers(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> None:
    """Check a tuple of finite numbers from ``low`` to ``high``, at least one."""
    if not isinstance(value, tuple) or not value:
        raise ArgumentError(f"{name} must be a tuple of numbers, got {brief(value)}")
    for each in value:
        number(f"each of {name}", each, low, high)


def truth(name: str, value: object) -> None:
    """Check a bool."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} must be True or False, got {brief(value)}")


def choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Check one of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise ArgumentError(f"{name} must be one of {', '.join(choices)}, got {brief(value)}")


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number and no bool."""
    # Compared, not asked with math.isfinite: that overflows for whole numbers beyond any float.
    largest = sys.float_info.max
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -largest <= value <= largest
    )
