"""The report as one web page that needs nothing else: no network, no script, pictures inside."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from pellucid.data.check.finding_kinds import KINDS, SEVERITIES
from pellucid.data.web_page import web_page
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pellucid.data.check.report import ClassCount, DataReport, Finding

MOST_FINDINGS = 50
"""Findings of a kind that are shown; the others are counted."""

MOST_NAMES = 12
"""Names of a finding that are shown with their pictures; likewise."""

_PREVIEW_SIDE = 96
_SIGNS = {"stops training": "✖", "warning": "▲", "note": "●"}

_STYLE = """
:root { color-scheme: light dark; --line: #767676; --grave: #a30015; --warn: #7a4b00; }
@media (prefers-color-scheme: dark) {
  :root { --line: #8c8c8c; --grave: #ff9aa5; --warn: #f2c078; }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem; text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; min-width: 8rem; white-space: normal; overflow-wrap: anywhere; }
h3 { margin-bottom: .2rem; }
.grave { color: var(--grave); } .warn { color: var(--warn); }
.finding { border-left: 3px solid var(--line); padding-left: .8rem; margin: 1rem 0; }
.finding p { margin: 0; overflow-wrap: anywhere; }
ul.pictures { display: flex; flex-wrap: wrap; gap: .8rem; list-style: none; padding: 0; }
ul.pictures li { width: 8rem; font-size: .8rem; overflow-wrap: anywhere; }
img { display: block; image-rendering: pixelated; border: 1px solid var(--line); }
"""


def html_page(report: DataReport) -> str:
    """Return a report as one HTML file, for any browser, with small copies of the pictures.

    It needs no network and runs no script. Names are escaped, so that no file's name can add
    anything to the page.
    """
    title = f"{report.name}: the data checked"
    body = (
        f"<header><h1>{_text(title)}</h1>",
        f"<p>{_summary(report)}</p></header>",
        "<main>",
        *_class_table(report),
        *_sections(report),
        "</main>",
    )
    return web_page(title, _STYLE, body)


def _summary(report: DataReport) -> str:
    size = (
        f"{counted(report.pictures, 'picture')} that can be used, in "
        f"{counted(len(report.classes), 'class')}."
    )
    if report.spoiling:
        mend = f"{counted(len(report.spoiling), 'finding')} must be corrected before training."
        return f'{size} <strong class="grave">{_SIGNS["stops training"]} {mend}</strong>'
    return f"{size} Nothing was found that must be corrected before training."


def _class_table(report: DataReport) -> Iterable[str]:
    yield "<h2>Classes</h2>"
    # what scrolls must be reachable by keyboard
    yield '<div class="scroll" role="region" aria-label="Pictures by class" tabindex="0">'
    yield "<table><thead><tr>"
    heads = ["class", *report.parts, "unusable", "smallest", "largest"]
    yield "".join(f'<th scope="col">{_text(head)}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for each in report.classes:
        cells = "".join(f"<td>{cell}</td>" for cell in _cells(each, report.parts))
        yield f'<tr><th scope="row">{_text(each.name)}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    yield "<p>Sizes are width × height in pixels.</p>"


def _cells(each: ClassCount, parts: Sequence[str]) -> Iterable[str]:
    yield from (str(each.pictures[part]) for part in parts)
    yield str(each.unusable)
    for size in (each.smallest, each.largest):
        yield "–" if size is None else f"{size[1]} × {size[0]}"


def _sections(report: DataReport) -> Iterable[str]:
    titles = ("Stops training", "Warnings", "Notes")
    css = ("grave", "warn", "note")
    for severity, title, name in zip(SEVERITIES, titles, css, strict=True):
        yield f'<section aria-labelledby="{name}">'
        yield f'<h2 id="{name}" class="{name}">{_SIGNS[severity]} {title}</h2>'
        of_kind = {
            kind: findings
            for kind, findings in report.by_kind().items()
            if KINDS[kind].severity == severity
        }
        if not of_kind:
            yield "<p>None.</p>"
        for kind, findings in of_kind.items():
            heading = f"{KINDS[kind].title} ({len(findings)})"
            yield f"<h3>{_text(heading[0].upper() + heading[1:])}</h3>"
            yield f"<p>What to do: {_text(KINDS[kind].advice)}.</p>"
            for finding in findings[:MOST_FINDINGS]:
                yield from _finding(finding, report)
            if len(findings) > MOST_FINDINGS:
                yield f"<p>And {len(findings) - MOST_FINDINGS} more.</p>"
        yield "</section>"


def _finding(finding: Finding, report: DataReport) -> Iterable[str]:
    yield f'<div class="finding"><p>{_text(finding.words)}</p>'
    if finding.names:
        yield '<ul class="pictures">'
        for name in finding.names[:MOST_NAMES]:
            yield f"<li>{_image(name, report)}{_text(name)}</li>"
        yield "</ul>"
        if len(finding.names) > MOST_NAMES:
            yield f"<p>And {len(finding.names) - MOST_NAMES} more.</p>"
    yield "</div>"


def _image(name: str, report: DataReport) -> str:
    """Return a small copy of a picture; nothing for classes and for files that are no pictures."""
    picture = report.preview(name)
    if picture is None:
        return ""
    picture.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    content = io.BytesIO()
    picture.save(content, "PNG")
    data = base64.b64encode(content.getvalue()).decode("ascii")
    factor = max(1, _PREVIEW_SIDE // max(picture.size))
    # the name stands below it: an alternative text would only say it twice
    return (
        f'<img alt="" width="{picture.width * factor}" height="{picture.height * factor}" '
        f'src="data:image/png;base64,{data}">'
    )


def _text(name: str) -> str:
    return escape(printable(name))
