"""Quantised layers as ONNX has them: real operations between steps to whole numbers and back (QDQ).

Programs that compute ONNX join the steps around an operation to one of whole numbers.
"""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pellucid import ops
    from pellucid.interop.onnx.call import Call


def quantise(call: Call[ops.Quantise]) -> None:
    scale = call.numbers("step", call.operation.scale)
    call.write("QuantizeLinear", *call.inputs, scale, _zero(call, call.operation.signed))


def reals(call: Call[Any], *, axis: int) -> list[str]:
    """Add the real values of an input, of the kernel and of the biases; their names.

    Args:
        call: A quantised layer.
        axis: That of the kernel's outputs.
    """
    step = call.numbers("step", call.operation.input_scale)
    x = call.step("real", "DequantizeLinear", call.inputs[0], step)
    kernel = call.step(
        "real_kernel", "DequantizeLinear", call.weights["kernel"], call.weights["scale"], axis=axis
    )
    steps = call.numbers("steps", call.operation.step(call.arrays))
    bias = call.step("real_bias", "DequantizeLinear", call.weights["bias"], steps, axis=0)
    return [x, kernel, bias]


def quantised_dense(call: Call[ops.QuantisedDense]) -> None:
    x, kernel, bias = reals(call, axis=1)
    if len(call.shapes[0]) == 1:
        call.write("Gemm", x, kernel, bias)
        return
    steps = call.step("rows", "Transpose", x, perm=(0, 2, 1))
    made = call.step("made", "MatMul", steps, kernel)
    call.write("Transpose", call.step("shifted", "Add", made, bias), perm=(0, 2, 1))


def _zero(call: Call[ops.Quantise], signed: bool) -> str:
    kind = np.int8 if signed else np.uint8
    return call.writer.constant(f"{call.helper}.zero", np.zeros((), kind))
