"""What excites feature maps: patches of pictures, and beside them what of each excites the map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import new_figure, words_below
from pellucid.text import truncated

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.projections import Projections

MAPS_ACROSS = 2
"""Feature maps side by side."""

MOST_NAMES, LONGEST = 3, 24
"""Names of pictures or classes in a row of the table, and letters of each."""

GAP = 0.08
"""Between pictures of a grid, as a share of one's side."""


def projections_document(found: Projections) -> d.Document:
    """The figure, and which pictures they are."""
    title = f"what excites {found.layer}: {len(found.patches)} of its feature maps"
    rows = [
        (
            str(sheet.unit),
            written(sheet.patches[0].value, ".3g"),
            written(sheet.patches[-1].value, ".3g"),
            _named([patch.label for patch in sheet.patches]),
        )
        for sheet in found.patches
    ]
    empty = [d.Text(sheet.empty) for sheet in found.patches if sheet.empty is not None]
    heads = ("map", "strongest", "last shown", "in")
    return d.Document(
        title,
        (
            *empty,
            d.Figure(lambda: draw_projections(found), title, 980),
            d.Table("feature maps", heads, rows, left=1),
            d.Text(
                "Each value alone, carried backward through winners of poolings, positive signals "
                "at ReLUs, and kernels (deconvnet): what of the patch excites the map, not what "
                "the class needs."
            ),
        ),
        drawing=lambda: draw_projections(found, title),
    )


def _named(labels: list[str]) -> str:
    """The first few different names."""
    names = [truncated(name, LONGEST) for name in dict.fromkeys(labels)]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def draw_projections(found: Projections, title: str = "") -> Figure:
    """For each map its projections at the left and the patches at the right, as in the paper."""
    across = min(MAPS_ACROSS, len(found.patches))
    down = math.ceil(len(found.patches) / across)
    figure = new_figure(4.9 * across, 0.5 + 2.75 * down)
    if title:
        figure.suptitle(title)
    grid = figure.subplots(down, 2 * across, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for k, (sheet, pixels) in enumerate(zip(found.patches, found.pixels, strict=True)):
        row, column = divmod(k, across)
        left, right = grid[row][2 * column], grid[row][2 * column + 1]
        values = (sheet.patches[0].value, sheet.patches[-1].value)
        first, last = (written(value, ".3g") for value in values)
        left.set_title(f"map {sheet.unit}: {first} to {last}", fontsize=9.5, loc="left")
        _mosaic(left, [_visible(each) for each in pixels])
        _mosaic(right, [patch.pixels / 255.0 for patch in sheet.patches])
    words = (
        "Left: what of each patch excites the map, grey where nothing does, each with a scale of "
        "its own. Right: the patches, in the same order, the strongest first."
    )
    words_below(figure, [words])
    return figure


def _visible(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """A projection as a picture, 0 to 1: 0 is the middle grey, its largest size an end."""
    values = np.nan_to_num(pixels.astype(np.float64))
    largest = float(np.abs(values).max()) or 1.0
    return np.asarray(0.5 + 0.5 * values / largest)


def _mosaic(axes: Axes, pictures: list[NDArray[Any]]) -> None:
    """Pictures in a square grid, row by row; smaller ones, cut by an edge, in their middle."""
    across = math.ceil(math.sqrt(len(pictures)))
    down = math.ceil(len(pictures) / across)
    high, wide = (max(each.shape[k] for each in pictures) for k in (0, 1))
    gap = max(1, round(GAP * max(high, wide)))
    sheet = np.zeros((down * (high + gap) - gap, across * (wide + gap) - gap, 4))
    for k, picture in enumerate(pictures):
        row, column = divmod(k, across)
        top = row * (high + gap) + (high - picture.shape[0]) // 2
        left = column * (wide + gap) + (wide - picture.shape[1]) // 2
        place = sheet[top : top + picture.shape[0], left : left + picture.shape[1]]
        place[..., :3] = picture if picture.shape[2] == 3 else picture.mean(axis=2, keepdims=True)
        place[..., 3] = 1.0
    axes.imshow(sheet, interpolation="nearest")
