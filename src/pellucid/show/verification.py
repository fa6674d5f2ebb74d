"""Two forms of a network compared: whether they agree, and where they part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.found_boxes import boxes_words
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.tasks import Captioning
from pellucid.text import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.evaluation.verification import LayerDifference, Verification
    from pellucid.tasks import Task

MOST_LAYERS, MOST_PICTURES = 12, 24
"""Layers and pictures that a terminal shows."""

SMALLEST = 1e-9
"""What a difference of nothing is drawn as."""


def verification_document(found: Verification) -> d.Document:
    """The verdict, how far logits are apart, and each layer's difference."""
    worst = found.differences
    share = worst.max() / found.scale if found.scale else 0.0
    others, one = found.other_answers, found.outputs.removesuffix("s")
    facts = [
        ("pictures", str(len(found.pictures)), ""),
        ("largest difference", f"{worst.max():.3g}", f"{share:.2g} of the largest {one}"),
        (f"largest {one}", f"{found.scale:.4g}", ""),
        ("allowed", f"{found.allowed:.3g}", f"{found.tolerance:g} of the largest {one}"),
        ("other answers", str(len(others)), ""),
    ]
    (a, b), (by_a, by_b) = found.names, found.made_by
    return d.Document(
        found.verdict,
        (
            d.Text(f"{a} ({by_a})", "A:"),
            d.Text(f"{b} ({by_b})", "B:"),
            d.Facts(facts),
            d.Items(found.notes),
            d.Section("Where they part", list(_layers(found))),
            *_pictures(found),
        ),
        drawing=lambda: draw_verification(found),
    )


def _layers(found: Verification) -> list[d.Part]:
    if not found.layers:
        return [d.Text("No layer can be compared: none of both has the same name and shape.")]
    rows = [_row(each, found.tolerance) for each in found.layers]
    heads = ("layer", "operation", "difference", "largest value", "share", "")
    first = found.first
    words = (
        f"Nowhere: {counted(len(found.layers), 'layer')} of both differ by no more than is allowed."
        if first is None
        else f"First at {first.layer} ({first.operation}), whose values differ by "
        f"{first.share:.2g} of the largest."
    )
    limit = d.Limit(MOST_LAYERS, noun="more layers", terminal_hint="--json lists them all")
    shown = found.layers
    if first is not None:  # a terminal shows those around the place
        rows = rows[max(0, shown.index(first) - 4) :]
    return [
        d.Text(words),
        d.Only("page", [d.Figure(lambda: draw_verification(found), words, 720)]),
        d.Table("layers", heads, rows, left=2, limit=limit),
    ]


def _row(each: LayerDifference, tolerance: float) -> tuple[str, ...]:
    mark = "" if each.share <= tolerance else "!"
    return (
        each.layer, each.operation, f"{each.difference:.2g}", f"{each.scale:.3g}",
        f"{each.share:.1g}", mark,
    )  # fmt: skip


def _pictures(found: Verification) -> list[d.Part]:
    others = found.other_answers
    if not others:
        return []
    task, (one, two) = found.model.task, found.logits
    items = []
    for i in sorted(others, key=lambda k: -found.differences[k]):
        a, b = (_answer(task, each[i : i + 1]) for each in (one, two))
        items.append(
            d.Picture(
                lambda i=i: found.images[i],  # type: ignore[misc]
                (f"A: {a}", f"B: {b}", found.pictures[i]),
                f"{found.pictures[i]}: A {a}, B {b}",
            )
        )
    limit = d.Limit(MOST_PICTURES, 48, "more", "--json lists them all")
    return [d.Section("Other answers", [d.Pictures(items, limit=limit)])]


def _answer(task: Task, outputs: NDArray[np.float64]) -> str:
    """What one picture is answered, in words: a class, all labels, or how many boxes."""
    if isinstance(task, Captioning):
        return " ".join(task.greedy_words(outputs[0]))
    answer, names = task.answer(outputs)[0], task.names
    if task.of_steps:
        return str(answer) or "nothing"
    if task.of_boxes:
        return boxes_words(task, answer)
    if np.ndim(answer) == 0:
        return str(answer)
    return ", ".join(name for name, given in zip(names, answer, strict=True) if given) or "none"


def draw_verification(found: Verification) -> Figure:
    """Each layer's difference, as a share of its largest value."""
    figure = new_figure(7.2, 3.6)
    axes = figure.add_subplot()
    shares = [min(max(each.share, SMALLEST), 10.0) for each in found.layers]
    colours = [BLUE if each.share <= found.tolerance else VERMILION for each in found.layers]
    axes.bar(range(len(shares)), shares, color=colours)
    axes.axhline(found.tolerance, color=GREY, linestyle=":", label=f"allowed: {found.tolerance:g}")
    axes.set_yscale("log")
    ticks = [10.0**power for power in range(-8, 2, 2)]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(SMALLEST, max(10 * found.tolerance, *shares, 1e-3) * 2)
    axes.set_xlabel("layer, from the picture to the answer")
    axes.set_ylabel("difference / largest value")
    axes.legend(fontsize=8)
    return figure
