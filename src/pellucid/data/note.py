"""A line for people about data, with what it says as values."""

from __future__ import annotations

from typing import Any, Self

from pellucid.text import printable


class Note(str):
    """A line in English that can be written in another language, too.

    Args:
        line: The line.
        about: What kind of line it is.
        values: What it says, as JSON values by name.
    """

    about: str
    values: dict[str, Any]

    def __new__(cls, line: str, about: str = "", **values: Any) -> Self:
        """The line, with its values."""
        note = super().__new__(cls, line)
        note.about, note.values = about, values
        return note


def described(line: str) -> dict[str, Any]:
    """A line of remarks as JSON values: its words and, of a note, what it says."""
    about = {"about": line.about, **line.values} if isinstance(line, Note) else {}
    return {"words": printable(line), "values": about}
