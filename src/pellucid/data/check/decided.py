"""Findings about pictures that somebody has decided on already: they are not reported again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.check.report import DataReport, found, gravest_first
from pellucid.data.decisions.decision import MOVE
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.data.decisions.matched import Matched
    from pellucid.data.folder import PictureFolder

SILENCED = "decided"
"""The kind of the finding that counts them."""


def decided_files(found_files: PictureFolder, matched: Matched) -> PictureFolder:
    """Picture files as decisions leave them, with what is to be said of that."""
    of, left_out = matched.of, matched.left_out
    parts = {
        part: tuple(
            replace(file, class_name=of[name].label)
            if (name := printable(file.name)) in of and of[name].way == MOVE
            else file
            for file in files
            if printable(file.name) not in left_out
        )
        for part, files in found_files.parts.items()
    }
    return replace(found_files, parts=parts, notes=(*found_files.notes, *matched.notes))


def silenced(report: DataReport, decided: frozenset[str]) -> DataReport:
    """A report without findings all of whose pictures were decided on; how many is a finding.

    Args:
        report: The report, of data as decisions leave them.
        decided: Names of pictures, as they are printed, that were decided on and stay.
    """
    left = [
        each
        for each in report.findings
        if not each.names or not all(printable(name) in decided for name in each.names)
    ]
    count = report.silenced + len(report.findings) - len(left)
    left = [each for each in left if each.kind != SILENCED]
    if count:
        words = f"{counted(count, 'finding')} about pictures that were decided on"
        left.append(found(SILENCED, (), words))
    return replace(report, findings=gravest_first(left), silenced=count, decided=decided)
