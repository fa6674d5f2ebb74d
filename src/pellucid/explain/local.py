"""How much one output of an operation changes with one of its inputs: ∂output/∂input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.weight_places import kernel_place
from pellucid.ops import Conv2D, Dense, LocalResponseNorm, Softmax
from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.explain.activations import Position
    from pellucid.ops.operation import Array, Operation


def derivative(
    operation: Operation,
    inputs: Sequence[Array],
    weights: Mapping[str, Array],
    output: Position,
    branch: int,
    at: Position,
) -> float:
    """∂output[output]/∂inputs[branch][at] at inference, for one image's arrays.

    At kinks it is what the operation declares: 0 for ReLU, a pooling's first winner takes all.
    """
    if isinstance(operation, Pointwise):
        x = inputs[0][at].astype(np.float64)[None]
        return float(operation.derivative(x, operation.function(x))[0])
    if isinstance(operation, Softmax | LocalResponseNorm):
        return _across_channels(operation, inputs[0][at[:-1]], output[-1], at[-1])
    if isinstance(operation, Conv2D):
        return float(weights["kernel"][kernel_place(operation, inputs[0].shape, output, at)])
    if isinstance(operation, Dense):
        return float(weights["kernel"][at[0], output[0]])
    terms = operation.terms(inputs, weights, output)
    reads = (terms.sources == (branch, *at)).all(axis=1)
    return float(terms.factors[reads].sum())


def _across_channels(operation: Operation, channels: Array, output: int, at: int) -> float:
    """For operations that mix the channels of one position, and nothing else."""
    x = channels.astype(np.float64)[None, None, None]
    at_output = np.zeros_like(x)
    at_output[..., output] = 1.0
    _, saved = operation.forward([x], {})
    (at_input,), _ = operation.backward(at_output, saved, {})
    return float(at_input[0, 0, 0, at])
