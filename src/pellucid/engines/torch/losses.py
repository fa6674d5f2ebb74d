"""The losses on PyTorch: one entry for each of :data:`pellucid.ops.LOSSES`.

z are logits and t targets, both (N, K) where nothing else is said. Computed in float64, since the
loss of a network that has learned is a small difference of large numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own custom

from pellucid.ops import CrossEntropy
from pellucid.ops.anchor_loss import BETA as ANCHOR_BETA
from pellucid.ops.anchor_loss import wanted_anchors
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.centre_loss import MOST_LOG, wanted_of
from pellucid.ops.region_loss import BETA as REGION_BETA
from pellucid.ops.region_loss import wanted_regions

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from pellucid import ops
    from pellucid.ops.loss import Loss


def anchor_loss(loss: ops.AnchorLoss, z: Tensor, t: Tensor) -> Tensor:
    """Which anchors are things is found in NumPy; it has no gradient."""
    total = _wide(z).new_zeros(())
    for own, boxes in zip(_wide(z), t.detach().cpu().numpy(), strict=True):
        wanted = wanted_anchors(loss, own.shape, boxes)
        logits = own[..., : loss.anchors_of_cell].reshape(-1)
        numbers = own[..., loss.anchors_of_cell :].reshape(-1, 4)
        positive, negative = (
            torch.from_numpy(each).to(z.device) for each in (wanted.positive, wanted.negative)
        )
        goal = torch.from_numpy(wanted.numbers).to(numbers)
        counts, counts_not = wanted.weights
        errors = F.smooth_l1_loss(numbers[positive], goal, reduction="sum", beta=ANCHOR_BETA)
        total = total + counts * (F.softplus(-logits[positive]).sum() + errors)
        total = total + counts_not * F.softplus(logits[negative]).sum()
    return total / len(z)


def region_loss(loss: ops.RegionLoss, z: Tensor, t: Tensor) -> Tensor:
    """Which box a region belongs to is found in NumPy; it has no gradient."""
    total = _wide(z).new_zeros(())
    for own, boxes in zip(_wide(z), t.detach().cpu().numpy(), strict=True):
        wanted = wanted_regions(loss, own.detach().cpu().numpy(), boxes)
        rows, classes = (
            torch.from_numpy(each).to(z.device) for each in (wanted.rows, wanted.classes)
        )
        if not len(rows):
            continue
        ends = (own.shape[1] - COLUMNS - 1) // 5 + COLUMNS + 1
        logits, numbers = own[rows, COLUMNS:ends], own[rows, ends:].reshape(len(rows), -1, 4)
        things = classes > 0
        goal = torch.from_numpy(wanted.numbers).to(numbers)
        errors = F.smooth_l1_loss(
            numbers[things, classes[things] - 1], goal, reduction="sum", beta=REGION_BETA
        )
        of_classes = F.cross_entropy(logits, classes, reduction="sum")
        total = total + (of_classes + errors) / len(rows)
    return total / len(z)


def centre_loss(loss: ops.CentreLoss, z: Tensor, t: Tensor) -> Tensor:
    """What boxes ask of the map is found in NumPy; it has no gradient."""
    z = _wide(z)
    found = [wanted_of(loss, z.shape[1:], boxes) for boxes in t.detach().cpu().numpy()]

    def stacked(name: str) -> Tensor:
        return torch.as_tensor(np.stack([getattr(each, name) for each in found])).to(z.device)

    logits, logs = z[..., :-4], z[..., -4:]
    p, centres = torch.sigmoid(logits), stacked("centres")
    weight = (1.0 - stacked("heat").to(z.dtype)) ** 4 * stacked("counted").to(z.dtype)[..., None]
    log_p, log_rest = (torch.nn.functional.logsigmoid(each) for each in (logits, -logits))
    of_classes = torch.where(
        centres, torch.sigmoid(-logits) ** 2 * log_p, weight * p**2 * log_rest
    ).sum()
    weights = stacked("weights").to(z.dtype)
    cells = weights > 0
    places = torch.nonzero(cells).to(z.dtype)
    middle = (places[:, [2, 1]] + 0.5) * loss.stride
    distances = loss.stride * logs[cells].clamp(-MOST_LOG, MOST_LOG).exp()
    near, far = distances[:, :2], distances[:, 2:]
    low, high = middle - near, middle + far
    boxes = stacked("boxes").to(z.dtype)[cells]
    wanted_low, wanted_high = boxes[:, :2], boxes[:, 2:]
    common = (
        (torch.minimum(high, wanted_high) - torch.maximum(low, wanted_low)).clamp(min=0).prod(1)
    )
    union = (high - low).prod(1) + (wanted_high - wanted_low).prod(1) - common
    hull = (torch.maximum(high, wanted_high) - torch.minimum(low, wanted_low)).prod(1)
    giou = common / union - (hull - union) / hull
    of_boxes = (weights[cells] * (1.0 - giou)).sum()
    count = max(1, sum(each.boxes_wanted for each in found))
    total: Tensor = (loss.box_weight * of_boxes - of_classes) / count
    return total


def cross_entropy(loss: ops.CrossEntropy, z: Tensor, t: Tensor) -> Tensor:
    """Softmax cross-entropy, divided by the weights of the labels rather than by N.

    With m the largest logit, −Σ_k w_k log y_k is
    Σ_k w_k · log(1 + Σ_{j≠m} e^{z_j − z_m}) + Σ_{k≠m} w_k (z_m − z_k).
    """
    t = _wide(t)
    weights = torch.ones(t.shape[1], dtype=t.dtype, device=t.device)
    if loss.class_weights is not None:
        weights = torch.tensor(loss.class_weights, dtype=t.dtype, device=t.device)
    smoothing = loss.label_smoothing
    wanted = weights * ((1.0 - smoothing) * t + smoothing / t.shape[1])
    largest, gaps, _, others = _from_the_largest(z)
    certain = wanted.sum(dim=1, keepdim=True) * torch.log1p(others)
    apart = wanted.scatter(1, largest, 0.0) * gaps
    return (certain.sum() + apart.sum()) / (t * weights).sum()


def ctc_loss(loss: ops.CTCLoss, z: Tensor, t: Tensor) -> Tensor:
    """PyTorch's own, of each sequence, and their mean."""
    z = _wide(z).reshape(len(z), -1, z.shape[-1])
    count, steps, classes = z.shape
    loss.check_fit(t.detach().cpu().numpy(), (steps, classes))
    total: Tensor = torch.nn.functional.ctc_loss(
        z.log_softmax(dim=2).transpose(0, 1),
        t.clamp(min=0).long(),
        torch.full((count,), steps),
        (t >= 0).sum(dim=1),
        loss.blank,
        reduction="none",
    ).mean()
    return total


