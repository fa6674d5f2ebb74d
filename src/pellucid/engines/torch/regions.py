"""Regions of a map on PyTorch, which has no operation for them itself."""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from pellucid.engines.torch.layout import channels_last
from pellucid.ops.regions import CLASS, covered

if TYPE_CHECKING:
    from torch import Tensor

    from pellucid import ops
    from pellucid.engines.torch.call import Call


def roi_align(call: Call[ops.RoIAlign]) -> Tensor:
    x, boxes = call.inputs[0], channels_last(call.inputs[1].detach())
    down, across = (_sampled(call.operation, boxes, k, x.shape[2 + k]).to(x.dtype) for k in (0, 1))
    y = torch.einsum("nrih,nrjw,nchw->ncrij", down, across, x)
    return _of_boxes(y, boxes)


def _sampled(operation: ops.RoIAlign, boxes: Tensor, axis: int, length: int) -> Tensor:
    """How much each position of an axis counts in each part, (N, R, parts, length)."""
    parts, samples = operation.size[axis], operation.samples
    low, high = (boxes[..., k, None].double() * operation.scale for k in (1 - axis, 3 - axis))
    steps = (torch.arange(parts * samples, device=boxes.device) + 0.5) / samples
    places = low - 0.5 + steps * ((high - low) / parts)
    held = places.clamp(0, length - 1)[..., None]
    tents = (1 - (held - torch.arange(length, device=boxes.device)).abs()).clamp(min=0)
    inside = (places >= -1) & (places <= length)
    factors = tents.where(inside[..., None], 0.0)
    return factors.reshape(*low.shape[:2], parts, samples, length).mean(3)


def _of_boxes(y: Tensor, boxes: Tensor) -> Tensor:
    """Values (N, C, R, …) of rows that are boxes, 0 of others, NaN of what is not finite."""
    known = boxes[..., :4].isfinite().all(-1)[:, None, :, None, None]
    y = y.where(known, torch.nan)
    if boxes.shape[-1] > CLASS:
        y = y.where((boxes[..., CLASS] >= 0)[:, None, :, None, None], 0.0)
    return y


def roi_pool(call: Call[ops.RoIPool]) -> Tensor:
    operation, (x, boxes) = call.operation, call.inputs
    boxes = channels_last(boxes.detach())
    n, channels, height, width = x.shape
    rows, row_is = _covered(operation, boxes, 0, height)
    columns, column_is = _covered(operation, boxes, 1, width)
    # For each part its rows and columns, as many as of the largest: (N, R, parts, rows, columns).
    places = rows[:, :, :, None, :, None] * width + columns[:, :, None, :, None, :]
    inside = row_is[:, :, :, None, :, None] & column_is[:, :, None, :, None, :]
    flat = places.flatten(1)[:, None].expand(n, channels, -1)
    found = x.flatten(2).gather(2, flat).reshape(n, channels, *places.shape[1:])
    found = found.masked_fill(~inside[:, None], -torch.inf).flatten(-2)
    # PyTorch's amax would divide the gradient among equals.
    y = found.gather(-1, found.argmax(-1, keepdim=True))[..., 0]
    return _of_boxes(y.where(inside.flatten(-2).any(-1)[:, None], 0.0), boxes)


def _covered(
    operation: ops.RoIPool, boxes: Tensor, axis: int, length: int
) -> tuple[Tensor, Tensor]:
    """The positions of each part, (N, R, parts, most), and which of them there are."""
    low, high = (boxes[..., k].cpu().numpy() for k in (1 - axis, 3 - axis))
    bounds = covered(low, high, operation.size[axis], operation.scale, length)
    starts, stops = (torch.from_numpy(each).to(boxes.device)[..., None] for each in bounds)
    most = max(1, int((stops - starts).max()))
    positions = starts + torch.arange(most, device=boxes.device)
    return positions.clamp(max=length - 1), positions < stops
