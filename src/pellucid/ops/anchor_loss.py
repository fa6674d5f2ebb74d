"""Anchor loss: which anchors of a map are things, and how these become their boxes.

Of each anchor a map has a logit z and four numbers t (:mod:`pellucid.ops.propose`). An anchor is
positive where its IoU with a box is at least 0.7, or the largest that any anchor has with that box;
it is negative where its IoU with every box is below 0.3, and does not count otherwise, nor where at
least half of it lies in a box that is to be ignored. With P positive and Q negative ones,

    L = p/S · Σ_positive (ln(1 + e^{−z}) + Σ_4 h(t − t*)) + q/S · Σ_negative ln(1 + e^z)
    p = min(1, S/2P)   q = min(1, (S − min(P, S/2))/Q)   h: smooth L1 with β = 1/9

where t* describes the box relative to the anchor. Ren et al. 2015, *Faster R-CNN*, section 3.1.2,
draws S = 256 anchors of a picture by chance, at most half of them positive: p and q are the
probabilities with which an anchor would be drawn, so that this is the mean over all draws, without
their noise. There λ·1/N_reg = 10/2400 is about 1/S, too; β is that of the authors' code. Anchors
that reach out of the picture count, since things are often cut off at its edges.

The batch's loss is the mean over its pictures. Computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.box_geometry import intersection_over_union
from pellucid.errors import ShapeError
from pellucid.ops.anchors import anchors, check_anchors, encoded, ignored_share, wanted_boxes
from pellucid.ops.box_loss import BoxLoss
from pellucid.ops.operation import describe
from pellucid.ops.propose import taken_apart
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.smooth_l1 import smooth_l1
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array, Shape

    Floats = NDArray[np.float64]

BETA = 1 / 9
"""Up to which errors of a box's numbers are squared."""

LEAST, LEAST_POSITIVE = 0.3, 0.7
"""The IoU with a box below which an anchor is negative, and from which on it is positive."""


class WantedAnchors(NamedTuple):
    """What boxes ask of the anchors of a map.

    Attributes:
        positive: Places of anchors that are things, (P,).
        numbers: What these should become, (P, 4).
        negative: Whether an anchor is none, bool (n,).
        weights: What a positive and a negative one count, already divided by S.
    """

    positive: NDArray[np.int64]
    numbers: Floats
    negative: NDArray[np.bool_]
    weights: tuple[float, float]


@dataclass(frozen=True)
class AnchorLoss(BoxLoss):
    """The loss of a map of anchors, (h, w, 5A), and of boxes in pixels, (M, 6).

    See :mod:`pellucid.ops.box_loss` for how these are given; classes do not matter here.

    Attributes:
        stride: Pixels from one cell to the next, 1 to 256.
        scales: As :class:`pellucid.ops.Propose` takes them.
        ratios: Of the anchors' heights to their widths.
        boxes: M, the most boxes of a picture, 1 to 10 000.
        sample: S, 2 to 100 000.
    """

    kind: ClassVar[str] = "anchor_loss"
    stride: int = 16
    scales: tuple[float, ...] = (128, 256, 512)
    ratios: tuple[float, ...] = (0.5, 1, 2)
    boxes: int = 100
    sample: int = 256

    def __post_init__(self) -> None:
        check_anchors(self.stride, self.scales, self.ratios)
        checks.whole("boxes", self.boxes, 1, 10_000)
        checks.whole("sample", self.sample, 2, 100_000)

    @property
    def anchors_of_cell(self) -> int:
        """A."""
        return len(self.scales) * len(self.ratios)

    def check_outputs(self, outputs: Shape) -> None:
        if len(outputs) != 3 or outputs[2] != 5 * self.anchors_of_cell:
            raise ShapeError(
                f"takes a map of 5 numbers for each of {counted(self.anchors_of_cell, 'anchor')} "
                f"a cell, got {describe(outputs)}"
            )

    def of_picture(self, outputs: Array, targets: Array) -> tuple[float, Floats]:
        wanted = wanted_anchors(self, outputs.shape, targets)
        z, numbers = taken_apart(outputs, self.anchors_of_cell)
        positive, (counts, counts_not) = wanted.positive, wanted.weights
        at_z = np.where(wanted.negative, counts_not * sigmoid(z), 0.0)
        total = counts_not * np.logaddexp(0.0, z[wanted.negative]).sum()
        total += counts * np.logaddexp(0.0, -z[positive]).sum()
        at_z[positive] = -counts * sigmoid(-z[positive])
        at_numbers = np.zeros_like(numbers)
        errors, slopes = smooth_l1(numbers[positive] - wanted.numbers, BETA)
        total += counts * errors.sum()
        at_numbers[positive] = counts * slopes
        height, width, _ = outputs.shape
        parts = (at_z.reshape(height, width, -1), at_numbers.reshape(height, width, -1))
        return float(total), np.concatenate(parts, axis=-1)


def wanted_anchors(loss: AnchorLoss, shape: Shape, targets: Array) -> WantedAnchors:
    """What boxes of one picture, (M, 6), ask of a map of a shape, (h, w, 5A)."""
    every = anchors(shape[0], shape[1], loss.stride, loss.scales, loss.ratios)
    boxes, ignored = wanted_boxes(targets)
    owner = np.full(len(every), -1)
    negative = np.ones(len(every), bool)
    if len(boxes):
        overlap = intersection_over_union(every, boxes[:, :4])
        most = overlap.max(axis=1)
        best = overlap.max(axis=0)
        chosen = (most >= LEAST_POSITIVE) | ((overlap == best) & (best > 0)).any(axis=1)
        owner[chosen] = overlap[chosen].argmax(axis=1)
        negative = (most < LEAST) & ~chosen
    negative &= ignored_share(every, ignored) < 0.5
    positive = np.flatnonzero(owner >= 0)
    numbers = encoded(every[positive], boxes[owner[positive], :4])
    half = loss.sample / 2
    share = min(1.0, half / max(1, len(positive)))
    rest = min(1.0, (loss.sample - min(len(positive), half)) / max(1, int(negative.sum())))
    return WantedAnchors(positive, numbers, negative, (share / loss.sample, rest / loss.sample))
