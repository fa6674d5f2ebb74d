"""Traces and gradients as Matplotlib figures; no window, no current figure (pyplot)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import MissingDependencyError
from pellucid.explain.pages.colours import colour_map, limit_of, signed_colours
from pellucid.explain.pages.numbers import figure as written
from pellucid.ops.operation import describe
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.backward import Backward
    from pellucid.explain.trace import Trace
    from pellucid.ops.operation import Array

    Row = tuple[str, Array]
    """A title, and a layer's values."""

MOST_MAPS = 8
"""How many of a step's maps are drawn: those with the largest values, by size."""

MOST_NAMED = 12
"""With more classes than that, bars bear numbers instead of names."""

LONGEST_NAME = 14
"""Letters of a class name that have room under a bar."""

DOTS_PER_INCH = 100

COLOURS = 3
"""Channels of a picture that is drawn in colour."""

_WIDTH, _TITLE, _FOOT = 12.2, 0.36, 0.14  # inches
_TICKS = 0.14
_MAPS_WIDTH, _MAPS_HEIGHT, _SCALE_WIDTH = 7.0, 0.86, 0.6
_VECTORS_LEFT, _PICTURE, _VECTOR, _CLASS = 8.3, 2.1, 0.8, 0.19


def trace_figure(trace: Trace) -> Figure:
    """Every step's liveliest maps at the left; picture, vectors and answer at the right.

    Each row of maps has a signed scale of its own. A colour picture is drawn in its colours.
    """
    rows = [
        (f"{step.title}: {step.name}, {describe(step.shape)}", step.values) for step in trace.steps
    ]
    return _figure(rows, trace.activations.classes, pixels=0)


def backward_figure(backward: Backward) -> Figure:
    """Every step's gradient, from the logits back to the picture."""
    rows = [
        (f"∂loss/∂{step.name}, {describe(step.gradient.shape)}", step.gradient)
        for step in backward.steps
    ]
    return _figure(rows, backward.activations.classes, pixels=None)


def _figure(rows: Sequence[Row], classes: Sequence[str], pixels: int | None) -> Figure:
    """A figure of rows; ``pixels`` is the row that holds pixels, 0..255, if any does."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "plot() needs Matplotlib, which is not installed; install it with: pip install "
            "matplotlib"
        ) from error
    left = [k for k, (_, values) in enumerate(rows) if values.ndim == 3 and k != pixels]
    right = [k for k in range(len(rows)) if k not in left]
    heights = [_height(values, classes, k == pixels) for k, (_, values) in enumerate(rows)]
    tall = max(sum(heights[k] + _TITLE + _FOOT for k in side) for side in (left, right))
    drawn = Figure(figsize=(_WIDTH, tall), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(drawn)
    for side, first in ((left, 0.1), (right, _VECTORS_LEFT)):
        top = tall
        for k in side:
            title, values = rows[k]
            drawn.text(
                first / _WIDTH, (top - 0.06) / tall, printable(title),
                va="top", fontsize=9, parse_math=False,
            )  # fmt: skip
            bottom = top - _TITLE - heights[k]
            box = bottom / tall, heights[k] / tall
            _draw(drawn, title, values, classes, first, box, grey=k == pixels)
            top = bottom - _FOOT
    return drawn


def _height(values: Array, classes: Sequence[str], is_picture: bool) -> float:
    """Of a row's drawing, in inches."""
    if values.ndim == 3:
        return _PICTURE if is_picture else _MAPS_HEIGHT
    return _CLASS * len(classes) + 0.1 if _is_named(values, classes) else _VECTOR + _TICKS


def _draw(
    figure: Figure,
    title: str,
    values: Array,
    classes: Sequence[str],
    first: float,
    box: tuple[float, float],
    *,
    grey: bool,
) -> None:
    """One row's maps with their scale, or a vector's bars; ``box`` is its bottom and height."""
    bottom, height = box
    if values.ndim == 1:
        named = _is_named(values, classes)
        margin = 0.25 + (0.09 * max(len(printable(name)) for name in classes) if named else 0.3)
        ticks = 0.0 if named else height * _TICKS / (_VECTOR + _TICKS)
        wide = (_WIDTH - first - margin - 0.15) / _WIDTH
        place = (first + margin) / _WIDTH, bottom + ticks, wide, height - ticks
        axes = figure.add_axes(place, label=title)
        if named:
            _class_bars(axes, values, classes)
        else:
            _bars(axes, values)
        return
    wide = _MAPS_WIDTH if not grey else _WIDTH - first - 0.2 - _SCALE_WIDTH
    axes = figure.add_axes(((first + 0.1) / _WIDTH, bottom, wide / _WIDTH, height), label=title)
    if grey and values.shape[2] == COLOURS:
        axes.imshow(values.astype(np.uint8), interpolation="nearest")
        axes.set_anchor("W")
        axes.set_axis_off()
        return
    _maps(axes, values, grey=grey)
    beside = (first + 0.2 + wide) / _WIDTH, bottom, 0.012, height
    _scale(figure.add_axes(beside, label=f"{title}: scale"), values, grey=grey)


