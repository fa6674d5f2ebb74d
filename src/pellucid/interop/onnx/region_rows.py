"""Nodes that take regions of maps: boxes of all pictures are the rows of one matrix there.

A file's tensors have the batch axis first everywhere else. Where a file takes one picture, or any
number, which is read as one, rows of boxes (1, R, F) seen as (R, F) are those of that picture: they
are followed up to the node that takes them, and what it makes, (R, C, h, w), up to where the batch
axis is put back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.builder import OF_BATCH
from pellucid.interop.onnx.views import Value, axis
from pellucid.ops.regions import CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.ops.operation import Operation

BOX = (0, 4)
"""The columns of a row that are its corners."""


@dataclass(frozen=True, eq=False)
class RegionRows:
    """A tensor without a batch axis of its own.

    Attributes:
        kind: Some columns of boxes; these behind the number of the picture; which rows are boxes;
            or the map of each.
        rows: The layer with all columns, (R, F).
        shape: The tensor's.
        columns: The first and one past the last of them; of maps none.
        made: The layer of the maps.
    """

    kind: Literal["boxes", "numbered", "real", "maps"]
    rows: str
    shape: tuple[int, ...]
    columns: tuple[int, int] = (0, 0)
    made: str = ""


def rows_of_batch(builder: Builder, node: OnnxNode, value: Value, wanted: Sequence[int]) -> bool:
    """Whether a reshaping of (1, R, F) to (R, F) drops the batch axis; it is noted then."""
    if builder.batch != 1 or tuple(wanted) != value.shape or len(wanted) != 2:
        return False
    flat = sum(value.theirs, ())
    if (
        not value.plain
        or sum(value.ours, ()) != flat
        or not (value.is_vector or len(value.ours) == 2)
    ):
        return False
    name = value.node
    if builder.shape(name) != tuple(wanted):
        made = builder.make(node, ops.Reshape, shape=tuple(wanted))
        name = builder.add(node, made, name, word="rows")
    builder.rows[node.outputs[0]] = RegionRows("boxes", name, tuple(wanted), (0, wanted[1]))
    return True


def reshape(builder: Builder, node: OnnxNode) -> None:
    """``Reshape`` of maps of regions to one with a batch axis, or of which rows are boxes."""
    found = builder.rows[node.input(0)]
    wanted = [int(each) for each in builder.constant(node, 1).ravel()]
    if found.kind == "real":
        builder.rows[node.outputs[0]] = found
        return
    known = -int(np.prod(wanted)) if -1 in wanted else 0
    total = int(np.prod(found.shape))
    wanted = [total // known if each == -1 and known > 0 else each for each in wanted]
    if found.kind != "maps" or tuple(wanted) != (1, *found.shape):
        raise node.refuse(OF_BATCH)
    regions, channels, height, width = map(axis, found.shape)
    value = Value(
        found.made, (regions, height, width, channels), (regions, channels, height, width)
    )
    builder.result(node, value)


def slice_(builder: Builder, node: OnnxNode) -> None:
    """``Slice`` of columns of boxes: their corners, or the class."""
    found = builder.rows[node.input(0)]
    (start,), (end,), (along,) = (builder.constant(node, k).ravel().tolist() for k in (1, 2, 3))
    if found.kind != "boxes" or along not in (1, -1) or node.input(4):
        raise node.refuse(OF_BATCH)
    start, end, _ = slice(int(start), int(end)).indices(found.shape[1])
    columns = found.columns[0] + start, found.columns[0] + end
    shape = found.shape[0], end - start
    builder.rows[node.outputs[0]] = replace(found, columns=columns, shape=shape)


def concat(builder: Builder, node: OnnxNode) -> None:
    """``Concat`` of the numbers of pictures, which are 0, with corners."""
    found = builder.rows.get(node.input(1))
    if found is None or found.kind != "boxes" or len(node.inputs) != 2:
        raise node.refuse(OF_BATCH)
    _check_pictures(node, builder.constant(node, 0), found)
    if node.attribute("axis") not in (1, -1):
        raise node.refuse(OF_BATCH)
    shape = found.shape[0], found.shape[1] + 1
    builder.rows[node.outputs[0]] = replace(found, kind="numbered", shape=shape)


def greater_or_equal(builder: Builder, node: OnnxNode) -> None:
    """``GreaterOrEqual``: which rows are boxes, by their class."""
    found = builder.rows.get(node.input(0))
    by_class = found is not None and found.columns == (CLASS, CLASS + 1)
    if found is None or not by_class or (builder.constant(node, 1) != 0).any():
        raise node.refuse("it compares numbers; of rows of boxes alone the class is compared to 0")
    builder.rows[node.outputs[0]] = replace(found, kind="real", shape=(found.shape[0],))


def where(builder: Builder, node: OnnxNode) -> None:
    """``Where``: maps of rows that are boxes, 0 of others."""
    real, maps = (builder.rows.get(node.input(k)) for k in (0, 1))
    fits = real is not None and maps is not None and (real.kind, maps.kind) == ("real", "maps")
    if not fits or real is None or maps is None or real.rows != maps.rows:
        raise node.refuse("it chooses by values; maps of rows that are boxes alone are chosen so")
    if (builder.constant(node, 2) != 0).any():
        raise node.refuse("rows that are no boxes get another value than 0")
    layer = builder.nodes[maps.made]
    whole = replace(layer, inputs=(layer.inputs[0], maps.rows))
    builder.nodes[maps.made] = whole
    builder.rows[node.outputs[0]] = maps


def roi_align(builder: Builder, node: OnnxNode) -> None:
    """``RoiAlign`` of means of samples, aligned."""
    how = node.attribute("mode", "avg")
    if how != "avg":
        raise node.refuse(f"it takes {how!r:.20} of samples; their mean, 'avg', is read")
    default = "half_pixel" if node.opset >= 16 else "output_half_pixel"
    place = node.attribute("coordinate_transformation_mode", default)
    if place != "half_pixel":
        raise node.refuse(f"it finds samples by {place!r:.40}; layers by 'half_pixel'")
    samples = node.attribute("sampling_ratio", 0)
    if not samples:
        raise node.refuse(
            "its samples depend on a box's size (sampling_ratio 0); layers have as many everywhere"
        )
    boxes = _boxes(builder, node, 1, "boxes")
    _check_pictures(node, builder.constant(node, 2), boxes)
    size = node.attribute("output_height", 1), node.attribute("output_width", 1)
    operation = builder.make(
        node, ops.RoIAlign, size=size, scale=node.attribute("spatial_scale", 1.0), samples=samples
    )
    _made(builder, node, operation, boxes)


def max_roi_pool(builder: Builder, node: OnnxNode) -> None:
    """``MaxRoiPool``."""
    boxes = _boxes(builder, node, 1, "numbered")
    size = tuple(node.attribute("pooled_shape"))
    scale = node.attribute("spatial_scale", 1.0)
    _made(builder, node, builder.make(node, ops.RoIPool, size=size, scale=scale), boxes)


def _boxes(builder: Builder, node: OnnxNode, place: int, kind: str) -> RegionRows:
    name = node.input(place)
    if name in builder.constants:
        raise node.refuse("its boxes are constants, which no layer gives; they must be computed")
    found = builder.rows.get(name)
    if found is None or found.kind != kind or found.columns != BOX:
        raise node.refuse(
            "its boxes must be the first four numbers of rows (N, R, F) whose batch axis is joined "
            "with them"
        )
    return found


def _check_pictures(node: OnnxNode, numbers: np.ndarray, boxes: RegionRows) -> None:
    if numbers.size != boxes.shape[0] or (numbers != 0).any():
        raise node.refuse("its boxes are of other pictures than their own")


def _made(builder: Builder, node: OnnxNode, operation: Operation, boxes: RegionRows) -> None:
    maps = builder.maps(node, builder.value(node))
    rows = boxes.rows
    if builder.shape(rows)[1] > CLASS:  # whose class would count
        part = builder.make(node, ops.ChannelSlice, start=BOX[0], stop=BOX[1])
        rows = builder.add(node, part, rows, word="corners")
    name = builder.add(node, operation, maps.node, rows)
    regions, height, width, channels = builder.shape(name)
    shape = regions, channels, height, width
    builder.rows[node.outputs[0]] = RegionRows("maps", boxes.rows, shape, made=name)
