"""How figures are drawn: one style, Matplotlib imported late, pyplot never.

A figure is drawn once and becomes a PNG file (dark on white) or a part of a page, an SVG whose text
and axes take the colour of the page's text. Colour alone carries nothing: lines differ in stroke
and marker, and + and − mark the strongest pixels of signed maps.
"""

from __future__ import annotations

import io
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import MissingDependencyError
from pellucid.numerals import figure as written
from pellucid.show.palette import BLUE, GREY, INK, PROBABILITY, VERMILION, colour_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from pellucid.show.document import Bar, Colours

DOTS_PER_INCH = 150

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.0,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.5,
    "figure.titlesize": 12.0,
    "font.size": 10.0,
    "grid.alpha": 0.35,
    "grid.color": GREY,
    "legend.facecolor": "none",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.dpi": DOTS_PER_INCH,
    "svg.fonttype": "path",
    "svg.hashsalt": "pellucid",
    "text.color": INK,
    "text.parse_math": False,  # a class may be called "$5"
    "xtick.color": INK,
    "xtick.labelsize": 9.0,
    "ytick.color": INK,
    "ytick.labelsize": 9.0,
}

MARKED_CELLS, MARKED_FROM = 7, 0.4
"""Marks are at least a seventh of the sides apart, where at least this share of the largest is."""

LINE = 110
"""Letters on a line of the words below a figure."""

FAINT = 0.4
"""Opacity of a picture below a map."""


@contextmanager
def style() -> Iterator[None]:
    """Draw within this context: whatever the user's own style is, figures look the same."""
    try:
        from matplotlib import style as styles
    except ImportError as error:
        raise MissingDependencyError(
            "a figure needs Matplotlib, which is not installed; install it with: pip install "
            "matplotlib"
        ) from error
    with styles.context(["default", STYLE]):
        yield


def in_style(draw: Callable[[], Figure]) -> Figure:
    """The figure that a function draws, in the one style."""
    with style():
        return draw()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    figure.set_facecolor("white")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    with style():  # ticks are made when they are drawn
        return _saved(figure, "png", dpi=DOTS_PER_INCH)


def svg(figure: Figure) -> str:
    """A figure as the text of an SVG file on transparent ground."""
    with style():
        content = _saved(figure, "svg", transparent=True, metadata={"Date": None, "Creator": None})
    return content.decode("utf-8")


def _saved(figure: Figure, kind: str, **options: Any) -> bytes:
    """A figure as the bytes of a file: laid out here, since Matplotlib draws all of it for that."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    content, layout = io.BytesIO(), figure.get_layout_engine()
    canvas, dots = figure.canvas, figure.get_dpi()
    kinds = {"png": FigureCanvasAgg, "svg": FigureCanvasSVG}
    try:
        if layout is not None and figure.axes:
            kinds[kind](figure)  # which knows how much room letters take
            layout.execute(figure)
            figure.set_dpi(dots)  # of SVG files it is another
        figure.set_layout_engine(None)
        figure.savefig(content, format=kind, **options)
    finally:
        figure.set_canvas(canvas)
        figure.set_layout_engine(layout)
    return content.getvalue()


def drawable(text: str) -> bool:
    """Whether the figures' font has every letter of a text, which must be on one line."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans")))  # it comes with Matplotlib
    return text.isprintable() and all(font.get_char_index(ord(letter)) for letter in text)


def words_below(figure: Figure, lines: Sequence[str]) -> None:
    """Write lines below everything else, broken where they are long."""
    text = "\n".join(textwrap.fill(line, LINE) for line in lines)
    figure.supxlabel(text, fontsize=9, x=0.01, ha="left")


