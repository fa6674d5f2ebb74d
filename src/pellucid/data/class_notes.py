"""Say which classes data have, how many pictures each, and which names look like mistakes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_CLASSES = 12
"""Of more classes only the largest and the smallest are named."""

_ENDS = 3  # of many classes, how many of the largest and of the smallest
_IMBALANCE = 5.0

_MISSING = frozenset({"nan", "none", "null", "na", "n/a", "nil", "<na>", "nat", "undefined", "?"})
"""What programs write for a value that is not there."""


def class_notes(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the classes with their counts in one line, and a line on each thing that is odd.

    Args:
        counts: The number of pictures of each class, in the order of the classes.
    """
    return (
        _counts(counts),
        *(f"{listed(names, 4)}: {words}" for names, words in odd_names(counts)),
        *_singletons(counts),
    )


def odd_names(counts: Mapping[str, int]) -> list[tuple[tuple[str, ...], str]]:
    """Return class names that look like mistakes, with what is odd about them."""
    found: list[tuple[tuple[str, ...], str]] = []
    alike: dict[str, list[str]] = {}
    for name in counts:
        alike.setdefault(re.sub(r"[\s_-]+", " ", name).strip().casefold(), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            pictures = ", ".join(f"{printable(name)} {counts[name]}" for name in names[:4])
            found.append(
                (
                    tuple(names),
                    (
                        f"class names that differ only in case or blanks ({pictures}); if they "
                        f"mean the same, write them alike"
                    ),
                )
            )
    for name in counts:
        if name.strip().casefold() in _MISSING:
            words = (
                f"the name of a class of {counted(counts[name], 'picture')}, and what programs "
                f"write where a label is missing; if it is, remove these pictures"
            )
            found.append(((name,), words))
    return found


def _counts(counts: Mapping[str, int]) -> str:
    """``2 classes: cat 40, ship 40``."""
    by_size = sorted(counts, key=lambda name: -counts[name])
    if len(counts) <= MOST_CLASSES:
        described = _named(list(counts), counts)
    else:
        described = (
            f"{_named(by_size[:_ENDS], counts)} … {_named(by_size[-_ENDS:], counts)} pictures each"
        )
    largest, smallest = counts[by_size[0]], counts[by_size[-1]]
    uneven = ""
    if smallest and largest > _IMBALANCE * smallest:
        uneven = f"; the largest is {largest / smallest:.0f} times the smallest"
    return f"{counted(len(counts), 'class')}: {described}{uneven}"


def _named(names: Sequence[str], counts: Mapping[str, int]) -> str:
    between = ": " if any(name[-1:].isdigit() for name in names) else " "  # not 0 6903
    return ", ".join(f"{printable(name)}{between}{counts[name]}" for name in names)


def _singletons(counts: Mapping[str, int]) -> tuple[str, ...]:
    single = [name for name, number in counts.items() if number == 1]
    if not single:
        return ()
    return (
        (
            f"{counted(len(single), 'class')} of one picture only, which can be learned by but not "
            f"judged: {listed(single, 4)}"
        ),
    )
