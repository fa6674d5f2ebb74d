"""Heatmaps that show nothing: that they do, why, and which layer or method shows something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain import methods
from pellucid.explain.last_convolution import default_layer
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

ZERO, CONSTANT, NOT_FINITE = "zero", "constant", "not finite"

ROUNDING = 2e-6
"""Falls of a score smaller than this share of it (of 1 at least) are float32's rounding."""

SAME = 1e-6
"""Values that differ by less than this share of the largest are the same."""

MOST_LAYERS = 12
"""How many other layers are tried."""

_OTHERS = (
    methods.EVIDENCE.name,
    methods.OCCLUSION.name,
    methods.GRAD_CAM.name,
    methods.INTEGRATED_GRADIENTS.name,
    methods.GRADIENT.name,
)
"""What is tried where a method finds nothing, in this order."""

_WITH_LAYERS = (methods.GRAD_CAM.name, methods.GRAD_CAM_PLUS_PLUS.name)


@dataclass(frozen=True)
class Emptiness:
    """Why a heatmap says nothing, and what says something instead.

    Attributes:
        kind: ``"zero"``, ``"constant"`` or ``"not finite"``.
        reason: Why, in words.
        method: A method that is not empty for the same question; none if all that were tried are.
        layer: The layer that it looks into; none where the method takes none.
    """

    kind: str
    reason: str
    method: str | None = None
    layer: str | None = None

    @property
    def advice(self) -> str:
        """What to try, in words."""
        if self.kind == NOT_FINITE:
            return "no method can explain such a network; train it from scratch with a smaller rate"
        if self.method is None:
            return "the other methods find nothing either"
        layer = "" if self.layer is None else f" --layer {printable(self.layer)}"
        return f"for this picture there is something to see with --method {self.method}{layer}"

    @property
    def line(self) -> str:
        """Reason and advice in one line."""
        return f"{self.reason}; {self.advice}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": self.kind,
            "reason": self.reason,
            "method": self.method,
            "layer": self.layer,
        }


def emptiness(heatmap: Heatmap) -> Emptiness | None:
    """What is to be said of a heatmap that shows nothing; none if it shows something.

    Other layers and methods are only tried where it shows nothing.
    """
    kind = _kind(heatmap)
    if kind is None:
        return None
    if kind == NOT_FINITE:
        return Emptiness(kind, "values are NaN or infinite, since the network's own numbers are")
    if kind == ZERO:
        reason = f"empty, 0 everywhere: {heatmap.if_empty or heatmap.method.if_empty}"
    else:
        value = float(heatmap.values.flat[0])
        reason = (
            f"the same everywhere, {value:.4g}: {heatmap.if_constant or 'no place is preferred'}"
        )
    for method, layer in _alternatives(heatmap):
        if _shows_something(heatmap.scored, method, layer):
            return Emptiness(kind, reason, method, layer)
    return Emptiness(kind, reason)


def _kind(heatmap: Heatmap) -> str | None:
    values = heatmap.values
    if not np.isfinite(values).all():
        return NOT_FINITE
    largest = float(np.abs(values).max())
    is_difference = heatmap.method is methods.OCCLUSION
    if largest <= (ROUNDING * max(1.0, abs(heatmap.score)) if is_difference else 0.0):
        return ZERO
    if values.size > 1 and float(np.ptp(values)) <= SAME * largest:
        return CONSTANT
    return None


def _alternatives(heatmap: Heatmap) -> Iterator[tuple[str, str | None]]:
    """The same method at other layers, then other methods."""
    own = heatmap.method.name
    if own in _WITH_LAYERS:
        for layer in _layers_with_maps(heatmap.scored):
            if layer != heatmap.layer:
                yield own, layer
    for other in _OTHERS:
        if other != own:
            yield other, None


def _layers_with_maps(scored: Score) -> list[str]:
    """Layers behind the first convolution that have several positions.

    First the one that Grad-CAM looks into by default, then from the last on.
    """
    graph = scored.graph
    names: list[str] = []
    seen = False
    for node in graph.nodes:
        seen = seen or node.operation.family == "convolution"
        shape = graph.shapes[node.name]
        if seen and len(shape) == 3 and shape[0] * shape[1] > 1:
            names.append(node.name)
    default = [name for name in names if name == default_layer(graph)[1]]
    return [*default, *(name for name in names[::-1] if name not in default)][:MOST_LAYERS]


def _shows_something(scored: Score, method: str, layer: str | None) -> bool:
    try:
        found: Any = methods.METHODS[method].function(
            scored, **({} if layer is None else {"layer": layer})
        )
    except ArgumentError:
        return False  # the method does not suit the network, or the layer the method
    return _kind(found.heatmap() if hasattr(found, "heatmap") else found) is None


def strongest(values: Array) -> tuple[int, int]:
    """Row and column of the largest value, the first of equals."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return int(row), int(column)
