"""What a scan of a folder leaves out, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pellucid.data.note import Note
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.data.walk import Passed

_MOST_KINDS = 5


def left_out_notes(
    root: Path, misplaced: Sequence[Path], foreign: Sequence[Path], passed: Passed
) -> tuple[str, ...]:
    """Return one line for each reason to leave something out, and one on links followed outside.

    Args:
        root: The folder of the data.
        misplaced: Pictures that are in no class folder.
        foreign: Files that are no pictures.
        passed: What the walk met besides.
    """
    kinds = _endings(foreign) if foreign else ""
    ours = [path for path, _ in passed.ours]
    wrote = dict.fromkeys(kind for _, kind in passed.ours)
    return (
        *_line("misplaced", "left out, pictures that are in no class folder", misplaced, root),
        *_line("foreign", "left out, files that are no pictures", foreign, root, kinds),
        *_line("ours", f"left out, written by Pellucid ({', '.join(wrote)})", ours, root),
        *_line("broken", "left out, links that lead to nothing", passed.broken, root),
        *_line("loops", "left out, links to folders that are read anyway", passed.loops, root),
        *_line("special", "left out, pipes and devices", passed.special, root),
        *_line("outside", "links that lead out of the folder were followed", passed.outside, root),
    )


def left_out_summary(misplaced: Sequence[Path], foreign: Sequence[Path], passed: Passed) -> str:
    """Return what was left out, for the end of an error; empty if nothing was."""
    described = []
    if misplaced:
        described.append(f"{counted(len(misplaced), 'picture')} in no class folder")
    if foreign:
        described.append(
            f"{counted(len(foreign), 'file')} that "
            f"{'is no picture' if len(foreign) == 1 else 'are no pictures'} ({_endings(foreign)})"
        )
    if passed.ours:
        described.append(f"{len(passed.ours)} written by Pellucid")
    if passed.broken:
        described.append(f"{counted(len(passed.broken), 'link')} to nothing")
    if passed.loops:
        described.append(f"{counted(len(passed.loops), 'link')} to folders that are read anyway")
    if passed.special:
        described.append(f"{len(passed.special)} pipes or devices")
    return f"left out: {', '.join(described)}" if described else ""


def _line(
    about: str, what: str, paths: Sequence[Path], root: Path, kinds: str = ""
) -> tuple[Note, ...]:
    if not paths:
        return ()
    first, more = printable("/".join(paths[0].parts[len(root.parts) :])), len(paths) - 1
    others = f" and {more} more" if more else ""
    inside = f" ({kinds})" if kinds else ""
    line = f"{what}: {first}{others}{inside}"
    return (Note(line, about, first=first, more=more, kinds=kinds),)


def _endings(files: Sequence[Path]) -> str:
    """``8 .txt, 1 .svg``."""
    kinds = Counter(file.suffix.lower() or "without an ending" for file in files)
    described = [
        f"{count} {printable(kind[:20])}" for kind, count in kinds.most_common(_MOST_KINDS)
    ]
    rest = len(files) - sum(count for _, count in kinds.most_common(_MOST_KINDS))
    return ", ".join([*described, f"{rest} others"] if rest else described)
