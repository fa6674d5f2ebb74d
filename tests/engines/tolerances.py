"""How far two engines may be apart: one table by precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines import Precision
    from pellucid.ops.operation import Array

TOLERANCES: dict[Precision, float] = {"float64": 1e-9, "float32": 1e-5}
"""The norm of the difference of two arrays, relative to the norm of the expected one."""


def assert_close(name: str, actual: Array, expected: Array, tolerance: float) -> None:
    """Check shape, precision, and the relative norm of the difference; NaN must meet NaN."""
    assert actual.shape == expected.shape, f"{name}: {actual.shape}, not {expected.shape}"
    assert actual.dtype == expected.dtype, f"{name}: {actual.dtype}, not {expected.dtype}"
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected), err_msg=name)
    a, b = np.nan_to_num(actual.astype(np.float64)), np.nan_to_num(expected.astype(np.float64))
    difference, size = float(np.linalg.norm(a - b)), float(np.linalg.norm(b))
    assert difference <= tolerance * size, f"{name}: apart by {difference:g} of {size:g}"


def assert_all_close(
    actual: Mapping[str, Array], expected: Mapping[str, Array], tolerance: float
) -> None:
    """The same for arrays by name: the same names, and each array close."""
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert_close(name, actual[name], array, tolerance)


def assert_same_bits(actual: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    """Arrays by name, equal to the last bit."""
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert actual[name].dtype == array.dtype, name
        assert actual[name].tobytes() == array.tobytes(), name
