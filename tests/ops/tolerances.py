"""The one table of tolerances; an override states its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TOLERANCES = {"float64": 1e-12, "float32": 1e-5}
"""Allowed difference by dtype, as a share of the largest value compared (of 1 at least)."""

STEP = 1e-5
"""Half the width of a central difference, in float64."""

DIFFERENCE_TOLERANCE = 1e-7
"""What a central difference may miss: truncation is about STEP² = 1e-10 times a third derivative,
rounding about 2e-16 / STEP = 2e-11 times the function's value; the rest is room for both."""


def assert_close(
    actual: ArrayLike, expected: ArrayLike, dtype: str, *, about: str = "", scale: float = 0.0
) -> None:
    """Compare within the table's tolerance; NaN and infinities must be at the same places.

    Args:
        actual: What the package computed.
        expected: What it should be.
        dtype: The precision that it was computed in.
        about: What is compared, for the message.
        scale: The size of what was added up, where the sum itself may be small by cancellation.
    """
    wanted = np.asarray(expected, np.float64)
    finite = np.abs(wanted[np.isfinite(wanted)])
    largest = max(1.0, scale, float(finite.max()) if finite.size else 0.0)
    got: Any = np.asarray(actual)
    assert got.shape == wanted.shape, f"{about}: shape {got.shape}, expected {wanted.shape}"
    np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCES[dtype] * largest, err_msg=about)
