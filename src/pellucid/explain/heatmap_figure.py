"""A heatmap drawn: the picture, the map with its legend, one over the other, and its claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.explain.pictures import (
    bare,
    draw_map,
    draw_picture,
    mark_signs,
    new_figure,
    outline_strongest,
    plain,
    words_below,
    write_empty,
)
from pellucid.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.explain.heatmap import Heatmap


def draw_heatmap(heatmap: Heatmap) -> Figure:
    """Draw it on a new figure."""
    figure = new_figure(9.6, 4.6)
    figure.suptitle(plain(heatmap.title), fontsize=10)
    left, middle, right = figure.subplots(1, 3)
    draw_picture(left, heatmap.scored.image)
    bare(left, "the picture")
    signed = heatmap.method.signed
    image = draw_map(middle, heatmap.values, signed=signed)
    bare(middle, heatmap.method.name)
    draw_picture(right, heatmap.scored.image, faint=True)
    if heatmap.empty is not None:
        write_empty(middle, heatmap.empty)
        bare(right, "over the picture: nothing")
        _write_claims(figure, heatmap)
        return figure
    bar = figure.colorbar(image, ax=middle, shrink=0.8)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(plain(legend(heatmap)), fontsize=8)
    draw_map(right, heatmap.values, signed=signed, faint=True)
    if signed:
        mark_signs(right, heatmap.values)
    else:
        outline_strongest(right, heatmap.values)
    bare(
        right,
        "over the picture; + for, − against"
        if signed
        else "over the picture; line: half of the largest",
    )
    _write_claims(figure, heatmap)
    return figure


def _write_claims(figure: Figure, heatmap: Heatmap) -> None:
    claims = [f"It can say {heatmap.can}.", f"It cannot say {heatmap.cannot}."]
    words_below(figure, [*heatmap.remarks, *claims])


def legend(heatmap: Heatmap) -> str:
    """What the colours stand for."""
    if not heatmap.method.signed:
        return f"for {printable(heatmap.target)}"
    other = heatmap.against
    speaks_against = (
        f"against {printable(heatmap.target)}" if other is None else f"for {printable(other)}"
    )
    return f"blue, −: {speaks_against}    red, +: for {printable(heatmap.target)}"
