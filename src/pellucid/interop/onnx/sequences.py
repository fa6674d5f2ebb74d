"""What operations on sequences are in ONNX, where these are (N, F, T)."""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid import ops
    from pellucid.interop.onnx.call import Call

INT64 = 7
"""The number of whole numbers of 64 bits among ONNX's types."""


def embedding(call: Call[ops.Embedding]) -> None:
    last = call.numbers("last", call.operation.vocabulary - 1)
    nearest = call.step("nearest", "Round", *call.inputs)
    known = call.step("known", "Clip", nearest, call.numbers("first", 0.0), last)
    rows = call.step("rows", "Cast", known, to=INT64)
    taken = call.step("taken", "Gather", call.weights["table"], rows, axis=0)
    call.write("Transpose", taken, perm=(0, 2, 1))


ORDERS = {"GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}
"""By kind of recurrent layer, our number of each of ONNX's gates."""


def gru(call: Call[ops.GRU]) -> None:
    _recurrent(call, "GRU", linear_before_reset=1)


def lstm(call: Call[ops.LSTM]) -> None:
    _recurrent(call, "LSTM")


def _recurrent(call: Call[Any], kind: str, **attributes: int) -> None:
    """A recurrent layer, whose steps are the first axis in ONNX, and whose gates lie in an order.

    Args:
        call: The operation.
        kind: Of the node.
        attributes: Of the node.
    """
    (x, *states), units = call.inputs, call.operation.units
    x = call.step("steps", "Transpose", x, perm=(2, 0, 1))
    rows = call.whole("gates", [units * k + n for k in ORDERS[kind] for n in range(units)])
    *kernels, bias, recurrent_bias = (
        call.step(f"{name}_by_gates", "Gather", call.weights[name], rows, axis=0)
        for name in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    )
    both = call.step("biases", "Concat", bias, recurrent_bias, axis=0)
    direction = call.whole("direction", [0])
    given = [
        call.step(f"given{k}", "Unsqueeze", value, direction)
        for k, value in enumerate((*kernels, both, *states))
    ]
    first = ["", *given[3:]] if states else []
    y = call.step("states", kind, x, *given[:3], *first, hidden_size=units, **attributes)
    y = call.step("sequence", "Squeeze", y, call.whole("directions", [1]))
    call.write("Transpose", y, perm=(1, 2, 0))


def matrix_product(call: Call[ops.MatrixProduct]) -> None:
    """Of turned sequences: (a·b)ᵀ = bᵀ·aᵀ."""
    (a, b), operation = call.inputs, call.operation
    if operation.transposed:
        b = call.step("rows", "Transpose", b, perm=(0, 2, 1))
    if not operation.scaled:
        call.write("MatMul", b, a)
        return
    factor = call.numbers("factor", operation.factor(call.shapes[0][1]))
    call.write("Mul", call.step("sums", "MatMul", b, a), factor)
