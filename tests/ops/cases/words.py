"""Cases of what takes words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops import Embedding
from tests.ops.cases.case import Case

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


def words(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Near whole numbers, some of them negative or beyond a small table."""
    return np.asarray(random.integers(-1, 7, shape) + random.uniform(-0.3, 0.3, shape))


WORDS = [
    Case("several words", Embedding(5, 3), ((7,),), fill=words),
    Case("one word", Embedding(4, 1), ((1,),), batch=3, fill=words),
    Case("more rows than words", Embedding(9, 4), ((2,),), batch=1, fill=words),
]
