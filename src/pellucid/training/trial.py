"""Short trainings that compare learning rates: a few steps of the recipe's schedule, same start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.training.batch_loader import BatchLoader

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.training.recipe import Recipe

LAST = 4
"""The loss of the last quarter of the steps counts, ..."""

LEARNED = 0.1
"""... and as no lower than this share of the first: below, the pictures are learned already."""


def short_training(
    program: Program,
    data: Dataset,
    recipe: Recipe,
    steps: int,
    progress: Callable[[], None] | None = None,
) -> float:
    """Train for some steps, with a whole cycle of the schedule; the loss at the end.

    Args:
        program: Loaded with the recipe's loss, optimizer and seed; its weights change.
        data: The training pictures.
        recipe: Learning rate, schedule, batch size, seed and augmentation are taken from it.
        steps: How many, at least 1.
        progress: Called after each.

    Returns:
        The mean loss of the last quarter of the steps; infinite if one is not finite.
    """
    feed, losses = BatchLoader(data, recipe), []
    for step in range(steps):
        images, labels = feed.batch(*divmod(step, feed.steps))
        rate = recipe.learning_rate * recipe.schedule.factor(step, steps, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            losses.append(program.train_step(images, labels, rate).loss)
        if progress is not None:
            progress()
        if not math.isfinite(losses[-1]):
            return math.inf
    last = losses[-max(1, steps // LAST) :]
    return max(sum(last) / len(last), LEARNED * losses[0])
