"""Names that users type, found without regard to case, hyphens, underscores and blanks."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.text import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_NAMED = 40
"""Known names that a message lists."""

MOST_SUGGESTED = 5
"""Names that a message offers in place of one that is not known."""


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
    near = near_names(given, names)
    hint = f"did you mean {alternatives(near)}?" if near else ""
    if near and len(names) > MOST_NAMED:  # a thousand names would hide what is meant
        all_of_them = f"{len(names)} names are known"
    else:
        shown = [repr(name) if "," in name else name for name in names]
        all_of_them = f"there are {listed(shown, MOST_NAMED if len(names) <= MOST_NAMED else 8)}"
    raise ArgumentError(f"unknown {what} {given!r:.80}; {hint}{' ' if hint else ''}{all_of_them}")


def near_names(given: object, known: Iterable[str]) -> list[str]:
    """The known names that may be meant, the likeliest first, at most :data:`MOST_SUGGESTED`.

    The one that differs in case, hyphens, underscores or blanks alone; else those that have all
    the words that were given, ``tabby cat`` for ``cat``; else the one that is spelled most alike.
    """
    if not isinstance(given, str) or not key(given):
        return []
    by_key = {key(name): name for name in reversed(list(known))}
    if key(given) in by_key:
        return [by_key[key(given)]]
    asked = _words(given)
    having = [name for name in reversed(by_key.values()) if asked and asked <= _words(name)]
    if having:
        return having[:MOST_SUGGESTED]
    return [by_key[each] for each in get_close_matches(key(given), by_key, n=1)]


def alternatives(names: Sequence[str]) -> str:
    """Names as a question offers them: ``'a', 'b' or 'c'``."""
    *most, last = (quoted(name, 80) for name in names)
    return f"{', '.join(most)} or {last}" if most else last


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.casefold().replace("_", " ")))


def key(name: str) -> str:
    """A name without what people leave out or write in their own way."""
    return re.sub(r"[-_\s]", "", name.casefold())
