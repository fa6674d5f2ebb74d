"""What may be at a place of a picture: the candidates, and the step that each was lost in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.numerals import percent
from pellucid.ops.finding import (
    AREA,
    CANDIDATE,
    CANDIDATES,
    FOUND,
    LIMIT,
    NEIGHBOUR,
    OVERLAP,
    THRESHOLD,
)
from pellucid.show import document as d
from pellucid.show.boxed import SIDE, boxed, of_class
from pellucid.show.found_boxes import EDGES, box_image
from pellucid.tasks import Detection

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

    from pellucid.explain.place import Anchor, Place
    from pellucid.tasks.found_box import Candidate


def place_document(place: Place, *, picture: str = "") -> d.Document:
    """Anchors and candidates, each with what became of it."""
    name = picture or place.activations.name
    x, y = (written(each, ".5g") for each in place.asked)
    title = f"{f'{name}: ' if name else ''}what may be at x = {x}, y = {y}"
    drawn = d.Picture(lambda: place_picture(place), ("the candidates, and the place (+)",))
    parts: list[d.Part] = [d.Only("page", [d.Pictures([drawn], SIDE)])]
    if place.activations.model.task.of_regions:
        parts.append(_anchors(place))
    parts.append(_candidates(place))
    return d.Document(title, tuple(parts), drawing=lambda: _draw(place, title))


def _anchors(place: Place) -> d.Part:
    if not place.anchors:
        return d.Text("no anchor becomes a box that covers this place")
    rows = [
        (
            f"row {each.cell[0]}, column {each.cell[1]}",
            f"{written(each.scale, '.3g')} px, {written(each.ratio, '.3g')}",
            percent(each.probability),
            _edges(each.box),
            anchor_words(each),
        )
        for each in place.anchors
    ]
    heads = ("cell", "scale, ratio", "a thing", EDGES, "then")
    return d.Table("first stage: anchors", heads, rows, left=2)


def _candidates(place: Place) -> d.Part:
    if not place.candidates:
        return d.Text("no box of any class covers this place")
    rows = [
        (
            each.found.name,
            percent(each.found.probability),
            _edges(each.found.box),
            each.found.words,
            candidate_words(place, each),
        )
        for each in place.candidates
    ]
    heads = ("class", "probability", EDGES, "found in", "then")
    stage = "second stage: " if place.activations.model.task.of_regions else ""
    return d.Table(f"{stage}the most probable box of each class", heads, rows, left=1)


def anchor_words(anchor: Anchor) -> str:
    """What became of an anchor, in words."""
    return {
        FOUND: f"region {anchor.region}",
        OVERLAP: f"lost: overlaps region {anchor.region}, which is more probable",
        CANDIDATE: "lost: too many anchors are more probable",
        AREA: "lost: no area within the picture",
        LIMIT: "lost: as many regions as are proposed are more probable",
    }[anchor.step]


def candidate_words(place: Place, candidate: Candidate) -> str:
    """What became of a candidate, in words."""
    task = place.activations.model.task
    assert isinstance(task, Detection)
    if candidate.step == FOUND:
        number = place.number_of(candidate.found.logit)
        if number is None:
            return "found, in the border around the picture"
        hidden = candidate.found.probability < task.shown
        more = f", not shown: less than {percent(task.shown)}" if hidden else ""
        return f"found: box {number + 1}{more}"
    other = None if candidate.other is None else place.number_of(candidate.other)
    box = "one in the border" if other is None else f"box {other + 1}"
    return (
        "lost: "
        + {
            THRESHOLD: f"less than {percent(task.least)}, the threshold",
            NEIGHBOUR: "a cell beside it is more probable",
            CANDIDATE: f"{CANDIDATES * task.most} candidates are more probable",
            AREA: "no area within the picture",
            OVERLAP: f"overlaps {box} of its class by more than {task.overlap:g}",
            LIMIT: f"{task.most} boxes are more probable",
        }[candidate.step]
    )


def place_picture(place: Place) -> Image.Image:
    """What the network sees, with the candidates, and a cross at the place."""
    from PIL import ImageDraw

    names = place.activations.model.task.names
    drawn = [
        of_class(
            each.found.box,
            f"{each.found.name} {percent(each.found.probability)}",
            names.index(each.found.name),
        )
        for each in place.candidates
        if each.found.box[2] > each.found.box[0] and each.found.box[3] > each.found.box[1]
    ]
    before = box_image(place.activations)
    image = boxed(before, drawn[::-1], SIDE)
    x, y = (each * image.width / before.width for each in place.at)
    pen = ImageDraw.Draw(image)
    for colour, width in (("white", 5), ("black", 2)):
        pen.line((x - 9, y, x + 9, y), colour, width)
        pen.line((x, y - 9, x, y + 9), colour, width)
    return image


def _edges(box: tuple[float, float, float, float]) -> str:
    return ", ".join(written(edge, ".1f") for edge in box)


def _draw(place: Place, title: str) -> Figure:
    import numpy as np

    from pellucid.show.drawing import new_figure, words_below

    figure = new_figure(7.2, 6.6)
    axes = figure.subplots()
    axes.imshow(np.asarray(place_picture(place)))
    axes.set_axis_off()
    axes.set_title(title.rpartition("/")[2], fontsize=10)
    lines = [
        f"anchor of row {each.cell[0]}, column {each.cell[1]}, {percent(each.probability)}: "
        f"{anchor_words(each)}"
        for each in place.anchors
    ]
    lines += [
        f"{each.found.name} {percent(each.found.probability)}, {each.found.words}: "
        f"{candidate_words(place, each)}"
        for each in place.candidates
    ]
    words_below(figure, lines)
    return figure
