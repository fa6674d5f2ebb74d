"""Layers of bfloat16 in PyTorch: numbers are rounded to it, and kept and summed as floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from pellucid.engines.torch.call import Call
from pellucid.ops.bfloat16 import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from pellucid import ops
    from pellucid.ops.bfloat16 import Bfloat16Sum


def bfloat16(call: Call[ops.Bfloat16]) -> Tensor:
    """The nearest bfloat16; what is too small for a normal number becomes zero."""
    x = call.x
    nearest = x.float().to(torch.bfloat16).to(x.dtype)
    return torch.where(x.abs() < SMALLEST, x * 0, nearest)


def bfloat16_sum(summing: Callable[[Call[Any]], Tensor]) -> Callable[[Call[Any]], Tensor]:
    """The mapping of a layer of bfloat16, from that of the operation that sums."""

    def mapping(call: Call[Bfloat16Sum]) -> Tensor:
        return summing(Call(call.operation.summed, call.inputs, call.weights, call.mode))

    return mapping
