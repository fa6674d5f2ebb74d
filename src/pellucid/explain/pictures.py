"""How explanations are drawn: one style, Matplotlib imported late, pyplot never.

Signed maps are drawn in blue and red about white at 0, which people with any colour vision can tell
apart; and since colour alone must carry nothing, + and − stand on the strongest pixels.
"""

from __future__ import annotations

import base64
import io
import textwrap
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from pellucid.explain.emptiness import Emptiness
    from pellucid.ops.operation import Array

DOTS_PER_INCH = 150
DIVERGING, SEQUENTIAL = "RdBu_r", "cividis"

MARKED_CELLS, MARKED_FROM = 7, 0.4
"""Marks are at least a seventh of the sides apart, where at least this share of the largest is."""

PERCENTILE = 99.5
"""Share of a filtered map's values, in percent, that the colours tell apart."""

_EMPTY = {
    "zero": "empty: 0 everywhere",
    "constant": "the same everywhere",
    "not finite": "NaN or infinite",
}

LINE = 110
"""Letters on a line of the words below a picture."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH)
    return content.getvalue()


def html_of(figure: Figure, alt: str) -> str:
    """A figure for a notebook, the picture inside.

    Args:
        figure: The figure.
        alt: What it shows, for whoever cannot see it.
    """
    coded = base64.b64encode(png(figure)).decode("ascii")
    return f'<img style="max-width:100%" alt="{escape(alt)}" src="data:image/png;base64,{coded}">'


def plain(text: str) -> str:
    """A text that Matplotlib does not take for a formula: a class may be called ``$5``."""
    return text.replace("$", r"\$")


def words_below(figure: Figure, lines: list[str]) -> None:
    """Write lines below everything else, broken where they are long."""
    text = "\n".join(textwrap.fill(line, LINE) for line in lines)
    figure.supxlabel(plain(text), fontsize=8, x=0.01, ha="left")


def bare(axes: Axes, title: str) -> None:
    """No ticks, a title."""
    axes.set_title(plain(title), fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def draw_picture(axes: Axes, image: Array, *, faint: bool = False) -> None:
    """Draw pixels 0..255, (H, W, C), C being 1 or 3; other numbers of channels by their mean."""
    shown = np.asarray(image, np.float64) / 255.0
    if shown.shape[2] != 3:
        shown = np.repeat(shown.mean(axis=2, keepdims=True), 3, axis=2)
    if faint:
        grey = shown.mean(axis=2, keepdims=True)
        shown = np.repeat(0.35 + 0.65 * grey, 3, axis=2)
    axes.imshow(np.clip(shown, 0.0, 1.0), interpolation="nearest")


def draw_map(
    axes: Axes,
    values: Array,
    *,
    signed: bool,
    faint: bool = False,
    extent: Any = None,
    limit: float | None = None,
) -> AxesImage:
    """Draw a map (H, W), with 0 in the middle of the colours if it is signed.

    With ``faint``, what is small lets through what lies below. Colours end at ``limit``, by default
    at the largest size.
    """
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    largest = limit or float(np.abs(values).max()) or 1.0
    alpha = np.abs(values) / largest if faint else None
    return axes.imshow(
        values,
        cmap=DIVERGING if signed else SEQUENTIAL,
        vmin=-largest if signed else 0.0,
        vmax=largest,
        alpha=None if alpha is None else np.clip(0.15 + 0.85 * alpha, 0.0, 1.0),
        interpolation="nearest",
        extent=extent,
    )


def write_empty(axes: Axes, empty: Emptiness) -> None:
    """Write on a map that shows nothing that it is so."""
    axes.text(
        0.5, 0.5, _EMPTY[empty.kind],
        ha="center", va="center", fontsize=10, transform=axes.transAxes,
        bbox={"boxstyle": "round,pad=0.4", "facecolor": "white", "lw": 0.4},
    )  # fmt: skip


def mark_signs(axes: Axes, values: Array) -> None:
    """Mark the strongest pixels of a map (H, W) with their signs, each mark on its own pixel."""
    for (row, column), sign in strongest_pixels(values):
        axes.scatter(column, row, s=110, marker="o", color="white", alpha=0.75, linewidths=0)
        axes.scatter(
            column, row, s=60, marker="+" if sign > 0 else "_", color="black", linewidths=1.8
        )


def strongest_pixels(values: Array) -> list[tuple[tuple[int, int], int]]:
    """The pixels of a map (H, W) that are marked: (row, column) and sign, the strongest first.

    Each has at least :data:`MARKED_FROM` of the largest size, and none is nearer to a stronger one
    than a cell of :data:`MARKED_CELLS` × :data:`MARKED_CELLS`.
    """
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    sizes = np.abs(values)
    cells = [max(1.0, side / MARKED_CELLS) for side in values.shape]
    least = MARKED_FROM * float(sizes.max())
    rows, columns = (np.arange(side) for side in values.shape)
    found: list[tuple[tuple[int, int], int]] = []
    while sizes.max() > 0.0 and sizes.max() >= least:
        row, column = (int(k) for k in np.unravel_index(int(sizes.argmax()), sizes.shape))
        found.append(((row, column), 1 if values[row, column] > 0 else -1))
        near = np.abs(rows - row) < cells[0], np.abs(columns - column) < cells[1]
        sizes[np.ix_(*near)] = 0.0
    return found


def percentile_limit(values: Array) -> float:
    """Where the colours of a map end: the :data:`PERCENTILE` of the sizes; 1 of a map of zeros."""
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.any():
        return 1.0
    return float(np.percentile(sizes, PERCENTILE)) or float(sizes.max())


def outline_strongest(axes: Axes, values: Array) -> None:
    """Draw a line around where a map (H, W) of positive values exceeds half its largest."""
    if min(values.shape) > 1 and np.isfinite(values).all() and np.ptp(values) > 0.0:
        axes.contour(values, levels=[0.5 * float(values.max())], colors="white", linewidths=1.4)
