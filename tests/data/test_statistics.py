"""Mean and standard deviation of pixels."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pellucid.data.statistics import channel_statistics


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 5, 7, 3), (700, 11, 13, 3), (2, 300, 400, 1)])
def test_against_numpy(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(len(shape)).integers(0, 256, shape, dtype=np.uint8)
    images[..., 0] //= 3
    mean, deviation = channel_statistics(images)
    np.testing.assert_allclose(mean, images.mean(axis=(0, 1, 2)), rtol=1e-13)
    np.testing.assert_allclose(deviation, images.std(axis=(0, 1, 2)), rtol=1e-12)


def test_one_level() -> None:
    assert channel_statistics(np.full((4, 3, 2, 2), 255, np.uint8)) == ([255.0] * 2, [0.0] * 2)


def test_the_order_of_pictures_does_not_count() -> None:
    images = np.random.default_rng(0).integers(0, 256, (500, 20, 20, 3), dtype=np.uint8)
    assert channel_statistics(images) == channel_statistics(images[::-1])


def test_memory_stays_small() -> None:
    images = np.zeros((5000, 28, 28, 1), np.uint8)
    tracemalloc.start()
    channel_statistics(images)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < images.nbytes / 2
