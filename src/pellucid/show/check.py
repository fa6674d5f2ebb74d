"""Data that were checked: pictures by class, and what was found, with the pictures in question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.check.finding_kinds import KINDS, SEVERITIES
from pellucid.show import document as d
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.data.check.report import DataReport, Finding

FINDINGS = d.Limit(5, 50, "more", "--json and --html list more")
"""Findings of a kind."""

NAMES = d.Limit(4, 12)
"""Names of a finding, with their pictures."""

CLASSES = d.Limit(200, noun="more classes")

TITLES = {"stops training": "Stops training", "warning": "Warnings", "note": "Notes"}
MARKS: dict[str, d.Mark] = {"stops training": "grave", "warning": "warn", "note": "note"}


def check_document(report: DataReport) -> d.Document:
    """The verdict, pictures by class, and the findings, the gravest first."""
    classes = f", {counted(len(report.classes), 'class')}" if report.classes else ""
    return d.Document(
        f"{report.name}: {counted(report.pictures, 'picture')} that can be used{classes}",
        (_verdict(report), _task(report), *_classes(report), *_severities(report)),
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
    heads = ("class", *report.parts, "unusable", "smallest", "largest")
    rows = []
    for each in report.classes:
        numbers = [str(each.pictures[part]) for part in report.parts]
        sizes = ["–" if s is None else f"{s[1]}×{s[0]}" for s in (each.smallest, each.largest)]
        rows.append((each.name, *numbers, str(each.unusable), *sizes))
    table = d.Table("Pictures by class", heads, rows, limit=CLASSES)
    yield d.Section("Classes", [table, d.Text("smallest, largest: width×height in pixels")])


def _severities(report: DataReport) -> Iterator[d.Part]:
    """A section for each severity that there is."""
    for severity in SEVERITIES:
        kinds = [
            d.Section(_heading(kind, len(findings)), list(_kind(kind, findings, report)))
            for kind, findings in report.by_kind().items()
            if KINDS[kind].severity == severity
        ]
        if kinds:
            yield d.Section(TITLES[severity], kinds, MARKS[severity])


def _heading(kind: str, count: int) -> str:
    title = KINDS[kind].title
    return f"{title[0].upper()}{title[1:]} ({count})"


def _kind(kind: str, findings: list[Finding], report: DataReport) -> Iterator[d.Part]:
    advice = d.Text(f"{KINDS[kind].advice}", "What to do:")
    lines = [each.line for each in findings]
    yield d.Only("terminal", [d.Box([d.Items(lines, FINDINGS), advice])])
    boxes = [_box(each, report) for each in findings[: FINDINGS.page]]
    left = len(findings) - FINDINGS.page
    more = [d.Text(f"And {left} more.")] if left > 0 else []
    yield d.Only("page", [advice, *boxes, *more])


def _box(finding: Finding, report: DataReport) -> d.Box:
    pictures = [d.Pictures(_pictures(finding, report), 96, NAMES)] if finding.names else []
    return d.Box([d.Text(finding.words), *pictures])


def _pictures(finding: Finding, report: DataReport) -> list[d.Picture]:
    """Names with their pictures; classes and files that are no pictures have none."""
    return [
        d.Picture(lambda name=name: report.preview(name), (name,))  # type: ignore[misc]
        for name in finding.names
    ]
