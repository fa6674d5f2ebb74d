"""The learning rate of a training, and how it compares with the default, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.cli.estimator_options import Estimator
    from pellucid.data import Dataset


def learning_rate_line(model: Estimator, pictures: Dataset) -> str:
    """``learning rate 0.018 (default for batches of 16)``; of another one, both rates."""
    recipe = model.planned_recipe(pictures)
    batches = f"for batches of {min(recipe.batch_size, len(pictures))}"
    default = model.default_learning_rate(pictures)
    if recipe.learning_rate == default:
        return f"learning rate {recipe.learning_rate:g} (default {batches})"
    return f"learning rate {recipe.learning_rate:g} ({default:g} is the default {batches})"
