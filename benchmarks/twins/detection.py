"""The one-stage detector in PyTorch: a residual body, a pyramid, two branches, and their loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.pyramid import STRIDE, WIDTH, ConvNorm, OnPyramid, of_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

SPREAD, BOX_WEIGHT, MOST_LOG = 0.54, 5.0, 8.0


class Detection(OnPyramid):
    """The network, and focal and GIoU loss of its map."""

    def __init__(self, *, size: tuple[int, int], classes: int, depth: int) -> None:
        super().__init__(size=size, depth=depth)
        self.classes = classes
        self.hidden_classes, self.hidden_distances = ConvNorm(WIDTH, WIDTH), ConvNorm(WIDTH, WIDTH)
        self.ends = nn.ModuleList([nn.Conv2d(WIDTH, classes, 1), nn.Conv2d(WIDTH, 4, 1)])

    def head(self) -> dict[str, nn.Module]:
        hidden = {
            "classes-hidden": self.hidden_classes, "distances-hidden": self.hidden_distances,
        }  # fmt: skip
        return {**of_pairs(hidden), "classes": self.ends[0], "distances": self.ends[1]}

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        x = self.pyramid(feeds["input"])
        hidden = self.hidden_classes, self.hidden_distances
        logits, logs = (
            end(functional.relu(each(x))) for each, end in zip(hidden, self.ends, strict=True)
        )
        return {"loss": self._loss(logits, logs, feeds["targets"].to(logits.dtype))}

    def _loss(self, logits: torch.Tensor, logs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Logits (N, K, h, w), logarithms of distances (N, 4, h, w), boxes (N, M, 6)."""
        heat, centres, weights, boxes, counted = self.wanted(rows)
        log_p, log_rest = functional.logsigmoid(logits), functional.logsigmoid(-logits)
        p = torch.sigmoid(logits)
        of_centres = -((1 - p) ** 2) * log_p
        of_others = -((1 - heat) ** 4) * counted * p**2 * log_rest
        total = torch.where(centres, of_centres, of_others).sum()
        image, row, column = (weights > 0).nonzero(as_tuple=True)
        distances = STRIDE * logs[image, :, row, column].clamp(-MOST_LOG, MOST_LOG).exp()
        x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
        found = torch.stack(
            [x - distances[:, 0], y - distances[:, 1], x + distances[:, 2], y + distances[:, 3]], 1
        )
        overlap = giou(found, boxes[image, row, column])
        total = total + BOX_WEIGHT * (weights[image, row, column] * (1 - overlap)).sum()
        return total / ((rows[..., 4] >= 0) & (rows[..., 5] <= 0)).sum().clamp(min=1)

    @torch.no_grad()
    def wanted(self, rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What boxes (N, M, 6) ask of the cells, all boxes at once.

        Returns:
            Bumps (N, K, h, w), centres (N, K, h, w), weights (N, h, w), boxes (N, h, w, 4), and
            whether cells count (N, 1, h, w).
        """
        (height, width), (images, most) = self.cells, rows.shape[:2]
        down, across = torch.arange(height), torch.arange(width)
        real = (rows[..., 4] >= 0) & (rows[..., 5] <= 0)
        sides = (rows[..., 2:4] - rows[..., :2]) / STRIDE
        middles = ((rows[..., :2] + rows[..., 2:4]) / 2 / STRIDE).floor().long()
        middles = middles.clamp(min=0).minimum(torch.tensor([width - 1, height - 1]))
        reach = SPREAD * sides.clamp(min=1e-6)
        bells, inside = [], []
        for axis, places in ((1, down), (0, across)):
            apart = places - middles[..., axis, None]
            bells.append(torch.exp(-(apart**2) / (2 * (reach[..., axis, None] / 6) ** 2)))
            inside.append(apart.abs() <= (reach[..., axis, None] / 2).floor())
        bell = bells[0][..., :, None] * bells[1][..., None, :]
        own = inside[0][..., :, None] & inside[1][..., None, :] & real[..., None, None]
        kind = rows[..., 4].clamp(min=0).long()
        heat = rows.new_zeros(images, self.classes, height, width)
        heat.scatter_reduce_(
            1, kind[..., None, None].expand_as(bell), bell * real[..., None, None], "amax"
        )
        centres = torch.zeros_like(heat, dtype=torch.bool)
        image = torch.arange(images)[:, None].expand(images, most)[real]
        centres[image, kind[real], middles[..., 1][real], middles[..., 0][real]] = True
        # a cell belongs to the smallest box that claims it, of equals to the first
        areas = torch.where(own, (sides[..., 0] * sides[..., 1])[..., None, None], torch.inf)
        owner = areas.argmin(1, keepdim=True)
        part = bell * own
        weights = (part / part.sum((2, 3), keepdim=True).clamp(min=1e-30)).gather(1, owner)[:, 0]
        boxes = rows[torch.arange(images)[:, None, None], owner[:, 0], :4]
        ignored = (rows[..., 4] >= 0) & (rows[..., 5] > 0)
        x, y = (across + 0.5) * STRIDE, (down + 0.5) * STRIDE
        within_x = (x >= rows[..., 0, None]) & (x < rows[..., 2, None])
        within_y = (y >= rows[..., 1, None]) & (y < rows[..., 3, None])
        covered = within_y[..., :, None] & within_x[..., None, :] & ignored[..., None, None]
        return heat, centres, weights, boxes, ~covered.any(1, keepdim=True)


def giou(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Generalised intersection over union of pairs of boxes (n, 4)."""
    inner = torch.minimum(found[:, 2:], wanted[:, 2:]) - torch.maximum(found[:, :2], wanted[:, :2])
    outer = torch.maximum(found[:, 2:], wanted[:, 2:]) - torch.minimum(found[:, :2], wanted[:, :2])
    common, hull = inner.clamp(min=0).prod(1), outer.prod(1)
    union = (found[:, 2:] - found[:, :2]).prod(1) + (wanted[:, 2:] - wanted[:, :2]).prod(1) - common
    return common / union - (hull - union) / hull