def huber(loss: ops.Huber, z: Tensor, t: Tensor) -> Tensor:
    """Averaged over outputs and images."""
    return torch.nn.functional.huber_loss(_wide(z), _wide(t), delta=loss.delta)


def mean_squared_error(loss: ops.MeanSquaredError, z: Tensor, t: Tensor) -> Tensor:  # noqa: ARG001
    """Squares summed over classes, averaged over images; y − t is y·(1 − t) − t·(1 − y)."""
    t = _wide(t)
    largest, _, odds, others = _from_the_largest(z)
    total = 1.0 + others
    y = odds.scatter(1, largest, 1.0) / total
    # 1 − y of the largest is what the others have, nothing that is subtracted from 1
    rest = (total - odds).scatter(1, largest, others) / total
    return ((y * (1.0 - t) - t * rest) ** 2).sum() / len(t)


def sequence_cross_entropy(loss: ops.SequenceCrossEntropy, z: Tensor, t: Tensor) -> Tensor:
    """The cross-entropy of all steps that are counted, each taken for an image."""
    counted = t >= 0
    words = torch.nn.functional.one_hot(t[counted].long(), z.shape[2])
    return cross_entropy(CrossEntropy(loss.label_smoothing), z[counted], words)


def sigmoid_cross_entropy(
    loss: ops.SigmoidCrossEntropy,  # noqa: ARG001
    z: Tensor,
    t: Tensor,
) -> Tensor:
    """The mean over labels and images of t·softplus(−z) + (1 − t)·softplus(z)."""
    z, t = _wide(z), _wide(t)
    softplus = torch.nn.functional.softplus
    return (t * softplus(-z) + (1.0 - t) * softplus(z)).mean()


def squared_error(loss: ops.SquaredError, z: Tensor, t: Tensor) -> Tensor:  # noqa: ARG001
    """The mean over numbers and images of (z − t)²."""
    return ((_wide(z) - _wide(t)) ** 2).mean()


def _from_the_largest(z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Each row's largest logit and how far the others are from it, for losses near certainty.

    What is 0 of the largest itself is set, not subtracted, so that no gradient goes there and back
    again: gradients near certainty keep their relative precision too.

    Returns:
        The place of the largest m, (N, 1); z_m − z_k, (N, K); e^{z_k − z_m}, (N, K), 0 at m; their
        sum, (N, 1).
    """
    z = _wide(z)
    largest = z.argmax(dim=1, keepdim=True)
    top = z.gather(1, largest)
    gaps = top - z
    odds = torch.exp(-gaps).scatter(1, largest, 0.0)
    nothing = 0.0 * top.detach()  # or NaN, where the largest is no finite number
    return largest, gaps, odds, odds.sum(dim=1, keepdim=True) + nothing


def _wide(x: Tensor) -> Tensor:
    """In float64, where the device has it."""
    return x if x.device.type == "mps" else x.double()


MAPPINGS: dict[str, Callable[[Any, Tensor, Tensor], Tensor]] = {
    "anchor_loss": anchor_loss,
    "centre_loss": centre_loss,
    "cross_entropy": cross_entropy,
    "ctc_loss": ctc_loss,
    "huber": huber,
    "mean_squared_error": mean_squared_error,
    "region_loss": region_loss,
    "sequence_cross_entropy": sequence_cross_entropy,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "squared_error": squared_error,
}


def loss_at(loss: Loss, logits: Tensor, targets: Tensor) -> Tensor:
    """The batch's loss, a tensor without axes."""
    return MAPPINGS[loss.kind](loss, logits, targets)
