"""Evidence drawn: the shares of pixels, the sum that they make, and the causal test beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.heatmap import figure_html
from pellucid.explain.heatmap_figure import legend
from pellucid.explain.pages.numbers import compared
from pellucid.explain.pictures import (
    bare,
    draw_map,
    draw_picture,
    mark_signs,
    new_figure,
    plain,
    png,
    words_below,
    write_empty,
)
from pellucid.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.explain.evidence import Evidence
    from pellucid.ops.operation import Array

MOST_BARS = 12
"""More layers' biases are drawn as one."""


def draw_evidence(evidence: Evidence) -> Figure:
    """Draw it on a new figure."""
    figure = new_figure(11.0, 7.6)
    heatmap = evidence.heatmap()
    figure.suptitle(plain(heatmap.title), fontsize=10)
    (picture, shares, over), (regions, causal, sums) = figure.subplots(2, 3)
    draw_picture(picture, evidence.scored.image)
    bare(picture, "the picture")
    image = draw_map(shares, evidence.by_pixel, signed=True)
    bare(shares, "each pixel's share")
    bar = figure.colorbar(image, ax=shares, shrink=0.8)
    bar.ax.tick_params(labelsize=8)
    bar.set_label(plain(legend(heatmap)), fontsize=8)
    if heatmap.empty is not None:
        write_empty(shares, heatmap.empty)
    draw_picture(over, evidence.scored.image, faint=True)
    draw_map(over, evidence.by_pixel, signed=True, faint=True)
    mark_signs(over, evidence.by_pixel)
    bare(over, "over the picture; + for, − against")

    tested = evidence.regions
    largest = max(max(abs(r.share), abs(r.occluded)) for r in tested) or 1.0
    for axes, numbers, title in (
        (regions, [r.share for r in tested], "regions: share of the score"),
        (causal, [r.occluded for r in tested], "regions: how far it falls when covered"),
    ):
        rows = len({r.rows for r in tested})
        _draw_numbers(axes, np.array(numbers).reshape(rows, -1), largest)
        bare(axes, title)
    _draw_sum(sums, evidence)
    total, engine, apart = compared(evidence.total, evidence.difference)
    adds_up = (
        f"Pixels {evidence.pixels.sum():+.4f} and biases {evidence.bias:+.4f} make {total}; the "
        f"engine's difference of logits is {engine}, and {apart} lies between the two."
    )
    claims = [f"It can say {heatmap.can}.", f"It cannot say {heatmap.cannot}."]
    words_below(figure, [*heatmap.remarks, adds_up, *claims])
    return figure


def _draw_numbers(axes: Axes, values: Array, largest: float) -> None:
    """A grid of numbers, coloured about 0."""
    axes.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest")
    for (row, column), value in np.ndenumerate(values):
        dark = abs(value) > 0.6 * largest
        axes.text(
            column, row, f"{value:+.2f}".replace("-", "−"), ha="center", va="center", fontsize=8,
            color="white" if dark else "black",
        )  # fmt: skip


def _draw_sum(axes: Axes, evidence: Evidence) -> None:
    """Pixels by channel and biases by layer, as bars that add up to the score."""
    channels = evidence.by_channel.tolist()
    names = (
        ["pixels"] if len(channels) == 1 else [f"pixels, channel {k}" for k in range(len(channels))]
    )
    if len(channels) == 3:
        names = [f"pixels, {colour}" for colour in ("red", "green", "blue")]
    parts = list(zip(names, channels, strict=True))
    layers = sorted(evidence.constants.items(), key=lambda part: -abs(part[1]))
    parts += [(f"bias of {printable(name)[:24]}", value) for name, value in layers[:MOST_BARS]]
    if rest := layers[MOST_BARS:]:
        parts.append((f"{len(rest)} more layers", sum(value for _, value in rest)))
    parts.append(("sum", evidence.total))
    places = range(len(parts))
    values = [value for _, value in parts]
    axes.barh(
        places, values, color=["#b2182b" if value > 0 else "#2166ac" for value in values],
        hatch=["" if value > 0 else "///" for value in values], edgecolor="white", linewidth=0.4,
    )  # fmt: skip
    axes.set_yticks(places, [plain(name) for name, _ in parts], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.tick_params(axis="x", labelsize=8)
    lowest, highest = min(0.0, *values), max(0.0, *values)
    room = 0.3 * (highest - lowest)  # for the number beside a bar, however short that is
    axes.set_xlim(lowest - room, highest + room)
    for place, value in zip(places, values, strict=True):
        axes.text(
            value, place, f" {value:+.3g} ".replace("-", "−"), va="center", fontsize=8,
            ha="left" if value > 0 else "right",
        )  # fmt: skip
    axes.set_title("what adds up (hatched: negative)", fontsize=9)


def evidence_html(evidence: Evidence) -> str:
    """For a notebook."""
    heatmap = evidence.heatmap()
    return figure_html(
        png(draw_evidence(evidence)), heatmap.title, heatmap.can, heatmap.cannot, heatmap.remarks
    )
