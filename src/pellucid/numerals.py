"""How numbers and places are written for people: tabular, with real minus signs."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUS = "−"
_SIGN = re.compile(r"(?<![\w.)\]])-(?=\d|inf)")

NEAR_CERTAIN = 1e-4
"""Probabilities nearer to 1 are written by what they lack."""


def figure(value: float, form: str = ".6g") -> str:
    """A number, by default in at most six digits, with a real minus sign."""
    if math.isnan(value):
        return "NaN"
    if value == 0:
        value = 0.0  # which may bear a minus sign
    written = format(float(value), form)
    return MINUS + written[1:] if written.startswith("-") else written


def with_minus(text: str) -> str:
    """Written numbers with real minus signs, also where they were formatted without."""
    return _SIGN.sub(MINUS, text)


def short(value: float) -> str:
    """A number in three digits."""
    return figure(float(f"{value:.3g}")) if math.isfinite(value) else figure(value)


def probability(y: float, rest: float) -> str:
    """A probability; one that six digits would round to 1 as ``1 − 3.69288e-07``.

    Args:
        y: The probability, 0 to 1.
        rest: 1 − y, which keeps its digits where y has rounded to 1.
    """
    return f"1 {MINUS} {figure(rest)}" if 0.0 < rest < NEAR_CERTAIN else figure(y)


def percent(y: float) -> str:
    """A probability, float64, in percent with two digits, or as many as tell it from 100 %."""
    rest = 1.0 - y
    digits = 2 if not 0.0 < rest < NEAR_CERTAIN else min(14, math.ceil(-math.log10(rest)))
    return f"{y:.{digits}%}"


def compared(a: float, b: float) -> tuple[str, str, str]:
    """Two numbers and a − b, written so that the third is the difference of the first two.

    They get as many digits as it takes to see the difference: six at least, seventeen at most.
    """
    if a == b or not (math.isfinite(a) and math.isfinite(b)):
        return figure(a), figure(b), "0" if a == b else figure(a - b)
    share = abs(a - b) / max(abs(a), abs(b))
    digits = min(17, max(6, math.ceil(-math.log10(share)) + 3))
    first, second = (Decimal(f"{x:.{digits}g}") for x in (a, b))
    return figure(a, f".{digits}g"), figure(b, f".{digits}g"), figure(float(first - second))


def place(at: Sequence[int]) -> str:
    """A position: ``3, 7, 5``."""
    return ", ".join(map(str, at))
