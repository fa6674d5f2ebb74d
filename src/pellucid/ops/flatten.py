"""Flattening: feature maps laid out as one vector, row by row, channels innermost.

y[n, (i·W + j)·C + c] = x[n, i, j, c]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved, Shape


@dataclass(frozen=True)
class Flatten(Operation):
    """Flattening; x is (N, H, W, C), y is (N, H·W·C)."""

    kind: ClassVar[str] = "flatten"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return (math.prod(inputs[0]),)

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        (x,) = inputs
        return x.reshape(x.shape[0], -1), x.shape

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        return (gradient.reshape(saved),), {}

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (x,) = inputs
        position = np.unravel_index(at[0], x.shape)
        return weighted([(0, *map(int, position))], [x[position]], [1.0])
