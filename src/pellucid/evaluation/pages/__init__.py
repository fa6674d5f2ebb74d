"""What a run leaves behind for people: charts, pictures of mistakes, one page with all of it."""

from __future__ import annotations

from pellucid.evaluation.pages.written import FILES, write_report

__all__ = ["FILES", "write_report"]
