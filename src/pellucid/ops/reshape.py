"""Reshaping: the same numbers in the same order, row-major with channels innermost, as other axes.

y.ravel() = x.ravel() for each example; axes are joined or taken apart. So the regions (R, h, w, C)
of a map become rows (R, h·w·C), a map (H, W, C) the rows (H·W, C) of its positions, and a vector
rows of equal length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid.checks import LARGEST, brief
from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.reads import Axis, Follow, Reads

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

MOST_AXES = 4
"""Of a value for one example."""


@dataclass(frozen=True)
class Reshape(Operation):
    """Reshaping; x is (N, …), y is (N, *shape).

    Attributes:
        shape: The lengths of y's axes, 1 to 4 of them: 0 keeps the length of x's axis at that
            place, and one may be −1, which takes what remains.
    """

    kind: ClassVar[str] = "reshape"
    title: ClassVar[str] = "other axes"
    family: ClassVar[Family] = "layout"
    rule: ClassVar[Rule] = "sum"
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        shape: object = self.shape
        known = isinstance(shape, tuple) and all(type(n) is int for n in shape)
        if not known or not 1 <= len(self.shape) <= MOST_AXES or self.shape.count(-1) > 1:
            raise ArgumentError(
                f"shape must be 1 to {MOST_AXES} whole numbers, at most one of them -1, got "
                f"{brief(shape)}"
            )
        if not all(-1 <= n <= LARGEST for n in self.shape):
            raise ArgumentError(
                f"each length of shape must be from 1 to {LARGEST}, 0 or -1, got {brief(shape)}"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (given,) = inputs
        kept = [k for k, n in enumerate(self.shape) if n == 0]
        if kept and kept[-1] >= len(given):
            raise ShapeError(f"keeps the length of axis {kept[-1]}, got {describe(given)} values")
        lengths = [n or given[k] for k, n in enumerate(self.shape)]
        total, known = math.prod(given), math.prod(n for n in lengths if n != -1)
        found = tuple(total // known if n == -1 else n for n in lengths)
        if math.prod(found) != total or 0 in found:
            raise ShapeError(
                f"makes {self._wanted} of {describe(given)} values; there must be equally many"
            )
        if _parts(given, found) is None:
            raise ShapeError(
                f"cannot make {describe(found)} of {describe(given)} values: axes may be joined or "
                "taken apart, not cut across each other; flatten them first"
            )
        return found

    @property
    def _wanted(self) -> str:
        words = {0: "kept", -1: "rest"}
        return "×".join(words.get(n, str(n)) for n in self.shape)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return x.reshape(len(x), *self.output_shape(x.shape[1:])), x.shape

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient.reshape(saved),), {}

    def reads(self, *inputs: Shape) -> Reads:
        (given,), made = inputs, self.output_shape(*inputs)
        follows: list[list[Follow]] = [[] for _ in given]
        for part in _parts(given, made) or ():
            beyond = part.made_step * part.length < made[part.made]
            modulo = part.length if beyond else None
            follow = Follow(part.made, part.given_step, part.made_step, modulo)
            follows[part.given].append(follow)
        axes = tuple(
            Axis(length, tuple(found)) for length, found in zip(given, follows, strict=True)
        )
        return Reads((axes,), made)


@dataclass(frozen=True)
class _Part:
    """What an axis of x and one of y have in common.

    Attributes:
        given: The axis of x.
        given_step: Positions along it from one step of the part to the next.
        made: The axis of y.
        made_step: The same along that one.
        length: How many steps there are.
    """

    given: int
    given_step: int
    made: int
    made_step: int
    length: int


def _parts(given: Shape, made: Shape) -> list[_Part] | None:
    """The parts that axes of two shapes of equally many values are made of, the fastest first.

    None where axes of one are cut across those of the other.
    """
    found: list[_Part] = []
    i, j, left_i, left_j, step_i, step_j = len(given), len(made), 1, 1, 1, 1
    while True:
        while left_i == 1 and i > 0:
            i -= 1
            left_i, step_i = given[i], 1
        while left_j == 1 and j > 0:
            j -= 1
            left_j, step_j = made[j], 1
        length = min(left_i, left_j)
        if length == 1:
            return found
        if max(left_i, left_j) % length:
            return None
        found.append(_Part(i, step_i, j, step_j, length))
        left_i, left_j, step_i, step_j = (
            left_i // length, left_j // length, step_i * length, step_j * length
        )  # fmt: skip
