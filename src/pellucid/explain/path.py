"""One value that is followed from the first convolution to the answer, through any graph."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.gradient_terms import value_terms
from pellucid.explain.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.explain.activations import Activations, Position
    from pellucid.explain.gradient_terms import GradientTerm
    from pellucid.graph import Node
    from pellucid.ops.operation import Array

    Waypoint = tuple[str, Position]
    """A layer, and the place of the followed value in its output."""


def answer_gradients(activations: Activations, answer: Position) -> dict[str, Array]:
    """∂(the answer's score)/∂value of every layer's output, by name.

    Args:
        activations: The picture in its network.
        answer: The place of its logit in the output: (k,) of a row.
    """
    graph = activations.model.network.graph
    at_logits = np.zeros((1, *graph.output_shape))
    at_logits[(0, *answer)] = 1.0
    found = activations.program.differentiate(
        graph,
        {graph.input: activations.pixels[None]},
        {graph.output: at_logits},
        values=graph.types,
    )
    return {name: gradient[0] for name, gradient in found.values.items()}


def telling_value(activations: Activations, gradients: Mapping[str, Array]) -> Waypoint:
    """Where a story begins: a strong value of the first convolution that speaks for the answer.

    Of the liveliest feature map (the one whose positive values spread most) it is the largest whose
    window lies wholly inside the picture and has contrast (see :mod:`pellucid.explain.windows`),
    that is positive, and that raises the answer's score: so it is not lost in the layers behind.
    Where no map has such a value, the conditions are given up, the last first; contrast only where
    all windows are flat. Without a convolution it is such a unit of the first dense layer.

    Args:
        activations: The picture in its network.
        gradients: See :func:`answer_gradients`.

    Raises:
        ArgumentError: If the network has neither a convolution nor a dense layer.
    """
    node = _first_with_weights(activations)
    values = activations.values[node.name].astype(np.float64)
    inside = np.ones(values.shape, bool)
    if values.ndim == 3:
        windows = windows_of(activations, node.name)
        telling = windows.telling
        chosen = telling if telling.any() else windows.inside
        inside = np.broadcast_to(chosen[..., None], values.shape)
    positive = inside & (values > 0)
    speaks = positive & (gradients.get(node.name, np.zeros(values.shape)) > 0)
    mask = next((each for each in (speaks, positive, inside) if each.any()), np.isfinite(values))
    if values.ndim == 3:
        with np.errstate(all="ignore"):  # of a network that overflows
            spread = np.nan_to_num(np.maximum(values, 0.0).std(axis=(0, 1)), posinf=0.0)
        liveliest = np.where(mask.any(axis=(0, 1)), spread, -1.0).argmax()
        mask = mask & (np.arange(values.shape[2]) == liveliest)
    place = np.where(mask & ~np.isnan(values), values, -np.inf).argmax()
    return node.name, tuple(int(n) for n in np.unravel_index(place, values.shape))


def followed(
    activations: Activations, gradients: Mapping[str, Array], start: Waypoint
) -> tuple[Waypoint, ...]:
    """The way of a value to the logits, or as far as anything reads it.

    From each layer it goes to the output through which it raises the answer's score most: the
    pooling window that it wins, of a convolution's outputs the one with the largest value × weight
    × gradient. Outputs that it adds to come before those that it takes from.

    Args:
        activations: The picture in its network.
        gradients: See :func:`answer_gradients`.
        start: The first waypoint.
    """
    found = [start]
    while found[-1][0] != activations.logits:
        layer, at = found[-1]
        terms = value_terms(activations, gradients, layer, at)
        if not terms:
            break  # a stride steps over it, or a pooling drops the edge
        value = float(activations.values[layer][at])
        best = max(terms, key=partial(_speaks, value))
        found.append((best.layer, best.at))
    return tuple(found)


def _speaks(value: float, term: GradientTerm) -> tuple[bool, bool, float, float]:
    """How much a value says through a term; where it is not heard, what it would say decides."""
    x = value or 1.0
    says = float(np.nan_to_num(term.product * x))
    adds = says > 0 and term.factor * x > 0
    return adds, says != 0, says, float(np.nan_to_num(abs(term.factor)))


def _first_with_weights(activations: Activations) -> Node:
    nodes = activations.model.network.graph.nodes
    for family in ("convolution", "dense"):
        for node in nodes:
            if node.operation.family == family:
                return node
    raise ArgumentError(
        "the network has neither a convolution nor a dense layer, so that it learns nothing and "
        "there is no story to tell; give a model that has one"
    )
