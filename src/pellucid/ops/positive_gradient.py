"""Rectifiers whose backward pass only lets through what is positive: no gradient, but a picture.

    forward                  y = ReLU(x), or what stands for it
    gradient                 g · [x > 0]
    deconvnet                g · [g > 0]
    guided backpropagation   g · [x > 0] · [g > 0]

In a graph such a node takes the place of a rectifier; every engine then differentiates by the rule.
Zeiler and Fergus 2013, *Visualizing and understanding convolutional networks*, section 2.1;
Springenberg et al. 2014, *Striving for simplicity*, section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.arguments import Backward, Weights
    from pellucid.ops.operation import Array, Saved


@dataclass(frozen=True)
class PositiveGradient(Pointwise):
    """A rectifier with another backward pass; no part of models, and none of the table.

    Attributes:
        rectifier: What is computed forwards.
        masked: Whether its derivative takes part: guided backpropagation, else deconvnet.
    """

    kind: ClassVar[str] = "positive_gradient"
    title: ClassVar[str] = "rectifier that only hands on what is positive"
    rectifier: Pointwise
    masked: bool

    def function(self, x: Array) -> Array:
        return self.rectifier.function(x)

    def derivative(self, x: Array, y: Array) -> Array:
        return self.rectifier.derivative(x, y) if self.masked else np.ones_like(x)

    def kinks(self) -> tuple[float, ...]:
        return self.rectifier.kinks()

    def formula_of(self, x: str) -> str:
        return self.rectifier.formula_of(x)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return super().backward(np.maximum(gradient, 0), saved, weights)
