"""A figure of all layers: maps in rows at the left; picture, vectors and answer at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.numerals import figure as written
from pellucid.show.document import Bar
from pellucid.show.drawing import draw_bars, new_figure
from pellucid.show.palette import BLUE, GREY, VERMILION, colour_map, colours, limit_of
from pellucid.show.sound_axes import mark_sound
from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.data.sound import Sound

MOST_MAPS = 8
"""How many of a layer's maps are drawn: those with the largest values, by size."""

MOST_NAMED = 12
"""How many classes have bars, those with the largest values, by size."""

LONGEST_NAME = 16
"""Letters of a class name that have room beside a bar."""

COLOURS = 3
"""Channels of a picture that is drawn in colour."""

_WIDTH, _HEAD, _TITLE, _FOOT = 12.2, 0.4, 0.36, 0.16  # inches
_MAPS_WIDTH, _MAPS_HEIGHT, _SCALE_WIDTH = 7.0, 0.86, 0.6
_VECTORS_LEFT, _PICTURE, _VECTOR, _TICKS, _CLASS = 8.3, 2.1, 0.7, 0.16, 0.2
_LETTERS = 48  # of a title at the right
_HERTZ = 0.45  # inches beside a picture of sound


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the figure.

    Attributes:
        title: Above it.
        values: (H, W, C) or (F,).
        pixels: Whether they are pixels, 0..255.
        probabilities: Whether they are probabilities.
        mark: Of probabilities: from which on they count; none: there is no such threshold.
        lengths: Whether named values are bars; numbers of several units are written as they are.
        sound: How the pixels came from a recording; None where they did not.
    """

    title: str
    values: NDArray[Any]
    pixels: bool = False
    probabilities: bool = False
    mark: float | None = None
    lengths: bool = True
    sound: Sound | None = None


def draw_layers(title: str, layers: Sequence[Layer], classes: Sequence[str]) -> Figure:
    """Every layer with its own scale; a picture in its colours."""
    left = [each for each in layers if each.values.ndim == 3 and not each.pixels]
    right = [each for each in layers if each not in left]
    tall = _HEAD + max(
        sum(_height(each, classes) + _TITLE + _FOOT for each in side) for side in (left, right)
    )
    figure = new_figure(_WIDTH, tall)
    figure.set_layout_engine("none")
    figure.text(0.1 / _WIDTH, 1.0 - 0.08 / tall, truncated(title, 120), va="top", fontsize=12)
    for side, first in ((left, 0.1), (right, _VECTORS_LEFT)):
        top = tall - _HEAD
        for layer in side:
            words = layer.title if side is left else truncated(layer.title, _LETTERS)
            figure.text(first / _WIDTH, (top - 0.06) / tall, words, va="top", fontsize=9)
            height = _height(layer, classes)
            bottom = top - _TITLE - height
            _draw(figure, layer, classes, first, (bottom / tall, height / tall))
            top = bottom - _FOOT
    return figure


def _height(layer: Layer, classes: Sequence[str]) -> float:
    """Of a layer's drawing, in inches."""
    if layer.values.ndim == 3:
        return _PICTURE if layer.pixels else _MAPS_HEIGHT
    named = len(layer.values) == len(classes)
    return _CLASS * min(len(classes), MOST_NAMED) if named else _VECTOR + _TICKS


def _draw(
    figure: Figure,
    layer: Layer,
    classes: Sequence[str],
    first: float,
    box: tuple[float, float],
) -> None:
    """One layer's maps with their scale, or a vector; ``box`` is its bottom and height."""
    bottom, height = box
    values = layer.values
    if values.ndim == 1:
        named = len(values) == len(classes)
        letters = min(LONGEST_NAME, max(map(len, classes))) if named else 0
        margin = 0.15 + 0.095 * letters
        ticks = 0.0 if named else height * _TICKS / (_VECTOR + _TICKS)
        wide = (_WIDTH - first - margin - 0.15) / _WIDTH
        place = (first + margin) / _WIDTH, bottom + ticks, wide, height - ticks
        axes = figure.add_axes(place, label=layer.title)
        if named:
            _named_bars(axes, layer, classes)
        else:
            _lines(axes, values)
        return
    wide = _MAPS_WIDTH if not layer.pixels else _WIDTH - first - 0.2 - _SCALE_WIDTH
    box4 = ((first + 0.1) / _WIDTH, bottom, wide / _WIDTH, height)
    if layer.sound is not None:  # room for frequencies and times
        left, low, wide4, high = box4
        box4 = (left + _HERTZ / _WIDTH, low, wide4 - _HERTZ / _WIDTH, high)
    axes = figure.add_axes(box4, label=layer.title)
    axes.set_anchor("W")
    axes.set_axis_off()
    if layer.pixels and values.shape[2] == COLOURS:
        axes.imshow(values.astype(np.uint8), interpolation="nearest")
        return
    _maps(axes, layer)
    if layer.sound is not None:
        axes.set_axis_on()
        mark_sound(axes, layer.sound, 6.5)
    beside = (first + 0.2 + wide) / _WIDTH, bottom, 0.012, height
    _scale(figure.add_axes(beside, label=f"{layer.title}: scale"), layer)


