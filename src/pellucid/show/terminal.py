"""Documents on a terminal, by Rich: words, tables and bars; figures and maps are left out."""

from __future__ import annotations

import os
import re
import textwrap
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Literal

from pellucid.numerals import short, with_minus
from pellucid.show import document as d
from pellucid.show.html import HOLE, SIGNS
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.table import Table

WIDTH = 80
"""Columns that prose and grids fill at most, where no name is longer."""

BAR = 20
"""Columns of a bar that stands for 1."""

_BOUND = "\u00a0"
"""A space at which no line ends; names that are shown hold none."""


def print_document(console: Console, document: d.Document, *, full: bool = False) -> None:
    """Print a document.

    Args:
        console: Where.
        document: What.
        full: Whether lists are printed to their ends.
    """
    if document.printed:
        console.print(printable(document.title))
    _Printer(console, full=full).each(document.parts)


class _Printer:
    def __init__(self, console: Console, *, full: bool, indent: int = 0) -> None:
        self._console, self._full, self._indent = console, full, indent

    def each(self, parts: Iterable[d.Part]) -> None:
        for part in parts:
            self.show(part)

    def line(self, words: str, indent: int = 0) -> None:
        self._console.print(f"{' ' * (self._indent + indent)}{printable(words)}".rstrip())

    @singledispatchmethod
    def show(self, part: d.Part) -> None:
        raise TypeError(f"no part of a document: {part!r:.80}")

    @show.register
    def _(self, part: d.Text) -> None:
        words = f"{part.lead} {part.words}" if part.lead else part.words
        if part.prose:
            self._console.print(_filled(printable(words), part.indent, part.hanging))
        else:
            self.line(words, part.indent)

    @show.register
    def _(self, part: d.Items) -> None:
        lines, left = self._cut(part.lines, part.limit)
        for each in lines:
            self.line(each)
        if left:
            self.line(left)

    @show.register
    def _(self, part: d.Table) -> None:
        sums = len(part.rows) - part.totals
        rows, left = self._cut(part.rows[:sums], part.limit)
        for candidate in (part, part.narrow):
            if candidate is None:
                continue
            table = _table(candidate, rows if candidate is part else candidate.rows, sums)
            widest = self._widest(table)
            if not part.too_wide or widest <= self._console.width:
                piped = not self._console.is_terminal and "COLUMNS" not in os.environ
                if piped and not part.listing:
                    table.width = widest  # in a file or a pipe there is room
                self._console.print(table)
                break
        else:
            self.line(part.too_wide)
        if left:
            self.line(left)

    @show.register
    def _(self, part: d.Facts) -> None:
        widest = max((len(name) for name, _, _ in part.rows), default=0)
        for name, value, beside in part.rows:
            self.line(f"{name:{widest}}  {with_minus(value)}{f' ({beside})' if beside else ''}")

    @show.register
    def _(self, part: d.Bars) -> None:
        from rich.cells import cell_len

        bars, left = self._cut(part.rows, part.limit)
        block = "#" if self._console.options.ascii_only else "█"
        names = max((cell_len(printable(bar.name)) for bar in bars), default=0)
        numbers = max((len(bar.written) for bar in bars), default=0)
        largest = max((abs(bar.value) for bar in bars), default=0.0) if part.signed else 1.0
        for bar in bars:
            share = abs(bar.value) / (largest or 1.0)
            length = round(BAR * share) if share == share else 0
            space = " " * (names - cell_len(printable(bar.name)))
            note = f"  {bar.note}" if bar.note else ""
            blocks = block * length
            if part.mark is not None:
                blocks = _marked(
                    blocks, part.mark, "|" if self._console.options.ascii_only else "┃"
                )
            blocks = f"{blocks:{BAR}}" if note else blocks
            self.line(f"{bar.name}{space}  {bar.written:>{numbers}}  {blocks}{note}", 2)
        if left:
            self.line(left, 2)

    @show.register
    def _(self, part: d.Pictures) -> None:
        items, left = self._cut(part.items, part.limit)
        for each in items:
            self.line(each.printed or ", ".join(each.lines))
            if each.command:
                self.line(each.command, 2)
        if left:
            self.line(left)

    @show.register
    def _(self, part: d.Grids) -> None:
        self._console.print()
        line: list[list[str]] = []
        for title, values in part.grids.items():
            block = [title, *grid(values)]
            width = max(map(len, block))
            block = [words.ljust(width) for words in block]
            if line and sum(len(each[0]) + 3 for each in line) + width + part.indent > WIDTH:
                self._blocks(line, part.indent)
                self._console.print()
                line = []
            line.append(block)
        self._blocks(line, part.indent)
        self._console.print()

    def _blocks(self, blocks: list[list[str]], indent: int) -> None:
        for i in range(max(map(len, blocks), default=0)):
            texts = [block[i] if i < len(block) else " " * len(block[0]) for block in blocks]
            self._console.print(f"{' ' * indent}{'   '.join(texts)}".rstrip())

    @show.register
    def _(self, part: d.Arrays) -> None:
        for each in part.items:
            for line in _array(each):
                self.line(line, 2)

    @show.register
    def _(self, part: d.Question) -> None:
        self.line(f"{part.words} {part.blank.printed}")

    @show.register(d.Fields)
    def _(self, part: d.Fields) -> None:
        """Nobody writes on a terminal."""

    @show.register
    def _(self, part: d.Section) -> None:
        self._console.print()
        if part.title and part.printed:
            self.line(f"{SIGNS[part.mark]} {part.title}".strip())
        _Printer(self._console, full=self._full, indent=self._indent).each(part.parts)

    @show.register
    def _(self, part: d.Box) -> None:
        _Printer(self._console, full=self._full, indent=self._indent + 2).each(part.parts)

    @show.register
    def _(self, part: d.Beside) -> None:
        self.each(part.parts)

    @show.register
    def _(self, part: d.Only) -> None:
        if part.medium == "terminal":
            self.each(part.parts)

    @show.register(d.Figure)
    @show.register(d.Diagram)
    @show.register(d.Maps)
    @show.register(d.Code)
    @show.register(d.Folded)
    def _(self, part: d.Part) -> None:
        """Pages alone show these."""

    def _cut(self, entries: Sequence[d.T], limit: d.Limit | None) -> tuple[Sequence[d.T], str]:
        if limit is None or self._full or len(entries) <= limit.terminal:
            return entries, ""
        hint = f" ({limit.terminal_hint})" if limit.terminal_hint else ""
        left = len(entries) - limit.terminal
        return entries[: limit.terminal], limit.others.format(left=left, noun=limit.noun) + hint

    def _widest(self, table: Table) -> int:
        options = self._console.options.update(width=10**6)
        return self._console.measure(table, options=options).maximum


