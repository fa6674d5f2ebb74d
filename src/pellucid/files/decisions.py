"""Decisions about pictures, written into a file whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.decisions.decision import Decision, Decisions, decisions_csv
from pellucid.files.atomic import write_text
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


def write_decisions(path: str | os.PathLike[str], rows: Iterable[Decision]) -> Decisions:
    """Write decisions into a CSV file; an earlier file is replaced, or stays as it was.

    Returns:
        The decisions.

    Raises:
        DataError: Two contradict each other; nothing is written.
        OutputError: The file cannot be written.
    """
    found = Decisions(printable(path), tuple(rows))
    write_text(path, decisions_csv(found.rows))
    return found
