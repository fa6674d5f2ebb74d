"""Cross-validation of heads: what each answers for pictures that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError
from pellucid.metrics.chance import wilson
from pellucid.tasks.measures import in_words
from pellucid.text import counted, printable
from pellucid.transfer.choice import fit_head
from pellucid.transfer.folds import ALWAYS_LEARNED

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.groups import Groups
    from pellucid.data.targets import Targets
    from pellucid.ops.loss import Loss
    from pellucid.tasks import Task
    from pellucid.transfer.head import Floats

_ROWS = 4096  # answered at once

DRAWS = 1000
"""Samples of the bootstrap."""


@dataclass(frozen=True)
class FoldsJudgement:
    """How good heads are on the pictures that each did not learn from.

    Attributes:
        folds: How many.
        count: Pictures that were held out once, each.
        measure: What is measured.
        value: Over all of them.
        low: Lower end of its 95 % interval.
        high: Upper end.
        of_each: The same in each fold.
    """

    folds: int
    count: int
    measure: str
    value: float
    low: float
    high: float
    of_each: tuple[float, ...]

    def __str__(self) -> str:
        low, high = (
            in_words(self.measure, end).rpartition(" ")[2] for end in (self.low, self.high)
        )
        return (
            f"{self.folds} folds, {counted(self.count, 'picture')}: "
            f"{in_words(self.measure, self.value)} (95% interval {low} to {high})"
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**vars(self), "of_each": list(self.of_each)}


def out_of_fold(
    features: NDArray[np.floating],
    targets: Floats,
    loss: Loss,
    fold_of: NDArray[np.int64],
    *,
    weight_decay: float | None = None,
    watching: Callable[[int, int], object] = lambda _done, _of: None,
    rough: bool = False,
    standardised: bool = False,
    most: int | None = None,
) -> Floats:
    """The outputs for every picture of a head that learned from the other folds, (N, K).

    Each head's weight decay is chosen among the folds that it learns from. Pictures that are in no
    fold get NaN.

    Args:
        features: Of the body, (N, D).
        targets: As the loss takes them, (N, K).
        loss: What is minimised.
        fold_of: The fold of each picture, (N,).
        weight_decay: λ, if it is not to be chosen.
        watching: Called with how many folds are done, and of how many; may raise.
        rough: Whether the first head's weight decay is taken for the others, too, and heads are
            solved roughly: where answers are asked for, and not how good heads are.
        standardised: As :class:`~pellucid.transfer.head.HeadProblem` takes it.
        most: How many pictures a head learns from at most, evenly from the first to the last, which
            bounds time and memory; None for all.
    """
    outputs = np.full(targets.shape, np.nan)
    folds = np.unique(fold_of[fold_of != ALWAYS_LEARNED]).tolist()
    for done, fold in enumerate(folds):
        watching(done, len(folds))
        held = np.flatnonzero(fold_of == fold)
        learned = np.flatnonzero(fold_of != fold)
        if most is not None and len(learned) > most:
            learned = learned[np.linspace(0, len(learned) - 1, most).astype(np.int64)]
        choice = fit_head(
            features[learned], targets[learned], loss, fold_of[learned],
            weight_decay=weight_decay, rough=rough, standardised=standardised,
        )  # fmt: skip
        if rough:
            weight_decay = choice.weight_decay
        for first in range(0, len(held), _ROWS):
            some = held[first : first + _ROWS]
            outputs[some] = choice.head.outputs(features[some])
    watching(len(folds), len(folds))
    return outputs


def judge_folds(
    task: Task, outputs: Floats, targets: NDArray[Any], fold_of: NDArray[np.int64], seed: int
) -> FoldsJudgement:
    """What outputs of :func:`out_of_fold` are worth.

    The interval of an accuracy is Wilson's; of other measures, it is between the percentiles 2.5
    and 97.5 of :data:`DRAWS` samples of the pictures (Efron 1979, *Bootstrap methods*). Both take
    pictures as independent of one another.

    Args:
        task: What was learned.
        outputs: (N, K).
        targets: As the task has them, (N,) or (N, K).
        fold_of: The fold of each picture, (N,).
        seed: Of the samples.
    """
    rows = np.flatnonzero(fold_of != ALWAYS_LEARNED)
    measure = task.measures[0]

    def worth(chosen: NDArray[np.int64]) -> float:
        judge = task.judge()
        judge.add(outputs[chosen], targets[chosen])
        return judge.judged().measures[measure]

    value = worth(rows)
    if task.of_one_class:
        low, high = wilson(round(value * len(rows)), len(rows))
    else:
        random = np.random.Generator(np.random.PCG64(seed))
        drawn = [worth(rows[random.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)]
        low, high = np.percentile(drawn, (2.5, 97.5)).tolist()
    folds = np.unique(fold_of[rows])
    of_each = tuple(worth(np.flatnonzero(fold_of == fold)) for fold in folds)
    return FoldsJudgement(len(folds), len(rows), measure, value, low, high, of_each)


def check_folds(targets: Targets, groups: Groups | None, folds: int) -> None:
    """Check that every class has pictures to learn from and to hold out.

    Args:
        targets: Of the pictures that folds are made of.
        groups: The group of each picture, which stays in one fold; None for none.
        folds: How many folds.

    Raises:
        DataError: Naming the first that has one picture, or one group, only; or if there are fewer
            pictures or groups than folds.
    """
    if groups is not None and groups.count < folds:
        raise DataError(
            f"{counted(groups.count, 'group')} cannot be divided into {folds} folds; give more "
            "groups, or fewer folds"
        )
    if len(targets) < folds:
        raise DataError(
            f"{counted(len(targets), 'picture')} cannot be divided into {folds} folds; give more "
            "pictures, or fewer folds"
        )
    if targets.kind != "single-label":
        return
    if groups is not None:
        pairs = np.unique(np.stack([targets.strata, groups.numbers]), axis=1)
        of_class = np.bincount(pairs[0])
        if (of_class[of_class > 0] < 2).all():
            raise DataError(
                f"each class is in one group alone ({printable(groups.by or groups.names[0])}), "
                f"which cannot be both learned and held out (--folds {folds}); leave the folds out"
            )
    strata, counts = np.unique(targets.strata, return_counts=True)
    if counts.min() < 2:
        name = printable(targets.names[int(strata[counts.argmin()])])
        raise DataError(
            f"the class {name} has 1 picture, which cannot be both learned and held out (--folds "
            f"{folds}); add pictures of it, or leave the folds out"
        )
