"""Estimators that make pictures of noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.engines.batches import forward
from pellucid.estimators.conventions import Estimator
from pellucid.tasks import Generation
from pellucid.training.adversarial import SAMPLES, noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array


class SamplingEstimator(Estimator):
    """An estimator whose network makes pictures of noise."""

    def sample(self, count: int = 64, *, seed: int = 0) -> NDArray[np.uint8]:
        """Pictures of chance, uint8 (count, H, W, C).

        Args:
            count: How many, at least 1. The first are the same whatever the count.
            seed: Which, 0 to 2³² − 1; the same seed gives the same pictures.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
            ArgumentError: If a value is out of range.
        """
        checks.whole("count", count, 1)
        return self.pictures_of(self.noise(count, seed=seed))

    def interpolate(self, first: int, second: int, *, steps: int = 8) -> NDArray[np.uint8]:
        """The way from one picture to another in even steps, uint8 (steps, H, W, C).

        It is a great circle between what both are made of (White 2016, *Sampling generative
        networks*, section 2.1): on the straight line the numbers would be smaller than any that the
        network has learned from.

        Args:
            first: The seed of the first picture, that of ``sample(1, seed=first)``.
            second: That of the last.
            steps: How many pictures, both ends included, at least 2.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
            ArgumentError: If a value is out of range.
        """
        checks.whole("steps", steps, 2)
        start, end = (self.noise(1, seed=seed).astype(np.float64) for seed in (first, second))
        return self.pictures_of(great_circle(start, end, steps).astype(np.float32))

    def noise(self, count: int, *, seed: int = 0, first: int = 0) -> Array:
        """What the pictures of a seed are made of: float32 (count, 1, 1, latent).

        Args:
            count: As :meth:`sample` takes it.
            seed: As :meth:`sample` takes it.
            first: The number of the first of them, from 0; those before it are not drawn.
        """
        checks.whole("seed", seed, 0, 2**32 - 1)
        checks.whole("first", first, 0)
        return noise(count, self._task.latent, seed=seed, stream=SAMPLES, first=first)

    def pictures_of(self, noise: Array) -> NDArray[np.uint8]:
        """The pictures made of some numbers, uint8 (N, H, W, C).

        Args:
            noise: (N, 1, 1, latent), normal numbers of variance 1.

        Raises:
            ShapeError: If they have another shape.
        """
        return self._task.answer(forward(self.program_, noise).astype(np.float64))

    @property
    def _task(self) -> Generation:
        task = self.model_.task
        assert isinstance(task, Generation)
        return task


def great_circle(start: Array, end: Array, steps: int) -> Array:
    """Points from one to another at even angles, their lengths changing evenly: (steps, …).

    Args:
        start: (1, …).
        end: The same shape.
        steps: At least 2, both ends included.
    """
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    cosine = float((start * end).sum() / (lengths[0] * lengths[1]))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    shares = np.linspace(0.0, 1.0, steps).reshape(-1, *[1] * (start.ndim - 1))
    if np.sin(angle) < 1e-6:  # one direction, or opposite ones: any circle would do
        return (1.0 - shares) * start + shares * end
    units = start / lengths[0], end / lengths[1]
    on_circle = (
        np.sin((1.0 - shares) * angle) * units[0] + np.sin(shares * angle) * units[1]
    ) / np.sin(angle)
    return np.asarray(on_circle * ((1.0 - shares) * lengths[0] + shares * lengths[1]))
