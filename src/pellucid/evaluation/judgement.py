"""What reports on all tasks have in common: they print a line and write tables."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.files import make_folder, write_text
from pellucid.record import Record
from pellucid.text import counted

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    Row = Sequence[str | int]


class Judgement(Record):
    """A network's judgement on pictures: ``score`` is one number, ``headline`` a line.

    Attributes:
        TABLES: Names of the tables that :meth:`write` writes.
        PICTURE: Name of its figure in a run's folder.
        noun: What is judged: ``"picture"`` or ``"recording"``.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("summary.csv", "per_class.csv", "wrong.csv")
    PICTURE: ClassVar[str]
    count: int
    noun: str = "picture"
    headline: Any

    @abstractmethod
    def _tables(self) -> Sequence[Sequence[Row]]:
        """The rows of each table; the first names the columns."""

    def __str__(self) -> str:
        return f"{counted(self.count, self.noun)}: {self.headline}"

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write :attr:`TABLES` into a folder, which is made if it is not there.

        Raises:
            OutputError: If the folder cannot be made or a file not be written; earlier files are
                intact.
        """
        place = make_folder(folder)
        for name, rows in zip(self.TABLES, self._tables(), strict=True):
            write_text(place / name, csv_text(rows))


def json_values(value: Any) -> Any:
    """Values with lists for tuples, all the way down, as JSON has them."""
    if isinstance(value, dict):
        return {name: json_values(each) for name, each in value.items()}
    return [json_values(each) for each in value] if isinstance(value, list | tuple) else value


def written(value: float | int | None, form: str = ".6f") -> str | int:
    """A table's cell: whole numbers as they are, nothing for none."""
    return "" if value is None else value if type(value) is int else format(value, form)
