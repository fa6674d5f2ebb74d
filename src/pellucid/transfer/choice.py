"""The weight decay of a head, chosen by cross-validation among the pictures that are learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.transfer.folds import ALWAYS_LEARNED
from pellucid.transfer.head import TOLERANCE, Head, HeadProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.ops.loss import Loss
    from pellucid.transfer.head import Floats

STRONGEST, WEAKEST = 100.0, 1e-4
"""The weight decays that are tried, by factors of 10, and then between the best two by √10."""

FOLDS = 5
"""Parts of the cross-validation."""

MANY = 20_000
"""Rows beyond which one fold judges for all: a fifth of them is enough."""

UNTRIED = 1.0
"""The weight decay where there is nothing to choose by: no class has two pictures."""

_ROUGH = 1e-5  # of gradients where heads are only compared


@dataclass(frozen=True, eq=False)
class Choice:
    """A head, and what its weight decay was chosen by.

    Attributes:
        head: The layer.
        weight_decay: λ.
        losses: The mean loss of the pictures held out, by the weight decay that was tried.
    """

    head: Head
    weight_decay: float
    losses: dict[float, float]


def fit_head(
    features: NDArray[np.floating],
    targets: Floats,
    loss: Loss,
    fold_of: NDArray[np.int64],
    *,
    weight_decay: float | None = None,
    progress: Callable[[], object] = lambda: None,
    rough: bool = False,
    standardised: bool = False,
) -> Choice:
    """A head for some features, trained until it changes no more.

    Args:
        features: Of the pictures that are learned, (N, D); the views of a picture are rows of it.
        targets: What is wanted of the outputs, (N, K), as the loss takes them.
        loss: What is minimised, and what judges the folds.
        fold_of: The fold of each row, (N,), see :func:`pellucid.transfer.folds.make_folds`; views
            of a picture are in one.
        weight_decay: λ, if it is not to be chosen.
        progress: Called between two solutions; may raise.
        rough: Whether one fold judges for all, and probabilities may be off in the fourth place:
            many times as fast.
        standardised: As :class:`~pellucid.transfer.head.HeadProblem` takes it.
    """
    problem = HeadProblem(features, targets, loss, standardised=standardised)
    losses: dict[float, float] = {}
    if weight_decay is None:
        weight_decay = _chosen(problem, targets, loss, fold_of, losses, progress, rough=rough)
    weights = None
    for stronger in (100.0, 1.0):  # a path from where the search is short
        if stronger > weight_decay:
            weights = problem.solve(stronger, start=weights, tolerance=_ROUGH)
            progress()
    tolerance = _ROUGH if rough else TOLERANCE
    weights = problem.solve(weight_decay, start=weights, tolerance=tolerance)
    return Choice(problem.head(weights), weight_decay, losses)


def _chosen(
    problem: HeadProblem,
    targets: Floats,
    loss: Loss,
    fold_of: NDArray[np.int64],
    losses: dict[float, float],
    progress: Callable[[], object],
    *,
    rough: bool,
) -> float:
    folds = np.unique(fold_of[fold_of != ALWAYS_LEARNED])
    if len(folds) < 2:
        return UNTRIED
    if rough or len(fold_of) > MANY:
        folds = folds[:1]
    held = [np.flatnonzero(fold_of == fold) for fold in folds]
    learned = [np.flatnonzero(fold_of != fold) for fold in folds]
    starts: list[Floats | None] = [None] * len(folds)

    def judge(weight_decay: float) -> float:
        total, count = 0.0, 0
        for k, (ours, theirs) in enumerate(zip(learned, held, strict=True)):
            weights = problem.solve(weight_decay, ours, starts[k], tolerance=_ROUGH)
            starts[k] = weights
            answers = problem.answers(weights, theirs)
            total += float(loss.per_image(answers, targets[theirs]).sum())
            count += len(theirs)
            progress()
        losses[weight_decay] = total / count
        return losses[weight_decay]

    tried, best = STRONGEST, STRONGEST
    while tried > WEAKEST * 0.9:
        if judge(tried) < losses[best]:
            best = tried
        elif tried < best / 50:  # worse twice: the curve has one valley
            break
        tried = float(f"{tried / 10:.1e}")
    for between in (float(f"{best * 10**0.5:.1e}"), float(f"{best / 10**0.5:.1e}")):
        judge(between)
    return min(losses, key=lambda each: (losses[each], -each))
