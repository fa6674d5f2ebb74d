"""The losses on PyTorch: one entry for each of :data:`pellucid.ops.LOSSES`.

z are logits and t targets, both (N, K).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own custom

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from pellucid import ops
    from pellucid.ops.loss import Loss


def cross_entropy(loss: ops.CrossEntropy, z: Tensor, t: Tensor) -> Tensor:
    """Softmax cross-entropy, divided by the weights of the labels rather than by N."""
    weights = None
    total = t.sum()
    if loss.class_weights is not None:
        weights = torch.tensor(loss.class_weights, dtype=z.dtype, device=z.device)
        total = (t * weights).sum()
    summed = F.cross_entropy(z, t, weights, reduction="sum", label_smoothing=loss.label_smoothing)
    return summed / total


def mean_squared_error(loss: ops.MeanSquaredError, z: Tensor, t: Tensor) -> Tensor:  # noqa: ARG001
    """Squares summed over classes, averaged over images."""
    return F.mse_loss(z.softmax(dim=1), t, reduction="sum") / len(t)


MAPPINGS: dict[str, Callable[[Any, Tensor, Tensor], Tensor]] = {
    "cross_entropy": cross_entropy,
    "mean_squared_error": mean_squared_error,
}


def loss_at(loss: Loss, logits: Tensor, targets: Tensor) -> Tensor:
    """The batch's loss, a tensor without axes."""
    return MAPPINGS[loss.kind](loss, logits, targets)


def check_loss(loss: Loss, classes: int) -> None:
    """Check that a loss fits the number of classes, before anything is computed.

    Raises:
        ArgumentError: If not; raised by the loss itself, on a batch of no images.
    """
    nothing = np.zeros((0, classes))
    loss.per_image(nothing, nothing)
