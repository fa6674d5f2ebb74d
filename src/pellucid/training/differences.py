"""How one configuration differs from another, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 6
"""Differences that are reported; of more, their number."""

_DERIVED = {"versions", "pixels", "drawn", "source_classes", "decisions.before"}
"""What follows from the data, which are compared themselves; older runs do not have all of it."""

_PICTURES = {"data": "the training pictures", "validation": "the validation pictures"}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Where two provenances differ: ``learning_rate: 0.05 → 0.1``.

    Versions of libraries, the data's name and what follows from the data do not count. What one of
    them lacks counts as none.

    Args:
        before: As :func:`pellucid.training.provenance.provenance` gave it.
        now: What it gives of the run to go on with.
    """
    old, new = _flat(before), _flat(now)
    names = [*new, *(name for name in old if name not in new)]
    differing = [name for name in names if old.get(name) != new.get(name)]
    # What is of another kind has other settings, which cannot be compared.
    others = tuple(name.removesuffix("kind") for name in differing if name.endswith(".kind"))
    described = []
    for name in differing:
        part, _, field = name.partition(".")
        called = name.removesuffix(".kind").removeprefix("recipe.")
        if {part, name} & _DERIVED or (part in _PICTURES and field == "name"):
            continue
        if name.startswith(others) and not name.endswith(".kind"):
            continue
        if part in _PICTURES and field == "fingerprint":
            if f"{part}.pictures" not in differing:  # else that says it already
                described.append(f"{_PICTURES[part]} are others")
            continue
        if part in _PICTURES and field == "pictures":
            called = _PICTURES[part]
        described.append(f"{truncated(called)}: {_shown(old.get(name))} → {_shown(new.get(name))}")
    return described


def in_words(described: list[str]) -> str:
    """Differences as a part of one line."""
    left = len(described) - MOST
    return "; ".join(described[:MOST]) + (f"; and {left} more" if left > 0 else "")


def _flat(values: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{start}{name}.")
        else:
            found[start + name] = value
    return found


def _shown(value: object) -> str:
    return "none" if value is None else truncated(str(value), 40)
