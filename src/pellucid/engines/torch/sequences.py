"""What operations on sequences are in PyTorch, where these come as (N, F, T)."""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own custom

if TYPE_CHECKING:
    from torch import Tensor

    from pellucid import ops
    from pellucid.engines.torch.call import Call


def embedding(call: Call[ops.Embedding]) -> Tensor:
    x = call.x.detach()  # which row is taken has no gradient
    last = call.operation.vocabulary - 1
    rows = x.nan_to_num(0.0, last, 0.0).round().clamp(0, last).long()
    y = F.embedding(rows, call.weights["table"])
    return y.where(~x.isnan()[..., None], math.nan).movedim(-1, 1)


def gru(call: Call[ops.GRU]) -> Tensor:
    x, *states = call.inputs
    first = states[0] if states else x.new_zeros((len(x), call.operation.units))
    y, _ = torch.gru(x.movedim(1, -1), first[None], *_recurrent(call))
    return y.movedim(-1, 1)


def lstm(call: Call[ops.LSTM]) -> Tensor:
    x, *states = call.inputs
    first = states or [x.new_zeros((len(x), call.operation.units))] * 2
    y, _, _ = torch.lstm(x.movedim(1, -1), [state[None] for state in first], *_recurrent(call))
    return y.movedim(-1, 1)


def _recurrent(call: Call[Any]) -> tuple[Any, ...]:
    """What PyTorch asks after the states: weights, biases, 1 layer, no dropout, batch first."""
    weights = call.weights
    kernels = weights["kernel"].T, weights["recurrent_kernel"].T
    given = [each.contiguous() for each in kernels]
    given += [weights["bias"], weights["recurrent_bias"]]
    return given, True, 1, 0.0, call.mode.training, False, True


def matrix_product(call: Call[ops.MatrixProduct]) -> Tensor:
    a, b = (x.movedim(1, -1) for x in call.inputs)
    y = a @ (b.mT if call.operation.transposed else b)
    return (y * call.operation.factor(a.shape[2])).movedim(-1, 1)
