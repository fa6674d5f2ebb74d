"""PReLU: a leaky ReLU that learns its slopes, one a channel.

    y = max(0, x) + a[c] · min(0, x)

He et al. 2015, *Delving deep into rectifiers*, eq. 1. At the kink, x = 0, the derivative is
declared to be a.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.elementwise import Elementwise
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import INFERENCE, Mode, Parameter
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class PReLU(Elementwise):
    """Parametric ReLU; any shape, the slopes belong to the last axis.

    Attributes:
        initializer: How the slopes start; by default the paper's 0.25.
    """

    kind: ClassVar[str] = "prelu"
    title: ClassVar[str] = "step 1(b), PReLU"
    family: ClassVar[Family] = "activation"
    rule: ClassVar[Rule] = "sum"
    negative_factor: ClassVar[str] = "slope"
    words: ClassVar[str] = "x where it is positive, else a learned share of it"
    initializer: str | float = 0.25

    def __post_init__(self) -> None:
        check_initializer("initializer", self.initializer)

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        # The paper (section 2.1) lets no weight decay push the slopes to zero: that would be ReLU.
        return {"slope": Parameter((inputs[0][-1],), self.initializer, "scale")}

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return np.maximum(x, 0) + weights["slope"] * np.minimum(x, 0), x

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x: Array = saved
        dx = gradient * np.where(x > 0, 1, weights["slope"])
        every_axis_but_channels = tuple(range(x.ndim - 1))
        return (dx,), {"slope": (gradient * np.minimum(x, 0)).sum(axis=every_axis_but_channels)}

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,) = inputs
        if x[at] > 0:
            return weighted([(0, *at)], [x[at]], [1.0])
        place = np.array([at[-1:]], np.int64)
        return weighted([(0, *at)], [x[at]], weights["slope"][at[-1:]], weight=("slope", place))

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (inputs[0] > 0,)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        x, slope = inputs[0].cell(at), weights["slope"].cell(at[-1:])
        return f"IF({x}>0,{x},{slope}*{x})"
