"""How good a network is: metrics, reports, tables."""

from __future__ import annotations

from pellucid.evaluation.evaluate import evaluate
from pellucid.evaluation.report import ClassRow, Report, Wrong

__all__ = ["ClassRow", "Report", "Wrong", "evaluate"]
