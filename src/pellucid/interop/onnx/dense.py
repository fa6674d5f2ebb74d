"""Nodes that multiply a vector by a matrix: ``Gemm`` and ``MatMul``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.resizing import affine_product
from pellucid.interop.onnx.views import axis, of_vector, reordered, size_of
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Value
    from pellucid.ops.operation import Array


def add_dense(
    builder: Builder, node: OnnxNode, value: Value, kernel: Array, bias: Array | None
) -> tuple[str, Value]:
    """Add a dense layer whose kernel's rows are in the order of a tensor's numbers.

    Args:
        builder: The network.
        node: Whose the layer is.
        value: The tensor, (F,) but for axes of length 1.
        kernel: (F, units).
        bias: (units,) or None.

    Returns:
        The layer's name, and the tensor as the layer reads it.
    """
    affine = value.affine
    value = builder.vector(node, value)
    given = sum(value.theirs, ())
    if len(kernel) != int(np.prod(value.shape, dtype=np.int64)):
        raise node.refuse(
            f"its kernel takes {counted(len(kernel), 'number')}, got {builder.described(value)}"
        )
    rows = reordered(kernel, given, value.ours[0])
    if affine is not None and value.affine is not None:  # part of the layer: x is scaled first
        length = len(rows)
        scale, shift = (np.broadcast_to(each, length) for each in (affine.scale, affine.shift))
        added = shift @ rows.astype(np.float64)
        rows = (scale[:, None] * rows).astype(np.float32)
        if added.any():
            bias = (added + (0 if bias is None else bias)).astype(np.float32)
    weights = {"kernel": rows}
    if bias is not None:
        weights["bias"] = bias
    operation = ops.Dense(rows.shape[1], bias=bias is not None)
    return builder.add(node, operation, value.node, weights=weights), value


def gemm(builder: Builder, node: OnnxNode) -> None:
    """``Gemm``: alpha · x · B + beta · C."""
    value = builder.value(node)
    if node.attribute("transA", 0):
        raise node.refuse("it turns its first input round (transA)")
    if len(value.theirs) != 1:
        raise node.refuse(f"it needs a vector (N, F), got {builder.described(value)}")
    kernel = builder.weight(node, 1)
    if kernel.ndim != 2:
        raise node.refuse(f"its matrix has {counted(kernel.ndim, 'axis')}")
    kernel = kernel.T if node.attribute("transB", 0) else kernel
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    if alpha != 1.0:
        kernel = kernel * np.float32(alpha)
    bias = None
    if node.input(2) and beta != 0.0:
        bias = _bias(node, builder.weight(node, 2), kernel.shape[1])
        bias = bias * np.float32(beta) if beta != 1.0 else bias
    name, _ = add_dense(builder, node, value, kernel, bias)
    builder.result(node, of_vector(name, kernel.shape[1]))


def matmul(builder: Builder, node: OnnxNode) -> None:
    """``MatMul`` with a constant matrix; an ``Add`` behind it becomes its bias.

    Affine maps times the places of pixels are an affine grid.
    """
    value = builder.value(node, moved=True)
    kernel = builder.weight(node, 1)
    if kernel.ndim == 2 and not value.batch and affine_product(builder, node, value, kernel):
        return
    if kernel.ndim == 2 and len(value.theirs) == 2 and _each_row(builder, node, value, kernel):
        return
    if len(value.theirs) != 1 or kernel.ndim != 2 or value.batch:
        raise node.refuse(
            f"it multiplies {builder.described(value)} by {kernel.shape}; expected a vector (N, F) "
            "and a matrix"
        )
    name, _ = add_dense(builder, node, value, kernel, None)
    builder.result(node, of_vector(name, kernel.shape[1]))


def _each_row(builder: Builder, node: OnnxNode, value: Value, kernel: Array) -> bool:
    """Connect each row of a tensor (N, T, F) by itself; False where no layer does that.

    Where the rows are the positions of feature maps, that is a convolution of 1×1.
    """
    rows, features = value.theirs
    if value.axes[-1] is None:
        return False
    if size_of(features) != len(kernel):
        return False
    value = builder.settled(node, value)
    operation: ops.Conv2D | ops.Dense = ops.Dense(kernel.shape[1], bias=False)
    if value.is_maps and set(value.ours[-1]) == set(features):
        operation = ops.Conv2D(kernel.shape[1], (1, 1), bias=False)
    elif sum(value.ours, ()) == (*rows, *features):
        shape = size_of(rows), len(kernel)
        if builder.shape(value.node) != shape:
            value = replace(value, node=builder.add(node, ops.Reshape(shape), value.node))
        value = replace(value, ours=(rows, features))
    else:
        return False
    weights = reordered(kernel, features, value.ours[-1])
    if isinstance(operation, ops.Conv2D):
        weights = weights[None, None]
    made = axis(kernel.shape[1])
    name = builder.add(node, operation, value.node, weights={"kernel": weights})
    value = replace(value, node=name, ours=(*value.ours[:-1], made), theirs=(rows, made))
    builder.result(node, value)
    return True


def _bias(node: OnnxNode, given: Array, units: int) -> Array:
    if given.size != 1 and not (given.size == units and given.shape[-1] == units):
        raise node.refuse(
            f"its bias must be {counted(units, 'number')}, got the shape {given.shape}"
        )
    return np.array(np.broadcast_to(given.ravel(), (units,)))
