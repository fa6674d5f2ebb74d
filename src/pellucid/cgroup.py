"""Control groups: the limits that Linux sets to this process and others together, as containers do.

Both versions are read. A limit holds for a group and all groups below it, so that all of a
process's groups are looked at, up to the root.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/")

_TREES = {"cpu": ("cpu", "cpu,cpuacct"), "memory": ("memory",)}  # of the first version


def groups(controller: str, root: Path = ROOT) -> Iterator[tuple[Path, int]]:
    """Folders of the groups that this process belongs to, and the version (1 or 2) of each.

    Args:
        controller: ``"cpu"`` or ``"memory"``.
        root: Where the system's files are; another folder in tests.
    """
    for line in read_text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            yield from ((group, 2) for group in _upwards(root / "sys/fs/cgroup", path))
        elif controller in controllers.split(","):  # each controller has a tree of its own
            for tree in _TREES[controller]:
                yield from ((g, 1) for g in _upwards(root / "sys/fs/cgroup" / tree, path))


def read_text(path: Path) -> str:
    """A system file's text; empty where it is not there, not for us, or no text."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _upwards(tree: Path, path: str) -> list[Path]:
    group = tree / path.strip("/")
    return [group, *(parent for parent in group.parents if parent.is_relative_to(tree))]
