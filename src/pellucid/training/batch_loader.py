"""What a step learns from: a batch of pictures, and what is wanted of them.

While a step computes, the next batch is made ready by a thread, so that steps wait neither for the
disk nor for augmentation. A batch follows from (recipe, epoch, number) alone, and so is the same
in whichever thread and order it is made.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pellucid.data.augment import augmented, augmented_batch
from pellucid.engines.ranks import part_of
from pellucid.tasks import task_of
from pellucid.training.batches import batch_places, batches_per_epoch
from pellucid.training.changed_targets import ChangedTargets

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.tasks import Task
    from pellucid.training.recipe import Recipe

    Batch = tuple[NDArray[np.uint8], NDArray[Any]]
    """Pictures, and what the task wants of them."""


class BatchLoader:
    """Makes batches, the likely next one ahead; its thread ends with it.

    Args:
        data: The pictures.
        recipe: Batch size, seed and augmentation are taken from it.
        task: What is learned; none: what the data are for.
        rank: Which of the processes that learn together this one is; it makes its part of every
            batch, in the one order of all pictures.
        world: How many processes there are.
        ready: Called in the thread with the pictures of every batch as soon as they are made.

    Attributes:
        steps: Batches an epoch.
    """

    def __init__(
        self,
        data: Dataset,
        recipe: Recipe,
        task: Task | None = None,
        *,
        rank: int = 0,
        world: int = 1,
        ready: Callable[[NDArray[np.uint8]], None] | None = None,
    ) -> None:
        self.steps = batches_per_epoch(len(data), recipe.batch_size)
        self._maker = _Maker(data, recipe, task or task_of(data.targets), rank, world, ready)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pellucid-feed")
        self._ahead: tuple[int, int] | None = None
        self._made: Future[Batch]

    def batch(self, epoch: int, number: int) -> Batch:
        """One batch.

        Args:
            epoch: From 0.
            number: From 0 to ``steps − 1``.

        Returns:
            This rank's pictures, uint8 (N, H, W, C); and what the task wants of them: of one class
            a picture labels, int64 (N,), or where pictures are mixed, probabilities, float32
            (N, K); else float32 (N, K).
        """
        if self._ahead != (epoch, number):
            self._made = self._thread.submit(self._maker.batch, epoch, number)
        self._ahead = None  # whatever comes: a batch that could not be made is not asked for twice
        batch = self._made.result()
        following = (epoch, number + 1) if number + 1 < self.steps else (epoch + 1, 0)
        self._made = self._thread.submit(self._maker.batch, *following)
        self._ahead = following
        return batch


class _Maker:
    """Makes batches, one at a time; it knows nothing of the thread that it works in."""

    def __init__(
        self,
        data: Dataset,
        recipe: Recipe,
        task: Task,
        rank: int,
        world: int,
        ready: Callable[[NDArray[np.uint8]], None] | None,
    ) -> None:
        self._data, self._rank, self._world, self._ready = data, rank, world, ready
        self._targets = ChangedTargets(task, data, recipe.augmentation, recipe.seed)
        self._recipe = recipe
        self._changes_pixels = recipe.augmentation.changes_pixels
        self._epoch = -1
        self._order: NDArray[np.int64]
        self._windows: list[NDArray[np.int64]] | None = None

    def batch(self, epoch: int, number: int) -> Batch:
        batch = self._made(epoch, number)
        if self._ready is not None:
            self._ready(batch[0])
        return batch

    def _made(self, epoch: int, number: int) -> Batch:
        data, recipe = self._data, self._recipe
        if epoch != self._epoch:
            self._order = data.order(recipe.seed, epoch)
            if recipe.augmentation.mixup:
                self._windows = data.windows(recipe.seed, epoch)
            self._epoch = epoch
        indices = self._order[batch_places(len(data), recipe.batch_size, number)]
        indices = indices[part_of(len(indices), self._rank, self._world)]
        changes = recipe.augmentation
        if changes.mixup:
            return augmented_batch(
                data.images, self._targets.everything(), indices, changes,
                classes=len(data.classes), seed=recipe.seed, epoch=epoch,
                mirrored=self._targets.mirrored(), windows=self._windows,
            )  # fmt: skip
        images = data.images[indices]
        if self._changes_pixels:
            images = augmented(images, indices, changes, seed=recipe.seed, epoch=epoch)
        return images, self._targets.of(indices, epoch)
