"""What readers of boxes and captions corrected or left out, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.check.report import found
from pellucid.data.faults import PICTURES
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.check.report import Finding
    from pellucid.data.faults import Fault


def fault_findings(faults: Sequence[Fault]) -> list[Finding]:
    """One finding a fault; pictures that have nothing to be learned are in one of each kind."""
    pictures: dict[str, list[str]] = {}
    for fault in faults:
        if fault.of_picture:
            pictures.setdefault(fault.kind, []).append(fault.picture)
    return [
        *(found(f.kind, (f.picture,), f.words, quoted=f.words) for f in faults if not f.of_picture),
        *(
            found(
                kind,
                tuple(names),
                f"{counted(len(names), 'picture')} {PICTURES[kind]}",
                count=len(names),
            )
            for kind, names in pictures.items()
        ),
    ]
