"""Centre loss: boxes of objects from one map, each found where its centre lies.

Of each cell (i, j) of a map with stride s, outputs are K logits z_k, one a class, and 4 numbers
that give the distances from the cell's centre to the left, upper, right and lower edge of the
object there, d = s·e^z. For a box b of width w and height h, with its centre in (i_b, j_b),

    G_b(i, j) = exp(−(j − j_b)²/2σ_x² − (i − i_b)²/2σ_y²),  σ_x = α·w/6s,  σ_y = α·h/6s
    H_k = max over the boxes of class k of G_b
    classes: −1/N · Σ_{kij} (1 − p)² log p where a centre is, (1 − H)⁴ p² log(1 − p) elsewhere
    boxes:    1/N · Σ_b Σ_{ij of b} G_b/ΣG_b · (1 − GIoU(box of the cell, b))
    L = classes + λ·boxes

with p = 1/(1 + e^{−z}) and N the boxes of the batch, at least 1. The cells of b are that of its
centre and those within α/2 of its width and height from there; a cell that several boxes claim
belongs to the smallest of them, and of equals to the first. Within a box that is to be ignored,
cells count only where a centre is.

Zhou et al. 2019, *Objects as points*, section 4 (classes); Liu et al. 2019, *Training-time-friendly
network for real-time object detection*, section 3 (cells of a box, here with every box counting
alike); Rezatofighi et al. 2019, *Generalized intersection over union* (GIoU). Computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.box_loss import BoxLoss
from pellucid.ops.giou import giou_and_slopes
from pellucid.ops.operation import describe
from pellucid.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array, Shape

    Floats = NDArray[np.float64]

MOST_LOG = 8.0
"""Distances are s·e^z with |z| at most this; beyond it nothing changes, and the gradient is 0."""


class Wanted(NamedTuple):
    """What boxes ask of a map of cells.

    Attributes:
        heat: H, (h, w, K).
        centres: Where an object of the class has its centre, bool (h, w, K).
        counted: Whether the cell counts where it is no centre, 0 or 1, (h, w).
        weights: G_b/ΣG_b of the box that a cell belongs to, 0 of cells without one, (h, w).
        boxes: The box that a cell belongs to, x0, y0, x1, y1 in pixels, (h, w, 4).
        boxes_wanted: How many boxes there are, those to be ignored left out.
    """

    heat: Floats
    centres: NDArray[np.bool_]
    counted: Floats
    weights: Floats
    boxes: Floats
    boxes_wanted: int


@dataclass(frozen=True)
class CentreLoss(BoxLoss):
    """The loss of a map of classes and distances, (h, w, K + 4), and of boxes in pixels, (M, 6).

    See :mod:`pellucid.ops.box_loss` for how these are given.

    Attributes:
        stride: s, pixels from one cell to the next, 1 to 256.
        boxes: M, the most boxes of a picture, 1 to 10 000.
        spread: α, how much of a box's width and height its cells take, more than 0, at most 1.
        box_weight: λ, 0 to 1 000.
    """

    kind: ClassVar[str] = "centre_loss"
    stride: int = 8
    boxes: int = 100
    spread: float = 0.54
    box_weight: float = 5.0

    def __post_init__(self) -> None:
        checks.whole("stride", self.stride, 1, 256)
        checks.whole("boxes", self.boxes, 1, 10_000)
        checks.number("spread", self.spread, 0.01, 1.0)
        checks.number("box_weight", self.box_weight, 0.0, 1000.0)

    def check_outputs(self, outputs: Shape) -> None:
        if len(outputs) != 3 or outputs[2] < 5:
            raise ShapeError(
                f"takes a map of K classes and 4 distances, (h, w, K + 4), got {describe(outputs)}"
            )

    def amount(self, targets: Array) -> float:
        """How many boxes are to be found."""
        return float(((targets[..., 4] >= 0) & (targets[..., 5] <= 0)).sum())

    def divisor(self, amount: float) -> float:
        """As many, at least 1."""
        return max(1.0, amount)

    def of_picture(self, outputs: Array, targets: Array) -> tuple[float, Floats]:
        z, wanted = outputs.astype(np.float64), wanted_of(self, outputs.shape, targets)
        classes = z.shape[2] - 4
        slopes = np.zeros_like(z)
        total, slopes[..., :classes] = _of_classes(z[..., :classes], wanted)
        cells = wanted.weights > 0
        if cells.any():
            logs = z[..., classes:][cells]
            distances = self.stride * np.exp(np.clip(logs, -MOST_LOG, MOST_LOG))
            distances_wanted = _distances(wanted.boxes, self.stride)[cells]
            overlap, at_distances = giou_and_slopes(distances, distances_wanted)
            weights = self.box_weight * wanted.weights[cells]
            total += float((weights * (1.0 - overlap)).sum())
            at_logs = -weights[:, None] * at_distances * distances
            slopes[cells, classes:] = np.where(np.abs(logs) <= MOST_LOG, at_logs, 0.0)
        return total, slopes


def wanted_of(loss: CentreLoss, shape: Shape, targets: Array) -> Wanted:
    """What boxes of one image, (M, 6), ask of a map of a shape, (h, w, K + 4)."""
    height, width, classes = shape[0], shape[1], shape[2] - 4
    given = np.asarray(targets[targets[:, 4] >= 0], np.float64)
    ignored = given[given[:, 5] > 0, :4]
    boxes = given[given[:, 5] <= 0]
    heat, centres = np.zeros((height, width, classes)), np.zeros((height, width, classes), bool)
    weights, owner = np.zeros((height, width)), np.zeros((height, width, 4))
    rows, columns = np.arange(height), np.arange(width)
    sizes = (boxes[:, 2:4] - boxes[:, :2]) / loss.stride
    cells = np.floor((boxes[:, :2] + boxes[:, 2:4]) / 2 / loss.stride).astype(int)
    cells = np.clip(cells, 0, (width - 1, height - 1))
    # the smallest last, of equals the first: each takes its cells from those before
    for b in np.lexsort((-np.arange(len(boxes)), -sizes[:, 0] * sizes[:, 1])):
        (x, y), (wide, high) = cells[b], loss.spread * sizes[b]
        of_row = np.exp(-((rows - y) ** 2) / (2 * (high / 6) ** 2))
        of_column = np.exp(-((columns - x) ** 2) / (2 * (wide / 6) ** 2))
        bell = of_row[:, None] * of_column
        k = int(boxes[b, 4])
        heat[..., k] = np.maximum(heat[..., k], bell)
        centres[y, x, k] = True
        top, bottom = _span(y, high / 2, height)
        left, right = _span(x, wide / 2, width)
        part = bell[top:bottom, left:right]
        weights[top:bottom, left:right] = part / part.sum()
        owner[top:bottom, left:right] = boxes[b, :4]
    counted = np.ones((height, width))
    middles_y, middles_x = ((a + 0.5) * loss.stride for a in (rows, columns))
    for x0, y0, x1, y1 in ignored:
        inside = ((middles_y >= y0) & (middles_y < y1))[:, None]
        counted[inside & ((middles_x >= x0) & (middles_x < x1))] = 0.0
    return Wanted(heat, centres, counted, weights, owner, len(boxes))


def _span(middle: int, half: float, length: int) -> tuple[int, int]:
    """First cell, and the one behind the last, within half a width of a middle."""
    reach = int(half)
    return max(0, middle - reach), min(length, middle + reach + 1)


def _of_classes(z: Floats, wanted: Wanted) -> tuple[float, Floats]:
    """The sum over classes and cells, and its slopes."""
    p, rest = sigmoid(z), sigmoid(-z)
    log_p, log_rest = -np.logaddexp(0.0, -z), -np.logaddexp(0.0, z)
    weight = (1.0 - wanted.heat) ** 4 * wanted.counted[..., None]
    loss = np.where(wanted.centres, -(rest**2) * log_p, -weight * p**2 * log_rest)
    slopes = np.where(
        wanted.centres,
        rest**2 * (2.0 * p * log_p - rest),
        weight * p**2 * (p - 2.0 * rest * log_rest),
    )
    return float(loss.sum()), slopes


def _distances(boxes: Floats, stride: int) -> Floats:
    """From the centres of cells to the left, upper, right and lower edges, (h, w, 4)."""
    height, width = boxes.shape[:2]
    x = (np.arange(width) + 0.5) * stride
    y = ((np.arange(height) + 0.5) * stride)[:, None]
    edges = (x - boxes[..., 0], y - boxes[..., 1], boxes[..., 2] - x, boxes[..., 3] - y)
    return np.stack(edges, axis=-1)
