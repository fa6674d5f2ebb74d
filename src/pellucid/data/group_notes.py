"""What the user should know of groups: what was drawn of them, and which are in several parts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pellucid.data.note import Note
from pellucid.data.split import number_of_pictures
from pellucid.data.test_fold import TEST
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.data.dataset import Dataset
    from pellucid.data.groups import Groups
    from pellucid.data.split import Share

NEAR = 0.1
"""Parts that miss what was asked for by less than this share of it are as they should be."""

_MOST_NAMES = 6


def drawn_groups(parts: Mapping[str, Dataset], shares: Mapping[str, Share]) -> tuple[str, ...]:
    """Say how many groups each drawn part has, and where its size is not what was asked for.

    Args:
        parts: The parts by name, ``train`` among them.
        shares: What was asked for, of those that were drawn.
    """
    groups = {name: parts[name].groups for name in ("train", *shares)}
    known = {name: each for name, each in groups.items() if each is not None}
    if not shares or len(known) < len(groups):
        return ()
    total = sum(parts[name].own or len(parts[name]) for name in groups)
    all_groups = sum(each.count for each in known.values())
    pieces = []
    for name, share in shares.items():
        got, wanted = len(parts[name]), number_of_pictures(share, total, name)
        piece = f"{name} {known[name].count}"
        if len(names := sorted(set(known[name].names))) <= _MOST_NAMES:
            piece += f" ({', '.join(map(printable, names))})"
        if name == TEST and known[name].fold:
            piece += f", fold {known[name].fold}"
        elif abs(got - wanted) > max(1, NEAR * wanted):
            piece += (
                f", which is {got / total:.1%} of the pictures where {wanted / total:.1%} were "
                "asked for: whole groups come no nearer"
            )
        pieces.append(piece)
    by = next(iter(known.values())).by
    how = f" by {printable(by)}" if by else ""
    return (f"groups{how}: {all_groups}, of which {'; '.join(pieces)}",)


def group_overlaps(groups: Mapping[str, Groups | None]) -> tuple[Note, ...]:
    """Say which groups are in several parts, a line for each combination of parts."""
    places: dict[str, list[str]] = defaultdict(list)
    for part in ("train", "validation", "test"):
        found = groups.get(part)
        for name in sorted(set(found.names)) if found is not None else ():
            places[name].append(part)
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, of_parts in places.items():
        if len(of_parts) > 1:
            shared[tuple(of_parts)].append(name)
    return tuple(_overlap(of_parts, names, len(places)) for of_parts, names in shared.items())


def _overlap(parts: tuple[str, ...], names: list[str], of: int) -> Note:
    some = listed([printable(name) for name in sorted(names)], _MOST_NAMES)
    return Note(
        f"{counted(len(names), 'group')} of {of} {'is' if len(names) == 1 else 'are'} in "
        f"{' and '.join(parts)}: {some}",
        "group-overlap",
        count=len(names), of=of, parts=list(parts), groups=some,
    )  # fmt: skip
