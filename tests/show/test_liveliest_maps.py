"""Which maps a page shows of a layer with many values."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.show.trace import LEAST_MAPS, MOST_VALUES, liveliest


@pytest.mark.parametrize(("side", "maps"), [(64, 40), (256, 12), (90, 9), (37, 100)])
def test_those_with_the_largest_values_in_their_order(side: int, maps: int) -> None:
    values = np.random.default_rng(side).normal(size=(side, side, maps)).astype(np.float32)
    values[0, 0, -1] = np.nan
    values[3, 5, 2] = -99.0
    chosen = liveliest(values)
    assert chosen is not None
    assert len(chosen) == max(LEAST_MAPS, MOST_VALUES // side**2)
    assert 2 in chosen
    sizes = [float(np.nanmax(np.abs(values[..., k]))) for k in range(maps)]
    left = set(range(maps)) - set(chosen.tolist())
    assert max(sizes[k] for k in left) <= min(sizes[k] for k in chosen)
    assert chosen.tolist() == sorted(chosen.tolist())


def test_of_few_values_all_are_shown() -> None:
    for shape in ((32, 32, 64), (300, 300, 3), (1000,), (100_000,)):
        assert liveliest(np.ones(shape, np.float32)) is None
