"""What holds for the message of every error that a user's input can cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.errors import PellucidError


def check_line(error: PellucidError, longest: int | None = None) -> None:
    """One line, printable, more than a word, and of bounded length however long what came is."""
    message = str(error)
    assert message.isprintable(), repr(message)
    assert len(message) > 10
    assert longest is None or len(message) <= longest, f"{len(message)} characters"
