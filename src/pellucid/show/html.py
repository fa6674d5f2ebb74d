"""Documents as HTML: one page that needs nothing else, or a fragment for a notebook.

Neither runs a script nor loads anything; whatever is called something is escaped here. Figures are
SVG, whose text takes the colour of the page's.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import singledispatchmethod
from html import escape
from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.numerals import short, with_minus
from pellucid.show import document as d
from pellucid.show.drawing import in_style, svg
from pellucid.show.network.svg import network_element
from pellucid.show.palette import INK, PERCENTILE, limit_of
from pellucid.show.sheet import enlarged, map_sheet, png
from pellucid.show.style import ARRAYS_STYLE, PAGE_STYLE, PAPER_STYLE, STYLE
from pellucid.text import PAGE_START, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIGNS: dict[d.Mark, str] = {"": "", "note": "●", "warn": "▲", "grave": "✖"}

WIDE, LEGIBLE = 500, 1.15
"""Figures from this many pixels on scroll where they would get smaller than this many a point."""

NARROW = 136
"""Pictures of larger sides than this have room for them, not only for the words below."""

HOLE = "·"
"""What a grid shows where there is no number."""


def page(document: d.Document) -> str:
    """A document as one HTML file, for any browser, from the width of a telephone.

    Its policy lets it fetch nothing and run nothing, whatever it contains.
    """
    start = PAGE_START.decode("ascii")
    paper = ARRAYS_STYLE + PAPER_STYLE if document.paper else ""
    language = "" if document.language == "en" else f' lang="{text(document.language)}"'
    return "\n".join(
        (
            f"{start} style-src 'unsafe-inline'\">",
            f"<title>{text(document.title)}</title>",
            f"<style>{PAGE_STYLE}{STYLE}{paper}</style>",
            "</head>",
            "<body>",
            f'<main class="pellucid{" paper" * document.paper}"{language}>',
            f"<h1>{text(document.title)}</h1>",
            *_Renderer(2).each(document.parts),
            "</main>",
            "</body>",
            "</html>",
            "",
        )
    )


def fragment(document: d.Document) -> str:
    """The same for a notebook."""
    return "\n".join(
        (
            '<div class="pellucid">',
            f"<style>{STYLE}{ARRAYS_STYLE * document.paper}</style>",
            f"<h2>{text(document.title)}</h2>",
            *_Renderer(3).each(document.parts),
            "</div>",
        )
    )


def text(words: object) -> str:
    """Words for HTML: one line, escaped."""
    return escape(printable(str(words)))


class _Renderer:
    """Renders parts; headings of sections have the level that they are at.

    Args:
        level: Of the headings of outermost sections.
    """

    def __init__(self, level: int) -> None:
        self._level = level

    def each(self, parts: Iterable[d.Part]) -> Iterable[str]:
        """The HTML of each part."""
        for part in parts:
            yield self.render(part)

    def joined(self, parts: Iterable[d.Part]) -> str:
        """All parts in one."""
        return "\n".join(self.each(parts))

    @singledispatchmethod
    def render(self, part: d.Part) -> str:
        """The HTML of a part."""
        raise TypeError(f"no part of a document: {part!r:.80}")

    @render.register
    def _(self, part: d.Text) -> str:
        lead = f"<strong>{text(part.lead)}</strong> " if part.lead else ""
        words = f"<strong>{text(part.words)}</strong>" if part.strong else text(part.words)
        return f"<p>{lead}{words}</p>"

    @render.register
    def _(self, part: d.Items) -> str:
        lines, left = _cut(part.lines, part.limit)
        return f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>{left}"

    @render.register
    def _(self, part: d.Table) -> str:
        sums = len(part.rows) - part.totals
        body, left = _cut(part.rows[:sums], part.limit)
        rows = [_row(row, part.left) for row in body]
        rows += [_row(row, part.left, ' class="total"') for row in part.rows[sums:]]
        heads = "".join(
            f'<th scope="col"{_left(k, part.left)}>{text(head)}</th>'
            for k, head in enumerate(part.heads)
        )
        head = f"<thead><tr>{heads}</tr></thead>" if any(part.heads) else ""
        return _scrolling(part.name, f"<table>{head}<tbody>{''.join(rows)}</tbody></table>") + left

    @render.register
    def _(self, part: d.Facts) -> str:
        entries = []
        for name, value, beside in part.rows:
            remark = f'<dd class="beside">{text(beside)}</dd>' if beside else ""
            entries.append(
                f"<div><dt>{text(name)}</dt><dd>{text(with_minus(value))}</dd>{remark}</div>"
            )
        return f"<dl>{''.join(entries)}</dl>"

    @render.register
    def _(self, part: d.Bars) -> str:
        bars, left = _cut(part.rows, part.limit)
        values = [bar.value for bar in bars if bar.value == bar.value]
        low = min([0.0, *values]) if part.signed else 0.0
        high = max([0.0, *values]) if part.signed else 1.0
        span = (high - low) or 1.0
        rows = "".join(
            f'<tr><th scope="row" class="left">{text(bar.name)}</th>'
            f'<td class="bar"><div>{_bar(bar, low, span, part)}</div></td>'
            f'<td>{text(bar.written)}</td><td class="left">{text(bar.note)}</td></tr>'
            for bar in bars
        )
        return _scrolling(part.name, f'<table class="bars"><tbody>{rows}</tbody></table>') + left

    @render.register
    def _(self, part: d.Figure) -> str:
        return inline_svg(svg(in_style(part.draw)), part.alt, part.width)

    @render.register
    def _(self, part: d.Diagram) -> str:
        return _scrolling(part.alt, network_element(part.graph, part.alt))

    @render.register
    def _(self, part: d.Pictures) -> str:
        items, left = _cut(part.items, part.limit)
        wide = f' style="--side:{part.side}px"' if part.side > NARROW else ""
        shown = "".join(_picture(p, part.side) for p in items)
        return f'<ul class="pictures"{wide}>{shown}</ul>{left}'

    @render.register
    def _(self, part: d.Maps) -> str:
        image, labels = map_sheet(part)
        numbers = "".join(
            f'<span style="left:{left:.3f}%;top:{top:.3f}%">{text(name)}</span>'
            for left, top, name in labels
        )
        picture = _image(png(image), part.alt, image.width, image.height)
        return f'<div class="sheet">{picture}{numbers}</div>{_scale(part)}'

    @render.register
    def _(self, part: d.Grids) -> str:
        tables = []
        for title, rows in part.grids.items():
            body = "".join(
                f"<tr>{''.join(f'<td>{HOLE if x is None else short(x)}</td>' for x in row)}</tr>"
                for row in rows
            )
            tables.append(f"<table><caption>{text(title)}</caption><tbody>{body}</tbody></table>")
        return f'<div class="grids">{"".join(tables)}</div>'

    @render.register
    def _(self, part: d.Arrays) -> str:
        return f'<div class="arrays">{"".join(map(_array, part.items))}</div>'

    @render.register
    def _(self, part: d.Question) -> str:
        return f'<p class="question">{text(part.words)} {_blank(part.blank, "span")}</p>'

    @render.register
    def _(self, part: d.Fields) -> str:
        return f'<p class="fields">{"".join(f"<span>{text(n)}</span>" for n in part.names)}</p>'

    @render.register
    def _(self, part: d.Code) -> str:
        lines = "\n".join(text(line) for line in part.text.split("\n"))
        return f"<pre>{lines}</pre>"

    @render.register
    def _(self, part: d.Section) -> str:
        level = min(self._level, 6)
        sign = f'<span class="sign {part.mark}">{SIGNS[part.mark]}</span> ' if part.mark else ""
        inside = _Renderer(self._level + 1).joined(part.parts)
        if not part.title:
            return f"<section>{inside}</section>"
        return (
            f'<section aria-label="{text(part.title)}"><h{level}>{sign}{text(part.title)}'
            f"</h{level}>\n{inside}</section>"
        )

    @render.register
    def _(self, part: d.Box) -> str:
        sign = f'<span class="sign {part.mark}">{SIGNS[part.mark]}</span> '
        inside = self.joined(part.parts)
        if part.mark in ("warn", "grave"):
            inside = inside.replace("<p>", f"<p>{sign}", 1)
        return f'<div class="box {part.mark}">{inside}</div>'

    @render.register
    def _(self, part: d.Beside) -> str:
        return (
            '<div class="beside-parts">'
            f"{''.join(f'<div>{each}</div>' for each in self.each(part.parts))}</div>"
        )

    @render.register
    def _(self, part: d.Folded) -> str:
        inside = self.joined(part.parts)
        return f"<details><summary>{text(part.title)}</summary>{inside}</details>"

    @render.register
    def _(self, part: d.Only) -> str:
        return self.joined(part.parts) if part.medium == "page" else ""


def inline_svg(content: str, alt: str, width: int) -> str:
    """An SVG file as an element of a page: text in the page's colour, ids of its own."""
    element = content[content.index("<svg") :]
    start, _, inside = element.partition(">")
    box = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', start)
    assert box is not None  # Matplotlib writes one
    inside = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", inside, flags=re.DOTALL)
    own = f"f{hashlib.sha256(content.encode()).hexdigest()[:8]}-"
    inside = re.sub(r'((?: id="|xlink:href="#)|url\(#)', rf"\g<1>{own}", inside)
    inside = inside.replace("xlink:href", "href").replace(INK, "currentColor")
    least = "" if width < WIDE else f' style="min-width:{LEGIBLE * float(box[1]):.0f}px"'
    drawn = (
        f'<svg role="img" aria-label="{text(alt)}" {box[0]} width="{width}"{least}>{inside.strip()}'
    )
    return _scrolling(alt, drawn) if least else drawn


