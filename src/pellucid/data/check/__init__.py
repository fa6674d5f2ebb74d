"""Look at data before anything learns from them: damage, duplicates, contradictions, scarcity."""

from __future__ import annotations

from pellucid.data.check.finding_kinds import KINDS
from pellucid.data.check.inspection import inspect, inspect_datasets
from pellucid.data.check.report import ClassCount, DataReport, Finding

__all__ = [
    "KINDS",
    "ClassCount",
    "DataReport",
    "Finding",
    "inspect",
    "inspect_datasets",
]
