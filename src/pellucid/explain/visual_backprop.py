"""VisualBackProp: where all convolutions are active, carried back from the last to the pixels.

Bojarski et al. 2016, *VisualBackProp: efficient visualization of CNNs*, algorithm 1; used on
PilotNet in Bojarski et al. 2017, *Explaining how a deep neural network trained with end-to-end
learning steers a car*. The last convolution's maps are averaged over channels; this mask is brought
to the size of what that convolution read, by a transposed convolution of ones, and multiplied with
the average of the maps there; and so on, down to the picture.

The rule works on any graph: a mask goes back through every layer to the positions that it reads,
masks of several readers add up, and what a convolution reads multiplies. Averages are of the
positive parts, since maps of convolutions without an activation have both signs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.evidence import check_dependence
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.last_convolution import default_layer
from pellucid.explain.methods import VISUAL_BACKPROP
from pellucid.ops.operation import describe
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array
    from pellucid.ops.reads import Axis


def visual_backprop(scored: Score, *, layer: str | None = None) -> Heatmap:
    """Where the convolutions are active together, 0 to 1.

    Args:
        scored: What is asked; the map is the same for every score of the picture.
        layer: Whose maps it begins with; by default the last convolution's, see
            :func:`~pellucid.explain.last_convolution.default_layer`.

    Raises:
        ArgumentError: If there is no such layer, or it has no feature maps; or if no layer is
            given and there is no convolution; or a layer on the way reads positions that depend on
            values.
    """
    graph, values = scored.graph, scored.computed.values
    name = graph[default_layer(graph)[1] if layer is None else layer].name
    if len(graph.shapes[name]) != 3:
        raise ArgumentError(
            f"layer {quoted(name)} gives {describe(graph.shapes[name])} values and no feature "
            f"maps; choose a layer with maps, e.g. {printable(default_layer(graph)[0])}"
        )
    check_dependence(graph, name)
    read = {
        source
        for node in graph.nodes
        if node.operation.family == "convolution"
        for source in node.inputs
        if source != graph.input
    }
    masks: dict[str, NDArray[np.float64]] = {name: _average(values[name])}
    for node in reversed(graph.nodes):
        mask = masks.pop(node.name, None)
        if mask is None:
            continue
        if node.name in read and node.name != name:
            mask = _scaled(mask * _average(values[node.name]))
        reads = node.operation.reads(*graph.inputs_of(node))
        for source, axes in zip(node.inputs, reads.inputs, strict=True):
            if len(axes) == len(reads.output) == 3:
                rows, columns = (_positions(axes[k], k, reads.output[k]) for k in (0, 1))
                back = rows.T @ mask @ columns
                masks[source] = masks.get(source, 0.0) + back
    found = masks.get(graph.input)
    if found is None:  # everything on the way lost its places
        raise ArgumentError(
            f"layer {quoted(name)} has no positions that belong to the picture's; choose an "
            f"earlier one, e.g. {printable(default_layer(graph)[0])}"
        )
    return Heatmap(
        scored,
        VISUAL_BACKPROP,
        _scaled(found),
        float(scored.of_images(scored.image[None])[0]),
        layer=name,
        remark=f"the same for every answer; from the maps of {printable(name)} on",
    )


def _average(maps: Array) -> NDArray[np.float64]:
    """The mean over channels of the positive parts, (h, w)."""
    return np.asarray(np.maximum(maps.astype(np.float64), 0.0).mean(axis=-1))


def _scaled(mask: NDArray[np.float64]) -> NDArray[np.float64]:
    """With 1 for the largest; what is 0 everywhere, or not finite, stays."""
    highest = float(mask.max())
    return mask / highest if 0.0 < highest < np.inf else mask


def _positions(axis: Axis, along: int, length: int) -> NDArray[np.float64]:
    """1 where an output's position along an axis reads an input's, (output, input)."""
    if axis.located is not None:
        raise ArgumentError(
            "a layer reads places that depend on values, through which no map goes back; take "
            "integrated-gradients or occlusion"
        )
    found = np.zeros((length, axis.length))
    at = [0, 0, 0]
    for place in range(length):
        at[along] = place
        for _, position in axis.read(tuple(at)):
            found[place, position] = 1.0
    return found
