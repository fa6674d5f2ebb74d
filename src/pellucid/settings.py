"""Frozen dataclasses of settings as plain JSON values and back: operations, losses, optimizers.

Reading trusts nothing: only known kinds, only known fields, and every value passes the class's own
checks, so that a hostile file can make nothing that a user could not have written.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping


T = TypeVar("T")

DEEPEST = 4
"""No setting nests deeper than padding, ``((top, bottom), (left, right))``; room to spare."""


def to_dict(settings: Any) -> dict[str, Any]:
    """The kind and every field, tuples as lists."""
    fields = {f.name: _plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}
    return {"kind": settings.kind, **fields}


def from_dict(values: object, table: Mapping[str, type[T]], what: str) -> T:
    """The instance that :func:`to_dict` described.

    Args:
        values: What JSON gave.
        table: The known kinds.
        what: What is being read, for messages: ``"operation"``.

    Raises:
        ArgumentError: For an unknown kind, an unknown or missing field, or a value out of range.
    """
    if not isinstance(values, dict):
        raise ArgumentError(f"{what}: must be a JSON object, got {type(values).__name__}")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in table:
        raise ArgumentError(f"unknown {what} {brief(kind)}; known are {listed(sorted(table), 24)}")
    made = table[kind]
    assert dataclasses.is_dataclass(made)
    known = {f.name for f in dataclasses.fields(made)}
    given = {name: _tuples(value) for name, value in values.items() if name != "kind"}
    if unknown := sorted(map(str, given.keys() - known)):
        raise ArgumentError(f"{what} {kind} has no setting {brief(unknown[0])}")
    required = {f.name for f in dataclasses.fields(made) if f.default is dataclasses.MISSING}
    if missing := sorted(required - given.keys()):
        raise ArgumentError(f"{what} {kind} lacks its setting {missing[0]!r}")
    try:
        return made(**given)
    except TypeError as error:  # a value of a shape that the class's checks did not foresee
        raise ArgumentError(f"{what} {kind} has a setting of the wrong type: {error}") from error


def _plain(value: object) -> object:
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _tuples(value: object, depth: int = 0) -> object:
    if not isinstance(value, list):
        return value
    if depth == DEEPEST:
        raise ArgumentError(f"a setting must not nest lists deeper than {DEEPEST}")
    return tuple(_tuples(v, depth + 1) for v in value)
