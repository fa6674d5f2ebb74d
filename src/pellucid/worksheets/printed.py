"""Numbers as a sheet prints them: few digits, alike for all numbers of a table."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import with_minus

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

MOST_DECIMALS = 8


def decimals_of(values: NDArray[Any] | list[float], digits: int) -> int:
    """Places behind the point, so that the largest of some numbers has so many digits.

    Numbers from 1 to 10 have one more, since two are common there: 3.14 beside 0.31.

    Args:
        values: Any shape; what is not finite does not count.
        digits: Of the largest; 2 and more.
    """
    sizes = np.abs(np.asarray(values, np.float64))
    largest = float(sizes[np.isfinite(sizes)].max(initial=0.0))
    if largest == 0.0:
        return digits
    exponent = math.floor(math.log10(largest))
    wanted = digits - 1 - exponent + (exponent >= 0)
    return max(0, min(wanted, MOST_DECIMALS))


def rounded(value: float, decimals: int) -> Decimal:
    """A number rounded to some places behind the point, halves away from 0; never −0."""
    found = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return found or abs(found)


def shown(number: Decimal, value: float | None = None) -> str:
    """A number for readers, with a real minus sign.

    Args:
        number: As it is rounded.
        value: What was rounded, where 0 is written without decimals if it is exact.
    """
    return "0" if value == 0 else with_minus(format(number, "f"))


def term(number: Decimal) -> str:
    """A number inside a formula, where a minus sign may not follow another sign."""
    return f"({number:f})" if number < 0 else f"{number:f}"
