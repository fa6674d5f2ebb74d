"""The centre loss in PyTorch's words, cell by cell and box by box, for comparison."""

from __future__ import annotations

from functools import cache
from math import exp
from typing import TYPE_CHECKING

import numpy as np
import torch

from pellucid.ops import CentreLoss
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

LOSS = CentreLoss(stride=8, boxes=4)
NONE = (0, 0, 0, 0, -1, 0)
BOXES = np.array(
    [
        [(3, 5, 40, 30, 0, 0), (20, 10, 50, 44, 2, 0), (4, 12, 20, 28, 1, 1), NONE],
        [(5, 5, 61, 45, 1, 0), (22, 18, 34, 26, 1, 0), NONE, NONE],
        [NONE, NONE, NONE, NONE],
        # over the borders, their centres outside; and two of one area, that share cells
        [(50, 30, 80, 66, 0, 0), (-20, -20, 18, 16, 2, 0), NONE, NONE],
        [(8, 8, 32, 24, 0, 0), (12, 4, 28, 28, 1, 0), NONE, NONE],
        [(20, 12, 44, 28, 0, 0), (26, 8, 38, 32, 1, 0), NONE, NONE],  # the smaller is higher
    ],
    np.float32,
)


def outputs() -> Array:
    """Logits and logs of distances of six pictures of 48×64 pixels, 3 classes."""
    drawn = np.random.default_rng(8).normal(0, 1.2, (6, 6, 8, 7))
    drawn[0, 2, 2, -4:] = 8.0, 9.0, -9.0, 0.5  # as far as it counts, and further
    drawn[4, 2, 2, -4:] = 0.4, -0.5, -0.4, 0.6  # across the edges of both boxes
    return drawn


def in_torch(z: torch.Tensor, targets: Array, loss: CentreLoss) -> torch.Tensor:
    """The loss of a batch of maps, (N, h, w, K + 4), and boxes, (N, M, 6)."""
    count = int(((targets[..., 4] >= 0) & (targets[..., 5] == 0)).sum())
    total = torch.zeros((), dtype=torch.float64)
    for image, boxes in zip(z, targets.astype(np.float64), strict=True):
        real = sorted(
            (b for b in boxes if b[4] >= 0 and not b[5]),
            key=lambda b: (b[2] - b[0]) * (b[3] - b[1]),
        )
        taken: set[tuple[int, int]] = set()
        middles, bells = {}, []
        for b in real:
            x = min(max((b[0] + b[2]) / 2 // loss.stride, 0), image.shape[1] - 1)
            y = min(max((b[1] + b[3]) / 2 // loss.stride, 0), image.shape[0] - 1)
            wide, high = ((b[k + 2] - b[k]) / loss.stride * loss.spread for k in (0, 1))
            cells = [
                (i, j)
                for i in range(image.shape[0])
                for j in range(image.shape[1])
                if abs(i - y) <= high / 2 and abs(j - x) <= wide / 2
            ]
            bell = {
                (i, j): exp(-18 * ((i - y) / high) ** 2 - 18 * ((j - x) / wide) ** 2)
                for i in range(image.shape[0])
                for j in range(image.shape[1])
            }
            middles[y, x, b[4]] = 1
            bells.append((b[4], bell))
            share = sum(bell[cell] for cell in cells)
            for i, j in set(cells) - taken:
                centre = torch.tensor([(j + 0.5) * loss.stride, (i + 0.5) * loss.stride])
                low = centre - loss.stride * torch.exp(image[i, j, -4:-2].clamp(-8, 8))
                high_corner = centre + loss.stride * torch.exp(image[i, j, -2:].clamp(-8, 8))
                b_low, b_high = torch.tensor(b[:2]), torch.tensor(b[2:4])
                edges = torch.minimum(high_corner, b_high) - torch.maximum(low, b_low)
                common = torch.clamp(edges, min=0).prod()
                union = (high_corner - low).prod() + (b_high - b_low).prod() - common
                hull = (torch.maximum(high_corner, b_high) - torch.minimum(low, b_low)).prod()
                giou = common / union - 1 + union / hull
                total = total + loss.box_weight * bell[i, j] / share * (1 - giou)
            taken |= set(cells)
        for i in range(image.shape[0]):
            for j in range(image.shape[1]):
                y, x = (i + 0.5) * loss.stride, (j + 0.5) * loss.stride
                out = any(b[5] and b[0] <= x < b[2] and b[1] <= y < b[3] for b in boxes)
                for k in range(image.shape[2] - 4):
                    p = torch.sigmoid(image[i, j, k])
                    heat = max([bell[i, j] for c, bell in bells if c == k], default=0.0)
                    if (i, j, k) in middles:
                        total = total - (1 - p) ** 2 * torch.log(p)
                    elif not out:
                        total = total - (1 - heat) ** 4 * p**2 * torch.log(1 - p)
    return total / max(1, count)


@cache
def expected(first: int, end: int) -> tuple[float, Array]:
    """The loss of some of the pictures together, and its gradient."""
    z = torch.tensor(outputs()[first:end], requires_grad=True)
    value = in_torch(z, BOXES[first:end], LOSS)
    (gradient,) = torch.autograd.grad(value, z)
    return value.item(), gradient.numpy()


def check_centre_loss(loss: CentreLoss) -> None:
    """A loss's value and gradient are those that PyTorch finds: with boxes, and without any."""
    for first, end in ((0, len(BOXES)), (2, 3)):
        value, gradient = expected(first, end)
        found, slopes = loss.value_and_gradient(outputs()[first:end], BOXES[first:end])
        assert_close(found, value, "float64")
        assert_close(slopes, gradient, "float64")
