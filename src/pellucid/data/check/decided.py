"""Findings about pictures that somebody has decided on already: they are not reported again."""

from __future__ import annotations

from dataclasses import replace

from pellucid.data.check.report import DataReport, found, gravest_first
from pellucid.text import counted, printable

SILENCED = "decided"
"""The kind of the finding that counts them."""


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
        left.append(found(SILENCED, (), words, count=count))
    return replace(report, findings=gravest_first(left), silenced=count, decided=decided)
