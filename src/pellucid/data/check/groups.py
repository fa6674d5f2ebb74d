"""Which groups of pictures are in several of the parts that data bring."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pellucid.data.check.report import found
from pellucid.data.group_notes import group_overlaps
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.data.check.report import Finding
    from pellucid.data.groups import Groups


def group_findings(groups: Mapping[str, Groups | None]) -> list[Finding]:
    """Return a finding for each combination of parts that share groups, and how many there are.

    Args:
        groups: Those of each part, by its name.
    """
    known = {part: each for part, each in groups.items() if each is not None}
    if not known:
        return []
    counts = Counter(name for each in known.values() for name in each.names)
    sizes = sorted(counts.values())
    by = next(iter(known.values())).by
    words = (
        f"pictures are grouped by {printable(by)}: {counted(len(sizes), 'group')} of {sizes[0]} to "
        f"{counted(sizes[-1], 'picture')}"
    )
    overlaps = [found("group-overlap", (), line, **line.values) for line in group_overlaps(known)]
    about: dict[str, Any] = {
        "by": printable(by),
        "count": len(sizes),
        "smallest": sizes[0],
        "largest": sizes[-1],
    }
    return [*overlaps, found("understood", (), words, about="groups", **about)]
