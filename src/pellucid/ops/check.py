"""Checks of settings, shared by all operations, so that each mistake has one wording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeGuard

from pellucid.errors import ArgumentError
from pellucid.ops.initializers import INITIALIZERS

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 1 << 20
"""No size, stride or count of a network is larger: a guard against hostile model files."""


def whole(name: str, value: object, least: int = 1) -> None:
    """Check a whole number of at least ``least`` (and at most :data:`LARGEST`)."""
    if not _is_int(value) or not least <= value <= LARGEST:
        raise ArgumentError(
            f"{name} must be a whole number from {least} to {LARGEST}, got {value!r}"
        )


def pair(name: str, value: object, least: int = 1) -> None:
    """Check a pair of whole numbers, one per axis: (height, width)."""
    if (
        not isinstance(value, tuple)
        or len(value) != 2
        or not all(_is_int(v) and least <= v <= LARGEST for v in value)
    ):
        raise ArgumentError(
            f"{name} must be two whole numbers of at least {least}, (height, width), got {value!r}"
        )


def number(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> None:
    """Check a finite number from ``low`` to ``high``."""
    if not _is_number(value) or not low <= value <= high:
        bounds = f" from {low:g} to {high:g}" if math.isfinite(low) or math.isfinite(high) else ""
        raise ArgumentError(f"{name} must be a finite number{bounds}, got {value!r}")


def truth(name: str, value: object) -> None:
    """Check a bool."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} must be True or False, got {value!r}")


def choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Check one of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise ArgumentError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def initializer(name: str, value: object) -> None:
    """Check an initialiser: a known name, or the number to fill with."""
    if _is_number(value) or (isinstance(value, str) and value in INITIALIZERS):
        return
    known = ", ".join(INITIALIZERS)
    raise ArgumentError(f"{name} must be one of {known} or a number, got {value!r}")


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
