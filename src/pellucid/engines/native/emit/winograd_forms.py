"""The small matrices of Winograd's convolutions, and the code that applies them.

An n-long piece of input gives m = n − 2 outputs of a convolution with three taps. Both are
polynomials whose product is known from its values at n points, of which one is "at infinity", the
highest coefficient. So outputs are Aᵀ·[(G·kernel) ⊙ (Bᵀ·input)]: n products, and not 3·m. Of
tiles, the same along both axes: Y = Aᵀ·[(G·K·Gᵀ) ⊙ (Bᵀ·X·B)]·A, with n² products for m² outputs.

S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for
Convolutional Neural Networks, 2015, arXiv:1509.09308. How points decide on the error: B. Barabasz
et al., Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks,
2018, arXiv:1803.10986.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.doubles import Doubles
    from pellucid.engines.native.emit.ir import Function, Value

TAPS = 3
"""Of the kernel, along each axis."""


@dataclass(frozen=True)
class Form:
    """F(m × m, 3 × 3): how many outputs a tile gives along an axis, and by which points.

    Attributes:
        pairs: Positive numbers a; the points are 0, each of ±a, and infinity.
        transforms: What the transforms of a tile cost, in multiply-adds for each channel that goes
            in or comes out: measured, see :mod:`pellucid.engines.native.kernels.winograd_choice`.
    """

    pairs: tuple[float, ...]
    transforms: int

    @cached_property
    def size(self) -> int:
        """Inputs along an axis: the n points."""
        return 2 + 2 * len(self.pairs)

    @cached_property
    def outputs(self) -> int:
        """Outputs along an axis, m."""
        return self.size - TAPS + 1

    @cached_property
    def products(self) -> int:
        """Of each channel and filter, for a tile."""
        return self.size**2

    @property
    def name(self) -> str:
        """As the literature writes it."""
        return f"F({self.outputs}×{self.outputs}, {TAPS}×{TAPS})"

    @cached_property
    def points(self) -> tuple[float, ...]:
        """All but infinity."""
        return (0.0, *(sign * a for a in self.pairs for sign in (1, -1)))

    @cached_property
    def kernel_matrix(self) -> NDArray[np.float64]:
        """G, (n, 3)."""
        rows = [
            [p**k / prod(p - q for q in self.points if q != p) for k in range(TAPS)]
            for p in self.points
        ]
        return np.array([*rows, [0.0] * (TAPS - 1) + [1.0]])

    @cached_property
    def output_matrix(self) -> NDArray[np.float64]:
        """Aᵀ, (m, n)."""
        columns = [[p**k for k in range(self.outputs)] for p in self.points]
        return np.array([*columns, [0.0] * (self.outputs - 1) + [1.0]]).T

    @cached_property
    def input_matrix(self) -> NDArray[np.float64]:
        """Bᵀ, (n, n): the coefficients of the products of (x − q) over all other points q."""
        rows = [_product([q for q in self.points if q != p]) for p in self.points]
        return np.array([[*row, 0.0] for row in rows] + [_product(self.points)])

    # ------------------------------------------------------------------------------- transforms

    def transform_input(self, f: Function, x: Sequence[Value]) -> list[Value]:
        """Append Bᵀ·x of n vectors.

        The polynomials of ±a share their even and odd parts, so that few operations are needed.
        """
        squares = [a * a for a in self.pairs]
        found = [_even(f, squares, x[0::2])]
        for k, a in enumerate(self.pairs):
            others = squares[:k] + squares[k + 1 :]
            even, odd = _even(f, others, x[2::2]), _even(f, others, x[1:-1:2])
            found += _sum_and_difference(f, even, odd, a)
        return [*found, _even(f, squares, x[1::2])]

    def transform_output(self, f: Function, y: Sequence[Value]) -> list[Value]:
        """Append Aᵀ·y of n vectors."""
        pairs = list(zip(y[1:-1:2], y[2:-1:2], strict=True))
        even = [f.vector("fadd", plus, minus) for plus, minus in pairs]
        odd = [f.vector("fsub", plus, minus) for plus, minus in pairs]
        found = []
        for k in range(self.outputs):
            parts = odd if k % 2 else even
            total = y[0] if k == 0 else ""
            for a, part in zip(self.pairs, parts, strict=True):
                total = _plus_scaled(f, total, a**k, part)
            found.append(total if k < self.outputs - 1 else f.vector("fadd", total, y[-1]))
        return found

    def transform_gradient(self, f: Function, dy: Sequence[Value]) -> list[Value]:
        """Append A·∂y of m vectors, the transpose of what outputs are made by."""
        found = [dy[0]]
        for a in self.pairs:
            even = odd = ""
            for k, value in enumerate(dy):
                if k % 2:
                    odd = _plus_scaled(f, odd, a**k, value)
                else:
                    even = _plus_scaled(f, even, a**k, value)
            found += _sum_and_difference(f, even, odd, 1.0)
        return [*found, dy[-1]]

    def gather_kernel(self, f: Function, du: Sequence[Value]) -> list[Value]:
        """Append Gᵀ·∂u of n vectors, the transpose of what kernels are transformed by."""
        found = []
        for column in self.kernel_matrix.T:
            total = ""
            for factor, value in zip(map(float, column), du, strict=True):
                if factor:
                    total = _plus_scaled(f, total, factor, value)
            found.append(total)
        return found

    def transform_kernel(
        self, doubles: Doubles, taps: Sequence[Sequence[Value]]
    ) -> list[list[Value]]:
        """Append G·K·Gᵀ of 3 × 3 vectors of doubles."""
        columns = [self._by_kernel_matrix(doubles, column) for column in zip(*taps, strict=True)]
        return [self._by_kernel_matrix(doubles, row) for row in zip(*columns, strict=True)]

    def _by_kernel_matrix(self, doubles: Doubles, x: Sequence[Value]) -> list[Value]:
        found = []
        for row in self.kernel_matrix:
            total = ""
            for factor, value in zip(map(float, row), x, strict=True):
                if factor == 0.0:
                    continue
                by = doubles.constant(factor)
                total = doubles.fma(by, value, total) if total else doubles.apply("fmul", by, value)
            found.append(total)
        return found


def _product(roots: Sequence[float]) -> list[float]:
    """The coefficients of the product of (x − root), from the lowest power on."""
    n = len(roots)
    return [
        float(sum(prod(-root for root in chosen) for chosen in combinations(roots, n - power)))
        for power in range(n + 1)
    ]


def _even(f: Function, squares: Sequence[float], x: Sequence[Value]) -> Value:
    """Append Σ c[k]·x[k], c the coefficients of the product of (t − square), the last of them 1."""
    total = x[-1]
    for factor, value in reversed(list(zip(_product(squares)[:-1], x, strict=False))):
        total = _plus_scaled(f, total, factor, value)
    return total


def _sum_and_difference(f: Function, even: Value, odd: Value, a: float) -> list[Value]:
    return [_plus_scaled(f, even, a, odd), _plus_scaled(f, even, -a, odd)]


def _plus_scaled(f: Function, total: Value, factor: float, value: Value) -> Value:
    """Append total + factor · value; a total that is empty is nothing yet."""
    if not total:
        return value if factor == 1 else f.vector("fmul", f.constant(factor), value)
    if abs(factor) == 1:
        return f.vector("fadd" if factor == 1 else "fsub", total, value)
    return f.fma(f.constant(factor), value, total)


TWO = Form((1.0,), 157)
"""F(2×2, 3×3): 16 products for 4 outputs, where there were 36."""

FOUR = Form((11 / 16, 23 / 16), 413)
"""F(4×4, 3×3): 36 products for 16 outputs, where there were 144.

Close to √½ and √2, but every constant is exact in float32. With points ±1 and ±2, as in textbooks,
it errs twice as much, and four times in the worst case.
"""
