"""Sheets of a workbook: cells with formulas and the values that they had, and blocks of maps."""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.ops.operation import describe
from pellucid.show.palette import SCALES, limit_of
from pellucid.show.spreadsheet.sheets import column_name

if TYPE_CHECKING:
    from pellucid.ops.operation import Array
    from pellucid.show.spreadsheet.sheets import Sheet

COLUMNS = 60
"""Columns of a sheet of maps, about; a wider map has a row of blocks to itself."""

NARROW = 6.5
"""Width of the columns of a sheet of maps, in letters."""

_EMPTY = re.compile(rb"(</f>)(?:<v ?/>|<v></v>)")


@dataclass(frozen=True)
class Computed:
    """A cell with a formula.

    Attributes:
        formula: With its ``=``.
        value: What it was when the file was written.
    """

    formula: str
    value: float


@dataclass(frozen=True, eq=False)
class Page:
    """A sheet.

    Attributes:
        name: What it is called.
        rows: Words, numbers and :class:`Computed`.
        frozen: The cell before which labels stay in sight; empty for none.
        blocks: The ranges that are coloured about 0, ``A4:H11``.
        limit: The size at which their colours end on both sides.
    """

    name: str
    rows: list[list[Any]]
    frozen: str = ""
    blocks: list[str] = field(default_factory=list)
    limit: float = 1.0


def map_page(name: str, title: str, sheet: Sheet, values: Array) -> Page:
    """Each feature map in a block of its own, under its number.

    Args:
        name: Of the page.
        title: Of the layer.
        sheet: Where the layer's values lie.
        values: What they are, (H, W, C).
    """
    height, width, maps = values.shape
    across = max(1, COLUMNS // (width + 1))
    limit = limit_of(values)
    rows: list[list[Any]] = [
        [f"{title}: {describe(values.shape)}; colours end at −{limit:.4g} and {limit:.4g}"],
        [],
    ]
    blocks = []
    for first_map in range(0, maps, across):
        chosen = range(first_map, min(first_map + across, maps))
        heads: list[Any] = []
        for k, c in enumerate(chosen):
            heads += [f"map {c}", *[None] * width]
            first, last = column_name(k * (width + 1)), column_name(k * (width + 1) + width - 1)
            blocks.append(f"{first}{len(rows) + 2}:{last}{len(rows) + 1 + height}")
        rows.append(heads)
        for y in range(height):
            row: list[Any] = []
            for c in chosen:
                row += [
                    Computed(f"={sheet.cell((y, x, c))}", float(values[y, x, c]))
                    for x in range(width)
                ]
                row.append(None)
            rows.append(row)
        rows.append([])
    return Page(name, rows, "A3", blocks, limit)


def colour_blocks(sheet: Any, page: Page) -> None:
    """Colour the blocks of a page about 0, and make its columns narrow; before its first row."""
    from openpyxl.formatting.rule import ColorScaleRule

    negative, positive = (f"FF{colour[1:].upper()}" for colour in SCALES["signed"])
    rule = ColorScaleRule(  # type: ignore[no-untyped-call]
        start_type="num", start_value=-page.limit, start_color=negative,
        mid_type="num", mid_value=0, mid_color="FFFFFFFF",
        end_type="num", end_value=page.limit, end_color=positive,
    )  # fmt: skip
    sheet.conditional_formatting.add(" ".join(page.blocks), rule)
    for k in range(max(map(len, page.rows))):
        sheet.column_dimensions[column_name(k)].width = NARROW


def with_values(book: bytes, pages: list[Page]) -> bytes:
    """The same workbook with a value beside every formula; openpyxl writes formulas alone."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(content, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            number = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", entry.filename)
            if number is not None:
                data = _filled(data, pages[int(number[1]) - 1])
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _filled(data: bytes, page: Page) -> bytes:
    values = (cell.value for row in page.rows for cell in row if isinstance(cell, Computed))

    def value(found: re.Match[bytes]) -> bytes:
        known = next(values)
        return found[1] + (f"<v>{known!r}</v>".encode() if math.isfinite(known) else b"")

    return _EMPTY.sub(value, data)