def _marked(blocks: str, share: float, sign: str) -> str:
    """A bar of signs with a line across it, at a share of the full width."""
    at = min(round(BAR * share), BAR - 1)
    return f"{blocks:{at}}"[:at] + sign + blocks[at + 1 :]


def grid(values: Sequence[Sequence[float | None]]) -> list[str]:
    """A table of numbers, (rows, columns), flush right; a point where there is none."""
    cells = [[short(float(x)) if x is not None else HOLE for x in row] for row in values]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]


def _array(part: d.Array) -> list[str]:
    """An array as lines: its title, then rows whose columns are aligned."""
    cells = [[c.printed if isinstance(c, d.Blank) else c for c in row] for row in part.rows]
    sides = [[side] for side in part.sides] or [[] for _ in cells]
    rows = [[*side, *row] for side, row in zip(sides, cells, strict=True)]
    if part.heads:
        rows.insert(0, [*([""] if part.sides else []), *part.heads])
    from rich.cells import cell_len

    widths = [max(cell_len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [
        "  ".join(
            " " * (width - cell_len(cell)) + cell for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    ]
    return [f"{part.sign} {part.title}".strip(), *lines]


def _filled(text: str, indent: int, hanging: int) -> str:
    """A paragraph; positions and results of sums stay together on a line."""
    bound = re.sub(r"(?<=\d,) (?=\d)|(?<=[=→+×]) | (?=→)", _BOUND, text)
    return textwrap.fill(
        bound,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    ).replace(_BOUND, " ")


def _table(part: d.Table, rows: Sequence[Sequence[str]], sums: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    if part.listing:
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    else:
        table = Table(title=part.name if part.titled else None, title_justify="left")
    for k, head in enumerate(part.heads):
        # numbers stay whole as long as words can be broken
        number = k >= part.left and (part.listing or not any(" " in row[k] for row in part.rows))
        justify: Literal["left", "right"] = "left" if k < part.left or part.listing else "right"
        name = Text(printable(head))
        least = len(head) if part.listing else None
        table.add_column(name, justify=justify, overflow="fold", no_wrap=number, min_width=least)
    for k, row in enumerate([*rows, *part.rows[sums:]]):
        if k == len(rows):
            table.add_section()
        words, numbers = row[: part.left], map(with_minus, row[part.left :])
        table.add_row(*(Text(printable(cell)) for cell in (*words, *numbers)))
    return table
