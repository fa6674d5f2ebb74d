"""The order of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.training.batches import batches, batches_per_epoch


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (1, 128), (128, 128), (129, 128)])
def test_every_picture_once(count: int, size: int) -> None:
    parts = list(batches(count, size, seed=1, epoch=0))
    assert len(parts) == batches_per_epoch(count, size)
    assert all(len(part) == size for part in parts[:-1])
    assert 1 <= len(parts[-1]) <= size
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))


def test_order_follows_from_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        parts = list(batches(1000, 64, seed=seed, epoch=epoch))
        return [int(i) for i in np.concatenate(parts)]

    assert order(3, 5) == order(3, 5)
    assert order(3, 5) != order(3, 6)
    assert order(3, 5) != order(4, 5)
    assert order(3, 5) != list(range(1000))
