"""Regions of a map in ONNX, where boxes of all examples are the rows of one matrix."""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.ops.regions import CLASS

if TYPE_CHECKING:
    from pellucid import ops
    from pellucid.interop.onnx.call import Call

FLOAT32 = 1
"""The number of that type in ONNX."""


def roi_align(call: Call[ops.RoIAlign]) -> None:
    operation, (maps, _) = call.operation, call.inputs
    rows, four, images = _rows_of_boxes(call)
    (height, width) = operation.size
    made = call.step(
        "made", "RoiAlign", maps, four, images,
        coordinate_transformation_mode="half_pixel", mode="avg",
        output_height=height, output_width=width,
        sampling_ratio=operation.samples, spatial_scale=operation.scale,
    )  # fmt: skip
    _of_boxes(call, made, rows)


def roi_pool(call: Call[ops.RoIPool]) -> None:
    operation, (maps, _) = call.operation, call.inputs
    rows, four, images = _rows_of_boxes(call)
    numbers = call.step("numbers", "Cast", images, to=FLOAT32)
    first = call.step("first", "Reshape", numbers, call.whole("column", [-1, 1]))
    five = call.step("five", "Concat", first, four, axis=1)
    made = call.step(
        "made", "MaxRoiPool", maps, five,
        pooled_shape=operation.size, spatial_scale=operation.scale,
    )  # fmt: skip
    _of_boxes(call, made, rows)


def _rows_of_boxes(call: Call[Any]) -> tuple[str, str, str]:
    """Boxes of all examples as rows, their first four numbers, and the example of each."""
    _, (_, numbers) = call.shapes
    apart = call.step("boxes", "Transpose", call.inputs[1], perm=(0, 2, 1))
    rows = call.step("all", "Reshape", apart, call.whole("flat", [-1, numbers]))
    four = _columns(call, "four", rows, 0, 4)
    counts = call.step("counts", "Shape", apart, start=0, end=2)
    ones = call.step("ones", "Expand", call.numbers("one", np.ones((1, 1))), counts)
    places = call.step("places", "NonZero", ones)
    images = call.step("images", "Gather", places, call.whole("zero", [0]), axis=0)
    return rows, four, call.step("example", "Reshape", images, call.whole("line", [-1]))


def _columns(call: Call[Any], word: str, rows: str, first: int, last: int) -> str:
    bounds = (
        call.whole(f"{word}.{k}", [n]) for k, n in (("from", first), ("to", last), ("axis", 1))
    )
    return call.step(word, "Slice", rows, *bounds)


def _of_boxes(call: Call[Any], made: str, rows: str) -> None:
    """Values of rows that are boxes, 0 of others, with an axis of rows."""
    (_, _, channels), (regions, numbers) = call.shapes
    if numbers > CLASS:
        classes = _columns(call, "class", rows, CLASS, CLASS + 1)
        known = call.step("known", "GreaterOrEqual", classes, call.numbers("least", 0.0))
        real = call.step("real", "Reshape", known, call.whole("each", [-1, 1, 1, 1]))
        made = call.step("kept", "Where", real, made, call.numbers("nothing", 0.0))
    shape = call.whole("regions", [-1, regions, channels, *call.operation.size])
    apart = call.step("apart", "Reshape", made, shape)
    call.write("Transpose", apart, perm=(0, 2, 1, 3, 4))
