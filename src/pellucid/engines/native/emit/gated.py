"""The gates of a recurrent unit on vectors, and gradients at them: see :mod:`pellucid.ops.gru`."""

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


def gate_gradients(
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
