"""Occlusion: cover a patch, see how the score falls (Zeiler and Fergus 2013, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.engines.batches import images_at_once
from pellucid.explain.baseline import MEAN, baseline_pixels
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.methods import OCCLUSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.explain.baseline import Baseline
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

Span = tuple[int, int]
"""First row (or column), and one past the last."""

BATCH = 64
"""Covered copies that are computed at once."""

PATCHES_A_SIDE = 7
"""How many times smaller than the image the default patch is."""


def occlusion(
    scored: Score,
    *,
    size: int | tuple[int, int] | None = None,
    stride: int | tuple[int, int] | None = None,
    baseline: Baseline = MEAN,
) -> Heatmap:
    """How far the score falls, on average over all patches that cover a pixel.

    Patches begin at every ``stride``-th row and column until the edge is covered; the last ones
    hang over it.

    Args:
        scored: What is asked.
        size: The patch's side in pixels, or (height, width); by default a seventh of the image.
        stride: Between patches; by default half the size.
        baseline: What the patch is filled with, see :data:`~pellucid.explain.baseline.Baseline`.

    Raises:
        ArgumentError: If a size or stride does not fit the image.
    """
    height, width, _ = scored.graph.input_shape
    if size is None:
        size = (max(1, round(height / PATCHES_A_SIDE)), max(1, round(width / PATCHES_A_SIDE)))
    tall, wide = _pair(size)
    checks.whole("size", tall, 1, height)
    checks.whole("size", wide, 1, width)
    down, across = (max(1, tall // 2), max(1, wide // 2)) if stride is None else _pair(stride)
    checks.whole("stride", down, 1, tall)  # a longer one would leave pixels out
    checks.whole("stride", across, 1, wide)
    boxes = [(r, c) for r in _spans(height, tall, down) for c in _spans(width, wide, across)]
    falls = occlude(scored, boxes, baseline)
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for (rows, columns), fall in zip(boxes, falls, strict=True):
        total[slice(*rows), slice(*columns)] += fall
        count[slice(*rows), slice(*columns)] += 1
    return Heatmap(
        scored,
        OCCLUSION,
        total / count,
        float(scored.of_images(scored.image[None])[0]),
        settings={
            "size": [tall, wide],
            "stride": [down, across],
            "baseline": baseline_pixels(scored.graph, baseline).tolist(),
        },
        if_constant="one patch covers the whole picture; a smaller one tells places apart (--size)"
        if len(boxes) == 1
        else "",
        remark=f"patches of {tall}×{wide} pixels (rows×columns), {down} and {across} apart",
    )


def occlude(scored: Score, boxes: Sequence[tuple[Span, Span]], baseline: Baseline = MEAN) -> Array:
    """By how much the score falls when each box alone is covered, float64 (number of boxes,)."""
    image = scored.image
    even = baseline_pixels(scored.graph, baseline)
    exact = np.array_equal(even, even.round())
    fill = even.astype(np.uint8 if exact else np.float32)
    whole = image if exact else image.astype(np.float32)
    score = scored.of_images(whole[None])[0]
    falls = np.empty(len(boxes))
    size = images_at_once(whole.nbytes, BATCH)
    copies = np.empty((min(size, len(boxes)), *image.shape), whole.dtype)
    for first in range(0, len(boxes), size):
        part = boxes[first : first + size]
        copies[:] = whole
        for copy, (rows, columns) in zip(copies, part, strict=False):
            copy[slice(*rows), slice(*columns)] = fill
        falls[first : first + len(part)] = score - scored.of_images(copies[: len(part)])
    return falls


def _pair(value: Any) -> tuple[int, int]:
    """A number for both axes, or one for each; whether they are numbers is checked after."""
    first, second = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    return first, second


def _spans(length: int, size: int, stride: int) -> list[Span]:
    count = -(-(length - size) // stride) + 1
    return [(i * stride, min(i * stride + size, length)) for i in range(count)]
