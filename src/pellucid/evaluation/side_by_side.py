"""Two models' answers to the same pictures, as a table and a page."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.files import make_folder, write_text
from pellucid.record import Record
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from pellucid.data.dataset import Dataset

TABLE, PAGE = "comparison.csv", "comparison.html"


class SideBySide(Record):
    """Two models' answers to the same pictures, A's and B's.

    Attributes:
        names: What the two models are called.
        pictures: The pictures as A reads them.
        notes: What the pictures are, a line each.
    """

    _columns: ClassVar[tuple[str, ...]]
    """What the table has of each picture, and the record's ``images``."""

    _digits: ClassVar[str]
    """How the table writes numbers."""

    names: tuple[str, str]
    pictures: Dataset
    notes: tuple[str, ...]

    @abstractmethod
    def _rows(self) -> list[tuple[str | float, ...]]:
        """The values of the columns for each picture."""

    def _images(self) -> list[dict[str, Any]]:
        """A mapping a picture, for the record."""
        return [dict(zip(self._columns, row, strict=True)) for row in self._rows()]

    def to_csv(self) -> str:
        """A row a picture: path, what is true, both answers, and how far they are off."""
        rows = (
            [format(x, self._digits) if isinstance(x, float | int) else printable(x) for x in row]
            for row in self._rows()
        )
        return csv_text([self._columns, *rows])

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write ``comparison.csv`` and ``comparison.html`` into a folder, which is made.

        Raises:
            OutputError: If the folder cannot be made or a file not be written.
        """
        return write_both(self, folder, self.to_csv(), TABLE, PAGE)


def write_both(
    record: Record, folder: str | os.PathLike[str], table: str, table_name: str, page_name: str
) -> list[Path]:
    """Write a record's table and page into a folder, which is made.

    Raises:
        OutputError: If the folder cannot be made or a file not be written.
    """
    page = record.to_html()
    place = make_folder(folder)
    write_text(place / table_name, table)
    write_text(place / page_name, page)
    return [place / table_name, place / page_name]
