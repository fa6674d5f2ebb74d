"""Every operation as a formula: what one output's cell computes from other cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.ops import (
    Add,
    AveragePool,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePool,
    LeakyReLU,
    LocalResponseNorm,
    MaxPool,
    Normalise,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Subsample,
    Tanh,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.explain.activations import Activations, Position
    from pellucid.explain.spreadsheet.sheets import Sheet
    from pellucid.graph import Node

MOST_ARGUMENTS = 250
"""How many a function is given; Excel takes 255."""


@dataclass(frozen=True)
class Formulas:
    """The formulas of one layer.

    Attributes:
        activations: The picture in its network.
        node: The layer.
        inputs: The sheets of the values that reach it.
        weights: The sheets of its weights, by short name.
    """

    activations: Activations
    node: Node
    inputs: list[Sheet]
    weights: Mapping[str, Sheet]

    def of(self, at: Position) -> str:
        """The formula of one output value, with its ``=``."""
        return f"={self._expression(at)}"

    def _expression(self, at: Position) -> str:
        operation, x = self.node.operation, self.inputs[0]
        if isinstance(operation, Conv2D):
            return self._convolution(operation, at)
        if isinstance(operation, Dense):
            features = x.shape[0]
            kernel = self.weights["kernel"].block((0, 0, at[0]), (features - 1, 0, at[0]))
            return f"SUMPRODUCT({x.block((0,), (features - 1,))},{kernel}){self._bias(at[0])}"
        if isinstance(operation, Normalise):
            mean, std = operation.mean[at[2]], operation.std[at[2]]
            return f"({x.cell(at)}-{_constant(mean)})/{_constant(std)}"
        if isinstance(operation, BatchNorm):
            w = {name: sheet.cell((at[-1],)) for name, sheet in self.weights.items()}
            deviation = f"SQRT({w['variance']}+{operation.epsilon!r})"
            return f"{w['gamma']}*({x.cell(at)}-{w['mean']})/{deviation}+{w['beta']}"
        if isinstance(operation, Softmax):
            every = [x.block((*at[:-1], 0), (*at[:-1], x.shape[-1] - 1))]
            powers = f"SUMPRODUCT(EXP({every[0]}-MAX({every[0]})))"
            return f"EXP({x.cell(at)}-MAX({every[0]}))/{powers}"
        if isinstance(operation, LocalResponseNorm):
            half = operation.size // 2
            first, last = max(0, at[2] - half), min(x.shape[2] - 1, at[2] + half)
            near = x.block((*at[:2], first), (*at[:2], last))
            base = f"({operation.k!r}+{operation.alpha!r}*SUMSQ({near}))"
            return f"{x.cell(at)}/{base}^{operation.beta!r}"
        return self._of_few(at)

    def _of_few(self, at: Position) -> str:
        """Operations that take single cells: activations, poolings, joints."""
        operation, x = self.node.operation, self.inputs[0]
        if isinstance(operation, ReLU):
            return f"MAX(0,{x.cell(at)})"
        if isinstance(operation, ReLU6):
            return f"MIN(6,MAX(0,{x.cell(at)}))"
        if isinstance(operation, LeakyReLU):
            return f"IF({x.cell(at)}>0,{x.cell(at)},{_constant(operation.slope)}*{x.cell(at)})"
        if isinstance(operation, PReLU):
            slope = self.weights["slope"].cell((at[-1],))
            return f"IF({x.cell(at)}>0,{x.cell(at)},{slope}*{x.cell(at)})"
        if isinstance(operation, Sigmoid):
            return f"1/(1+EXP(-{x.cell(at)}))"
        if isinstance(operation, Tanh):
            return f"TANH({x.cell(at)})"
        read = [self.inputs[branch].cell(tuple(place)) for branch, *place in self._sources(at)]
        if isinstance(operation, MaxPool):
            return _nested("MAX", read)
        if isinstance(operation, Add):
            return "+".join(read)
        if isinstance(operation, Subsample):
            channel = (at[2],)
            coefficient, bias = self.weights["coefficient"], self.weights["bias"]
            return f"{coefficient.cell(channel)}*{_nested('SUM', read)}+{bias.cell(channel)}"
        if isinstance(operation, AveragePool | GlobalAveragePool):
            terms = operation.terms(self.activations.inputs_of(self.node), {}, at)
            count = round(1.0 / float(terms.factors[0]))
            return f"{_nested('SUM', read)}/{count}"
        # what is left lets one value through: flattening, joining, dropout
        return read[0]

    def _convolution(self, operation: Conv2D, at: Position) -> str:
        x, kernel = self.inputs[0], self.weights["kernel"]
        row, column, o = at
        joined = x.shape[2] // operation.groups
        first = o // (operation.filters // operation.groups) * joined
        rows, columns = operation.window.rows_and_columns((row, column), *x.shape[:2])
        top = o * operation.size[0]  # each map's kernel lies below the one before
        if not rows or not columns:
            return f"0{self._bias(o)}"
        if operation.dilation == (1, 1) and operation.groups == 1:
            (ky, y), (kx, left) = rows[0], columns[0]
            (ky_last, y_last), (kx_last, right) = rows[-1], columns[-1]
            seen = x.block((y, left, 0), (y_last, right, joined - 1))
            weights = kernel.block((top + ky, kx, 0), (top + ky_last, kx_last, joined - 1))
            return f"SUMPRODUCT({seen},{weights}){self._bias(o)}"
        parts = []
        for ky, y in rows:
            for kx, left in columns:
                seen = x.block((y, left, first), (y, left, first + joined - 1))
                weights = kernel.block((top + ky, kx, 0), (top + ky, kx, joined - 1))
                parts.append(f"SUMPRODUCT({seen},{weights})")
        return "+".join(parts) + self._bias(o)

    def _bias(self, channel: int) -> str:
        bias = self.weights.get("bias")
        return "" if bias is None else f"+{bias.cell((channel,))}"

    def _sources(self, at: Position) -> list[list[int]]:
        operation = self.node.operation
        if isinstance(operation, Concatenate):  # cheaper than its terms, and all that is needed
            branch, channel = 0, at[-1]
            while channel >= self.inputs[branch].shape[-1]:
                channel -= self.inputs[branch].shape[-1]
                branch += 1
            return [[branch, *at[:-1], channel]]
        weights = self.activations.weights_of(self.node)
        terms = operation.terms(self.activations.inputs_of(self.node), weights, at)
        sources: list[list[int]] = terms.sources.tolist()
        return sources


def _constant(value: float) -> str:
    """A number inside a formula, where a minus sign may not follow another operator."""
    return f"({value!r})" if value < 0 else f"{value!r}"


def _nested(function: str, cells: list[str]) -> str:
    """A function of any number of cells: of itself, where there are too many for one call."""
    if len(cells) <= MOST_ARGUMENTS:
        return f"{function}({','.join(cells)})"
    parts = [cells[k : k + MOST_ARGUMENTS] for k in range(0, len(cells), MOST_ARGUMENTS)]
    return f"{function}({','.join(_nested(function, part) for part in parts)})"
