"""A line for people about data, with what it says as values."""

from __future__ import annotations

from typing import Any, Self


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
