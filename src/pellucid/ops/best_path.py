"""Greedy reading of CTC outputs: the likeliest class of each step, repeats and blanks left out.

Graves et al. 2006, *Connectionist temporal classification*, section 3.2 (best path decoding). The
labels found are not always the likeliest ones: those may come from many paths, none the best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


def best_path(logits: Array, blank: int = 0) -> list[list[int]]:
    """The labels of sequences, as :class:`~pellucid.ops.CTCLoss` learns them.

    Args:
        logits: (N, T, K), or maps of one row or one column, (N, 1, T, K) or (N, T, 1, K);
            probabilities and their logarithms give the same labels. Of equal classes the first
            counts.
        blank: The class that stands for no label, 0 to K − 1.

    Returns:
        The classes of each sequence, as many as are found: none to T.

    Raises:
        ShapeError: If they are no sequences.
        ArgumentError: If the blank is no class, or a logit is NaN.
    """
    if not (logits.ndim == 3 or (logits.ndim == 4 and 1 in logits.shape[1:3])):
        raise ShapeError(
            f"sequences of logits must be (N, T, K) or maps of one row or one column, got "
            f"{logits.shape}"
        )
    if not 0 <= blank < logits.shape[-1]:
        raise ArgumentError(f"blank must be a class, 0 to {logits.shape[-1] - 1}, got {blank}")
    if np.isnan(logits).any():
        raise ArgumentError("logits must be numbers, got NaN; the network has not learned")
    steps = int(np.prod(logits.shape[1:-1]))
    paths = logits.argmax(axis=-1).reshape(len(logits), steps)
    starts = np.ones(paths.shape, bool)
    starts[:, 1:] = paths[:, 1:] != paths[:, :-1]
    kept = starts & (paths != blank)
    return [path[own].tolist() for path, own in zip(paths, kept, strict=True)]
