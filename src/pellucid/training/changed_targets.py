"""What is wanted of pictures that augmentation has changed.

A mirrored road bends the other way, and boxes move with the things that they are around.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.augment import flipped, moved_boxes
from pellucid.data.boxes import Boxes
from pellucid.data.mirrored import mirrored_targets
from pellucid.data.transcripts import Transcripts
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets
    from pellucid.tasks import Task


def check_augmentation(augmentation: Augmentation, targets: Targets) -> None:
    """Check that what is wanted of pictures is known once they are changed.

    Raises:
        ArgumentError: If the numbers that a flip negates are not among the data's, pictures with
            boxes are mixed, or recordings with texts mixed or moved in time.
    """
    mirrored_targets(targets, augmentation.flip_negates)
    if augmentation.mixup and isinstance(targets, Boxes | Transcripts):
        what = "pictures with boxes" if isinstance(targets, Boxes) else "recordings with texts"
        raise ArgumentError(
            f"mixup is {augmentation.mixup:g}, but of two {what} no mixed one can be learned; "
            "leave mixup out"
        )
    if augmentation.time_shift and isinstance(targets, Transcripts):
        raise ArgumentError(
            f"time_shift is {augmentation.time_shift:g}, which can move a word out of what is "
            "heard; leave it out"
        )


class ChangedTargets:
    """The targets of pictures as augmentation leaves them, mixup excepted.

    Args:
        task: What is learned.
        data: The pictures and what is wanted of them.
        augmentation: What is done to the pictures.
        seed: The run's.

    Raises:
        ArgumentError: As :func:`check_augmentation` raises it.
    """

    def __init__(self, task: Task, data: Dataset, augmentation: Augmentation, seed: int) -> None:
        self._task, self._data, self._augmentation, self._seed = task, data, augmentation, seed
        check_augmentation(augmentation, data.targets)
        self._mirrored: Dataset | None = None
        if augmentation.flip_negates:
            other = mirrored_targets(data.targets, augmentation.flip_negates)
            self._mirrored = replace(data, targets=other)

    def of(self, indices: NDArray[np.integer[Any]], epoch: int) -> NDArray[Any]:
        """What is wanted of some pictures in an epoch from 0, batch axis first."""
        wanted = self._task.targets(self._data, indices)
        if isinstance(self._data.targets, Boxes):
            return moved_boxes(
                wanted, indices, self._augmentation,
                shape=self._data.image_shape[:2], seed=self._seed, epoch=epoch,
            )  # fmt: skip
        if self._mirrored is None:
            return wanted
        flip = flipped(indices, self._augmentation, seed=self._seed, epoch=epoch)
        other = self._task.targets(self._mirrored, indices)
        return np.where(flip.reshape(-1, *[1] * (wanted.ndim - 1)), other, wanted)

    def everything(self) -> NDArray[Any]:
        """What is wanted of all pictures as they are."""
        return self._task.targets(self._data, slice(None))

    def mirrored(self) -> NDArray[Any] | None:
        """What is wanted of all pictures once they are mirrored; None: the same."""
        return None if self._mirrored is None else self._task.targets(self._mirrored, slice(None))
