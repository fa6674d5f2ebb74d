"""Quantised layers in PyTorch: their sums in float64, where whole numbers are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from pellucid.engines.torch.call import Call
from pellucid.ops.operation import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from pellucid import ops
    from pellucid.ops.whole_numbers import WholeSum


def quantise(call: Call[ops.Quantise]) -> Tensor:
    """Whole numbers, half-way values to the even neighbour; NaN becomes the smallest."""
    operation, x = call.operation, call.x
    steps = x * x.new_tensor(operation.inverse.item())
    least = x.new_tensor(operation.low)
    within = torch.where(steps > least, steps, least).clamp(max=operation.high)
    return torch.round(within)


def whole_sum(summing: Callable[[Call[Any]], Tensor]) -> Callable[[Call[Any]], Tensor]:
    """The mapping of a quantised layer, from that of the operation that sums."""

    def mapping(call: Call[WholeSum]) -> Tensor:
        x, kernel = call.x.double(), call.weights["kernel"].double()
        sums = summing(Call(call.operation.summed, [x], {"kernel": kernel}, INFERENCE))
        along = (-1, *[1] * (sums.ndim - 2))  # channels come second
        sums = sums + call.weights["bias"].double().view(along)
        scale = call.weights["scale"]
        step = scale * scale.new_tensor(call.operation.input_scale)
        return sums.to(call.x.dtype) * step.view(along)

    return mapping
