"""Regions that a second stage learns from: some of the proposals, drawn by chance, and the boxes.

To the proposals of a picture its boxes are added. Those that overlap one of these by an IoU of at
least 0.5 are positive, of which a share of the rows is drawn, or as many as there are; the other
rows are drawn from the rest, without what lies by half or more in a box that is to be ignored.
All are as likely, by random numbers from a counter (:mod:`pellucid.counter_random`), so that every
engine draws the same.

Girshick 2015, *Fast R-CNN*, section 2.3 (a quarter positive; here everything else is background,
not only what overlaps by 0.1 or more). The boxes of a picture are added as in the authors' code of
Ren et al. 2015. Only training graphs have this operation; it has no gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.counter_random import random_words
from pellucid.errors import ShapeError
from pellucid.ops.anchors import BACKGROUND, matched
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.propose import NO_BOX
from pellucid.ops.reads import Axis, Reads
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class SampleRegions(Operation):
    """Rows of regions: proposals are (N, R, 6), boxes (N, M, 6), y is (N, rows, 6).

    Proposals and the rows that are drawn are as :class:`pellucid.ops.Propose` gives them, positive
    ones first; boxes as :mod:`pellucid.ops.box_loss` takes them, and their probability is 1.

    Attributes:
        rows: How many are drawn, 1 to 10 000; where there are fewer, rows without a box follow.
        positive: The share of positive ones at most, 0 to 1.
        overlap: The least IoU of positive ones with a box, 0.01 to 1.
    """

    kind: ClassVar[str] = "sample_regions"
    title: ClassVar[str] = "places to learn from"
    family: ClassVar[Family] = "probabilities"
    rule: ClassVar[Rule] = "function"
    rows: int = 128
    positive: float = 0.25
    overlap: float = 0.5

    def __post_init__(self) -> None:
        checks.whole("rows", self.rows, 1, 10_000)
        checks.number("positive", self.positive, 0.0, 1.0)
        checks.number("overlap", self.overlap, 0.01, 1.0)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes proposals and boxes, got {counted(len(inputs), 'input')}")
        for shape in inputs:
            if len(shape) != 2 or shape[1] != COLUMNS:
                raise ShapeError(f"takes rows of {COLUMNS} numbers, got {describe(shape)}")

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return self.rows, COLUMNS

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        proposals, targets = inputs
        count = proposals.shape[1] + targets.shape[1]
        shape = len(proposals), count
        chance = random_words(shape, mode.seed, mode.step, mode.stream, first=mode.first)
        found = np.zeros((len(proposals), self.rows, COLUMNS), proposals.dtype)
        found[..., 5] = NO_BOX
        for n, (own, boxes) in enumerate(zip(proposals, targets, strict=True)):
            drawn = self._of_picture(own, boxes, chance[n])
            found[n, : len(drawn)] = drawn
        return found, (proposals.shape, targets.shape)

    def _of_picture(self, proposals: Array, targets: Array, chance: Array) -> Array:
        """The rows that are drawn of one picture, at most :attr:`rows`, (n, 6)."""
        boxes = np.zeros((len(targets), COLUMNS), proposals.dtype)
        boxes[:, :4], boxes[:, 4] = targets[:, :4], 1.0
        boxes[(targets[:, 4] < 0) | (targets[:, 5] > 0), 5] = NO_BOX
        regions = np.concatenate([proposals, boxes])
        there = regions[:, 5] >= 0
        places = matched(regions[:, :4].astype(np.float64), targets, self.overlap)
        by_chance = np.argsort(chance, kind="stable")
        positive = by_chance[(there & (places >= 0))[by_chance]]
        positive = positive[: round(self.positive * self.rows)]
        others = by_chance[(there & (places == BACKGROUND))[by_chance]]
        drawn: Array = regions[np.concatenate([positive, others[: self.rows - len(positive)]])]
        return drawn

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return tuple(np.zeros(shape, gradient.dtype) for shape in saved), {}

    def reads(self, *inputs: Shape) -> Reads:
        whole = tuple(tuple(Axis(n, taps=n) for n in shape) for shape in inputs)
        return Reads(whole, self.output_shape(*inputs))
