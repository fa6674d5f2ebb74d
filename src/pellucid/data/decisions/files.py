"""Picture files as decisions leave them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.decisions.decision import MOVE
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.data.decisions.matched import Matched
    from pellucid.data.folder import PictureFolder


def decided_files(found_files: PictureFolder, matched: Matched) -> PictureFolder:
    """Picture files as decisions leave them, with what is to be said of that."""
    of, left_out = matched.of, matched.left_out
    parts = {
        part: tuple(
            replace(file, class_name=of[name].label)
            if (name := printable(file.name)) in of and of[name].way == MOVE
            else file
            for file in files
            if printable(file.name) not in left_out
        )
        for part, files in found_files.parts.items()
    }
    return replace(found_files, parts=parts, notes=(*found_files.notes, *matched.notes))
