"""The cross-entropy of sequences in PyTorch's words, and a batch for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from pellucid.errors import ArgumentError
from pellucid.ops import SequenceCrossEntropy
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

WORDS_LOSS = SequenceCrossEntropy(0.1)
STEPS, VOCABULARY = 4, 5
WORDS = np.array([(0, 4, 4, -1), (3, -1, -1, -1), (-1, 2, -1, 1), (-1, -1, -1, -1)])
"""The last example has no word that is counted."""


def logits() -> Array:
    """(N, T, V); one step is nearly certain."""
    found = np.random.default_rng(7).normal(0.0, 2.0, (len(WORDS), STEPS, VOCABULARY))
    found[1, 0, 3] = 45.0
    return found


def in_torch(outputs: Array, words: Array, smoothing: float) -> tuple[float, Array]:
    """PyTorch's loss and gradient."""
    z = torch.tensor(outputs, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(
        z.flatten(0, 1), torch.tensor(words).flatten(), ignore_index=-1, label_smoothing=smoothing
    )
    loss.backward()  # type: ignore[no-untyped-call]
    assert z.grad is not None
    return loss.item(), z.grad.numpy()


def check_sequence_loss(loss: SequenceCrossEntropy) -> None:
    """Value, gradient and each example's mean."""
    value, slopes = loss.value_and_gradient(logits(), WORDS)
    expected, gradient = in_torch(logits(), WORDS, WORDS_LOSS.label_smoothing)
    assert_close(value, expected, "float64")
    assert slopes.shape == gradient.shape
    assert_close(slopes, gradient, "float64")
    assert (slopes[WORDS < 0] == 0).all()
    each = loss.per_image(logits(), WORDS)
    counted = (WORDS >= 0).sum(axis=1)
    assert_close((each * counted).sum() / counted.sum(), expected, "float64")
    assert each[3] == 0
    for word in (VOCABULARY, 7):
        beyond = np.where(WORDS == 1, word, np.where(WORDS == 2, word, WORDS))
        refusal = ""
        try:
            loss.check_fit(beyond, (STEPS, VOCABULARY))
        except ArgumentError as error:
            refusal = str(error)
        assert "below 5, " in refusal
        assert f"example 2 has {word} at 1" in refusal
