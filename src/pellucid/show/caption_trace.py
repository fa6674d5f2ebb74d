"""The trace of a caption: what each word was chosen against, and where it looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import figure as written
from pellucid.numerals import percent
from pellucid.show import document as d
from pellucid.show.drawing import draw_picture, new_figure
from pellucid.show.looked import lit
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.caption_trace import CaptionStep, CaptionTrace

ACROSS = 6
"""Words beside each other in a figure."""

PARTS = (("words so far", BLUE), ("picture", VERMILION), ("bias", GREY))


def caption_trace_document(
    trace: CaptionTrace, *, picture: str = "", opened: object = None
) -> d.Document:
    """The caption, and of each word its probability, its rivals, its lead, and where it looked.

    Args:
        trace: The trace.
        picture: What the picture is called.
        opened: Nothing; words are opened into traces of their own.
    """
    assert opened is None
    caption = trace.caption
    name = f" — {printable(picture)}" if picture else ""
    title = f"{printable(str(caption))}{name}"
    facts = [
        ("log-probability", written(caption.log_probability), "of all words and the end"),
        ("beam", str(trace.beam), "beginnings that were followed"),
    ]
    words = (
        "The lead of each word over the likeliest other that could be written, in logits: what the "
        "words before it add, what the places add that it looked at, and what is added whatever "
        "they are."
    )
    return d.Document(
        title,
        (
            d.Facts(facts),
            d.Only("page", [d.Figure(lambda: draw_caption(trace), title, 980), d.Text(words)]),
            d.Table(
                "words", HEADS, [_row(n, each) for n, each in enumerate(trace.steps, 1)], left=2
            ),
            d.Only("terminal", [d.Text(words, prose=True)]),
            d.Text("--word N opens one: trace shows its numbers, explain what spoke for it"),
        ),
        drawing=lambda: draw_caption(trace, title),
    )


HEADS = (
    "", "word", "probability", "others", "lead", "over", "words", "picture", "bias",
    "looked most at",
)  # fmt: skip


def _row(n: int, step: CaptionStep) -> tuple[str, ...]:
    row, column, share = step.most
    others = ", ".join(
        f"{printable(each.name)} {percent(each.probability)}" for each in step.others[:3]
    )
    return (
        str(n), printable(step.word), percent(step.probability), others,
        written(step.lead, "+.2f"), printable(step.against),
        *(written(each, "+.2f") for each in (step.words, step.picture, step.bias)),
        f"row {row}, column {column} ({share:.0%})",
    )  # fmt: skip


def draw_caption(trace: CaptionTrace, title: str = "") -> Figure:
    """The picture as each word saw it, and the parts of each word's lead below."""
    steps = trace.steps
    rows = -(-(len(steps) + 1) // ACROSS)
    figure = new_figure(11.0, 2.1 * rows + 2.6 + (0.3 if title else 0.0))
    grid = figure.add_gridspec(rows + 1, ACROSS, height_ratios=[*[1.0] * rows, 1.15])
    image = _colour(trace.pixels)
    for place in range(len(steps) + 1):
        axes = figure.add_subplot(grid[divmod(place, ACROSS)])
        if place == 0:
            _tile(axes, image, "the picture")
            continue
        step = steps[place - 1]
        words = f"{place} {printable(step.word)} {percent(step.probability)}"
        _tile(axes, lit(image, step.looked), words)
    _draw_parts(figure.add_subplot(grid[rows, :]), steps)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _colour(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _tile(axes: Axes, image: NDArray[np.uint8], words: str) -> None:
    draw_picture(axes, image)
    axes.set_axis_off()
    axes.set_title(words, fontsize=8, loc="left", pad=3)


def _draw_parts(axes: Axes, steps: tuple[CaptionStep, ...]) -> None:
    """The lead of each word as three bars side by side."""
    for at, (name, colour) in enumerate(PARTS):
        values = [(each.words, each.picture, each.bias)[at] for each in steps]
        axes.bar(np.arange(len(steps)) + 0.27 * (at - 1), values, 0.25, color=colour, label=name)
    axes.plot(
        np.arange(len(steps)), [each.lead for each in steps], "D", color="black", ms=3,
        label="lead, their sum",
    )  # fmt: skip
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    names = [f"{printable(each.word)}\nover {printable(each.against)}" for each in steps]
    axes.set_xticks(range(len(steps)), names, fontsize=7)
    axes.set_ylabel("logits")
    axes.legend(fontsize=7, ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.22), frameon=False)
