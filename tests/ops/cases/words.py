"""Cases of what takes words, and of sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops import GRU, LSTM, Embedding, MatrixProduct
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

SEQUENCES = [
    Case("rows and columns", MatrixProduct(), ((3, 4), (4, 2))),
    Case("rows and rows", MatrixProduct(transposed=True), ((3, 4), (5, 4)), batch=1),
    Case("scaled", MatrixProduct(transposed=True, scaled=True), ((2, 3), (4, 3)), batch=3),
    Case("scaled columns", MatrixProduct(scaled=True), ((2, 3), (3, 1))),
    Case("from zeros", GRU(2), ((4, 3),)),
    Case("from a first state", GRU(3), ((3, 2), (3,)), batch=3),
    Case("one step, one unit", GRU(1), ((1, 2), (1,)), batch=1),
    Case("from zeros", LSTM(2), ((4, 3),)),
    Case("from a first state and cell", LSTM(3), ((3, 2), (3,), (3,)), batch=3),
    Case("one step, one unit", LSTM(1), ((1, 2), (1,), (1,)), batch=1),
]
