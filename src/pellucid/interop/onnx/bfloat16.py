"""Layers of bfloat16 as ONNX has them: values are rounded, and sums are of float32."""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid import ops
    from pellucid.interop.onnx.call import Call

FLOAT, BFLOAT16 = 1, 16
"""Types by their numbers in ONNX."""


def bfloat16(call: Call[ops.Bfloat16]) -> None:
    call.write("Cast", call.step("rounded", "Cast", *call.inputs, to=BFLOAT16), to=FLOAT)


def bfloat16_sum(summing: Callable[[Call[Any]], None]) -> Callable[[Call[Any]], None]:
    """The mapping of a layer of bfloat16, whose numbers are kept in float32.

    Args:
        summing: That of the operation that sums.
    """

    def mapping(call: Call[Any]) -> None:
        summing(replace(call, operation=call.operation.summed))

    return mapping
