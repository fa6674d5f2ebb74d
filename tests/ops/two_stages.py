"""Anchors, proposals and the losses of both stages, box by box and in PyTorch's words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import exp, log
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from pellucid.errors import ShapeError
from pellucid.ops import AnchorLoss, RegionLoss
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.ops.operation import Array
    from pellucid.ops.propose import Propose

    Box = Sequence[float]

NONE = (0, 0, 0, 0, -1, 0)
BOXES = np.array(
    [
        [(3, 5, 40, 30, 0, 0), (20, 10, 50, 44, 2, 0), (4, 12, 20, 28, 1, 1), NONE],
        [(6, 4, 26, 24, 1, 0), (22, 18, 34, 26, 1, 0), NONE, NONE],
        [NONE, NONE, NONE, NONE],
        [(50, 30, 80, 66, 0, 0), (-20, -20, 18, 16, 2, 0), (30, 4, 60, 40, 0, 1), NONE],
        [(0, 0, 16, 16, 1, 0), (0, 0, 16, 16, 2, 0), NONE, NONE],  # two of one place
    ],
    np.float32,
)
"""Of five pictures of 48×64 pixels."""

SCALES, RATIOS = (12.0, 20.0), (0.5, 1.0, 1.7)
ANCHOR_LOSS = AnchorLoss(8, SCALES, RATIOS, boxes=4, sample=12)
"""With fewer anchors to count than there are, of both kinds."""

REGION_LOSS = RegionLoss(boxes=4)


def iou(a: Box, b: Box) -> float:
    shared = common(a, b)
    return shared / (area(a) + area(b) - shared) if shared else 0.0


def area(a: Box) -> float:
    return (a[2] - a[0]) * (a[3] - a[1])


def common(a: Box, b: Box) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    return wide * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def anchor_boxes(height: int, width: int, stride: int, scales: Box, ratios: Box) -> list[Box]:
    """Cell by cell."""
    found: list[Box] = []
    for i in range(height):
        for j in range(width):
            x, y = (j + 0.5) * stride, (i + 0.5) * stride
            for scale in scales:
                for ratio in ratios:
                    w, h = scale / ratio**0.5, scale * ratio**0.5
                    found.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return found


def box_of(anchor: Box, t: Box) -> list[float]:
    """What numbers make of an anchor."""
    w, h = anchor[2] - anchor[0], anchor[3] - anchor[1]
    x, y = anchor[0] + w / 2 + t[0] * w, anchor[1] + h / 2 + t[1] * h
    most = log(1000 / 16)
    w, h = w * exp(max(-most, min(most, t[2]))), h * exp(max(-most, min(most, t[3])))
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def numbers_of(anchor: Box, box: Box) -> list[float]:
    w, h = anchor[2] - anchor[0], anchor[3] - anchor[1]
    x, y = (
        (box[0] + box[2] - anchor[0] - anchor[2]) / 2,
        (box[1] + box[3] - anchor[1] - anchor[3]) / 2,
    )
    return [x / w, y / h, log((box[2] - box[0]) / w), log((box[3] - box[1]) / h)]


def proposals(z: Array, op: Propose) -> list[list[float]]:
    """The proposals of one map, pair by pair."""
    height, width, _ = z.shape
    of_cell = len(op.scales) * len(op.ratios)
    logits = z[..., :of_cell].reshape(-1)
    numbers = z[..., of_cell:].reshape(-1, 4)
    every = anchor_boxes(height, width, op.stride, op.scales, op.ratios)
    order = sorted(range(len(every)), key=lambda k: -logits[k])[: op.candidates]
    kept: list[list[float]] = []
    for k in order:
        x0, y0, x1, y1 = box_of(every[k], numbers[k])
        right, bottom = width * op.stride, height * op.stride
        box = [min(max(x0, 0), right), min(max(y0, 0), bottom)]
        box += [min(max(x1, 0), right), min(max(y1, 0), bottom)]
        if area(box) > 0 and all(iou(box, other) <= op.overlap for other in kept):
            kept.append([*box, 1 / (1 + exp(-logits[k])), 0.0])
    return kept[: op.most]


def taken_for(box: Box, targets: Array) -> tuple[float, int]:
    """The largest IoU with what is wanted, and its row; of equals the first."""
    every = [(iou(box, row), -n) for n, row in enumerate(targets) if row[4] >= 0 and not row[5]]
    most, n = max(every, default=(0.0, 1))
    return most, -n


def lies_in_ignored(box: Box, targets: Array) -> bool:
    return any(common(box, row) >= area(box) / 2 for row in targets if row[4] >= 0 and row[5])


def maps() -> Array:
    """Maps of anchors of the five pictures."""
    return np.random.default_rng(5).normal(0, 0.7, (5, 6, 8, 5 * len(SCALES) * len(RATIOS)))


def anchor_loss_in_torch(z: torch.Tensor, targets: Array, loss: AnchorLoss) -> torch.Tensor:
    of_cell = len(loss.scales) * len(loss.ratios)
    total = torch.zeros((), dtype=torch.float64)
    for map_, boxes in zip(z, targets.astype(np.float64), strict=True):
        height, width, _ = map_.shape
        every = anchor_boxes(height, width, 8, loss.scales, loss.ratios)
        wanted = [row for row in boxes if row[4] >= 0 and not row[5]]
        best = [max(iou(a, row) for a in every) for row in wanted]
        logits, numbers = map_[..., :of_cell].reshape(-1), map_[..., of_cell:].reshape(-1, 4)
        positive, negative = [], []
        for k, a in enumerate(every):
            most, n = taken_for(a, boxes)
            nearest = [top for row, top in zip(wanted, best, strict=True) if iou(a, row) == top]
            if most >= 0.7 or max(nearest, default=0) > 0:
                positive.append((k, numbers_of(a, boxes[n])))
            elif most < 0.3 and not lies_in_ignored(a, boxes):
                negative.append(k)
        half = loss.sample / 2
        p = min(1.0, half / max(1, len(positive)))
        q = min(1.0, (loss.sample - min(half, len(positive))) / max(1, len(negative)))
        for k, t in positive:
            one = torch.ones((), dtype=torch.float64)
            total = total + p * functional.binary_cross_entropy_with_logits(logits[k], one)
            total = total + p * functional.smooth_l1_loss(
                numbers[k], torch.tensor(t, dtype=torch.float64), reduction="sum", beta=1 / 9
            )
        total = total + q * functional.softplus(logits[negative]).sum()
    return total / loss.sample / len(z)


def regions() -> Array:
    """Rows of seven regions, 3 classes, of the five pictures; the last is none."""
    random = np.random.default_rng(6)
    rows = np.zeros((5, 7, 22))
    for n, boxes in enumerate(BOXES):
        for k in range(7):
            near = boxes[k % 4]
            if k < 4 and near[4] >= 0:  # positive, more or less
                rows[n, k, :4] = near[:4] + random.uniform(-4, 4, 4)
            else:
                x, y = random.uniform(0, 30, 2)
                rows[n, k, :4] = x, y, x + random.uniform(8, 30), y + random.uniform(8, 18)
    rows[:, :6, 4] = random.uniform(0, 1, (5, 6))
    rows[:, 6] = 0
    rows[:, 6, 5] = -1
    rows[..., 6:] = random.normal(0, 1.0, (5, 7, 16))
    return rows


def region_loss_in_torch(z: torch.Tensor, targets: Array, classes: int = 3) -> torch.Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for rows, boxes in zip(z, targets.astype(np.float64), strict=True):
        of_picture, count = torch.zeros((), dtype=torch.float64), 0
        for row in rows:
            if row[5] < 0:
                continue
            box = row[:4].tolist()
            most, n = taken_for(box, boxes)
            k = 0
            if most >= 0.5:
                k = int(boxes[n][4]) + 1
                goal = np.array(numbers_of(box, boxes[n])) / [0.1, 0.1, 0.2, 0.2]
                own = row[7 + classes + 4 * (k - 1) : 7 + classes + 4 * k]
                of_picture = of_picture + functional.smooth_l1_loss(
                    own, torch.tensor(goal), reduction="sum"
                )
            elif lies_in_ignored(box, boxes):
                continue
            count += 1
            of_picture = of_picture + functional.cross_entropy(
                row[None, 6 : 7 + classes], torch.tensor([k])
            )
        total = total + of_picture / max(1, count)
    return total / len(z)


def anchor_cases(loss: AnchorLoss) -> list[tuple[AnchorLoss, Array, Array]]:
    """Maps and boxes for it and for others that differ in their settings."""
    small = replace(loss, scales=(12.0,), ratios=(1.0,))
    own, away = (-2.0, -2.0, 10.0, 10.0, 0.0, 0.0), (200.0, 200.0, 220.0, 220.0, 0.0, 0.0)
    return [
        (loss, maps(), BOXES),
        (replace(loss, sample=4), maps()[1:2], BOXES[1:2]),
        (replace(loss, sample=400), maps()[:3], BOXES[:3]),
        (loss, maps()[2:3], BOXES[2:3]),
        (loss, maps()[:1], np.array([[away, NONE, NONE, NONE]])),
        (small, maps()[:1, :1, :2, :5], np.array([[own, NONE, NONE, NONE]])),
        (replace(small, sample=2), maps()[:1, :1, :2, :5], np.array([[own, NONE, NONE, NONE]])),
        (small, maps()[:1, :1, :1, :5], np.array([[own, NONE, NONE, NONE]])),
    ]


@cache
def anchor_losses_in_torch() -> list[tuple[float, Array]]:
    """Values and gradients of :func:`anchor_cases`, once for all that are compared with them."""
    found = []
    for each, given, boxes in anchor_cases(ANCHOR_LOSS):
        z = torch.tensor(given, requires_grad=True)
        value = anchor_loss_in_torch(z, boxes, each)
        (slopes,) = torch.autograd.grad(value, z)
        found.append((value.item(), slopes.numpy()))
    return found


def check_anchor_loss(loss: AnchorLoss) -> None:
    """Value and gradient are those that PyTorch finds: with boxes, and without any.

    Args:
        loss: :data:`ANCHOR_LOSS`, or the same with a fault.
    """
    cases = zip(anchor_cases(loss), anchor_losses_in_torch(), strict=True)
    for (each, given, boxes), (value, slopes) in cases:
        found, gradient = each.value_and_gradient(given, boxes)
        assert_close(found, value, "float64")
        assert_close(gradient, slopes, "float64")


def check_region_loss(loss: RegionLoss) -> None:
    """Likewise; the gradient at the regions themselves is 0."""
    every = slice(None)
    for first, end, rows in ((0, 5, every), (2, 3, every), (2, 3, slice(1)), (2, 3, slice(6, 7))):
        given = regions()[first:end, rows]
        z = torch.tensor(given, requires_grad=True)
        value = region_loss_in_torch(z, BOXES[first:end])
        (slopes,) = torch.autograd.grad(value + 0.0 * z.sum(), z)
        found, gradient = loss.value_and_gradient(given, BOXES[first:end])
        assert_close(found, value.item(), "float64")
        assert_close(gradient, slopes.numpy(), "float64")
        assert not gradient[..., :6].any()
    for width in (12, 17, 27):
        loss.check_inputs((7, width), (4, 6))
    for shape in ((7, 7), (7, 16), (7, 2), (22,), (7, 12, 12)):
        assert refuses(loss, shape)


def refuses(loss: RegionLoss, shape: tuple[int, ...]) -> bool:
    try:
        loss.check_inputs(shape, (4, 6))
    except ShapeError:
        return True
    return False
