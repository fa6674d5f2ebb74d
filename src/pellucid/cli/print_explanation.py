"""Explanations printed for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.method_sheet import MethodSheet

MOST_REGIONS = 6
"""How many regions are printed, the strongest first."""


def print_explanation(console: Console, explanation: Evidence | Heatmap | MethodSheet) -> None:
    """Print what was found, and what it can and cannot claim."""
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.method_sheet import MethodSheet

    if isinstance(explanation, MethodSheet):
        _print_methods(console, explanation)
        return
    if isinstance(explanation, Evidence):
        heatmap = explanation.heatmap()
        console.print(heatmap.title)
        if heatmap.empty is not None:
            console.print(heatmap.empty.line)
        _print_evidence(console, explanation)
    else:
        heatmap = explanation
        console.print(heatmap.title)
        console.print(heatmap.found)
    if heatmap.remark:
        console.print(heatmap.remark)
    if heatmap.method.insensitive:
        console.print(
            "fails the randomisation test: its picture hardly depends on what was learned"
        )
    console.print(f"it can say {heatmap.can}")
    console.print(f"it cannot say {heatmap.cannot}")


def _print_evidence(console: Console, evidence: Evidence) -> None:
    from rich.table import Table

    from pellucid.explain.pages.numbers import compared

    table = Table("part", "share")
    table.columns[1].justify = "right"
    rows: list[tuple[str, Any]] = [("pixels", evidence.pixels.sum())]
    rows += [(f"bias of {printable(name)}", share) for name, share in evidence.constants.items()]
    for name, share in rows:
        table.add_row(name, f"{share:+.5f}")
    total, engine, apart = compared(evidence.total, evidence.difference)
    table.add_section()
    for name, written in (("sum", total), ("by the engine", engine), ("difference", apart)):
        table.add_row(name, written)
    console.print(table)
    table = Table("rows", "columns", "share", "falls when covered")
    for column in table.columns[2:]:
        column.justify = "right"
    ranked = sorted(evidence.regions, key=lambda region: -abs(region.share))
    for region in ranked[:MOST_REGIONS]:
        table.add_row(
            f"{region.rows[0]}–{region.rows[1] - 1}",
            f"{region.columns[0]}–{region.columns[1] - 1}",
            f"{region.share:+.4f}",
            f"{region.occluded:+.4f}",
        )
    console.print(table)


def _print_methods(console: Console, sheet: MethodSheet) -> None:
    for name, heatmap in sheet.heatmaps.items():
        layer = "" if heatmap.layer is None else f" at {printable(heatmap.layer)}"
        console.print(f"{name}{layer}: {heatmap.found}")
    for name, reason in sheet.refused.items():
        console.print(f"{name}: {printable(reason)}")
