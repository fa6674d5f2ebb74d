"""The CTC loss as PyTorch computes it, and as the paper defines it: path by path."""

from __future__ import annotations

from itertools import groupby, product
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from pellucid.errors import ArgumentError
from pellucid.ops import CTCLoss
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.ops.operation import Array

CTC = CTCLoss(labels=4, blank=1)
STEPS, CLASSES = 7, 4
LABELS = np.array(
    [
        (0, 2, 3, -1),
        (0, 0, 2, -1),  # a repeat
        (-1, -1, -1, -1),  # nothing
        (0, 2, 0, 2),
        (3, 3, 3, 3),  # each step is needed
        (2, -1, -1, -1),
    ]
)
NEEDED = (3, 4, 0, 4, 7, 1)
"""Steps that these labels take at least."""


def outputs(steps: int = STEPS, scale: float = 2.0) -> Array:
    """Logits of six sequences."""
    drawn: Array = np.random.default_rng(5).normal(0, scale, (len(LABELS), steps, CLASSES))
    return drawn


def in_torch(logits: Array, labels: Array, loss: CTCLoss) -> tuple[Array, Array]:
    """The loss of each sequence, and the gradient of their mean."""
    z = torch.tensor(logits, requires_grad=True)
    count, steps, _ = z.shape
    lengths = (labels >= 0).sum(axis=1)
    each = functional.ctc_loss(
        functional.log_softmax(z, dim=2).permute(1, 0, 2),
        torch.tensor(np.concatenate([row[:n] for row, n in zip(labels, lengths, strict=True)])),
        torch.tensor([steps] * count),
        torch.tensor(lengths),
        blank=loss.blank,
        reduction="none",
    )
    (gradient,) = torch.autograd.grad(each.mean(), z)
    return each.detach().numpy(), gradient.numpy()


def probability(y: Array, labels: Sequence[int], blank: int) -> float:
    """p(l) of one sequence, (T, K): the sum over all paths that are read as the labels."""
    steps, classes = y.shape
    total = 0.0
    for path in product(range(classes), repeat=steps):
        if [k for k, _ in groupby(path) if k != blank] == list(labels):
            total += float(np.prod([y[t, k] for t, k in enumerate(path)]))
    return total


EXPECTED = in_torch(outputs(), LABELS, CTC)


def check_ctc_loss(loss: CTCLoss) -> None:
    """A loss's value and gradient are those that PyTorch finds; too many labels are refused."""
    each, gradient = EXPECTED
    value, slopes = loss.value_and_gradient(outputs(), LABELS)
    assert_close(value, each.mean(), "float64")
    assert_close(slopes, gradient, "float64")
    for row, steps in zip(LABELS, NEEDED, strict=True):
        loss.check_fit(row[None], (steps, CLASSES))
        if steps:
            check_refuses(loss, row[None], steps - 1, f"sequence 0 take at least {steps} steps")
    check_refuses(loss, LABELS, 4, "sequence 4 take at least 7 steps")
    check_refuses(loss, np.where(LABELS == 3, 4, LABELS), STEPS, "sequence 0 has 4 at 2")


def check_refuses(loss: CTCLoss, labels: Array, steps: int, named: str) -> None:
    """Labels that do not fit the first steps are refused in a line that has some words."""
    refusal = ""
    try:
        loss.value_and_gradient(outputs()[: len(labels), :steps], labels)
    except ArgumentError as error:
        refusal = str(error)
    assert named in refusal
