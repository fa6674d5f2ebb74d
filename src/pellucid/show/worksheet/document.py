"""The document of a worksheet, and that of its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.worksheet.english import ENGLISH
from pellucid.show.worksheet.korean import KOREAN
from pellucid.show.worksheet.words import said
from pellucid.worksheets.exercise import Blank
from pellucid.worksheets.printed import shown

if TYPE_CHECKING:
    from pellucid.show.worksheet.words import Words
    from pellucid.worksheets.exercise import Exercise, Grid
    from pellucid.worksheets.sheet import Worksheet

LANGUAGES = {words.language: words for words in (ENGLISH, KOREAN)}

MOST_LAYERS = 14
"""Of a network's layers that the head of a sheet names."""

ABREAST = 3
"""Tables of a key side by side."""

SIDE = 140
"""CSS pixels of the picture."""


def worksheet_document(sheet: Worksheet, *, language: str = "en", key: bool = False) -> d.Document:
    """A worksheet as a document.

    Args:
        sheet: The worksheet.
        language: ``en`` or ``ko``.
        key: Whether the answers are filled in, and listed with the network's own values.
    """
    words = LANGUAGES[language]
    parts: list[d.Part] = []
    if not key:
        parts.append(d.Fields(words.fields))
    parts += [d.Text(words.sheet(sheet.digest), strong=True), *_head(sheet, words)]
    parts += [_exercise(exercise, words, key=key) for exercise in sheet.exercises]
    if sheet.left_out:
        title, reasons = words.left_out
        lines = [f"{words.names[topic]}: {reasons[why]}." for topic, why in sheet.left_out]
        parts.append(d.Section(title, [d.Items(lines)]))
    if key:
        rows = [
            [
                blank.name, shown(blank.answer), shown(blank.tolerance),
                "" if blank.exact is None else written(blank.exact),
            ]
            for blank in sheet.blanks
        ]  # fmt: skip
        each = -(-len(rows) // ABREAST)
        tables = [
            d.Table(words.exact, words.columns, rows[first : first + each])
            for first in range(0, len(rows), each)
        ]
        parts.append(d.Section(words.exact, [d.Beside(tables)]))
    title = words.key(sheet.picture) if key else words.title(sheet.picture)
    return d.Document(title, parts, language=language, paper=True)


def _head(sheet: Worksheet, words: Words) -> list[d.Part]:
    """What holds for all exercises, the network, and the picture."""
    layers = [f"{name} {'×'.join(map(str, shape))}" for name, _, shape in sheet.network]
    if len(layers) > MOST_LAYERS:
        half = MOST_LAYERS // 2
        layers = [*layers[:half], "…", *layers[-half:]]
    height, width, channels = sheet.pixels.shape
    lines = [words.picture(sheet.picture, f"{height}×{width}×{channels}")]
    picture = d.Picture(lambda: sheet.pixels, lines)
    texts = [d.Text(text) for text in (words.before, words.network(" → ".join(layers)))]
    shown_picture = d.Only("page", [d.Pictures([picture], side=SIDE)])
    return [d.Beside([d.Section("", texts), shown_picture])]


def _exercise(exercise: Exercise, words: Words, *, key: bool) -> d.Section:
    facts = exercise.facts
    name = exercise.topic
    if name == "pooling":
        name = "learned" if facts["learned"] else "max" if facts["maximum"] else "mean"
    elif name == "activation" and facts["kind"] == "relu":
        name = "relu"
    parts: list[d.Part] = [d.Text(words.texts[exercise.topic](facts))]
    parts += [d.Arrays([_array(grid, words, key=key) for grid in row]) for row in exercise.grids]
    parts += [
        d.Question(said(words.asks[ask.role], {**facts, **ask.facts}), _blank(ask.blank, key=key))
        for ask in exercise.asks
    ]
    return d.Section(f"{exercise.number}. {words.names[name]}", parts)


def _array(grid: Grid, words: Words, *, key: bool) -> d.Array:
    rows = [
        [_blank(cell, key=key) if isinstance(cell, Blank) else cell for cell in row]
        for row in grid.rows
    ]
    heads = [words.heads.get(head, head) for head in grid.heads]
    named = int(bool(grid.heads) and grid.heads[0] == "class")
    return d.Array(
        said(words.grids[grid.role], grid.facts), rows, heads, grid.sides, grid.sign, named
    )


def _blank(blank: Blank, *, key: bool) -> d.Blank:
    return d.Blank(blank.name, shown(blank.answer) if key else "")
