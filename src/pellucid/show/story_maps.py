"""Step 4 of a story whose network ends in a map: the box that is found, or the text written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import figure as written
from pellucid.numerals import percent
from pellucid.ops.region_loss import DEVIATIONS
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.softmax import probabilities
from pellucid.show import document as d
from pellucid.show.found_boxes import boxes_parts
from pellucid.show.sums import prose
from pellucid.show.written_units import units_parts
from pellucid.tasks import Detection, RegionDetection, Transcription
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.explain.story import Story

MOST_UNITS = 5
"""How many of a step's classes are shown, the likeliest first."""


def map_outputs(story: Story) -> str:
    """Which of a map's outputs the votes are for."""
    if story.activations.model.task.of_boxes:
        box, count = story.box, counted(len(story.activations.boxes), "box")
        return (
            f"the most probable of {count} was found in {_place(story)}. The logit of "
            f"{printable(box.name)} there is"
        )
    return f"the {story.activations.model.task.output_at(story.answer_at).words} is"


def map_parts(story: Story) -> Iterator[d.Part]:
    """What is made of the map: probabilities, then boxes, or a text."""
    task = story.activations.model.task
    if isinstance(task, Detection):
        yield d.Section("Probabilities", list(_classes(story, task)), printed=False)
        yield d.Section("The box", list(_edges(story, task)), printed=False)
        yield d.Section("Boxes", list(_boxes(story, task)), printed=False)
    elif isinstance(task, Transcription):
        yield d.Section("Softmax", list(_units(story, task)), printed=False)
        yield d.Section("Text", units_parts(story.activations), printed=False)


def _place(story: Story) -> str:
    """Where the box was found, in a sentence."""
    article = "" if story.activations.model.task.of_regions else "the "
    return f"{article}{story.box.words}"


def _classes(story: Story, task: Detection) -> Iterator[d.Part]:
    """The logits where the box was found as probabilities."""
    outputs, logits = story.backward.outputs, story.box.logits
    z = np.array([outputs[at] for at in logits.values()])
    where = f"in {_place(story)}"
    if isinstance(task, RegionDetection):
        y = probabilities(z[None])[0]
        yield prose(
            "Softmax, e^z / Σ e^z, makes probabilities of the classes and of there being none, "
            f"{where}:"
        )
    else:
        y = sigmoid(z)
        yield prose(
            "The sigmoid, 1/(1 + e^−z), makes a probability of each class, whatever the others "
            f"are, {where}:"
        )
    rows = [
        (name, written(score), percent(float(share)), "the box's" if name == story.box.name else "")
        for name, score, share in zip(logits, z.tolist(), y, strict=True)
    ]
    yield d.Table("probabilities", ("class", "score z", "probability", ""), rows)


def _edges(story: Story, task: Detection) -> Iterator[d.Part]:
    """How four outputs become the edges of the box."""
    outputs, box = story.backward.outputs, story.box
    edges = ", ".join(written(edge, ".1f") for edge in box.box)
    if isinstance(task, RegionDetection):
        region = ", ".join(written(float(edge), ".1f") for edge in outputs[box.logit[0], :4])
        near, size = (written(float(DEVIATIONS[n])) for n in (0, 2))
        yield prose(
            f"The region that was proposed is {region} (left, top, right, bottom, in pixels of "
            f"what the network sees). Four outputs correct it: the middle moves by {near}·z of "
            f"the region's width and height, and these are multiplied by e^({size}·z):"
        )
    else:
        row, column, _ = box.logit
        middle = ", ".join(written((n + 0.5) * task.stride) for n in (column, row))
        yield prose(
            f"Four outputs of the cell are the box's distances from the cell's middle, {middle} "
            f"(x, y in pixels of what the network sees): each is {task.stride}·e^z pixels:"
        )
    rows = [
        (task.output_at(at).name, written(outputs[at]), written(float(read), ".1f"))
        for at in box.numbers.values()
        for read in task.read_at(outputs[None], at)
    ]
    yield d.Table("the box's numbers", ("number", "z", "in pixels"), rows)
    yield prose(f"The box, within the picture: {edges} (left, top, right, bottom).")


def _boxes(story: Story, task: Detection) -> Iterator[d.Part]:
    """How all boxes are found, and which."""
    outputs = story.backward.outputs
    fates = task.fates(outputs)
    over = int((fates.probabilities >= task.least).sum())
    first = "" if isinstance(task, RegionDetection) else " and no less than the eight around"
    found = len(story.activations.boxes)
    yield prose(
        f"So it is with all {fates.probabilities.size:,} scores. The probability is at least "
        f"{task.least:.2%} of {over:,}; each of these{first} may be a box; from the most probable "
        "on, one is left out that overlaps a box of its class by more than "
        f"{task.overlap:.0%} of their union (non-maximum suppression). "
        f"{counted(found, 'box')} {'is' if found == 1 else 'are'} found; those of at least "
        f"{task.shown:.2%} are shown:"
    )
    yield from boxes_parts(story.activations)


def _units(story: Story, task: Transcription) -> Iterator[d.Part]:
    """The likeliest words or characters of the step that the story leads to."""
    *lead, step, chosen = story.answer_at
    z = story.backward.outputs[(*lead, step)]
    y = probabilities(z[None])[0]
    yield prose(
        "Softmax, e^z / Σ e^z, makes probabilities of a step's logits, that of the blank, which "
        f"writes nothing, among them. At step {step}:"
    )
    order = (-z).argsort(kind="stable")[:MOST_UNITS].tolist()
    rows = [
        (task.unit_name(k), written(z[k]), percent(float(y[k])), "ours" if k == chosen else "")
        for k in order
    ]
    yield d.Table("softmax", (task.units.removesuffix("s"), "score z", "probability", ""), rows)
