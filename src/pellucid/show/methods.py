"""All methods side by side: one question about one picture, a map for each method."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import (
    bare,
    draw_map,
    draw_picture,
    mark_signs,
    new_figure,
    outline_strongest,
    words_below,
)
from pellucid.show.heatmap import write_empty
from pellucid.show.titles import score_headline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.method_sheet import MethodSheet

COLUMNS = 4


def methods_document(sheet: MethodSheet, *, picture: str = "") -> d.Document:
    """What every method found, in a line each, and the sheet of all maps.

    Args:
        sheet: What was found.
        picture: What the picture is called.
    """
    heatmaps = sheet.heatmaps
    one = next(iter(heatmaps.values()))
    title = score_headline(one.scored, picture)
    found = [f"{name}{_at(heatmap)}: {heatmap.found}" for name, heatmap in heatmaps.items()]
    refused = [f"{name}: {reason}" for name, reason in sheet.refused.items()]
    return d.Document(
        title,
        (
            d.Figure(lambda: draw_methods(sheet), f"a map of each method: {title}", 980),
            d.Items([*found, *refused]),
        ),
        drawing=lambda: draw_methods(sheet, title),
    )


def _at(heatmap: Heatmap) -> str:
    return "" if heatmap.layer is None else f" at {heatmap.layer}"


def draw_methods(sheet: MethodSheet, title: str = "") -> Figure:
    """The picture and all maps on one sheet, each with its own scale."""
    rows = -(-(1 + len(sheet.found) + len(sheet.refused)) // COLUMNS)
    figure = new_figure(11.0, 2.9 * rows + 0.9)
    axes = figure.subplots(rows, COLUMNS).ravel().tolist()
    first = axes.pop(0)
    draw_picture(first, sheet.image)
    bare(first, "the picture")
    for heatmap in sheet.heatmaps.values():
        _draw(axes.pop(0), heatmap)
    for name, reason in sheet.refused.items():
        _refuse(axes.pop(0), name, reason)
    for empty in axes:
        empty.set_axis_off()
    figure.suptitle(title)
    scored = next(iter(sheet.heatmaps.values())).scored
    words_below(figure, _words(scored.target_name, is_number=scored.is_number))
    return figure


def _draw(axes: Axes, heatmap: Heatmap) -> None:
    signed = heatmap.method.signed
    draw_map(axes, heatmap.values)
    if heatmap.empty is not None:
        write_empty(axes, heatmap.empty)
    elif signed:
        mark_signs(axes, heatmap.values)
    else:
        outline_strongest(axes, heatmap.values)
    star = " *" if heatmap.method.insensitive else ""
    largest = written(float(abs(heatmap.values).max()), ".2g")
    scale = f"±{largest}" if signed else f"0 to {largest}"
    range_ = "" if heatmap.empty is not None else f" ({scale})"
    bare(axes, f"{heatmap.method.name}{_at(heatmap)}{star}{range_}")


def _refuse(axes: Axes, name: str, reason: str) -> None:
    bare(axes, f"{name}: does not suit")
    axes.set_box_aspect(1)
    lines = textwrap.wrap(
        textwrap.shorten(reason, 180, placeholder=" …"), 32, break_on_hyphens=False
    )
    words = axes.text(
        0.5, 0.5, "\n".join(lines), ha="center", va="center", fontsize=8, transform=axes.transAxes
    )
    words.set_in_layout(False)


def _words(target: str, *, is_number: bool) -> list[str]:
    more, less, only = "for", "against it", "speaks for it"
    if is_number:
        more, less, only = "raises", "lowers it", "raises it"
    signs = (
        f"Orange and +: {more} {target}. Blue and −: {less}. Methods without signs show only "
        f"what {only}, or what is active (visual-backprop), stronger where more; the line is at "
        "half of the largest."
    )
    scales = (
        "Each map has its own scale, beside its name: shades of two maps cannot be compared. "
        "* fails the randomisation test: its picture hardly depends on what was learned."
    )
    return [signs, scales]
