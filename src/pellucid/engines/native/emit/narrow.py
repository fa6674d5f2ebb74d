"""Values that are kept in fewer than 32 bits: as what, and what makes them so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.bfloat16_sums import store_bfloat16
from pellucid.engines.native.emit.whole_sums import store_whole, whole_dtype

if TYPE_CHECKING:
    from pellucid.engines.native.emit.convolution import Store
    from pellucid.engines.native.emit.ir import Function, Index, Value, Vectors
    from pellucid.engines.native.memory.layout import DType


def narrow_dtype(vectors: Vectors, operation: ops.Quantise | ops.Bfloat16) -> DType:
    """What the values of an operation are kept as."""
    if isinstance(operation, ops.Bfloat16):
        return "bfloat16"
    return whole_dtype(vectors, signed=operation.signed)


def storing_narrow(operation: ops.Quantise | ops.Bfloat16, dtype: DType) -> Store:
    """What makes an operation's values of floats and writes them."""
    if isinstance(operation, ops.Bfloat16):
        return store_bfloat16

    def store(f: Function, x: Value, target: Value, offset: Index) -> None:
        store_whole(f, operation, dtype, x, target, offset)

    return store
