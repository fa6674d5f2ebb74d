"""How networks learn: recipes, the loop, what is kept of a run."""

from __future__ import annotations

from pellucid.training.history import Epoch
from pellucid.training.loop import train
from pellucid.training.recipe import Recipe, make_recipe
from pellucid.training.stopping import Stopped
from pellucid.training.trained import Progress, Trained, Watcher

__all__ = [
    "Epoch",
    "Progress",
    "Recipe",
    "Stopped",
    "Trained",
    "Watcher",
    "make_recipe",
    "train",
]
