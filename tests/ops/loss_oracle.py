"""The losses in PyTorch's words, for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pellucid.ops import CrossEntropy, Huber, MeanSquaredError, SigmoidCrossEntropy, SquaredError
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss
    from tests.ops.loss_cases import LossCase

torch.set_num_threads(1)


def images_of(case: LossCase, logits: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """The loss of each image."""
    loss = case.loss
    if isinstance(loss, MeanSquaredError):
        return ((functional.softmax(logits, dim=1) - targets) ** 2).sum(dim=1)
    if isinstance(loss, SigmoidCrossEntropy):
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(
            dim=1
        )
    if isinstance(loss, SquaredError):
        return functional.mse_loss(logits, targets, reduction="none").mean(dim=1)
    if isinstance(loss, Huber):
        each = functional.huber_loss(logits, targets, reduction="none", delta=loss.delta)
        return each.mean(dim=1)
    assert isinstance(loss, CrossEntropy)
    return functional.cross_entropy(
        logits,
        targets if case.soft else labels,
        _weights(loss, logits),
        reduction="none",
        label_smoothing=loss.label_smoothing,
    )


def torch_loss(case: LossCase, logits: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """The batch's loss."""
    loss = case.loss
    if not isinstance(loss, CrossEntropy):
        return images_of(case, logits, targets, labels).mean()
    weights, smoothing = _weights(loss, logits), loss.label_smoothing
    if not case.soft:
        return functional.cross_entropy(logits, labels, weights, label_smoothing=smoothing)
    # Of soft targets PyTorch divides by the number of images; here it is by the weights of the
    # targets, so that a soft target that happens to be a label gives the label's loss.
    value = functional.cross_entropy(logits, targets, weights, label_smoothing=smoothing)
    share = targets.sum() if weights is None else (targets * weights).sum()
    return value * len(logits) / share


def _weights(loss: CrossEntropy, logits: Tensor) -> Tensor | None:
    if loss.class_weights is None:
        return None
    return torch.tensor(loss.class_weights, dtype=logits.dtype)


def check_loss(loss: Loss, case: LossCase, dtype: str = "float64") -> None:
    """A loss's values and gradient are those that PyTorch finds for the case."""
    logits, targets, labels = case.draw(dtype)
    tensor = torch.tensor(logits, requires_grad=True)
    given = tensor, torch.tensor(targets), torch.tensor(labels)
    expected = torch_loss(case, *given)
    (gradient,) = torch.autograd.grad(expected, tensor)
    value, found = loss.value_and_gradient(logits, targets)
    assert_close(value, expected.item(), dtype)
    assert found.dtype == np.dtype(dtype)
    assert_close(found, gradient.numpy(), dtype)
    per_image = images_of(case, *given).detach().numpy()
    assert_close(loss.per_image(logits, targets), per_image, dtype)
