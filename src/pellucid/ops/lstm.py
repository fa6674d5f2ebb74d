"""Long short-term memory: a state read from a cell that gates let keep, forget and take up.

With h and s the state and the cell before a step, W and b of the input, R and d of the state, and
a_k = x·W_k + b_k + h·R_k + d_k:

    i, f, o = σ(a_i), σ(a_f), σ(a_o)         the input, forget and output gates
    c = tanh(a_c)                            the candidate
    s' = f·s + i·c
    y = o·tanh(s')

Hochreiter and Schmidhuber 1997, *Long short-term memory*, with the forget gate of Gers et al. 2000,
*Learning to forget*, and without peepholes. The order of gates is i, f, c, o, as in PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.reads import Axis, Reads, Table
from pellucid.ops.recurrent import Recurrent
from pellucid.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Terms


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory; x is (N, T, F), further inputs are the first state and cell."""

    kind: ClassVar[str] = "lstm"
    title: ClassVar[str] = "long short-term memory"
    gates: ClassVar[tuple[str, ...]] = ("input", "forget", "candidate", "output")
    states: ClassVar[tuple[str, ...]] = ("a first state", "a first cell")

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        x, h, s = inputs[0], self.first(inputs), self.first(inputs, 1)
        made = self.at_gates(x, weights)
        y = np.empty((*x.shape[:2], self.units), made.dtype)
        opened = []
        for t in range(x.shape[1]):
            of_state = h @ weights["recurrent_kernel"] + weights["recurrent_bias"]
            i, f, c, o = self.cut(made[:, t] + of_state)
            i, f, c, o = sigmoid(i), sigmoid(f), np.tanh(c), sigmoid(o)
            after = f * s + i * c
            opened.append((h, s, i, f, c, o, after))
            s = after
            h = y[:, t] = o * np.tanh(s)
        return y, (inputs, opened)

    def sweep(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        _, opened = saved
        at_h: Any = 0.0
        at_s: Any = 0.0
        found = []
        for t in reversed(range(len(opened))):
            _, s, i, f, c, o, after = opened[t]
            at_y = gradient[:, t] + at_h
            squashed = np.tanh(after)
            at_s = at_s + at_y * o * (1 - squashed * squashed)
            parts = (
                at_s * c * i * (1 - i),
                at_s * s * f * (1 - f),
                at_s * i * (1 - c * c),
                at_y * squashed * o * (1 - o),
            )
            found.append(np.concatenate(parts, axis=1))
            at_h = found[-1] @ weights["recurrent_kernel"].T
            at_s = at_s * f
        at_gates = np.stack(found[::-1], axis=1)
        return at_gates, at_gates, at_h, at_s

    def reads(self, *inputs: Shape) -> Reads:
        found = super().reads(*inputs)
        if len(inputs) == 1:
            return found
        # A unit of the first cell reaches all units one step later only.
        everything = tuple((k, np.nan) for k in range(self.units))
        later = (found.output[0] - 1) * self.units
        entries = (*((one,) for one in everything), *[everything] * later)
        cell = Axis(self.units, table=Table((0, 1), found.output, entries))
        return Reads((*found.inputs[:2], (cell,)), found.output)

    def opening(self, *inputs: Shape) -> dict[str, Any]:
        return super().opening(*inputs) | {"cell": "cell"}

    def shares(self, inputs: Arrays, weights: Weights, at: Position) -> tuple[Array, float]:
        """Of the cell, with as much of the state as they have of the cell.

        What the first state and the first cell give to it is counted together.
        """
        (step, unit), opened = at, self.opened(inputs, weights)
        kept, found = 1.0, np.zeros(step + 1)
        for t in reversed(range(step + 1)):
            _, _, i, f, c, _, _ = (float(numbers[0, unit]) for numbers in opened[t])
            found[t] = kept * i * c
            kept *= f
        first = kept * float(opened[0][1][0, unit])
        o, cell = (float(opened[step][k][0, unit]) for k in (5, 6))
        scale = o * np.tanh(cell) / cell if cell else 0.0
        return found * scale, first * scale

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        """The gates at its step: output · tanh(forget · cell_before + input · candidate)."""
        step, unit = at
        opened = self.opened(inputs, weights)[step]
        names = ("before", "cell_before", "input", "forget", "candidate", "output", "cell")
        numbers = (float(numbers[0, unit]) for numbers in opened)
        return dict(zip(names, numbers, strict=True))

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (step, unit), own = at, inputs[-1]
        first = inputs[1:-1]
        cell, out = first[1].cell((unit,)) if first else "0", ""
        for t in range(step + 1):
            state = own if t else first[0] if first else None
            i, f, c, o = (
                f"{self.gate_formula(k, (t, unit), inputs[0], weights, '')}"
                f"+{self.gate_formula(k, (t - 1, unit), state, weights, 'recurrent_')}"
                for k in range(4)
            )
            i, f, out = (f"1/(1+EXP(-({each})))" for each in (i, f, o))
            cell = f"({f}*{cell}+{i}*TANH({c}))"
        return f"{out}*TANH({cell})"