def _maps(axes: Axes, layer: Layer) -> None:
    """The maps side by side, each with its number above."""
    values = layer.values
    sizes = np.abs(np.nan_to_num(values.astype(np.float64))).max(axis=(0, 1))
    chosen = np.sort((-sizes).argsort(kind="stable")[:MOST_MAPS])
    height, width, channels = values.shape
    gap = max(1, width // 10)
    places = len(chosen) if layer.pixels else MOST_MAPS
    strip = np.zeros((height, places * (width + gap) - gap, 4), np.uint8)
    limit = limit_of(values)
    for k, c in enumerate(chosen):
        left = k * (width + gap)
        each = values[:, :, c]
        strip[:, left : left + width] = _greys(each) if layer.pixels else colours(each, limit)
        corners = (
            [left - 0.5, left + width - 0.5, left + width - 0.5, left - 0.5, left - 0.5],
            [-0.5, -0.5, height - 0.5, height - 0.5, -0.5],
        )
        axes.plot(*corners, color=GREY, linewidth=0.4, clip_on=False)
        if channels > 1:
            axes.text(left - 0.5, -0.7, f"map {c}", fontsize=7, va="bottom")
    axes.imshow(strip, interpolation="nearest")


def _greys(values: NDArray[Any]) -> NDArray[np.uint8]:
    grey = values.astype(np.uint8)
    return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)


def _scale(axes: Axes, layer: Layer) -> None:
    """What the colours of a row mean, with its ends written."""
    limit = limit_of(layer.values)
    lowest, highest = (0.0, 255.0) if layer.pixels else (-limit, limit)
    axes.imshow(
        np.linspace(highest, lowest, 128)[:, None],
        cmap="gray" if layer.pixels else colour_map(),
        extent=(0.0, 1.0, -1.0, 1.0),
        aspect="auto",
    )
    axes.set_xticks([])
    axes.yaxis.tick_right()
    ends = (lowest, (lowest + highest) / 2.0, highest)
    axes.set_yticks([-1.0, 0.0, 1.0], labels=[written(tick, ".3g") for tick in ends])
    axes.tick_params(labelsize=8)


def _lines(axes: Axes, values: NDArray[Any]) -> None:
    """A line for each value of a vector; the range is written, since the axis has no numbers."""
    sizes = np.nan_to_num(values.astype(np.float64))
    shades = np.where(sizes < 0, BLUE, VERMILION)
    axes.vlines(np.arange(len(sizes)), 0.0, sizes, colors=shades.tolist(), linewidth=1.2)
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    axes.tick_params(labelsize=7)
    axes.set_yticks([])
    axes.margins(x=0.01)
    lowest, highest = written(float(values.min()), ".3g"), written(float(values.max()), ".3g")
    axes.set_title(f"{lowest} to {highest}", fontsize=7, loc="left", pad=2)


def _named_bars(axes: Axes, layer: Layer, classes: Sequence[str]) -> None:
    """A bar for each class, with its name and value; of many classes those with the largest."""
    values = layer.values.astype(np.float64)
    order = (-np.abs(np.nan_to_num(values))).argsort(kind="stable")[:MOST_NAMED]
    bars = [
        Bar(
            truncated(classes[k], LONGEST_NAME),
            values[k] if layer.lengths else 0.0,
            written(values[k]),
        )
        for k in sorted(order)
    ]
    draw_bars(axes, bars, signed=not layer.probabilities, size=7.5, mark=layer.mark)
