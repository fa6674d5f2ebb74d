"""How networks learn: recipes, the loop, what is kept of a run."""

from __future__ import annotations

from pellucid.training.history import Epoch
from pellucid.training.loop import Progress, Trained, Watcher, train
from pellucid.training.recipe import Recipe, make_recipe

__all__ = ["Epoch", "Progress", "Recipe", "Trained", "Watcher", "make_recipe", "train"]
