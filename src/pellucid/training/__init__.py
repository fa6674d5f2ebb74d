"""How networks learn: recipes, the loop, what is kept of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.renamed import old_names
from pellucid.training.history import Epoch
from pellucid.training.loop import train
from pellucid.training.recipe import Recipe, make_recipe
from pellucid.training.result import Progress, TrainingResult, Watcher
from pellucid.training.stopping import Stopped

__all__ = [
    "Epoch",
    "Progress",
    "Recipe",
    "Stopped",
    "TrainingResult",
    "Watcher",
    "make_recipe",
    "train",
]

if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
