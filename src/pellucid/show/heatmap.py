"""A heatmap: the picture, the map with its scale, one over the other, and what it can claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import (
    bare,
    colour_bar,
    draw_map,
    draw_picture,
    mark_signs,
    new_figure,
    outline_strongest,
    words_below,
)
from pellucid.show.found_boxes import mark_box
from pellucid.show.sound_axes import mark_scored
from pellucid.show.titles import answer_section, score_headline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.explain.emptiness import Emptiness
    from pellucid.explain.heatmap import Heatmap

EMPTY = {
    "zero": "empty: 0 everywhere",
    "constant": "the same everywhere",
    "not finite": "NaN or infinite",
}


def heatmap_document(heatmap: Heatmap, *, picture: str = "") -> d.Document:
    """What was asked, what was found, the figure, and the claims.

    Args:
        heatmap: The heatmap.
        picture: What the picture is called.
    """
    title = score_headline(heatmap.scored, picture)
    return d.Document(
        title,
        (
            d.Text(heatmap.title),
            d.Text(heatmap.found),
            d.Figure(lambda: draw_heatmap(heatmap), heatmap.title, 900),
            *claims(heatmap),
            answer_section(heatmap.scored.activations),
        ),
        drawing=lambda: draw_heatmap(heatmap, title),
    )


def claims(heatmap: Heatmap) -> list[d.Text]:
    """What should be said beside the map, what it can claim, and what it cannot."""
    own = heatmap.remark, heatmap.scored.held_words
    found = [d.Text(line) for line in own if line]
    if heatmap.method.insensitive:
        found.append(
            d.Text("fails the randomisation test: its picture hardly depends on what was learned")
        )
    return [*found, d.Text(heatmap.can, "it can say"), d.Text(heatmap.cannot, "it cannot say")]


def draw_heatmap(heatmap: Heatmap, title: str = "") -> Figure:
    """Draw it; with a title above, and what it can claim below, where it stands alone."""
    figure = new_figure(9.6, 4.6 if title else 3.4)
    if title:
        figure.suptitle(f"{title}\n{heatmap.title}", fontsize=10)
    left, middle, right = figure.subplots(1, 3)
    draw_picture(left, heatmap.scored.image)
    bare(left, "the picture")
    mark_scored(left, heatmap.scored)
    mark_box(left, heatmap.scored)
    signed = heatmap.method.signed
    image = draw_map(middle, heatmap.values)
    bare(middle, heatmap.method.name)
    draw_picture(right, heatmap.scored.image, faint=True)
    if heatmap.empty is not None:
        write_empty(middle, heatmap.empty)
        bare(right, "over the picture: nothing")
    else:
        colour_bar(image, middle, scale_words(heatmap), signed=signed)
        draw_map(right, heatmap.values)
        mark = mark_signs if signed else outline_strongest
        mark(right, heatmap.values)
        mark_box(right, heatmap.scored)
        over = signs_words(heatmap) if signed else "line: half of the largest"
        bare(right, f"over the picture; {over}")
    if title:
        lines = [f"It can say {heatmap.can}.", f"It cannot say {heatmap.cannot}."]
        words_below(figure, [*heatmap.remarks, *lines])
    return figure


def write_empty(axes: Axes, empty: Emptiness) -> None:
    """Write on a map that shows nothing that it is so."""
    axes.text(
        0.5, 0.5, EMPTY[empty.kind], ha="center", va="center", fontsize=10, color="black",
        transform=axes.transAxes,
        bbox={"boxstyle": "round,pad=0.4", "facecolor": "white", "lw": 0.4},
    )  # fmt: skip


def signs_words(heatmap: Heatmap) -> str:
    """What the signs on the picture stand for."""
    return "+ raises it, − lowers it" if heatmap.scored.is_number else "+ for, − against"


def scale_words(heatmap: Heatmap) -> str:
    """What the colours stand for."""
    if not heatmap.method.of_score:
        return "activity, of its largest"
    if heatmap.scored.is_number:
        more = f"raises {heatmap.target}"
        if not heatmap.method.signed:
            return more
        return f"blue, −: lowers {heatmap.target}    orange, +: {more}"
    if not heatmap.method.signed:
        return f"for {heatmap.target}"
    other = heatmap.against
    against = f"against {heatmap.target}" if other is None else f"for {other}"
    return f"blue, −: {against}    orange, +: for {heatmap.target}"