def _is_named(values: Array, classes: Sequence[str]) -> bool:
    """Whether a vector has a value for each class, and their names have room."""
    return len(values) == len(classes) <= MOST_NAMED and (
        max(len(printable(name)) for name in classes) <= LONGEST_NAME
    )


def _maps(axes: Axes, values: Array, *, grey: bool) -> None:
    """The maps side by side, each with its number above."""
    sizes = np.abs(np.nan_to_num(values.astype(np.float64))).max(axis=(0, 1))
    chosen = np.sort((-sizes).argsort(kind="stable")[:MOST_MAPS])
    height, width, channels = values.shape
    gap = max(1, width // 10)
    places = len(chosen) if grey else MOST_MAPS
    strip = np.full((height, places * (width + gap) - gap, 3), 255, np.uint8)
    limit = limit_of(values)
    for k, c in enumerate(chosen):
        left = k * (width + gap)
        each = values[:, :, c]
        strip[:, left : left + width] = _greys(each) if grey else signed_colours(each, limit)
        if channels > 1:
            axes.text(left - 0.5, -0.7, f"map {c}", fontsize=7, va="bottom")
    axes.imshow(strip, interpolation="nearest")
    axes.set_anchor("W")
    axes.set_axis_off()


def _greys(values: Array) -> NDArray[np.uint8]:
    return np.repeat(values.astype(np.uint8)[:, :, None], 3, axis=2)


def _scale(axes: Axes, values: Array, *, grey: bool) -> None:
    """What the colours of a row mean."""
    limit = limit_of(values)
    lowest, highest = (0.0, 255.0) if grey else (-limit, limit)
    axes.imshow(
        np.linspace(highest, lowest, 128)[:, None],
        cmap="gray" if grey else colour_map(),
        extent=(0.0, 1.0, -1.0, 1.0),
        aspect="auto",
    )
    axes.set_xticks([])
    axes.yaxis.tick_right()
    middle = (lowest + highest) / 2.0
    labels = [f"{tick:.3g}".replace("-", "−") for tick in (lowest, middle, highest)]
    axes.set_yticks([-1.0, 0.0, 1.0], labels=labels)
    axes.tick_params(labelsize=8)


def _bars(axes: Axes, values: Array) -> None:
    """A line for each value of a vector."""
    axes.vlines(np.arange(len(values)), 0.0, np.nan_to_num(values), color="#0072b2", linewidth=1.2)
    axes.axhline(0.0, color="#595959", linewidth=0.8)
    axes.tick_params(labelsize=7)
    axes.margins(x=0.01)
    lowest, highest = written(float(values.min())), written(float(values.max()))
    axes.set_title(f"from {lowest} to {highest}", fontsize=7, loc="left", pad=2)


def _class_bars(axes: Axes, values: Array, classes: Sequence[str]) -> None:
    """A bar for each class, with its name and value."""
    places, sizes = np.arange(len(values)), np.nan_to_num(values.astype(np.float64))
    axes.barh(places, sizes, color="#0072b2")
    axes.axvline(0.0, color="#595959", linewidth=0.8)
    span = float(np.ptp([*sizes, 0.0])) or 1.0
    for place, value, size in zip(places, values.tolist(), sizes.tolist(), strict=True):
        axes.text(
            max(size, 0.0) + 0.02 * span, float(place), written(value), va="center", fontsize=7
        )
    axes.set_xlim(min(0.0, sizes.min()) - 0.02 * span, max(0.0, sizes.max()) + 0.25 * span)
    axes.set_yticks(places, labels=[printable(name) for name in classes], parse_math=False)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_visible(False)
    axes.invert_yaxis()
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
