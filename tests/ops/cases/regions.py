"""Cases of what takes regions of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops import RoIAlign, RoIPool
from tests.ops.cases.case import Case, distinct

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


def boxes(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Of rows boxes within a map of at least 4 positions a side, of pixels half as large.

    Ends keep away from halves, where what is rounded jumps. Of maps distinct values.
    """
    if len(shape) != 3:
        return distinct(random, shape)
    low = random.integers(0, 4, (*shape[:2], 2)) + random.uniform(-0.3, 0.3, (*shape[:2], 2))
    high = low + random.integers(1, 5, low.shape)
    more = random.normal(size=(*shape[:2], shape[2] - 4))
    ends = np.clip(np.concatenate([low, high], axis=2), 0.1, 7.9)
    return np.concatenate([ends, more], axis=2)


REGIONS = [
    Case("asymmetric", RoIAlign((2, 3), 0.5), ((5, 6, 3), (3, 4)), fill=boxes),
    Case("one sample", RoIAlign((3, 1), 0.5, 1), ((4, 5, 2), (2, 5)), batch=1, fill=boxes),
    Case("many samples", RoIAlign((1, 2), 0.25, 4), ((4, 4, 17), (1, 4)), fill=boxes),
    Case("some boxes", RoIAlign((2, 1), 0.5), ((4, 4, 2), (6, 6)), fill=boxes),
    Case("some boxes", RoIPool((2, 1), 0.5), ((4, 4, 2), (6, 7)), fill=boxes),
    Case("asymmetric", RoIPool((2, 3), 0.5), ((5, 6, 3), (3, 4)), fill=boxes),
    Case("finer than the map", RoIPool((4, 2), 0.5), ((4, 5, 2), (2, 5)), batch=1, fill=boxes),
    Case("the whole", RoIPool((1, 1), 0.5), ((4, 4, 17), (1, 4)), fill=boxes),
]
