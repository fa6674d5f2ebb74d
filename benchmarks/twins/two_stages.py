"""Faster R-CNN in PyTorch: proposals on a pyramid's map, regions of it, and the losses of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.pyramid import STRIDE, WIDTH, ConvNorm, OnPyramid, of_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

RATIOS = (0.5, 1.0, 2.0)
PARTS, SAMPLES, HIDDEN = 7, 2, 256
MOST_LOG = 4.135166556742356
DEVIATIONS = (0.1, 0.1, 0.2, 0.2)
ANCHORS_DRAWN = 256
NEGATIVE, POSITIVE, THING = 0.3, 0.7, 0.5
ANCHOR_BETA, REGION_BETA = 1 / 9, 1.0


class TwoStages(OnPyramid):
    """The network, and the losses of its anchors and of the regions that are drawn."""

    def __init__(
        self, *, size: tuple[int, int], classes: int, depth: int, scales: tuple[float, ...],
        proposals: int, candidates: int, sample: int,
    ) -> None:  # fmt: skip
        super().__init__(size=size, depth=depth)
        self.size, self.classes = size, classes
        self.proposals, self.candidates, self.sample = proposals, candidates, sample
        self.anchors: torch.Tensor
        self.register_buffer("anchors", anchors(self.cells, scales))
        of_cell = len(scales) * len(RATIOS)
        self.hidden = ConvNorm(WIDTH, WIDTH)
        self.objectness, self.offsets = (
            nn.Conv2d(WIDTH, of_cell, 1), nn.Conv2d(WIDTH, 4 * of_cell, 1),
        )  # fmt: skip
        self.dense1 = nn.Linear(PARTS * PARTS * WIDTH, HIDDEN)
        self.dense2 = nn.Linear(HIDDEN, HIDDEN)
        self.classify, self.corners = nn.Linear(HIDDEN, classes + 1), nn.Linear(HIDDEN, 4 * classes)

    def head(self) -> dict[str, nn.Module]:
        return {
            **of_pairs({"anchors-hidden": self.hidden}),
            "objectness": self.objectness, "offsets": self.offsets,
            "dense1": self.dense1, "dense2": self.dense2,
            "classes": self.classify, "corners": self.corners,
        }  # fmt: skip

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        maps = self.pyramid(feeds["input"])
        hidden = functional.relu(self.hidden(maps))
        scores = self.objectness(hidden).permute(0, 2, 3, 1).flatten(1)
        numbers = self.offsets(hidden).permute(0, 2, 3, 1).reshape(len(maps), -1, 4)
        regions, of_anchors, answers = [], [], []
        for z, t, rows in zip(scores, numbers, feeds["targets"].to(maps.dtype), strict=True):
            boxes, ignored = wanted(rows)
            of_anchors.append(self._anchor_loss(z, t, boxes, ignored))
            drawn = self._drawn(self._proposed(z.detach(), t.detach()), boxes, ignored)
            answers.append(answers_of(drawn, boxes))
            regions.append(drawn)
        logits, corners = self._regions(maps, regions)
        of_regions = []
        for n, (drawn, answer) in enumerate(zip(regions, answers, strict=True)):
            own = slice(len(drawn))
            of_regions.append(region_loss(logits[n, own], corners[n, own], *answer))
        return {
            "loss": torch.stack(of_regions).mean(), "anchors-loss": torch.stack(of_anchors).mean()
        }  # fmt: skip

    def _anchor_loss(
        self, z: torch.Tensor, t: torch.Tensor, boxes: torch.Tensor, ignored: torch.Tensor
    ) -> torch.Tensor:
        """Of one picture: logits (n,), numbers (n, 4), its boxes (G, 5) and those to ignore."""
        with torch.no_grad():
            owner, negative = self._owners(boxes, ignored)
            positive = (owner >= 0).nonzero()[:, 0]
            goal = encoded(self.anchors[positive], boxes[owner[positive], :4])
            half = ANCHORS_DRAWN / 2
            counts = min(1.0, half / max(1, len(positive))) / ANCHORS_DRAWN
            others = (ANCHORS_DRAWN - min(len(positive), half)) / max(1, int(negative.sum()))
        things = functional.softplus(-z[positive]).sum()
        things = things + smooth_l1(t[positive], goal, ANCHOR_BETA)
        nothing = functional.softplus(z[negative]).sum()
        return counts * things + min(1.0, others) / ANCHORS_DRAWN * nothing

    def _owners(
        self, boxes: torch.Tensor, ignored: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Whose each anchor is, −1 for nobody's; and which are negative."""
        outside = share(self.anchors, ignored) < 0.5
        if not len(boxes):
            return torch.full((len(self.anchors),), -1), outside
        overlap = overlaps(self.anchors, boxes[:, :4])
        most, owner = overlap.max(1)
        best = overlap.max(0).values
        chosen = (most >= POSITIVE) | ((overlap == best) & (best > 0)).any(1)
        return owner.where(chosen, -1), (most < NEGATIVE) & ~chosen & outside

    @torch.no_grad()
    def _proposed(self, z: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The boxes that are proposed of one picture, (n, 4)."""
        places = z.argsort(descending=True, stable=True)[: self.candidates]
        boxes = decoded(self.anchors[places], t[places])
        ends = boxes.new_tensor([self.size[1], self.size[0]] * 2)
        boxes = boxes.clamp(min=0).minimum(ends)
        return boxes[suppressed(boxes, 0.7, self.proposals)]

    @torch.no_grad()
    def _drawn(
        self, proposed: torch.Tensor, boxes: torch.Tensor, ignored: torch.Tensor
    ) -> torch.Tensor:
        """The regions that are learned from, (n, 4): positive ones first."""
        regions = torch.cat([proposed, boxes[:, :4]])
        regions = regions[torch.rand(len(regions)).argsort()]
        most = overlaps(regions, boxes[:, :4]).amax(1) if len(boxes) else regions.new_zeros(1)
        positive = regions[most >= THING][: round(0.25 * self.sample)]
        others = regions[(most < THING) & (share(regions, ignored) < 0.5)]
        return torch.cat([positive, others[: self.sample - len(positive)]])

    def _regions(
        self, maps: torch.Tensor, regions: list[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (N, rows, K + 1) and numbers (N, rows, K, 4) of regions of maps (N, C, h, w)."""
        boxes = nn.utils.rnn.pad_sequence(regions, batch_first=True)
        down = sampled(boxes[..., 1], boxes[..., 3], self.cells[0])
        across = sampled(boxes[..., 0], boxes[..., 2], self.cells[1])
        x = maps.permute(0, 2, 3, 1)
        images, rows = boxes.shape[:2]
        lines = (down.flatten(1, 2) @ x.flatten(2)).view(images, rows, PARTS, self.cells[1], -1)
        x = (across[:, :, None] @ lines).flatten(2)
        for dense in (self.dense1, self.dense2):
            x = functional.relu(dense(x))
        return self.classify(x), self.corners(x).unflatten(2, (-1, 4))


def anchors(cells: tuple[int, int], scales: tuple[float, ...]) -> torch.Tensor:
    """Boxes around the cells' centres, (h · w · A, 4)."""
    sizes = torch.tensor([(a / r**0.5, a * r**0.5) for a in scales for r in RATIOS])
    rows, columns = torch.meshgrid(*(torch.arange(n) for n in cells), indexing="ij")
    middles = (torch.stack([columns, rows], -1)[:, :, None] + 0.5) * STRIDE
    return torch.cat([middles - sizes / 2, middles + sizes / 2], -1).view(-1, 4)


def encoded(boxes: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """Boxes (n, 4) as numbers relative to others."""
    sizes, wide = boxes[:, 2:] - boxes[:, :2], goal[:, 2:] - goal[:, :2]
    shifts = (goal[:, :2] + goal[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2 / sizes
    return torch.cat([shifts, (wide / sizes).log()], 1)


def decoded(boxes: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """What numbers relative to boxes (n, 4) describe."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 + numbers[:, :2] * sizes
    halves = sizes * numbers[:, 2:].clamp(-MOST_LOG, MOST_LOG).exp() / 2
    return torch.cat([middles - halves, middles + halves], 1)


def wanted(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes of one picture, (G, 5), and those to be ignored, (I, 4), of rows (M, 6)."""
    given = rows[rows[:, 4] >= 0]
    return given[given[:, 5] <= 0, :5], given[given[:, 5] > 0, :4]


def areas(boxes: torch.Tensor) -> torch.Tensor:
    """Of boxes (n, 4)."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)


def shared(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The area that each of (n, 4) shares with each of (m, 4)."""
    low = torch.maximum(first[:, None, :2], second[:, :2])
    high = torch.minimum(first[:, None, 2:], second[:, 2:])
    return (high - low).clamp(min=0).prod(2)


def overlaps(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Intersection over union of each of (n, 4) with each of (m, 4)."""
    common = shared(first, second)
    return common / (areas(first)[:, None] + areas(second) - common).clamp(min=1e-30)


def share(boxes: torch.Tensor, ignored: torch.Tensor) -> torch.Tensor:
    """The largest share of each box (n, 4) that lies in one of (m, 4), (n,)."""
    if not len(ignored):
        return boxes.new_zeros(len(boxes))
    return shared(boxes, ignored).amax(1) / areas(boxes).clamp(min=1e-30)


def suppressed(boxes: torch.Tensor, bound: float, most: int) -> torch.Tensor:
    """Places of boxes (n, 4), in order, that overlap none that was kept by more than a bound."""
    left, kept = (areas(boxes) > 0).nonzero()[:, 0], list[torch.Tensor]()
    while len(left) and len(kept) < most:
        kept.append(left[0])
        left = left[overlaps(boxes[left[:1]], boxes[left])[0] <= bound]
    return torch.stack(kept) if kept else left


def sampled(low: torch.Tensor, high: torch.Tensor, length: int) -> torch.Tensor:
    """How much each position of a map's axis counts in the parts of boxes, (N, R, 7, length)."""
    steps = (torch.arange(PARTS * SAMPLES, dtype=low.dtype) + 0.5) / SAMPLES
    low, high = low / STRIDE, high / STRIDE
    places = low[..., None] - 0.5 + steps * ((high - low) / PARTS)[..., None]
    held = places.clamp(0, length - 1)[..., None]
    factors = (1 - (held - torch.arange(length)).abs()).clamp(min=0)
    factors = factors * ((places >= -1) & (places <= length))[..., None]
    return factors.view(*low.shape, PARTS, SAMPLES, length).mean(3)


def answers_of(regions: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The class of each region, 0 for background, and what those with a class should become."""
    if not len(boxes):
        return torch.zeros(len(regions), dtype=torch.long), regions[:0]
    most, owner = overlaps(regions, boxes[:, :4]).max(1)
    things = most >= THING
    classes = (boxes[owner, 4].long() + 1) * things
    goal = encoded(regions[things], boxes[owner[things], :4])
    return classes, goal / goal.new_tensor(DEVIATIONS)


def region_loss(
    logits: torch.Tensor, corners: torch.Tensor, classes: torch.Tensor, goal: torch.Tensor
) -> torch.Tensor:
    """Of the regions of one picture: logits (n, K + 1) and numbers (n, K, 4)."""
    things = (classes > 0).nonzero()[:, 0]
    total = functional.cross_entropy(logits, classes, reduction="sum")
    total = total + smooth_l1(corners[things, classes[things] - 1], goal, REGION_BETA)
    return total / max(1, len(logits))


def smooth_l1(found: torch.Tensor, goal: torch.Tensor, beta: float) -> torch.Tensor:
    """The sum over all numbers."""
    return functional.smooth_l1_loss(found, goal, beta=beta, reduction="sum")
