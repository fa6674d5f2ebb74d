"""Ways back that only let through what is positive: guided backpropagation, and ZF Net's deconvnet.

Both run the network backwards as the gradient does, but for what a ReLU does to the signal, see
:mod:`pellucid.ops.positive_gradient`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.heatmap import Heatmap, heatmap_of
from pellucid.explain.methods import DECONVNET, GUIDED_BACKPROPAGATION
from pellucid.graph import Graph
from pellucid.ops.positive_gradient import PositiveGradient
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.explain.methods import Method
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array
    from pellucid.ops.pointwise import Pointwise


def guided_backpropagation(scored: Score) -> Heatmap:
    """The score carried back through ReLUs that only let through what is positive both ways.

    Raises:
        ArgumentError: If the network has no ReLU.
    """
    check_rectifiers(scored.graph, GUIDED_BACKPROPAGATION)
    shown = _of_score(scored, masked=True)
    return heatmap_of(scored, GUIDED_BACKPROPAGATION, shown)


def deconvnet(scored: Score, *, layer: str | None = None, unit: int | None = None) -> Heatmap:
    """What a unit is excited by, projected back to the pixels.

    Args:
        scored: What is asked; only its image counts where a layer is given.
        layer: A layer whose strongest position of one feature map is projected, as in the paper;
            none: the score itself.
        unit: Which feature map (or unit), from 0; none: the one with the strongest value.

    Raises:
        ArgumentError: If the network has no ReLU, or not that layer or unit.
    """
    check_rectifiers(scored.graph, DECONVNET)
    graph = scored.graph
    if layer is None:
        if unit is not None:
            raise ArgumentError(f"unit {unit!r:.40} belongs to no layer; name the layer too")
        shown = _of_score(scored, masked=False)
        return heatmap_of(scored, DECONVNET, shown)
    name = graph[layer].name
    value = scored.program.run(graph.select(name), {graph.input: scored.image[None]})[name][0]
    if unit is None:
        unit = int(np.unravel_index(value.argmax(), value.shape)[-1])
    checks.whole("unit", unit, 0, value.shape[-1] - 1)
    own = value[..., unit]
    at = (*np.unravel_index(own.argmax(), own.shape), unit)
    start = np.zeros_like(value)
    start[at] = value[at]
    place = [int(k) for k in at]
    return heatmap_of(
        scored,
        DECONVNET,
        projected(scored.program, scored.image[None], name, start[None])[0],
        layer=name,
        settings={"unit": unit, "at": place, "value": float(value[at])},
        remark=f"what excites {printable(name)} at {tuple(place)}, whatever the class",
        if_empty=""
        if value[at] > 0.0
        else f"unit {unit} of {printable(name)} is {value[at]:g} at most",
    )


def projected(
    program: Program, images: Array, name: str, signal: Array, *, masked: bool = False
) -> Array:
    """A signal at a value carried backward to the pixels of each image, positive parts only.

    Poolings send it to their winners, convolutions through their kernels.

    Args:
        program: The network.
        images: (N, H, W, C).
        name: Of the value.
        signal: (N, …), of that value's shape.
        masked: Whether ReLUs also stop what they stopped forwards: guided backpropagation, else
            deconvnet.

    Returns:
        As the images, (N, H, W, C).
    """
    whole = program.graph
    nodes = [
        replace(node, operation=PositiveGradient(cast("Pointwise", node.operation), masked))
        if node.operation.rectifies
        else node
        for node in whole.nodes
    ]
    graph = Graph(whole.inputs, nodes, whole.outputs).select(name)
    found = program.differentiate(
        graph, {whole.input: images}, {name: signal}, values=[whole.input]
    )
    return np.asarray(found.values[whole.input])


def _of_score(scored: Score, *, masked: bool) -> Array:
    """The score itself, projected, (H, W, C)."""
    images, output = scored.image[None], scored.graph.output
    found = projected(scored.program, images, output, scored.gradient(1), masked=masked)
    return np.asarray(found[0])


def check_rectifiers(graph: Graph, method: Method) -> None:
    """Check that a network has ReLUs, which a method is about.

    Raises:
        ArgumentError: If it has none.
    """
    if not any(node.operation.rectifies for node in graph.nodes):
        raise ArgumentError(
            f"{method.name} is about ReLUs, and the network has none; use gradient or "
            "integrated-gradients"
        )
