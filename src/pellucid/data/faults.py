"""What is wrong with boxes or captions and could be corrected, or was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHOUT_AREA, INVERTED, OUTSIDE, CLIPPED, UNLABELLED = (
    "box-without-area", "box-inverted", "box-outside", "box-clipped", "unlabelled",
)  # fmt: skip

EMPTY_CAPTION, WITHOUT_CAPTIONS, DOUBLED_CAPTION = (
    "empty-caption", "without-captions", "caption-doubled",
)  # fmt: skip

_SAID = {
    WITHOUT_AREA: ("box", "without an area, left out"),
    INVERTED: ("box", "with corners in the wrong order, which were exchanged"),
    OUTSIDE: ("box", "outside the picture, left out"),
    CLIPPED: ("box", "reaching out of the picture, cut off there"),
    EMPTY_CAPTION: ("caption", "without a word, left out"),
    DOUBLED_CAPTION: ("caption", "that a picture has several times"),
}

PICTURES = {UNLABELLED: "without annotations", WITHOUT_CAPTIONS: "without captions"}
"""Faults of pictures, which are then left out, and what is said of them."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a box, with a caption, or with a picture.

    Attributes:
        kind: A key of :data:`pellucid.data.check.finding_kinds.KINDS`.
        picture: The name of the picture.
        words: What is the matter, without that name; the box as it is written.
    """

    kind: str
    picture: str
    words: str = ""

    @property
    def of_picture(self) -> bool:
        """Whether the picture has nothing to be learned, and is left out."""
        return self.kind in PICTURES


def fault_notes(faults: Sequence[Fault]) -> tuple[str, ...]:
    """A line for each kind of fault that there is."""
    kinds: dict[str, list[Fault]] = {}
    for fault in faults:
        kinds.setdefault(fault.kind, []).append(fault)
    lines = []
    for kind, of_kind in kinds.items():
        first = of_kind[0]
        where = f"{'the first: ' if len(of_kind) > 1 else ''}{printable(first.picture)}"
        if kind in PICTURES:
            names = listed([printable(each.picture) for each in of_kind], 3)
            left_out = counted(len(of_kind), "picture")
            lines.append(f"left out, {left_out} {PICTURES[kind]}: {names}")
        else:
            noun, said = _SAID[kind]
            lines.append(f"{counted(len(of_kind), noun)} {said}, {where}: {first.words}")
    return tuple(lines)


def first_fault(faults: Sequence[Fault]) -> str:
    """The first kind of fault of boxes in brackets, for the end of an error; empty without."""
    boxes = fault_notes([fault for fault in faults if not fault.of_picture])
    return f" ({boxes[0]})" if boxes else ""
