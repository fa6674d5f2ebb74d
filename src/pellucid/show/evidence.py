"""Evidence: the shares of pixels, the sum that they make, and the causal test beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.numerals import compared
from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import (
    bare,
    colour_bar,
    draw_bars,
    draw_map,
    draw_picture,
    mark_signs,
    new_figure,
    words_below,
)
from pellucid.show.found_boxes import mark_box
from pellucid.show.heatmap import claims, scale_words, signs_words, write_empty
from pellucid.show.palette import INK
from pellucid.show.sound_axes import mark_scored, mark_step
from pellucid.show.titles import answer_section, score_headline
from pellucid.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.evidence import Evidence

MOST_BARS = 12
"""More layers' biases are drawn as one."""

REGIONS = d.Limit(6, 100, "more regions")
"""Regions, the strongest first."""

CHANNELS = {1: ("pixels",), 3: ("pixels, red", "pixels, green", "pixels, blue")}


def evidence_document(evidence: Evidence, *, picture: str = "") -> d.Document:
    """What was asked, the sum and its parts, the causal test, and the claims.

    Args:
        evidence: The evidence.
        picture: What the picture is called.
    """
    heatmap = evidence.heatmap()
    title = score_headline(evidence.scored, picture)
    return d.Document(
        title,
        (
            d.Text(heatmap.title),
            *([] if heatmap.empty is None else [d.Text(heatmap.empty.line)]),
            d.Figure(lambda: draw_evidence(evidence), heatmap.title, 980),
            *(claims(heatmap)),
            d.Section("What adds up", [_sum(evidence)]),
            d.Section("Regions", [_regions(evidence)]),
            answer_section(evidence.scored.activations),
        ),
        drawing=lambda: draw_evidence(evidence, title),
    )


def _sum(evidence: Evidence) -> d.Table:
    total, engine, apart = compared(evidence.total, evidence.difference)
    rows = [("pixels", written(float(evidence.pixels.sum()), "+.5f"))]
    rows += [
        (part_words(evidence, name), written(v, "+.5f")) for name, v in evidence.constants.items()
    ]
    rows += [("sum", total), ("by the engine", engine), ("difference", apart)]
    return d.Table("what adds up", ("part", "share"), rows, totals=3)


def part_words(evidence: Evidence, layer: str, most: int | None = None) -> str:
    """What a layer adds of its own, in words."""
    if evidence.scored.is_number and layer == evidence.scored.activations.graph.output:
        return evidence.scored.output.constant_words
    return f"bias of {layer[:most]}"


def _regions(evidence: Evidence) -> d.Table:
    rows = [
        (
            f"{region.rows[0]}–{region.rows[1] - 1}",
            f"{region.columns[0]}–{region.columns[1] - 1}",
            written(region.share, "+.4f"),
            written(region.occluded, "+.4f"),
        )
        for region in sorted(evidence.regions, key=lambda region: -abs(region.share))
    ]
    heads = ("rows", "columns", "share", "falls when covered")
    return d.Table("regions", heads, rows, left=2, limit=REGIONS)


def draw_evidence(evidence: Evidence, title: str = "") -> Figure:
    """Draw it; with a title above, and what it can claim below, where it stands alone."""
    figure = new_figure(11.0, 7.6 if title else 6.6)
    heatmap = evidence.heatmap()
    if title:
        figure.suptitle(f"{title}\n{heatmap.title}", fontsize=10)
    above, below = figure.subfigures(2, 1, squeeze=False)[:, 0]  # names below push no column above
    picture, shares, over = above.subplots(1, 3)
    regions, causal, sums = below.subplots(1, 3)
    draw_picture(picture, evidence.scored.image)
    bare(picture, "the picture")
    mark_scored(picture, evidence.scored)
    mark_box(picture, evidence.scored)
    image = draw_map(shares, evidence.by_pixel)
    bare(shares, "each pixel's share")
    colour_bar(image, shares, scale_words(heatmap))
    if heatmap.empty is not None:
        write_empty(shares, heatmap.empty)
    draw_picture(over, evidence.scored.image, faint=True)
    draw_map(over, evidence.by_pixel)
    mark_signs(over, evidence.by_pixel)
    mark_box(over, evidence.scored)
    mark_step(over, evidence.scored)
    bare(over, f"over the picture; {signs_words(heatmap)}")

    tested = evidence.regions
    largest = max(max(abs(r.share), abs(r.occluded)) for r in tested) or 1.0
    for axes, numbers, words_above in (
        (regions, [r.share for r in tested], "regions: share of the score"),
        (causal, [r.occluded for r in tested], "regions: how far it falls when covered"),
    ):
        rows = len({r.rows for r in tested})
        _draw_numbers(axes, np.array(numbers).reshape(rows, -1), largest)
        bare(axes, words_above)
    _draw_sum(sums, evidence)
    if title:
        total, engine, apart = compared(evidence.total, evidence.difference)
        constant = evidence.scored.output.constant_words
        adds_up = (
            f"Pixels {written(float(evidence.pixels.sum()), '+.4f')} and biases"
            f"{' with the ' + constant if constant else ''} "
            f"{written(evidence.bias, '+.4f')} make {total}; the engine's score is "
            f"{engine}, and {apart} lies between the two."
        )
        lines = [f"It can say {heatmap.can}.", f"It cannot say {heatmap.cannot}."]
        words_below(figure, [*heatmap.remarks, adds_up, *lines])
    return figure


def _draw_numbers(axes: Axes, values: NDArray[Any], largest: float) -> None:
    """A grid of numbers, coloured about 0."""
    draw_map(axes, values, limit=largest)
    for (row, column), value in np.ndenumerate(values):
        axes.text(
            column, row, written(value, "+.2f"), ha="center", va="center", fontsize=8,
            color="white" if abs(value) > 0.6 * largest else INK,
        )  # fmt: skip


def _draw_sum(axes: Axes, evidence: Evidence) -> None:
    """Pixels by channel and biases by layer, as bars that add up to the score."""
    channels = evidence.by_channel.tolist()
    names = CHANNELS.get(len(channels), tuple(f"pixels, channel {k}" for k in range(len(channels))))
    parts = list(zip(names, channels, strict=True))
    layers = sorted(evidence.constants.items(), key=lambda part: -abs(part[1]))
    parts += [(part_words(evidence, name, 24), value) for name, value in layers[:MOST_BARS]]
    if rest := layers[MOST_BARS:]:
        parts.append((counted(len(rest), "more layer"), sum(value for _, value in rest)))
    parts.append(("sum", evidence.total))
    draw_bars(axes, [d.Bar(name, value, written(value, "+.3g")) for name, value in parts])
    axes.set_title("what adds up (hatched: negative)", fontsize=9.5)
