"""A trace: the answer, and every layer with its maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.numerals import figure as written
from pellucid.ops.operation import describe
from pellucid.show import document as d
from pellucid.show.found_boxes import boxes_pixels
from pellucid.show.layers_figure import Layer, draw_layers
from pellucid.show.sound_axes import heard_words
from pellucid.show.terms import value_parts, value_title
from pellucid.show.titles import answer_parts, headline
from pellucid.tasks import Generation, MultiLabel, Regression
from pellucid.text import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.explain.steps import Step
    from pellucid.explain.trace import Trace
    from pellucid.explain.value_terms import ValueTerms
    from pellucid.tasks import Task


CLASSES = d.Limit(20, 100, "more classes")
"""Of many classes, the first are shown."""

MOST_VALUES, LEAST_MAPS = 1 << 16, 8
"""Values of a layer that a page shows as maps: all maps of large photographs took 50 MB."""

SEPARATE = "; computed separately: prediction folds the batch norm that follows into this layer"
"""Said of values that prediction never makes."""


def trace_document(
    trace: Trace, *, picture: str = "", opened: ValueTerms | None = None
) -> d.Document:
    """The answer, then all steps in order.

    Args:
        trace: The trace.
        picture: What the picture is called.
        opened: A value that is shown first, opened into its terms.
    """
    rows = [
        (
            step.title,
            step.name if step.predicted else f"{step.name} *",
            describe(step.shape),
            written(step.lowest),
            written(step.highest),
        )
        for step in trace.steps
    ]
    separate = any(not step.predicted for step in trace.steps)
    heads = ("step", "layer", "output", "lowest", "highest")
    value = [] if opened is None else [d.Section(value_title(opened), value_parts(opened))]
    title = headline(trace.activations, picture)
    return d.Document(
        title,
        (
            *answer_parts(trace.activations),
            *value,
            d.Only("terminal", [d.Table("steps", heads, rows, left=2)]),
            *([d.Only("terminal", [d.Text(f"*{SEPARATE[1:]}", prose=True)])] if separate else ()),
            d.Only("page", [_step(step) for step in trace.steps]),
        ),
        drawing=lambda: draw_trace(trace, title),
    )


def _step(step: Step) -> d.Section:
    title = step.title[0].upper() + step.title[1:]
    came = f" of {', '.join(step.inputs)}" if step.inputs else ""
    words = (
        f"{step.kind}{came}: {describe(step.shape)}, from {written(step.lowest)} to "
        f"{written(step.highest)}{'' if step.predicted else SEPARATE}"
    )
    return d.Section(f"{title} — {step.name}", [d.Text(words), *layer_values(step)])


def layer_values(step: Step) -> list[d.Part]:
    """A layer's values: pixels, named bars of classes or numbers, or maps."""
    activations = step.activations
    if step.node is None and activations.from_noise:
        words = f"{counted(step.values.size, 'number')} that the picture is made of"
        return [d.Maps(step.values.reshape(-1), words)]
    if step.node is None:
        seen = d.Picture(lambda: activations.pixels, ("what the network sees",))
        sound = activations.model.preprocessing.sound
        return [d.Pictures([seen], 168), *([] if sound is None else [d.Text(heard_words(sound))])]
    if step.name == activations.graph.output:
        return answer_parts(activations, CLASSES.page)
    if step.name == activations.logits and step.values.ndim == 1:
        values = step.values.tolist()
        return [class_bars(activations.classes, values, "the network's outputs")]
    values, what = as_maps(step.values)
    words = f"{what} of {step.name}, from {written(step.lowest)} to {written(step.highest)}"
    chosen = liveliest(values)
    if chosen is None:
        return [d.Maps(values, words), *([] if values is step.values else [d.Text(words)])]
    shown = f"the liveliest {len(chosen)} of {words}"
    names = [str(k) for k in chosen]
    return [d.Maps(values[..., chosen], shown, names=names), d.Text(shown)]


def as_maps(values: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """A layer's values as maps (H, W, C) or as a vector (F,), and what these are, in words.

    Rows of numbers, one for each region of a picture, are one map; of maps of regions, (R, h, w,
    C), the one with the largest value is taken, of each region.
    """
    if values.ndim == 2:
        rows = counted(len(values), "row")
        return values[..., None], f"{rows} of {counted(values.shape[1], 'number')}"
    if values.ndim == 4:
        sizes = np.abs(np.nan_to_num(values.astype(np.float64))).max(axis=(0, 1, 2))
        map_ = int(sizes.argmax())
        regions = counted(len(values), "region")
        return values[..., map_].transpose(1, 2, 0), f"map {map_} in {regions}"
    maps = counted(values.shape[-1], "feature map" if values.ndim == 3 else "value")
    return values, maps


def liveliest(values: NDArray[Any]) -> NDArray[np.int64] | None:
    """Which maps a page shows of a layer with many values, in their order; None: all of them.

    Those with the largest values, as in figures; at least :data:`LEAST_MAPS`.

    Args:
        values: (H, W, C), or (F,), all of which are shown.
    """
    if values.ndim != 3 or values.size <= MOST_VALUES:
        return None
    count = max(LEAST_MAPS, MOST_VALUES // (values.shape[0] * values.shape[1]))
    if count >= values.shape[2]:
        return None
    sizes = np.abs(np.nan_to_num(values.astype(np.float64))).max(axis=(0, 1))
    return np.sort((-sizes).argsort(kind="stable")[:count])


def class_bars(classes: tuple[str, ...], values: list[float], name: str) -> d.Bars:
    """A signed number for each class."""
    rows = [d.Bar(each, v, written(v)) for each, v in zip(classes, values, strict=True)]
    return d.Bars(name, rows, signed=True, limit=CLASSES)


def draw_trace(trace: Trace, title: str) -> Figure:
    """Every step's liveliest maps; picture, vectors and answer at the right."""
    layers = [_layer(step, trace.activations.model.task) for step in trace.steps]
    return draw_layers(title, layers, trace.activations.classes)


def _layer(step: Step, task: Task) -> Layer:
    """A step as the figure shows it."""
    title = f"{step.title}: {step.name}, {describe(step.shape)}"
    if step.name != step.activations.graph.output:
        seen = step.node is None and not step.activations.from_noise
        sound = step.activations.model.preprocessing.sound if seen else None
        values = step.values.reshape(-1) if step.node is None else as_maps(step.values)[0]
        values = step.values if seen else values
        return Layer(title, values, pixels=seen, sound=sound)
    if isinstance(task, Generation):
        return Layer(title, task.rounded(step.values), pixels=True)
    if task.of_boxes:
        return Layer(title, boxes_pixels(step.activations), pixels=True)
    if task.of_steps:
        return Layer(title, step.values)
    if isinstance(task, Regression):
        return Layer(title, step.values, lengths=False)
    mark = None
    if isinstance(task, MultiLabel):
        mark, title = task.threshold, f"{title}; line: given from {task.threshold:.1%}"
    return Layer(title, step.values, probabilities=True, mark=mark)