def _cut(entries: Sequence[d.T], limit: d.Limit | None) -> tuple[Sequence[d.T], str]:
    """What is shown, and what is said of the others."""
    if limit is None or len(entries) <= limit.page:
        return entries, ""
    hint = f", {text(limit.page_hint)}" if limit.page_hint else ""
    left = len(entries) - limit.page
    return entries[: limit.page], f"<p>And {left} {text(limit.noun)}{hint}.</p>"


def _blank(blank: d.Blank, element: str) -> str:
    """A place for an answer: its name small in the corner, and what is filled in."""
    inside = f"<small>{text(blank.name)}</small>{text(blank.answer)}"
    return f'<{element} class="blank">{inside}</{element}>'


def _array(part: d.Array) -> str:
    heads = "".join(
        f'<th scope="col"{_left(k, part.words)}>{text(head)}</th>'
        for k, head in enumerate(part.heads)
    )
    corner = "<td></td>" if part.sides and heads else ""
    head = f"<thead><tr>{corner}{heads}</tr></thead>" if heads else ""
    rows = []
    for i, row in enumerate(part.rows):
        side = f'<th scope="row">{text(part.sides[i])}</th>' if part.sides else ""
        cells = "".join(
            _blank(cell, "td") if isinstance(cell, d.Blank) else
            f"<td{_left(k, part.words)}>{text(cell)}</td>"
            for k, cell in enumerate(row)
        )  # fmt: skip
        rows.append(f"<tr>{side}{cells}</tr>")
    sign = f'<span class="between">{text(part.sign)}</span>' if part.sign else ""
    table = (
        f"<table><caption>{text(part.title)}</caption>{head}<tbody>{''.join(rows)}</tbody></table>"
    )
    return f'<div class="array">{sign}{_scrolling(part.title, table)}</div>'


