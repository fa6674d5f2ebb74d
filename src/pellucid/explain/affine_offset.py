"""What an operation adds of its own: y = J·x + c, with masks and winners fixed.

Each kind's c is written here from its weights, and not found as what remains of y, so that evidence
that adds up is a finding and no tautology.
"""

# ruff: noqa: ARG001 - one signature for all kinds
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops.batch_norm import BatchNorm
from pellucid.ops.normalise import Normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.ops.operation import Array, Operation

Constant = Callable[["Operation", "Mapping[str, Array]", "Array"], "Array"]
"""An operation, its weights and its output, to c, which broadcasts to that output."""


def _nothing(operation: Operation, weights: Mapping[str, Array], y: Array) -> Array:
    return np.zeros(1, y.dtype)


def _bias(operation: Operation, weights: Mapping[str, Array], y: Array) -> Array:
    return weights.get("bias", np.zeros(1, y.dtype))  # none: the layer has no bias


def _batch_norm(operation: Operation, weights: Mapping[str, Array], y: Array) -> Array:
    assert isinstance(operation, BatchNorm)
    factor: Array = weights["gamma"] / np.sqrt(weights["variance"] + operation.epsilon)
    return np.asarray(weights["beta"] - factor * weights["mean"])


def _normalise(operation: Operation, weights: Mapping[str, Array], y: Array) -> Array:
    assert isinstance(operation, Normalise)
    return np.asarray(-np.array(operation.mean, y.dtype) / np.array(operation.std, y.dtype))


def _relu6(operation: Operation, weights: Mapping[str, Array], y: Array) -> Array:
    return np.where(y >= 6.0, y, 0.0)  # capped: 6, whatever comes


AFFINE_OFFSETS: dict[str, Constant] = {
    "add": _nothing,
    "average_pool": _nothing,
    "batch_norm": _batch_norm,
    "concatenate": _nothing,
    "conv2d": _bias,
    "dense": _bias,
    "dropout": _nothing,
    "flatten": _nothing,
    "global_average_pool": _nothing,
    "leaky_relu": _nothing,
    "max_pool": _nothing,
    "normalise": _normalise,
    "prelu": _nothing,
    "relu": _nothing,
    "relu6": _relu6,
    "subsample": _bias,
}
"""By kind; a kind that is missing is not affine piece by piece: it bends everywhere."""
