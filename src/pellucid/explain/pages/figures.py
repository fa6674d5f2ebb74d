"""Traces and gradients as Matplotlib figures; no window, no current figure (pyplot)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.names import shown
from pellucid.errors import MissingDependencyError
from pellucid.explain.pages.colours import colour_map, limit_of, signed_colours
from pellucid.explain.pages.numbers import figure as written
from pellucid.ops.operation import describe

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

_WIDTH, _ROW, _TITLE, _FOOT, _LEFT, _RIGHT = 11.0, 1.7, 0.42, 0.22, 0.6, 1.15  # inches


def trace_figure(trace: Trace) -> Figure:
    """Every step's liveliest maps, a row each, on a signed scale of its own."""
    rows = [
        (f"{step.title}: {step.name}, {describe(step.shape)}", step.values) for step in trace.steps
    ]
    return _figure(rows, trace.subject.classes, pixels=0)


def backward_figure(backward: Backward) -> Figure:
    """Every step's gradient, from the logits back to the picture."""
    rows = [
        (f"∂loss/∂{step.name}, {describe(step.gradient.shape)}", step.gradient)
        for step in backward.steps
    ]
    return _figure(rows, backward.subject.classes, pixels=None)


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
    height = _ROW * len(rows)
    drawn = Figure(figsize=(_WIDTH, height), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(drawn)
    across = (_WIDTH - _LEFT - _RIGHT) / _WIDTH
    for k, (title, values) in enumerate(rows):
        top = height - k * _ROW
        bottom = (top - _ROW + _FOOT) / height
        high = (_ROW - _TITLE - _FOOT) / height
        drawn.text(
            0.01, (top - 0.05) / height, shown(title), va="top", fontsize=9, parse_math=False
        )
        axes = drawn.add_axes((_LEFT / _WIDTH, bottom, across, high), label=title)
        if values.ndim == 1:
            _bars(axes, values, classes)
            continue
        _maps(axes, values, grey=k == pixels)
        beside = (1.0 - (_RIGHT - 0.15) / _WIDTH, bottom, 0.012, high)
        _scale(drawn.add_axes(beside, label=f"{title}: scale"), values, grey=k == pixels)
    return drawn


def _maps(axes: Axes, values: Array, *, grey: bool) -> None:
    """The maps side by side, each with its number above."""
    sizes = np.abs(np.nan_to_num(values.astype(np.float64))).max(axis=(0, 1))
    chosen = np.sort((-sizes).argsort(kind="stable")[:MOST_MAPS])
    height, width, channels = values.shape
    gap = max(1, width // 10)
    strip = np.full((height, MOST_MAPS * (width + gap) - gap, 3), 255, np.uint8)
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


def _bars(axes: Axes, values: Array, classes: Sequence[str]) -> None:
    axes.vlines(np.arange(len(values)), 0.0, np.nan_to_num(values), color="#0072b2", linewidth=2)
    axes.axhline(0.0, color="#595959", linewidth=0.8)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.01)
    lowest, highest = written(float(values.min())), written(float(values.max()))
    axes.set_title(f"from {lowest} to {highest}", fontsize=7, loc="left", pad=2)
    names = [shown(name) for name in classes]
    if len(values) == len(names) <= MOST_NAMED and max(map(len, names)) <= LONGEST_NAME:
        axes.set_xticks(np.arange(len(names)), labels=names, parse_math=False)
