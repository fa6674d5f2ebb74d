"""What single units look for, and whether explanations of them can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.drawing import bare, draw_picture, new_figure, words_below
from pellucid.show.palette import BLUE, INK, VERMILION
from pellucid.text import truncated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.explain.faithfulness import Faithfulness
    from pellucid.explain.maximisation import Maximised
    from pellucid.explain.patches import Patches
    from pellucid.explain.randomisation_test import RandomisationTest

ACROSS = 8
"""Patches in a row."""


def faithfulness_document(found: Faithfulness) -> d.Document:
    """Areas below both curves, beside those of a random order."""
    deletion, insertion, random_deletion, random_insertion = (
        written(area, ".3g") if abs(area) >= 1 else f"{area:.3f}"
        for area in (
            found.deletion_area, found.insertion_area, found.random_deletion,
            found.random_insertion,
        )
    )  # fmt: skip
    rows = [
        ("deletion", deletion, random_deletion, "small is good"),
        ("insertion", insertion, random_insertion, "large is good"),
    ]
    return d.Document(
        f"{found.followed}: deletion {deletion}, insertion {insertion}",
        (
            d.Table("areas", ("curve", "area", "random order", ""), rows),
            d.Figure(lambda: draw_faithfulness(found), "deletion and insertion curves", 600),
        ),
        drawing=lambda: draw_faithfulness(found),
    )


def draw_faithfulness(found: Faithfulness) -> Figure:
    """Both curves over the share of pixels, with their areas and those of a random order."""
    figure = new_figure(6.0, 3.8)
    axes = figure.subplots()
    for name, curve, marker, colour, area, random in (
        ("deletion", found.deletion, "v", BLUE, found.deletion_area, found.random_deletion),
        ("insertion", found.insertion, "^", VERMILION, found.insertion_area,
         found.random_insertion),
    ):  # fmt: skip
        described = f"{name}: area {written(area, '.3g')}, random order {written(random, '.3g')}"
        axes.plot(
            found.shares,
            curve,
            marker=marker,
            markersize=3,
            linewidth=1,
            color=colour,
            label=described,
        )
    axes.set_xlabel("share of pixels taken away, or put back")
    axes.set_ylabel(truncated(found.followed, 40))
    axes.legend()
    return figure


def maximised_document(found: Maximised) -> d.Document:
    """The picture that was made up, and how the activation rose."""
    first, last = (written(float(found.activations[k]), ".4g") for k in (0, -1))
    title = f"what would excite {found.layer}, unit {found.unit}: from {first} to {last}"
    empty = [] if found.empty is None else [d.Text(found.empty)]
    return d.Document(
        title,
        (*empty, d.Figure(lambda: draw_maximised(found), title, 700)),
        drawing=lambda: draw_maximised(found, title),
    )


def draw_maximised(found: Maximised, title: str = "") -> Figure:
    """The picture, and how the activation rose."""
    figure = new_figure(7.0, 3.4)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    draw_picture(left, found.image)
    bare(left, "not a photograph: dreamt up by the network")
    right.plot(found.activations, color=INK)
    right.set_xlabel("step")
    right.set_ylabel("activation")
    if found.empty is not None:
        words_below(figure, [found.empty])
    return figure


def patches_document(found: Patches) -> d.Document:
    """The patches, each with its value and class."""
    title = f"what excites {found.layer}, unit {found.unit}, most"
    items = [
        d.Picture(
            lambda patch=patch: patch.pixels,  # type: ignore[misc]
            (written(patch.value, ".3g"), patch.label),
            f"{written(patch.value, '.3g')}  {patch.label}, picture {patch.index}",
        )
        for patch in found.patches
    ]
    empty = [] if found.empty is None else [d.Text(found.empty)]
    return d.Document(
        title, (*empty, d.Pictures(items, 96)), drawing=lambda: draw_patches(found, title)
    )


def draw_patches(found: Patches, title: str) -> Figure:
    """The patches in a grid, each with its value."""
    across = min(ACROSS, len(found.patches))
    down = -(-len(found.patches) // across)
    figure = new_figure(max(4.0, 1.2 * across), 0.6 + 1.45 * down)
    figure.suptitle(title)
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes in grid[len(found.patches) :]:
        axes.set_axis_off()
    for axes, patch in zip(grid, found.patches, strict=False):
        draw_picture(axes, patch.pixels)
        bare(axes, f"{written(patch.value, '.3g')}\n{patch.label[:12]}")
    words = ["Above each patch: how strong the unit is there, and the class."]
    words_below(figure, [*words, *([] if found.empty is None else [found.empty])])
    return figure


def randomisation_document(found: RandomisationTest) -> d.Document:
    """How similar the heatmap stays while layer after layer becomes random."""
    rows = [
        (
            step.layer,
            *("–" if x is None else written(x, "+.2f") for x in (step.similarity, step.signed)),
        )
        for step in found.steps
    ]
    empty = [] if found.empty is None else [d.Text(found.empty.line)]
    heads = ("random down to", "rank correlation of sizes", "with signs")
    return d.Document(
        f"randomisation test of {found.method}",
        (*empty, d.Table("randomisation", heads, rows)),
    )
