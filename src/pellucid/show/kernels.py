"""Learned kernels: a row for each kernel, a column for each channel that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import colour_bar, draw_map, new_figure, words_below
from pellucid.show.palette import GREY, INK
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.kernels import Kernels

MOST_KERNELS, MOST_CHANNELS = 32, 16
"""How many are drawn, where nothing else is asked."""

ACROSS = 8
"""How many kernels of one or three channels are drawn in a row."""


def kernels_document(
    kernels: Kernels, *, most: int = MOST_KERNELS, channels: int = MOST_CHANNELS
) -> d.Document:
    """The kernels, and which of the gallery's each is most like.

    Args:
        kernels: The kernels.
        most: How many at most, the first ones.
        channels: How many of each kernel's channels at most.
    """
    checks.whole("most", most)
    checks.whole("channels", channels)
    height, width, joined, number = kernels.kernels.shape
    size = f"{height}×{width}×{joined} (rows×columns×channels)"
    title = f"{kernels.layer}: {counted(number, 'kernel')} {size}"
    low, high = float(kernels.kernels.min()), float(kernels.kernels.max())
    return d.Document(
        title,
        (
            d.Text(
                f"values {written(low, '.4g')} to {written(high, '.4g')}, "
                f"{(kernels.kernels < 0).mean():.0%} negative"
            ),
            d.Figure(lambda: draw_kernels(kernels, most, channels), f"kernels of {kernels.layer}"),
            *_nearest(kernels, most),
        ),
        drawing=lambda: draw_kernels(kernels, most, channels, title),
    )


def _nearest(kernels: Kernels, most: int) -> Iterator[d.Part]:
    every, chance = kernels.nearest(), kernels.by_chance()
    if chance is None:
        yield d.Text("too small to be compared with the gallery's kernels, which are 3×3")
        return
    yield d.Text("nearest in the gallery (cosine; below 0: with all signs turned):")
    rows = [
        (
            f"kernel {each.kernel}",
            each.name,
            written(each.similarity, "+.2f"),
            "" if abs(each.similarity) > chance else "may be chance",
        )
        for each in every
    ]
    limit = d.Limit(most, most, "more", "--most shows them, --json all")
    yield d.Table("nearest", ("", "gallery", "cosine", ""), rows, left=2, limit=limit)
    yield d.Text(f"of 20 random kernels of this size, 19 stay within ±{chance:.2f}")


def draw_kernels(kernels: Kernels, most: int, channels: int, title: str = "") -> Figure:
    """Draw kernels, colours centred on 0, a minus sign on every negative cell."""
    height, width, joined, number = kernels.kernels.shape
    drawn, read = min(most, number), min(channels, joined)
    part = kernels.kernels[:, :, :read, :drawn].astype(np.float64)
    largest = float(np.abs(part).max()) or 1.0
    across = max(1, ACROSS // read) if joined in (1, 3) else 1
    down = -(-drawn // across)
    mosaic = np.zeros((down * (height + 1) - 1, across * read * (width + 1) - 1))
    corners = {}
    for k in range(drawn):
        for c in range(read):
            top, left = k // across * (height + 1), (k % across * read + c) * (width + 1)
            mosaic[top : top + height, left : left + width] = part[:, :, c, k]
            corners[k, c] = top, left
    cell = min(0.25, 12.0 / max(mosaic.shape))
    tall, wide = cell * mosaic.shape[0], cell * mosaic.shape[1]
    figure = new_figure(max(5.0, wide + 1.8), tall + 1.3)
    axes = figure.add_subplot()
    image = draw_map(axes, mosaic, limit=largest, scale="weights")
    _mark_negative(axes, mosaic, largest, cell)
    for (k, c), (top, left) in corners.items():
        right, bottom = left + width - 0.5, top + height - 0.5
        axes.plot(
            [left - 0.5, right, right, left - 0.5, left - 0.5],
            [top - 0.5, top - 0.5, bottom, bottom, top - 0.5],
            color=GREY, linewidth=0.5, clip_on=False,
        )  # fmt: skip
        if c == 0:
            axes.text(
                left - 0.6, top + (height - 1) / 2, str(k), fontsize=6, ha="right", va="center"
            )
        if k < across and read > 1:
            axes.text(
                left + (width - 1) / 2, top - 0.7, _channel(c, joined), fontsize=6, ha="center",
                va="bottom",
            )  # fmt: skip
    axes.set_axis_off()
    colour_bar(image, axes, "green, −: negative    purple: positive")
    figure.suptitle(title)
    left_out = [
        f"{what} 0 to {seen - 1} of {all_}"
        for what, seen, all_ in (("kernels", drawn, number), ("channels", read, joined))
        if seen < all_
    ]
    if left_out:
        words_below(figure, [f"Shown are {' and '.join(left_out)}."])
    return figure


def _mark_negative(axes: Axes, mosaic: NDArray[np.float64], largest: float, cell: float) -> None:
    """A minus sign on every negative cell, white where that is dark."""
    dark = mosaic < -0.5 * largest
    for chosen, colour in ((dark, "white"), ((mosaic < 0) & ~dark, INK)):
        rows, columns = np.nonzero(chosen)
        axes.scatter(
            columns, rows, marker="_", s=(30 * cell) ** 2 / 2, c=colour, linewidths=0.8,
        )  # fmt: skip


def _channel(channel: int, channels: int) -> str:
    return ("red", "green", "blue")[channel] if channels == 3 else str(channel)
