"""Records as plain JSON values, under one versioned schema; ``docs/records.md`` describes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

SCHEMA = 1
"""Version of all records: raised when a key changes its meaning or goes; new keys may come
without."""


def record(kind: str, **values: Any) -> dict[str, Any]:
    """A record: the schema's version, what is recorded, and its values."""
    return {"schema": SCHEMA, "record": kind, **values}


def number(value: float | np.floating[Any]) -> float | None:
    """A number for JSON, which knows neither NaN nor infinity: those become null."""
    return float(value) if math.isfinite(value) else None


def numbers(value: Any) -> Any:
    """Numbers, and lists and arrays of them, for JSON."""
    if isinstance(value, np.ndarray):
        return array(value)
    if isinstance(value, list | tuple):
        return [numbers(each) for each in value]
    if isinstance(value, float | np.floating):
        return number(value)
    return value.item() if isinstance(value, np.integer) else value


def array(values: Array) -> Any:
    """An array as nested lists; what is not finite becomes null."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        described = values.astype(object)
        described[~np.isfinite(values)] = None
        return described.tolist()
    return values.tolist()
