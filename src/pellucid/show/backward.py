"""The loss and every gradient: y − t at the outputs, then every layer back to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import figure as written
from pellucid.numerals import probability, short
from pellucid.ops.operation import describe
from pellucid.show import document as d
from pellucid.show.layers_figure import Layer, draw_layers
from pellucid.show.sentences import loss_line, settled_line, wanted_head
from pellucid.show.terms import gradient_parts, gradient_title
from pellucid.show.titles import headline
from pellucid.show.trace import as_maps, class_bars
from pellucid.tasks import MultiLabel, Regression

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.explain.backward_step import BackwardStep
    from pellucid.ops.operation import Array


def backward_document(
    backward: Backward, *, picture: str = "", opened: GradientTerms | None = None
) -> d.Document:
    """The loss, the logits' gradient, then all steps from the logits to the picture.

    Args:
        backward: The gradients.
        picture: What the picture is called.
        opened: A gradient that is shown first, opened into its terms.
    """
    value = [] if opened is None else [d.Section(gradient_title(opened), gradient_parts(opened))]
    right = "right is" if backward.truth.given else "taken to be right:"
    title = f"{headline(backward.activations, picture)}; {right} {backward.label}"
    return d.Document(
        title,
        (
            d.Text(loss_line(backward)),
            *value,
            _at_outputs(backward),
            *([d.Text(settled_line(backward), prose=True)] if backward.settled else ()),
            *([d.Text(UNFOLDED, prose=True)] if backward.unfolded else ()),
            d.Only("terminal", [_table(backward)]),
            d.Only("page", [_step(backward, step) for step in backward.steps]),
        ),
        drawing=lambda: draw_backward(backward, title),
    )


def _at_outputs(backward: Backward) -> d.Table:
    """Where the gradient begins: the network's outputs beside what is wanted of them."""
    if backward.of_map:
        return at_map(backward)
    t, delta = backward.wanted, [written(each) for each in backward.at_logits.tolist()]
    names = backward.activations.classes
    task = backward.activations.model.task
    if isinstance(task, Regression):
        right, z = task.values(t).tolist(), backward.outputs.tolist()
        read = backward.activations.answer.tolist()
        numbers = [
            (name, *map(written, (read[k], right[k], z[k], t[k])), delta[k])
            for k, name in enumerate(names)
        ]
        heads = ("number", "predicted", "right", "z", "t", "∂loss/∂z")
        return d.Table("the outputs' gradient", heads, numbers)
    y, rest = backward.probabilities, backward.rest
    rows = [
        (name, probability(y[k], rest[k]), written(t[k]), delta[k]) for k, name in enumerate(names)
    ]
    what = "label" if isinstance(task, MultiLabel) else "class"
    return d.Table("the logits' gradient", (what, "y", wanted_head(backward), "∂loss/∂logit"), rows)


def at_map(backward: Backward) -> d.Table:
    """The outputs of a map whose gradients are the largest, most pressing first."""
    delta, task = backward.at_logits, backward.activations.model.task
    order = np.argsort(-np.abs(delta), axis=None, kind="stable")[: AT_MAP.page]
    rows = []
    for at in zip(*(axis.tolist() for axis in np.unravel_index(order, delta.shape)), strict=True):
        if not delta[at]:
            break
        rows.append((task.output_at(at).words, written(backward.outputs[at]), written(delta[at])))
    return d.Table("the map's gradient", ("output", "z", "∂loss/∂z"), rows, limit=AT_MAP)


AT_MAP = d.Limit(12, 100, "smaller ones")
"""Outputs of a map that are listed."""

UNFOLDED = (
    "Gradients are of the network as it is, batch norms by themselves with running statistics; the "
    "logits, and so y − t, are those that were predicted, with norms folded into the layers before."
)


def _table(backward: Backward) -> d.Table:
    rows = []
    for described in (step.to_dict(values=False) for step in backward.steps):
        norms = ", ".join(
            f"{name} {_short(norm)}" for name, norm in described["weight_norms"].items()
        )
        numbers = (_number(described[key]) for key in ("lowest", "highest", "norm"))
        rows.append((described["name"], describe(tuple(described["shape"])), *numbers, norms))
    heads = ("∂loss/∂", "shape", "lowest", "highest", "norm", "weights' norms")
    return d.Table("steps", heads, rows)


def _number(value: float | None) -> str:
    """A number of a record, where null stands for what is not finite."""
    return "not finite" if value is None else written(value)


def _short(value: float | None) -> str:
    return "not finite" if value is None else short(value)


def _step(backward: Backward, step: BackwardStep) -> d.Section:
    lowest, highest = written(float(step.gradient.min())), written(float(step.gradient.max()))
    words = (
        f"{step.step.title}: {describe(step.gradient.shape)}, from {lowest} to {highest}"
        f"{_passes(step)}"
    )
    classes = backward.activations.classes
    if step.name == backward.activations.logits and not backward.of_map:
        values: d.Part = class_bars(classes, step.gradient.tolist(), "gradient at the outputs")
    else:
        alt = f"gradient at {step.name}, from {lowest} to {highest}"
        values = d.Maps(_gradient(step), alt)
    return d.Section(f"∂loss/∂{step.name}", [d.Text(words), values])


def _passes(step: BackwardStep) -> str:
    """What becomes of this gradient further back."""
    if step.winners is not None:
        return "; each goes on to its window's winner alone"
    if step.mask is not None and step.step.kind == "relu":
        return f"; ReLU's mask lets {float((step.mask > 0).mean()):.0%} of them go on"
    return ""


def _gradient(step: BackwardStep) -> Array:
    """A gradient as it is drawn: that at noise, which has no places, as one row."""
    noise = step.step.node is None and step.step.activations.from_noise
    return step.gradient.reshape(-1) if noise else as_maps(step.gradient)[0]


def draw_backward(backward: Backward, title: str) -> Figure:
    """Every step's gradient, from the logits back to the picture."""
    layers = [
        Layer(f"∂loss/∂{step.name}, {describe(step.gradient.shape)}", _gradient(step))
        for step in backward.steps
    ]
    return draw_layers(title, layers, backward.activations.classes)
