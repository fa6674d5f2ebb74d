"""Names that users type, found without regard to case, hyphens, underscores and blanks."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMED = 40
"""Known names that a message lists."""


def find_name(what: str, given: object, known: Iterable[str]) -> str:
    """Return the known name that is meant: ``vgg-small`` for ``VGG_Small``.

    Args:
        what: What is named, for the message: ``"architecture"``.
        given: What the user wrote; an exact match is preferred.
        known: The names that there are.

    Raises:
        ArgumentError: If none is meant; the message gives the nearest, and all of them as far as
            there is room.
    """
    names = list(known)
    if isinstance(given, str):
        if given in names:
            return given
        by_key = {key(name): name for name in reversed(names)}
        found = by_key.get(key(given))
        if found is not None:
            return found
        near = [by_key[each] for each in get_close_matches(key(given), by_key, n=1)]
    else:
        near = []
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ArgumentError(
        f"unknown {what} {given!r:.80}; {hint}there are {listed(names, MOST_NAMED)}"
    )


def key(name: str) -> str:
    """A name without what people leave out or write in their own way."""
    return re.sub(r"[-_\s]", "", name.casefold())
