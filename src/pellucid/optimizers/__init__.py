"""The rules that turn gradients into steps, one file each; engines apply them."""

from __future__ import annotations

from pellucid.optimizers.adam import Adam, AdamW
from pellucid.optimizers.optimizer import Optimizer, clip_by_norm
from pellucid.optimizers.sgd import SGD

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "clip_by_norm"]

OPTIMIZERS: dict[str, type[Optimizer]] = {rule.kind: rule for rule in (SGD, Adam, AdamW)}
"""Every optimizer by its kind."""
