"""CSV text that spreadsheets cannot take for formulas.

Spreadsheets compute a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return,
so a class or a file of such a name could run code where the table is opened (CWE-1236). Such texts
get an apostrophe in front, by which spreadsheets mark text. Numbers stay as they are, ``-0.5`` and
texts that are plain numbers too. :func:`undefused` is the exact inverse of :func:`defused`.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Cell = str | int | float | None

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """Return rows as CSV: commas, a line feed after each row, None as an empty cell."""
    text = io.StringIO()
    plain = csv.writer(text, lineterminator="\n")
    quoting = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    for row in rows:
        cells = [defused(cell) if isinstance(cell, str) else cell for cell in row]
        # Python before 3.13 does not quote a lone carriage return, which ends a row for readers
        broken = any("\r" in cell for cell in cells if isinstance(cell, str))
        (quoting if broken else plain).writerow(cells)
    return text.getvalue()


def defused(cell: str) -> str:
    """Return a text as a cell that no spreadsheet computes."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def undefused(cell: str) -> str:
    """Return the text of which :func:`defused` made a cell."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
