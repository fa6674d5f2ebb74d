"""Gated recurrent unit: a state that a gate lets through, or replaces by what is new.

With h the state before a step, W and b of the input, R and d of the state:

    r = σ(x·W_r + b_r + h·R_r + d_r)         the reset gate
    z = σ(x·W_z + b_z + h·R_z + d_z)         the update gate
    c = tanh(x·W_c + b_c + r·(h·R_c + d_c))  the candidate
    y = (1 − z)·c + z·h

Cho et al. 2014, *Learning phrase representations using RNN encoder–decoder*, equations 5 to 8, with
the state reset behind its kernel, as PyTorch and cuDNN have it, and z for 1 − z of Chung et al.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.recurrent import Recurrent
from pellucid.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Saved
    from pellucid.ops.terms import Terms


@dataclass(frozen=True)
class GRU(Recurrent):
    """A gated recurrent unit; x is (N, T, F), a second input (N, units) is the first state."""

    kind: ClassVar[str] = "gru"
    title: ClassVar[str] = "gated recurrent unit"
    gates: ClassVar[tuple[str, ...]] = ("reset", "update", "candidate")
    states: ClassVar[tuple[str, ...]] = ("a first state",)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        x, h = inputs[0], self.first(inputs)
        made = self.at_gates(x, weights)
        y = np.empty((*x.shape[:2], self.units), made.dtype)
        opened = []
        for t in range(x.shape[1]):
            of_state = self.cut(h @ weights["recurrent_kernel"] + weights["recurrent_bias"])
            of_input = self.cut(made[:, t])
            r, z = (sigmoid(of_input[k] + of_state[k]) for k in (0, 1))
            c = np.tanh(of_input[2] + r * of_state[2])
            opened.append((h, r, z, c, of_state[2]))
            h = y[:, t] = (1 - z) * c + z * h
        return y, (inputs, opened)

    def sweep(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        _, opened = saved
        back = weights["recurrent_kernel"].T
        at_h: Any = 0.0
        at_input, at_state = [], []
        for t in reversed(range(len(opened))):
            h, r, z, c, of_state = opened[t]
            at_y = gradient[:, t] + at_h
            at_c = at_y * (1 - z) * (1 - c * c)
            at_z = at_y * (h - c) * z * (1 - z)
            at_r = at_c * of_state * r * (1 - r)
            at_input.append(np.concatenate([at_r, at_z, at_c], axis=1))
            at_state.append(np.concatenate([at_r, at_z, at_c * r], axis=1))
            at_h = at_y * z + at_state[-1] @ back
        return np.stack(at_input[::-1], axis=1), np.stack(at_state[::-1], axis=1), at_h

    def shares(self, inputs: Arrays, weights: Weights, at: Position) -> tuple[Array, float]:
        (step, unit), opened = at, self.opened(inputs, weights)
        kept, found = 1.0, np.zeros(step + 1)
        for t in reversed(range(step + 1)):
            _, _, z, c, _ = (float(numbers[0, unit]) for numbers in opened[t])
            found[t] = kept * (1 - z) * c
            kept *= z
        return found, kept * float(opened[0][0][0, unit])

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        """The gates at its step: (1 − update)·candidate + update·before is the value."""
        step, unit = at
        opened = self.opened(inputs, weights)[step]
        before, r, z, c, of_state = (float(numbers[0, unit]) for numbers in opened)
        return {
            "before": before,
            "reset": r,
            "update": z,
            "candidate": c,
            "candidate_from_state": of_state,
        }

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        x, *first, own = inputs
        step, unit = at
        state, h = (own, own.cell((step - 1, unit))) if step else (None, "0")
        if not step and first:
            state, h = first[0], first[0].cell((unit,))
        sums = [
            (
                self.gate_formula(k, at, x, weights, ""),
                self.gate_formula(k, (step - 1, unit), state, weights, "recurrent_"),
            )
            for k in range(3)
        ]
        r, z = (f"1/(1+EXP(-({first}+{second})))" for first, second in sums[:2])
        c = f"TANH({sums[2][0]}+{r}*({sums[2][1]}))"
        return f"{c}+{z}*({h}-{c})"
