"""Proposals: where in a picture there may be a thing, by a map of anchors; a fixed number of boxes.

Of each cell of a map with stride s, outputs are A logits, one an anchor, and 4A numbers that say
how the anchor becomes a box (:mod:`pellucid.ops.anchors`). The anchors with the highest logits, of
equals the first, are made boxes and cut off at the picture's edges; by falling logit, one that
overlaps a box that was kept before by more than a bound is left out
(:mod:`pellucid.ops.suppression`); and the first R that remain are answered.

Ren et al. 2015, *Faster R-CNN*, section 3. Found in float64. Which boxes are proposed jumps, and
where they lie is not learned through them (section 3.2, "approximate joint training"): their
gradient is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.box_geometry import areas, clipped
from pellucid.errors import ShapeError
from pellucid.ops.anchors import MOST_LOG, anchors, check_anchors, decoded
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.finding import AREA, CANDIDATE, FOUND, LIMIT, OVERLAP, PROBABILITY, Fates
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe, image_shape
from pellucid.ops.reads import Axis, Reads
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.suppression import suppressed, suppression
from pellucid.ops.terms import Terms, function_of
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

    Floats = NDArray[np.float64]

NO_BOX = -1.0
"""In the place of the class, of a row without a box; of one with a box it is 0."""


@dataclass(frozen=True)
class Propose(Operation):
    """Boxes where something may be: x is (N, h, w, 5A), y is (N, R, 6).

    A row is x0, y0, x1, y1 in pixels, within the picture, the probability of a thing, and 0, by
    falling probability. Rows without a box are zeros and −1.

    Attributes:
        stride: s, pixels from one cell to the next, 1 to 256.
        scales: Sides of the anchors that are squares, in pixels, 1 to 65 536 each.
        ratios: Of their height to their width, 0.01 to 100 each.
        most: R, 1 to 10 000.
        candidates: How many anchors are made boxes at most, 1 to 100 000.
        overlap: The most IoU of two boxes that are proposed, 0 to 1.
    """

    kind: ClassVar[str] = "propose"
    title: ClassVar[str] = "places where something may be"
    family: ClassVar[Family] = "probabilities"
    rule: ClassVar[Rule] = "function"
    stride: int = 16
    scales: tuple[float, ...] = (128, 256, 512)
    ratios: tuple[float, ...] = (0.5, 1, 2)
    most: int = 300
    candidates: int = 6000
    overlap: float = 0.7

    def __post_init__(self) -> None:
        check_anchors(self.stride, self.scales, self.ratios)
        checks.whole("most", self.most, 1, 10_000)
        checks.whole("candidates", self.candidates, 1, 100_000)
        checks.number("overlap", self.overlap, 0.0, 1.0)

    @property
    def anchors_of_cell(self) -> int:
        """A."""
        return len(self.scales) * len(self.ratios)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        _, _, channels = image_shape(inputs[0])
        if channels != 5 * self.anchors_of_cell:
            raise ShapeError(
                f"takes a map of 5 numbers for each of {counted(self.anchors_of_cell, 'anchor')} "
                f"a cell, {5 * self.anchors_of_cell} channels, got {describe(inputs[0])}"
            )
        return self.most, COLUMNS

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        found = np.zeros((len(x_nhwc), self.most, COLUMNS))
        found[..., 5] = NO_BOX
        for n, z in enumerate(x_nhwc):
            boxes, scores, _ = self.of_map(z)
            found[n, : len(boxes)] = np.column_stack([boxes, scores, np.zeros(len(boxes))])
        return found.astype(x_nhwc.dtype), x_nhwc.shape

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (np.zeros(saved, gradient.dtype),), {}

    def of_map(self, z: Array) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """The proposals of one map, (h, w, 5A).

        Returns:
            Boxes (n, 4), probabilities (n,), and the anchor of each among those of the map, (n,);
            n is at most R.
        """
        logits, boxes, places = self._ordered(z, self.candidates)
        kept = suppressed(boxes, np.zeros(len(boxes), np.int64), self.overlap, self.most)
        return boxes[kept], sigmoid(logits[places[kept]]), places[kept]

    def fates(self, z: Array) -> Fates:
        """What became of every anchor of one map: in which step it was lost, or its row."""
        logits, boxes, places = self._ordered(z)
        kept, by = suppression(
            boxes[: self.candidates], np.zeros(len(boxes), np.int64), self.overlap, self.most
        )
        steps = np.full(len(places), LIMIT, "<U10")
        steps[areas(boxes) <= 0] = AREA
        steps[self.candidates :] = CANDIDATE
        rows = np.full(len(places), -1)
        rows[: len(by)] = by
        steps[rows >= 0] = OVERLAP
        steps[kept], rows[kept] = FOUND, np.arange(len(kept))
        return Fates((places,), boxes, sigmoid(logits[places]), steps, rows)

    def _ordered(
        self, z: Array, most: int | None = None
    ) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Logits of a map's anchors; and boxes and places, the largest logits first."""
        height, width, _ = z.shape
        logits, numbers = taken_apart(z, self.anchors_of_cell)
        every = anchors(height, width, self.stride, self.scales, self.ratios)
        places = np.argsort(-logits, kind="stable")[:most]
        boxes = decoded(every[places], numbers[places])
        return logits, clipped(boxes, width * self.stride, height * self.stride), places

    def place_of(self, anchor: int, width: int) -> Position:
        """The row, the column and the number within its cell of an anchor of a map so wide."""
        cell, own = divmod(anchor, self.anchors_of_cell)
        return cell // width, cell % width, own

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        """What a number of a proposal is made of, all in its anchor's cell.

        The probability is the sigmoid of the anchor's logit. An edge is made of two of its numbers,
        t and s, and of its middle m and size w along the axis: it lies at m + t·w ∓ e^s·w/2, and is
        cut off at the picture's edge, which is counted to the bias.
        """
        (z,), (n, column) = inputs, at
        boxes, scores, places = self.of_map(z)
        if n >= len(boxes) or column > PROBABILITY:
            none, plain = np.zeros(0), np.zeros((0, 4), np.int64)
            bias = NO_BOX if column > PROBABILITY and n >= len(boxes) else 0.0
            return Terms("function", plain, none, none, none, bias)
        cell = self.place_of(int(places[n]), z.shape[1])
        if column == PROBABILITY:
            return function_of(cell, float(z[cell]), float(scores[n]))
        axis, first = column % 2, self.anchors_of_cell + 4 * cell[2]
        sources = [(0, *cell[:2], first + c) for c in (axis, axis + 2)]
        shift, log = values = np.array([z[source[1:]] for source in sources], np.float64)
        low, _, high, _ = np.roll(self._anchor(z, int(places[n])), -axis)
        half = (high - low) / 2 * np.exp(np.clip(log, -MOST_LOG, MOST_LOG))
        parts = np.array([shift * (high - low), half if column > 1 else -half])
        rest = float(boxes[n, column] - parts.sum())
        return Terms("function", np.array(sources), values, np.full(2, np.nan), parts, rest)

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        (z,) = inputs
        _, _, places = self.of_map(z)
        if at[0] >= len(places):
            return {}
        anchor = int(places[at[0]])
        row, column, own = self.place_of(anchor, z.shape[1])
        scale, ratio = divmod(own, len(self.ratios))
        return {
            "cell": [row, column],
            "anchor": own,
            "anchor_box": self._anchor(z, anchor).tolist(),
            "scale": self.scales[scale],
            "ratio": self.ratios[ratio],
        }

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return tuple(self.of_map(z)[2] for z in inputs[0])

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        return 0.0

    def _anchor(self, z: Array, anchor: int) -> Floats:
        every = anchors(*z.shape[:2], self.stride, self.scales, self.ratios)
        return np.asarray(every[anchor])

    def reads(self, *inputs: Shape) -> Reads:
        return Reads((tuple(Axis(n, taps=n) for n in inputs[0]),), self.output_shape(*inputs))


def taken_apart(z: Array, of_cell: int) -> tuple[Floats, Floats]:
    """A map (h, w, 5A) as the logits of its anchors, (h · w · A,), and their numbers, (…, 4)."""
    logits = z[..., :of_cell].astype(np.float64).reshape(-1)
    return logits, z[..., of_cell:].astype(np.float64).reshape(-1, 4)
