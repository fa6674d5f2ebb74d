"""A unit: one value of a layer for an image, or one feature map of it; and what it can see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.explain.activations import check_position
from pellucid.graph.receptive import Span, seen_pixels
from pellucid.text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.graph import Graph


@dataclass(frozen=True)
class Field:
    """The part of the image that a unit can depend on.

    Attributes:
        rows: Within the image.
        columns: Within the image.
        whole_rows: With the padding that it sees beyond the edges; may begin below 0.
        whole_columns: The same for columns.
    """

    rows: Span
    columns: Span
    whole_rows: Span
    whole_columns: Span


def receptive_field(graph: Graph, layer: str, at: Sequence[int]) -> Field:
    """Which part of the image a layer's value can depend on.

    Args:
        graph: The network's.
        layer: The layer.
        at: (row, column, channel), or (unit,) after flattening.

    Raises:
        ArgumentError: If there is no such layer, or the position lies outside.
    """
    name = graph[layer].name
    position = check_position(f"layer {quoted(name)}", graph.shapes[name], at)
    down, across = seen_pixels(graph, name, position)
    height, width, _ = graph.input_shape
    return Field(_within(down, height), _within(across, width), down, across)


def check_unit(graph: Graph, layer: str, unit: int) -> str:
    """Check that a layer has a feature map (or unit) of that number; the layer's name.

    Raises:
        ArgumentError: If it has not.
    """
    name = graph[layer].name
    count = graph.shapes[name][-1]
    if type(unit) is not int or not 0 <= unit < count:
        raise ArgumentError(
            f"layer {quoted(name)} has the units 0 to {count - 1}, got {unit!r:.40}"
        )
    return name


def _within(span: Span, length: int) -> Span:
    return max(0, min(span[0], length)), max(0, min(span[1], length))
