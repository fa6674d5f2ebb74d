"""Data that were checked: pictures by class, and what was found, with the pictures in question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.check.finding_kinds import KINDS, SEVERITIES
from pellucid.data.check.report import of_noun
from pellucid.show import document as d
from pellucid.show.boxed import boxed, of_class
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from pellucid.data.check.report import DataReport, Finding

FINDINGS = d.Limit(5, 50, "more", "--json and --html list more")
"""Findings of a kind."""

NAMES = d.Limit(4, 12)
"""Names of a finding, with their pictures."""

CLASSES = d.Limit(200, noun="more classes")

SMALL, MEDIUM, LARGE = 96, 240, 360
"""Pixels of pictures in question, of those with boxes, and of examples with boxes."""

TITLES = {"stops training": "Stops training", "warning": "Warnings", "note": "Notes"}
MARKS: dict[str, d.Mark] = {"stops training": "grave", "warning": "warn", "note": "note"}


def check_document(report: DataReport) -> d.Document:
    """The verdict, pictures by class, and the findings, the gravest first."""
    classes = f", {counted(len(report.classes), 'class')}" if report.classes else ""
    return d.Document(
        f"{report.name}: {counted(report.pictures, report.noun)} that can be used{classes}",
        (
            _verdict(report),
            _task(report),
            *_classes(report),
            *_boxes(report),
            *_severities(report),
        ),
    )


def _task(report: DataReport) -> d.Part:
    return d.Items([f"taken for {report.task}", *report.targets])


def _verdict(report: DataReport) -> d.Part:
    if not report.spoiling:
        return d.Text("Nothing was found that must be corrected before training.")
    mend = f"{counted(len(report.spoiling), 'finding')} must be corrected before training."
    return d.Box([d.Text(mend, strong=True)], "grave")


def _classes(report: DataReport) -> Iterator[d.Section]:
    if not report.classes:
        return
    heard = report.noun == "recording"
    ends = ("shortest", "longest") if heard else ("smallest", "largest")
    heads = ("class", *report.parts, "unusable", *ends)

    def size_of(size: tuple[int, int] | None) -> str:
        if size is None:
            return "–"
        return f"{size[1] / 1000:.2f}" if heard else f"{size[1]}×{size[0]}"

    rows = []
    for each in report.classes:
        numbers = [str(each.pictures[part]) for part in report.parts]
        sizes = [size_of(s) for s in (each.smallest, each.largest)]
        rows.append((each.name, *numbers, str(each.unusable), *sizes))
    unit = "seconds" if heard else "width×height in pixels"
    table = d.Table(f"{report.noun.capitalize()}s by class", heads, rows, limit=CLASSES)
    yield d.Section("Classes", [table, d.Text(f"{', '.join(ends)}: {unit}")])


def _boxes(report: DataReport) -> Iterator[d.Part]:
    """The boxes of each class, and pictures with theirs; nothing of other data."""
    if not report.boxes or report.network_size is None:
        return
    ignored = any(each.ignored for each in report.boxes)
    heads = ("class", *report.parts, *(["ignored"] if ignored else []),
             "smallest", "median", "largest")  # fmt: skip
    rows = []
    for each in report.boxes:
        numbers = [str(each.boxes[part]) for part in report.parts]
        sizes = [
            "–" if s is None else f"{s[1]:.0f}×{s[0]:.0f}"
            for s in (each.smallest, each.median, each.largest)
        ]
        rows.append((each.name, *numbers, *([str(each.ignored)] if ignored else []), *sizes))
    height, width = report.network_size
    table = d.Table("Boxes by class", heads, rows, limit=CLASSES)
    of_sizes = f"smallest, median, largest by area: width×height in pixels of a {width}×{height} "
    yield d.Section("Boxes", [table, d.Text(f"{of_sizes}picture")])
    shown = d.Pictures([_picture(report, name, LARGE) for name in report.examples], LARGE)
    yield d.Only("page", [d.Section("Pictures with their boxes", [shown])])


def _severities(report: DataReport) -> Iterator[d.Part]:
    """A section for each severity that there is."""
    for severity in SEVERITIES:
        kinds = [
            d.Section(
                _heading(kind, len(findings), report.noun), list(_kind(kind, findings, report))
            )
            for kind, findings in report.by_kind().items()
            if KINDS[kind].severity == severity
        ]
        if kinds:
            yield d.Section(TITLES[severity], kinds, MARKS[severity])


def _heading(kind: str, count: int, noun: str) -> str:
    title = of_noun(KINDS[kind].title, noun)
    return f"{title[0].upper()}{title[1:]} ({count})"


def _kind(kind: str, findings: list[Finding], report: DataReport) -> Iterator[d.Part]:
    advice = d.Text(of_noun(KINDS[kind].advice, report.noun), "What to do:")
    lines = [each.line for each in findings]
    yield d.Only("terminal", [d.Box([d.Items(lines, FINDINGS), advice])])
    boxes = [_box(each, report) for each in findings[: FINDINGS.page]]
    left = len(findings) - FINDINGS.page
    more = [d.Text(f"And {left} more.")] if left > 0 else []
    yield d.Only("page", [advice, *boxes, *more])


def _box(finding: Finding, report: DataReport) -> d.Box:
    side = MEDIUM if report.boxes else SMALL
    shown = [_picture(report, name, side) for name in finding.names]
    pictures = [d.Pictures(shown, side, NAMES)] if shown else []
    return d.Box([d.Text(finding.words), *pictures])


def _picture(report: DataReport, name: str, side: int) -> d.Picture:
    """A name with its picture, and its boxes; classes and files that are no pictures have none."""

    def drawn() -> Image.Image | None:
        picture, boxes = report.preview(name), report.boxes_of(name)
        if picture is None or not boxes:
            return picture
        names = [each.name for each in report.boxes]
        return boxed(
            picture, [of_class(row[1:5], row[0], names.index(row[0])) for row in boxes], side
        )

    return d.Picture(drawn, (name,))
