"""The gates of recurrent units on vectors, and gradients at them: `ops/gru.py`, `ops/lstm.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.exponential import sigmoid, tanh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Value


def open_gates(f: Function, of_input: Sequence[Value], of_state: Sequence[Value]) -> list[Value]:
    """The reset gate, the update gate and the candidate, of what both kernels made."""
    r, z = (sigmoid(f, f.vector("fadd", of_input[k], of_state[k])) for k in (0, 1))
    return [r, z, tanh(f, f.fma(r, of_state[2], of_input[2]))]


def slopes_at_gates(
    f: Function, dh: Value, gates: Sequence[Value], of_state: Value, before: Value
) -> tuple[list[Value], Value]:
    """The gradient at the sums of the gates, and at what the state made for the candidate.

    Args:
        f: The function.
        dh: The gradient at the state after the step.
        gates: What :func:`open_gates` gave.
        of_state: What the recurrent kernel made for the candidate.
        before: The state before the step.
    """
    r, z, c = gates
    one = f.constant(1.0)

    def times(a: Value, b: Value) -> Value:
        return f.vector("fmul", a, b)

    kept = f.vector("fsub", one, z)
    dc = times(times(dh, kept), f.vector("fsub", one, times(c, c)))
    dz = times(times(dh, f.vector("fsub", before, c)), times(z, kept))
    dr = times(times(dc, of_state), times(r, f.vector("fsub", one, r)))
    return [dr, dz, dc], times(dc, r)


def open_cell(f: Function, sums: Sequence[Value]) -> list[Value]:
    """The input gate, the forget gate, the candidate and the output gate, of their sums."""
    i, s, c, o = sums
    return [sigmoid(f, i), sigmoid(f, s), tanh(f, c), sigmoid(f, o)]


def slopes_at_cell(
    f: Function, dh: Value, ds: Value, gates: Sequence[Value], before: Value, after: Value
) -> tuple[list[Value], Value]:
    """The gradient at the sums of the gates, and at the cell after the step.

    Args:
        f: The function.
        dh: The gradient at the state after the step.
        ds: What later steps give to the gradient at the cell after the step.
        gates: What :func:`open_cell` gave.
        before: The cell before the step.
        after: The cell after the step.
    """
    enters, kept, c, out = gates
    one = f.constant(1.0)

    def times(a: Value, b: Value) -> Value:
        return f.vector("fmul", a, b)

    def curve(gate: Value) -> Value:
        return times(gate, f.vector("fsub", one, gate))

    squashed = tanh(f, after)
    ds = f.fma(times(dh, out), f.vector("fsub", one, times(squashed, squashed)), ds)
    slopes = [
        times(times(ds, c), curve(enters)),
        times(times(ds, before), curve(kept)),
        times(times(ds, enters), f.vector("fsub", one, times(c, c))),
        times(times(dh, squashed), curve(out)),
    ]
    return slopes, ds
