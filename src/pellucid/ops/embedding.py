"""Embedding: each word, a whole number, becomes a row of numbers that is learned.

    y[n, t, f] = E[w[n, t], f],  w = the whole number nearest to x, held within 0 .. V − 1

Words are computed with as floats, exact up to 2²⁴; halves go to the even number. What is fed to an
input of whole numbers, ``Type((T,), "int32")``, must be words of the table; numbers that a network
computes are held within it, so that compiled code has an answer for each. NaN is handed on.

x decides by steps which row is taken, so its gradient is 0; a row's is the sum over where it was
taken (Bengio et al. 2003, *A neural probabilistic language model*, section 2: the matrix C).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter, flat_shape
from pellucid.ops.reads import Reads, along
from pellucid.ops.terms import function_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule, Terms

MOST_WORDS = 2**24
"""Whole numbers up to this are floats."""


@dataclass(frozen=True)
class Embedding(Operation):
    """A table of learned rows; x is (N, T), whole numbers 0 .. V − 1, y is (N, T, features).

    Attributes:
        vocabulary: V, the rows of the table, 1 to 2²⁴.
        features: Numbers of a row.
        initializer: How the table starts; its fan-in is 1, as one row is taken at a time.
    """

    kind: ClassVar[str] = "embedding"
    title: ClassVar[str] = "words as numbers"
    family: ClassVar[Family] = "dense"
    rule: ClassVar[Rule] = "function"
    vocabulary: int
    features: int
    initializer: str | float = "lecun"

    def __post_init__(self) -> None:
        checks.whole("vocabulary", self.vocabulary, 1, MOST_WORDS)
        checks.whole("features", self.features)
        check_initializer("initializer", self.initializer)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return flat_shape(inputs[0]), self.features

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        shape = self.vocabulary, self.features
        return {"table": Parameter(shape, self.initializer, "kernel", 1, self.features)}

    def fault(self, values: Array) -> str:
        words = np.asarray(values, np.float64)
        wrong = (words != np.rint(words)) | (words < 0) | (words >= self.vocabulary)
        if not wrong.any():
            return ""
        n, t = (int(k) for k in np.argwhere(wrong)[0])
        return (
            f"must be words, whole numbers from 0 to {self.vocabulary - 1}, got {words[n, t]:g} "
            f"at {t} of example {n}"
        )

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        rows, known = self._rows(x)
        return np.where(known[..., None], weights["table"][rows], np.nan), x

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x: Array = saved
        rows, known = self._rows(x)
        table = np.zeros_like(weights["table"])
        np.add.at(table, rows[known], gradient[known])
        return (np.zeros_like(x),), {"table": table}

    def _rows(self, x: Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Which row is taken, and where there is one at all, (N, T) both."""
        nearest = np.clip(np.rint(np.nan_to_num(x)), 0, self.vocabulary - 1)
        return nearest.astype(np.int64), ~np.isnan(x)

    def reads(self, *inputs: Shape) -> Reads:
        ((length,),) = inputs
        return Reads(((along(0, length),),), self.output_shape(*inputs))

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,), (t, feature) = inputs, at
        y, _ = self.forward([x[None, t : t + 1]], weights)
        return function_of((t,), float(x[t]), float(y[0, 0, feature]))

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (self._rows(inputs[0])[0],)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        return 0.0

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,), (t, feature), last = inputs, at, self.vocabulary - 1
        column = weights["table"].block((0, 0, feature), (last, 0, feature))
        return f"INDEX({column},{self._row_formula(x.cell((t,)))},1)"

    def general_formula(self, *inputs: Shape) -> str:
        return f"INDEX(table,{self._row_formula('x')},feature)"

    def opening(self, *inputs: Shape) -> dict[str, Any]:
        return {"table": "table"}

    def _row_formula(self, cell: str) -> str:
        """The number of a row, from 1."""
        return f"MAX(0,MIN({self.vocabulary - 1},INT({cell}+0.5)))+1"