def bare(axes: Axes, title: str) -> None:
    """No ticks and frame, a title."""
    axes.set_title(title, fontsize=9.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set(visible=True, linewidth=0.4, color=GREY)


def draw_picture(axes: Axes, image: NDArray[Any], *, faint: bool = False) -> None:
    """Draw pixels 0..255, (H, W, C), C being 1 or 3; other numbers of channels by their mean."""
    pixels = np.asarray(image, np.float64) / 255.0
    if pixels.shape[2] != 3 or faint:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
    axes.imshow(np.clip(pixels, 0.0, 1.0), interpolation="nearest", alpha=FAINT if faint else None)


def draw_map(
    axes: Axes, values: NDArray[Any], *, limit: float | None = None, scale: Colours = "signed"
) -> AxesImage:
    """Draw a map (H, W), transparent where it is 0; colours end at ``limit``, else the largest."""
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    largest = limit or float(np.abs(values).max()) or 1.0
    return axes.imshow(
        values, cmap=colour_map(scale), vmin=-largest, vmax=largest, interpolation="nearest"
    )


def colour_bar(image: AxesImage, axes: Axes, label: str = "", *, signed: bool = True) -> None:
    """What the colours of a map mean, with its ends written; only from 0 up if it has no signs."""
    figure = axes.get_figure()
    assert figure is not None
    largest = float(image.get_clim()[1] or 1.0)
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    if not signed:
        bar.ax.set_ylim(0.0, largest)
    ends = [-largest, 0.0, largest] if signed else [0.0, largest]
    bar.set_ticks(ends, labels=[written(end, ".3g") for end in ends])
    bar.ax.tick_params(labelsize=8)
    bar.set_label(label, fontsize=8)


def mark_signs(axes: Axes, values: NDArray[Any]) -> None:
    """Mark the strongest pixels of a map (H, W) with their signs, each mark on its own pixel."""
    for (row, column), sign in strongest_pixels(values):
        axes.scatter(column, row, s=110, marker="o", color="white", alpha=0.75, linewidths=0)
        axes.scatter(
            column, row, s=60, marker="+" if sign > 0 else "_", color="black", linewidths=1.8
        )


def strongest_pixels(values: NDArray[Any]) -> list[tuple[tuple[int, int], int]]:
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


def outline_strongest(axes: Axes, values: NDArray[Any]) -> None:
    """Draw a line around where a map (H, W) of positive values exceeds half its largest."""
    if min(values.shape) > 1 and np.isfinite(values).all() and np.ptp(values) > 0.0:
        axes.contour(values, levels=[0.5 * float(values.max())], colors=INK, linewidths=1.2)


def draw_bars(
    axes: Axes,
    bars: Sequence[Bar],
    *,
    signed: bool = True,
    size: float = 8.0,
    mark: float | None = None,
) -> None:
    """Draw named numbers as bars, the first above, each with its number at the right.

    Args:
        axes: Where.
        bars: What.
        signed: Whether they go both ways: negative ones are hatched, too.
        size: Of the letters.
        mark: Where a line crosses all of them; none: nowhere.
    """
    values = np.nan_to_num([bar.value for bar in bars])
    negative = values < 0
    places = range(len(bars))
    axes.barh(
        places, values, edgecolor="white", linewidth=0.4,
        color=[BLUE if low else VERMILION for low in negative] if signed else PROBABILITY,
        hatch=["///" if low else "" for low in negative],
    )  # fmt: skip
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    lowest, highest = min(0.0, *values), max(0.0, *values, mark or 0.0)
    if mark is not None:
        axes.axvline(mark, color=INK, linewidth=1.2)
    span = (highest - lowest) or 1.0
    axes.set_xlim(lowest - 0.03 * span, highest + 0.4 * span)  # room for the numbers
    for place, bar, value in zip(places, bars, values, strict=True):
        past = mark if mark is not None and value < mark else 0.0
        at = max(float(value), past) + 0.02 * span
        axes.text(at, place, bar.written, va="center", fontsize=size)
    axes.set_yticks(places, [bar.name for bar in bars], fontsize=size)
    axes.tick_params(left=False)
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    for side in axes.spines.values():
        side.set_visible(False)


def plain_numbers(axes: Axes, axis_name: str) -> None:
    """Write an axis' numbers as 0.001 and 1e-07, also where it is logarithmic."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis = axes.xaxis if axis_name == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
