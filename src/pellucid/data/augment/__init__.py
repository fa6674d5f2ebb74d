"""Changed copies of the training pictures: moved, turned, recoloured, covered, mixed."""

from __future__ import annotations

from pellucid.data.augment.apply import augmented, augmented_batch, flipped
from pellucid.data.augment.boxes import moved_boxes
from pellucid.data.augment.mixup import mixed, mixed_targets, mixup_partners
from pellucid.data.augment.settings import PRESETS, Augmentation, get_augmentation

__all__ = [
    "PRESETS",
    "Augmentation",
    "augmented",
    "augmented_batch",
    "flipped",
    "get_augmentation",
    "mixed",
    "mixed_targets",
    "mixup_partners",
    "moved_boxes",
]
