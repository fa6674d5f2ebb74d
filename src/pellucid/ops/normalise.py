"""Normalisation of pixels, the fixed first operation of a model.

    y[n, i, j, c] = (x[n, i, j, c] − mean[c]) / std[c]

It takes raw pixels, 0 .. 255, so that a model means the same wherever it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, image_shape
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule, Terms


@dataclass(frozen=True)
class Normalise(Elementwise):
    """Normalisation with numbers that are not learned; x and y are (N, H, W, C).

    Attributes:
        mean: What is subtracted, one number a channel, in pixel units.
        std: What it is divided by, one number a channel, 1e-6 to 1e6.
    """

    kind: ClassVar[str] = "normalise"
    title: ClassVar[str] = "pixels, normalised"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "sum"
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        checks.numbers("mean", self.mean, -1e6, 1e6)
        checks.numbers("std", self.std, 1e-6, 1e6)
        if len(self.mean) != len(self.std):
            raise ArgumentError(
                f"mean and std must be equally many, got {len(self.mean)} and {len(self.std)}"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        shape = image_shape(inputs[0])
        if shape[2] != len(self.mean):
            raise ShapeError(
                f"has a mean and a std for {counted(len(self.mean), 'channel')}, got "
                f"{counted(shape[2], 'channel')}"
            )
        return shape

    def multiply_adds(self, *inputs: Shape) -> int:
        return int(np.prod(inputs[0]))

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        x = _as_float(inputs[0])
        return (x - np.asarray(self.mean, x.dtype)) / np.asarray(self.std, x.dtype), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient / np.asarray(self.std, gradient.dtype),), {}

    def added(self, weights: Weights, shape: Shape) -> Array:
        return np.asarray(-np.array(self.mean) / np.array(self.std))

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        return np.asarray(1.0 / np.array(self.std))

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        mean, std = self.mean[at[-1]], self.std[at[-1]]
        return f"({inputs[0].cell(at)}-{constant(mean)})/{constant(std)}"

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        return {"mean": self.mean[at[-1]], "std": self.std[at[-1]]}


def _as_float(array: Array) -> Array:
    """The array itself if it holds floats, else (pixels) as float32."""
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float32)
