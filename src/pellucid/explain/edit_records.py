"""Edits of a network as JSON values, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.surgery import Edit, Mute, Remove, SetKernel, SetWeight, SwapPooling
from pellucid.text import listed

EDITS: dict[str, type[Edit]] = {
    each.kind: each for each in (Mute, SetWeight, SetKernel, SwapPooling, Remove)
}
"""The kinds of edits, by the name that :func:`pellucid.explain.surgery.edit_record` gives them."""


def edit_of(record: object) -> Edit:
    """The edit that :func:`pellucid.explain.surgery.edit_record` described.

    Args:
        record: ``{"edit": "mute", "layer": "conv1", "channel": 3}``, for example.

    Raises:
        ArgumentError: If it is none, naming what is wrong.
    """
    if not isinstance(record, dict) or str(record.get("edit")) not in EDITS:
        raise ArgumentError(
            f"an edit is an object whose edit is one of {listed(list(EDITS))}, got "
            f"{checks.brief(record)}"
        )
    made = EDITS[str(record["edit"])]
    values = {name: value for name, value in record.items() if name != "edit"}
    known = {each.name for each in fields(made)}
    if not {"layer", "weight"} & values.keys() or not values.keys() <= known:
        raise ArgumentError(
            f"an edit {made.kind} has {listed(sorted(known))}, got {listed(sorted(values))}"
        )
    for name in ("layer", "weight", "name"):
        if name in values and not isinstance(values[name], str):
            raise ArgumentError(f"an edit's {name} is a text, got {checks.brief(values[name])}")
    for name in ("channel", "number"):
        if name in values:
            checks.whole(name, values[name], 0)
    if "value" in values:
        checks.number("value", values["value"])
    if "at" in values:
        values["at"] = _place(values["at"])
    if "matrix" in values:
        values["matrix"] = _matrix(values["matrix"])
    try:
        return made(**values)
    except TypeError as error:
        missing = sorted(known - values.keys() - {"name"})
        raise ArgumentError(f"an edit {made.kind} lacks {listed(missing)}") from error


def _place(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 8:
        raise ArgumentError(f"a weight's place is a list of numbers, got {checks.brief(value)}")
    for each in value:
        checks.whole("a weight's place", each, 0)
    return tuple(value)


def _matrix(value: object) -> Any:
    try:
        matrix = np.array(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        matrix = np.zeros(0)
    if matrix.ndim != 2 or not 1 <= matrix.size <= 10_000 or not np.isfinite(matrix).all():
        raise ArgumentError(
            f"a kernel's matrix is a list of equally long rows of numbers, got "
            f"{checks.brief(value)}"
        )
    return matrix.astype(np.float32)