def _left(k: int, left: int) -> str:
    return ' class="left"' if k < left else ""


def _cell(k: int, left: int, cell: str) -> str:
    """What a cell is: only words wrap on a telephone, and 1e-07 stays in one piece."""
    return _left(k, left) or (' class="words"' if " " in cell else "")


def _row(cells: Sequence[str], left: int, attributes: str = "") -> str:
    first, *others = cells
    rest = "".join(
        f"<td{_cell(k, left, cell)}>{text(cell if k < left else with_minus(cell))}</td>"
        for k, cell in enumerate(others, 1)
    )
    return f'<tr{attributes}><th scope="row"{_left(0, left)}>{text(first)}</th>{rest}</tr>'


def _scrolling(name: str, content: str) -> str:
    """What scrolls must be reachable by keyboard."""
    return (
        f'<div class="scroll" role="region" aria-label="{text(name)}" tabindex="0">{content}</div>'
    )


def _bar(bar: d.Bar, low: float, span: float, whole: d.Bars) -> str:
    if bar.value != bar.value:
        return ""
    left, width = (min(bar.value, 0.0) - low) / span, abs(bar.value) / span
    sign = (" class=minus" if bar.value < 0 else " class=plus") if whole.signed else ""
    zero = f'<i class=zero style="left:{-100 * low / span:.2f}%"></i>' if whole.signed else ""
    if whole.mark is not None:
        zero += f'<i class=mark style="left:{100 * (whole.mark - low) / span:.2f}%"></i>'
    return f'<i{sign} style="left:{100 * left:.2f}%;width:{100 * width:.2f}%"></i>{zero}'


def _image(content: bytes, alt: str, width: int, height: int) -> str:
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<img alt="{text(alt)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data}">'
    )


def _picture(picture: d.Picture, side: int) -> str:
    found = picture.image()
    # the caption describes it: an alternative text would repeat that
    image = "" if found is None else _image(*_first_of(enlarged(found, side)))
    first, *others = picture.lines
    lines = [f"<strong>{text(first)}</strong>" if others else text(first), *map(text, others)]
    if picture.command:
        lines.append(f"<code>{text(picture.command)}</code>")
    return f"<li>{image}{'<br>'.join(lines)}</li>"


def _first_of(made: tuple[bytes, int, int]) -> tuple[bytes, str, int, int]:
    content, width, height = made
    return content, "", width, height


def _scale(maps: d.Maps) -> str:
    """What the colours mean, with both ends written, and what lies beyond them."""
    limit, largest = limit_of(maps.values), float(abs(maps.values).max())
    weights = " class=weights" if maps.colours == "weights" else ""
    beyond = ""
    if largest > limit:
        beyond = (
            f"<span>(the scale ends where {PERCENTILE:g} % of sizes do; the largest is "
            f"{written(largest, '.3g')})</span>"
        )
    return (
        f'<p class="scale"><span>{written(-limit, ".3g")}</span><i{weights}></i>'
        f"<span>{written(limit, '.3g')}</span>{beyond}</p>"
    )
