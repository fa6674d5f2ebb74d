"""Ways back that only let through what is positive: guided backpropagation, and ZF Net's deconvnet.

Both run the network backwards as the gradient does, but for what a ReLU does to the signal g:

    gradient                 g · [x > 0]
    deconvnet                g · [g > 0]
    guided backpropagation   g · [x > 0] · [g > 0]

Zeiler and Fergus 2013, *Visualizing and understanding convolutional networks*, section 2.1;
Springenberg et al. 2014, *Striving for simplicity*, section 3.4.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.heatmap import Heatmap, sum_of_channels
from pellucid.explain.methods import DECONVNET, GUIDED_BACKPROPAGATION
from pellucid.explain.passes import ForwardPass
from pellucid.graph import INPUT
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.explain.methods import Method
    from pellucid.explain.passes import Rule
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array, Operation


def _guided(operation: Operation, gradient: Array, x: Array) -> Array:
    return np.asarray(np.maximum(gradient, 0) * operation.mask(x))


def _rectify(operation: Operation, gradient: Array, x: Array) -> Array:  # noqa: ARG001 - a rule
    return np.maximum(gradient, 0)


def _rules(scored: Score, rule: Callable[[Operation, Array, Array], Array]) -> dict[str, Rule]:
    """The rule for every rectifier of the network, by layer."""
    return {
        node.name: partial(rule, node.operation)
        for node in scored.graph.nodes
        if node.operation.rectifies
    }


def guided_backpropagation(scored: Score) -> Heatmap:
    """The score carried back through ReLUs that only let through what is positive both ways.

    Raises:
        ArgumentError: If the network has no ReLU.
    """
    _check_rectifiers(scored, GUIDED_BACKPROPAGATION)
    done = ForwardPass(scored.network, scored.image[None])
    found = done.gradients(scored.gradient(1), rules=_rules(scored, _guided))
    return _heatmap(scored, GUIDED_BACKPROPAGATION, found[INPUT][0])


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
    _check_rectifiers(scored, DECONVNET)
    done = ForwardPass(scored.network, scored.image[None])
    if layer is None:
        if unit is not None:
            raise ArgumentError(f"unit {unit!r:.40} belongs to no layer; name the layer too")
        found = done.gradients(scored.gradient(1), rules=_rules(scored, _rectify))
        return _heatmap(scored, DECONVNET, found[INPUT][0])
    name = scored.graph[layer].name
    value = done.values[name][0]
    if unit is None:
        unit = int(np.unravel_index(value.argmax(), value.shape)[-1])
    checks.whole("unit", unit, 0, value.shape[-1] - 1)
    own = value[..., unit]
    at = (*np.unravel_index(own.argmax(), own.shape), unit)
    start = np.zeros_like(value)
    start[at] = value[at]
    found = done.gradients(start[None], origin=name, rules=_rules(scored, _rectify))
    place = [int(k) for k in at]
    return _heatmap(
        scored,
        DECONVNET,
        found[INPUT][0],
        layer=name,
        settings={"unit": unit, "at": place, "value": float(value[at])},
        remark=f"what excites {printable(name)} at {tuple(place)}, whatever the class",
        if_empty=""
        if value[at] > 0.0
        else f"unit {unit} of {printable(name)} is {value[at]:g} at most",
    )


def _check_rectifiers(scored: Score, method: Method) -> None:
    if not _rules(scored, _rectify):
        raise ArgumentError(
            f"{method.name} is about ReLUs, and the network has none; use gradient or "
            "integrated-gradients"
        )


def _heatmap(
    scored: Score,
    method: Method,
    channels: Array,
    *,
    layer: str | None = None,
    settings: dict[str, object] | None = None,
    remark: str = "",
    if_empty: str = "",
) -> Heatmap:
    return Heatmap(
        scored,
        method,
        sum_of_channels(channels),
        float(scored.of_images(scored.image[None])[0]),
        channels=channels,
        layer=layer,
        settings=settings or {},
        remark=remark,
        if_empty=if_empty,
    )
