"""JSON without its loose ends: what is written can be read anywhere, what is read is harmless.

Refused both ways: NaN and infinities (JSON has none), nesting deeper than :data:`DEEPEST`, numbers
of absurd length. Refused in reading: a key given twice, of which readers would take either one.
"""

from __future__ import annotations

import json
import math
from typing import Any

from pellucid.errors import ArgumentError

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
"""What JSON can hold."""

DEEPEST = 64
"""Objects and lists within each other."""

LONGEST = 4096
"""Bits of a whole number; a random generator's state has some hundred."""


def canonical(values: JSON) -> bytes:
    """The one spelling of a value, in ASCII: sorted keys, no spaces. Equal values, equal bytes."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def parse(text: bytes) -> JSON:
    """The value of a JSON text in UTF-8.

    Raises:
        ValueError: If it is not JSON as described above; with a short reason.
    """
    try:
        values: JSON = json.loads(
            text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
        )
        check(values, "it")
    except RecursionError:
        raise ValueError(f"nested deeper than {DEEPEST}") from None
    return values


def check(values: object, name: str) -> None:
    """Check that a value can be written as JSON and read back equal (tuples come back as lists).

    Args:
        values: The value.
        name: What it is called in messages; places inside are written ``name['key'][3]``.

    Raises:
        ArgumentError: Naming the first place that cannot.
    """
    # A list of places still to visit, not recursion: depth is what is being checked. Places are
    # chains of (parent, key), written out only for a message.
    left: list[tuple[object, _Place, int]] = [(values, _Place(name), 0)]
    while left:
        value, place, depth = left.pop()
        if isinstance(value, dict | list | tuple):
            if depth == DEEPEST:
                raise ArgumentError(f"{name} is nested deeper than {DEEPEST}")
            if isinstance(value, dict):
                for key in value:
                    if not isinstance(key, str):
                        raise ArgumentError(f"{place} has the key {key!r:.80}; keys must be text")
            members = value.items() if isinstance(value, dict) else enumerate(value)
            left += ((member, _Place(key, place), depth + 1) for key, member in members)
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise ArgumentError(f"{place} is {value}, which JSON does not have; use None")
        elif isinstance(value, int):
            if value.bit_length() > LONGEST:
                raise ArgumentError(f"{place} is a number of more than {LONGEST} bits")
        elif value is not None and not isinstance(value, str):
            raise ArgumentError(
                f"{place} is of type {type(value).__name__}; JSON has text, numbers, True, False, "
                "None, lists and dictionaries with text keys"
            )


class _Place:
    """The place of a value: a key in a parent."""

    __slots__ = ("key", "parent")

    def __init__(self, key: object, parent: _Place | None = None) -> None:
        self.key = key
        self.parent = parent

    def __str__(self) -> str:
        return str(self.key) if self.parent is None else f"{self.parent}[{self.key!r:.80}]"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r:.80} is given twice")
    return values


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
