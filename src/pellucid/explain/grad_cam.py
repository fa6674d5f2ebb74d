"""Grad-CAM: in which part of the image a layer's feature maps speak for a score.

    map = ReLU(Σ_k w_k · A_k),  w_k = mean over positions of ∂score/∂A_k

Selvaraju et al. 2017, *Grad-CAM*. Grad-CAM++ (Chattopadhay et al. 2018, eq. 10 and 19) weights
positions by α, for Y = exp(score); the factor exp(score) is left out, since it is the same
everywhere:

    w_k = Σ α_k · ReLU(g_k),  α_k = g_k² / (2·g_k² + Σ A_k · g_k³)
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.evidence import check_dependence
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.last_convolution import default_layer
from pellucid.explain.methods import GRAD_CAM, GRAD_CAM_PLUS_PLUS
from pellucid.ops.operation import describe
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from pellucid.explain.methods import Method
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

ROUNDING = 1e-6
"""Of a sum of float32 products, as a share of their sizes."""


def grad_cam(scored: Score, *, layer: str | None = None) -> Heatmap:
    """Feature maps weighted by their mean gradient.

    Args:
        scored: What is asked.
        layer: Whose feature maps; by default the last convolution's, see
            :func:`~pellucid.explain.last_convolution.default_layer`.

    Raises:
        ArgumentError: If there is no such layer, or it has no feature maps; or if no layer is
            given and there is no convolution.
    """
    name, remark = _layer(scored, layer)
    maps, slopes, score = _maps_and_slopes(scored, name)
    return _heatmap(scored, GRAD_CAM, name, maps, slopes.mean(axis=(0, 1)), score, remark)


def grad_cam_plus_plus(scored: Score, *, layer: str | None = None) -> Heatmap:
    """Feature maps weighted by their positive gradients, those of several instances alike.

    Args:
        scored: What is asked.
        layer: As in :func:`grad_cam`.

    Raises:
        ArgumentError: As in :func:`grad_cam`.
    """
    name, remark = _layer(scored, layer)
    maps, slopes, score = _maps_and_slopes(scored, name)
    squares = slopes**2
    below = 2.0 * squares + maps.sum(axis=(0, 1)) * slopes**3
    alpha = np.divide(squares, below, out=np.zeros_like(below), where=below != 0.0)
    weights = (alpha * np.maximum(slopes, 0.0)).sum(axis=(0, 1))
    return _heatmap(scored, GRAD_CAM_PLUS_PLUS, name, maps, weights, score, remark)


def _layer(scored: Score, layer: str | None) -> tuple[str, str]:
    """The layer to look into, and a remark on how it was chosen."""
    graph, remark = scored.graph, ""
    if layer is None:
        convolution, layer = default_layer(graph)
        behind = "" if layer == convolution else f", as {printable(layer)} hands them on"
        remark = f"feature maps of the last convolution, {printable(convolution)}{behind}"
    name = graph[layer].name
    shape = graph.shapes[name]
    if len(shape) != 3:
        raise ArgumentError(
            f"layer {quoted(name)} gives {describe(shape)} values and no feature maps; choose "
            f"a layer with maps, e.g. {printable(default_layer(graph)[0])}"
        )
    return name, remark


def _maps_and_slopes(scored: Score, name: str) -> tuple[Array, Array, float]:
    """A layer's feature maps, and the score's gradient there, (h, w, K) each; and the score."""
    graph = scored.graph
    check_dependence(graph, name)
    found = scored.program.differentiate(
        graph.select(name, graph.output),
        {graph.input: scored.image[None]},
        {graph.output: scored.gradient(1)},
        values=[name],
    )
    score = float(scored.of_logits(found.outputs[graph.output])[0])
    return found.outputs[name][0], found.values[name][0], score


def _heatmap(
    scored: Score,
    method: Method,
    layer: str,
    maps: Array,
    weights: Array,
    score: float,
    remark: str,
) -> Heatmap:
    height, width, _ = scored.graph.input_shape
    sums = (maps @ weights).astype(np.float64)
    size = float((np.abs(maps) @ np.abs(weights)).max())
    # where the largest sum is the rounding of terms that cancel, there is nothing
    cam = np.maximum(sums, 0.0) if not sums.max() <= ROUNDING * size else np.zeros_like(sums)
    one = f"layer {printable(layer)} has a single position; an earlier one tells places apart"
    return Heatmap(
        scored,
        method,
        enlarge(cam, height, width),
        score,
        coarse=cam,
        layer=layer,
        settings={"weights": weights.tolist()},
        remark=remark,
        if_empty=_why_empty(layer, maps, weights, float(sums.max())),
        if_constant=one if cam.size == 1 else "",
    )


def _why_empty(layer: str, maps: Array, weights: Array, highest: float) -> str:
    """Why nothing is left of a sum of feature maps after ReLU; no text where that is not known."""
    if not maps.any():
        return f"the feature maps of {printable(layer)} are 0 everywhere"
    if not weights.any():
        return f"the score does not change with the feature maps of {printable(layer)}"
    if highest < 0.0:
        return (
            f"everything at {printable(layer)} speaks against the score (the weighted sum of the "
            f"feature maps is {highest:.4g} at most), and what is negative is left out"
        )
    return ""


def enlarge(map_hw: Array, height: int, width: int) -> Array:
    """A map brought to another size, bilinearly, positions being little squares: float64."""
    return _matrix(height, len(map_hw)) @ map_hw @ _matrix(width, map_hw.shape[1]).T


@lru_cache(maxsize=64)
def _matrix(length: int, given: int) -> Array:
    """How each of ``length`` values is mixed from ``given`` ones along an axis."""
    centre = np.clip((np.arange(length) + 0.5) * given / length - 0.5, 0, given - 1)
    low = np.floor(centre).astype(int)
    share = centre - low
    mixed = np.zeros((length, given))
    rows = np.arange(length)
    mixed[rows, low] += 1.0 - share
    mixed[rows, np.minimum(low + 1, given - 1)] += share
    return mixed
