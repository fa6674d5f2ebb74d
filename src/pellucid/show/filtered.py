"""A kernel laid over a photograph: the kernel, the pictures, and the arithmetic of a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.filtering import filter_picture
from pellucid.explain.gallery import GALLERY
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import (
    bare,
    colour_bar,
    draw_map,
    draw_picture,
    in_style,
    new_figure,
    words_below,
)
from pellucid.show.palette import PERCENTILE, limit_of
from pellucid.text import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.filtering import Arithmetic, Border, Filtered


def filtered_document(filtered: Filtered, *, opened: tuple[Arithmetic, ...] = ()) -> d.Document:
    """The kernel, the range of the map, and the arithmetic of a pixel.

    Args:
        filtered: The picture and the map.
        opened: The arithmetic of a pixel, one for each channel.
    """
    height, width, channels = filtered.original.shape
    kernel = filtered.kernel
    kind = "grey" if channels == 1 else "colour, each channel by itself"
    divided = "" if kernel.divisor == 1 else f", divided by {kernel.divisor:g}"
    rows, columns = kernel.matrix.shape
    low, high = float(filtered.values.min()), float(filtered.values.max())
    share = filtered.clipped / filtered.values.size
    return d.Document(
        f"{kernel.name} over {width}×{height} pixels (width×height), {kind}",
        (
            d.Grids({f"{rows}×{columns} (rows×columns){divided}:": kernel.matrix.tolist()}),
            d.Text(f"values {written(low)} to {written(high)}"),
            d.Text(f"{filtered.clipped} of {filtered.values.size} ({share:.1%}) clipped to 0..255"),
            d.Figure(
                lambda: draw_filtered(filtered),
                f"the picture, filtered by {kernel.name}, and the map with its signs",
            ),
            *(d.Section(each.channel, [d.Items(_lines(each))]) for each in opened),
        ),
        drawing=lambda: draw_filtered(filtered),
    )


def _lines(each: Arithmetic) -> list[str]:
    lines = [
        f"pixel {term.row},{term.column}: {term.value} × {written(term.weight)} = "
        f"{written(term.product)}{'' if term.inside else '  (border)'}"
        for term in each.products
        if term.weight
    ]
    if zeros := sum(not term.weight for term in each.products):
        lines.append(f"and {counted(zeros, 'product')} with weight 0")
    divided = "" if each.divisor == 1 else f" ÷ {each.divisor:g} = {written(each.value)}"
    return [*lines, f"sum {written(each.sum)}{divided}; in the picture {each.shown}"]


def draw_filtered(filtered: Filtered) -> Figure:
    """The original, the filtered picture, and the map with its signs, 0 in the middle."""
    figure = new_figure(9.6, 1.2 + 3.1 * _tallness(filtered.original))
    first, second, third = figure.subplots(1, 3)
    draw_picture(first, filtered.original)
    bare(first, "original")
    draw_picture(second, filtered.picture)
    bare(second, f"{filtered.kernel.name}, clipped to 0..255")
    signed = filtered.values.mean(axis=2)
    limit = limit_of(signed)
    colour_bar(draw_map(third, signed, limit=limit), third)
    bare(third, "the map itself (mean of channels)")
    beyond = float((np.abs(signed) > limit).mean())
    largest = written(float(np.abs(signed).max()), ".4g")
    ends = f"Colours of the map end at ±{limit:.4g}; {beyond:.1%} of its values lie beyond"
    words_below(
        figure,
        [
            f"{filtered.clipped} of {filtered.values.size} values were clipped.",
            f"{ends}, up to ±{largest}." if beyond else f"{ends}.",
        ],
    )
    return figure


def gallery_sheet(pixels: NDArray[np.uint8], *, border: Border = "edge") -> Figure:
    """The picture and what each kernel of the gallery makes of it.

    Clipped to 0..255; of kernels whose weights add up to 0, which find edges and leave a picture
    black elsewhere, the map with its signs, 0 in the middle.
    """
    return in_style(lambda: _draw_gallery(pixels, border))


def _draw_gallery(pixels: NDArray[np.uint8], border: Border) -> Figure:
    original = filter_picture(pixels, GALLERY["blur"], border=border).original
    figure = new_figure(10.0, 0.8 + 2 * (2.4 * _tallness(original) + 0.3))
    axes = figure.subplots(2, 4).ravel()
    draw_picture(axes[0], original)
    bare(axes[0], "original")
    for place, kernel in zip(axes[1:], GALLERY.values(), strict=True):
        found = filter_picture(pixels, kernel, border=border)
        if kernel.matrix.sum() == 0:
            signed = found.values.mean(axis=2)
            limit = limit_of(signed)
            draw_map(place, signed, limit=limit)
            bare(place, f"{kernel.name}, −{limit:.3g} to {limit:.3g}")
        else:
            draw_picture(place, found.picture)
            bare(place, kernel.name)
    legend = (
        "Pictures are clipped to 0..255. Edge kernels are 0 where nothing changes: blue is below "
        f"0, orange above (mean of channels), and colours end where {PERCENTILE:g}% of the values "
        "do, at the numbers above."
    )
    words_below(figure, [legend])
    return figure


def _tallness(pixels: NDArray[np.uint8]) -> float:
    """Height by width of a picture, within what a figure can hold."""
    height, width, _ = pixels.shape
    return min(3.0, max(0.2, int(height) / int(width)))
