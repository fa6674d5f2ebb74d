"""Two ways to compute a workbook's formulas: LibreOffice, and a small evaluator of our own."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_REFERENCE = re.compile(r"'((?:[^']|'')+)'!([A-Z]+[0-9]+)(?::([A-Z]+[0-9]+))?")


class Evaluator:
    """Computes formulas of cells, blocks, ``+ − * / ^`` and a few functions, each cell once."""

    def __init__(self, path: Path) -> None:
        self._book = load_workbook(path)
        self._known: dict[tuple[str, int, int], float] = {}

    def sheet(self, name: str) -> NDArray[np.float64]:
        """All values of a sheet behind its labels."""
        page = self._book[name]
        rows = range(2, page.max_row + 1)
        columns = range(2, page.max_column + 1)
        return np.array([[self.cell(name, row, column) for column in columns] for row in rows])

    def cell(self, sheet: str, row: int, column: int) -> float:
        """One cell's value."""
        place = (sheet, row, column)
        if place not in self._known:
            held: Any = self._book[sheet].cell(row, column).value
            formula = isinstance(held, str) and held.startswith("=")
            self._known[place] = self._compute(held[1:]) if formula else float(held)
        return self._known[place]

    def _compute(self, formula: str) -> float:
        expression = _REFERENCE.sub(lambda m: f"read({m[1]!r}, {m[2]!r}, {m[3]!r})", formula)
        # inside IF there is a comparison, which Python writes alike
        expression = expression.replace("^", "**").replace("IF(", "IIF(")
        return float(eval(expression, {"__builtins__": {}}, self._names))  # noqa: S307

    @cached_property
    def _names(self) -> dict[str, Callable[..., Any]]:
        return {
            "read": self._read,
            "SUMPRODUCT": lambda *blocks: np.prod(np.stack(blocks), axis=0).sum(),
            "MMULT": lambda first, second: first @ second,
            "SUM": lambda *values: sum(np.sum(value) for value in values),
            "SUMSQ": lambda block: (block * block).sum(),
            "MAX": lambda *values: max(np.max(value) for value in values),
            "MIN": min,
            "ABS": abs,
            "INT": math.floor,
            "INDEX": lambda block, row, column: block[row - 1, column - 1],
            "EXP": np.exp,
            "SQRT": math.sqrt,
            "TANH": math.tanh,
            "IIF": lambda truth, yes, no: yes if truth else no,
        }

    def _read(self, sheet: str, first: str, last: str | None) -> Any:
        sheet = sheet.replace("''", "'")
        left, top, right, bottom = range_boundaries(f"{first}:{last or first}")
        assert None not in (left, top, right, bottom)
        values = [
            [self.cell(sheet, row, column) for column in range(left or 0, (right or 0) + 1)]
            for row in range(top or 0, (bottom or 0) + 1)
        ]
        return np.array(values) if last else values[0][0]


def with_evaluator(path: Path, sheet_names: list[str]) -> dict[str, NDArray[np.float64]]:
    evaluator = Evaluator(path)
    return {name: evaluator.sheet(name) for name in sheet_names}


def with_libreoffice(path: Path, sheet_names: list[str]) -> dict[str, NDArray[np.float64]]:
    out = path.parent / "recalculated"
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation={(path.parent / 'profile').as_uri()}", "--headless",
            "--convert-to", "xlsx", "--outdir", str(out), str(path),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )  # fmt: skip
    book = load_workbook(out / path.name, data_only=True)
    return {
        name: np.array(list(book[name].iter_rows(2, None, 2, None, values_only=True)), np.float64)
        for name in sheet_names
    }


RECALCULATORS = {"evaluator": with_evaluator}
if shutil.which("soffice"):
    RECALCULATORS["libreoffice"] = with_libreoffice
