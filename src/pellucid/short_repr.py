"""Short texts for values that hold much: every field in a few characters."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

FIELD = 60
"""Characters for the value of a field, at most."""

WHOLE = 1_000
"""Characters for a whole value, at most."""


def short_repr(cls: type[T]) -> type[T]:
    """Give a dataclass a ``repr`` that never fills the screen; to be used as a decorator.

    Arrays are shown by shape and type, long sequences by their first entries and their length, and
    values inside that are short themselves by their names.
    """
    cls.__repr__ = _repr  # type: ignore[method-assign]
    return cls


def short(value: object, room: int = FIELD) -> str:
    """Return a value as code on one line, in about ``room`` characters at most."""
    if isinstance(value, np.ndarray):
        return f"<array {'×'.join(map(str, value.shape))} {value.dtype}>"
    if isinstance(value, str):
        return _cut(repr(value[: room + 1]), room)
    if type(value).__repr__ is _repr:
        return f"{type(value).__name__}(…)"
    if isinstance(value, list | tuple) and type(value).__repr__ in (list.__repr__, tuple.__repr__):
        inside = _joined((short(entry, room // 2) for entry in value), len(value), room)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if type(value) is dict:
        pairs = (f"{short(key, room // 3)}: {short(v, room // 3)}" for key, v in value.items())
        return "{" + _joined(pairs, len(value), room) + "}"
    plain = value.item() if isinstance(value, np.number | np.bool_) else value
    return _cut(repr(plain), room)


def _repr(self: Any) -> str:
    name = type(self).__name__
    shown = (f"{f.name}={short(getattr(self, f.name))}" for f in fields(self) if f.repr)
    return f"{name}({_joined(shown, sum(f.repr for f in fields(self)), WHOLE - len(name))})"


def _joined(parts: Iterable[str], count: int, room: int) -> str:
    """Parts with commas as far as there is room, then how many there are in all."""
    kept: list[str] = []
    used = 0
    for part in parts:
        used += len(part) + 2
        if kept and used > room:
            kept.append(f"… {count} in all")
            break
        kept.append(part)
    return ", ".join(kept)


def _cut(text: str, room: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= room else f"{line[:room]}…"
