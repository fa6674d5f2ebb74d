"""What is wrong with boxes and could be mended, or was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHOUT_AREA, INVERTED, OUTSIDE, CLIPPED, UNLABELLED = (
    "box-without-area", "box-inverted", "box-outside", "box-clipped", "unlabelled",
)  # fmt: skip

_SAID = {
    WITHOUT_AREA: "without an area, left out",
    INVERTED: "with corners in the wrong order, which were exchanged",
    OUTSIDE: "outside their pictures, left out",
    CLIPPED: "that reach out of their pictures, cut off there",
}


@dataclass(frozen=True)
class BoxFault:
    """Something that is wrong with a box, or with a picture.

    Attributes:
        kind: A key of :data:`pellucid.data.check.finding_kinds.KINDS`.
        picture: The name of the picture.
        words: What is the matter, without that name; the box as it is written.
    """

    kind: str
    picture: str
    words: str = ""


def fault_notes(faults: Sequence[BoxFault]) -> tuple[str, ...]:
    """A line for each kind of fault that there is."""
    kinds: dict[str, list[BoxFault]] = {}
    for fault in faults:
        kinds.setdefault(fault.kind, []).append(fault)
    lines = []
    for kind, of_kind in kinds.items():
        first = of_kind[0]
        where = f"{'the first: ' if len(of_kind) > 1 else ''}{printable(first.picture)}"
        if kind == UNLABELLED:
            names = listed([printable(each.picture) for each in of_kind], 3)
            left_out = counted(len(of_kind), "picture")
            lines.append(f"left out, {left_out} without annotations: {names}")
        else:
            lines.append(f"{counted(len(of_kind), 'box')} {_SAID[kind]}, {where}: {first.words}")
    return tuple(lines)


def first_fault(faults: Sequence[BoxFault]) -> str:
    """The first kind of fault of boxes in brackets, for the end of an error; empty without."""
    boxes = fault_notes([fault for fault in faults if fault.kind != UNLABELLED])
    return f" ({boxes[0]})" if boxes else ""
