"""Nodes that add and multiply: branches with each other, or numbers with constants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.builder import MOVED, OTHERWISE
from pellucid.interop.onnx.local_response import divided
from pellucid.interop.onnx.pointwise import channelwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Value
    from pellucid.ops.operation import Operation


def add(builder: Builder, node: OnnxNode) -> None:
    """``Add``: of two branches, or a shift."""
    if (place := _constant(builder, node)) is None:
        _add_branches(builder, node)
        return
    value, numbers = _operands(builder, node, place)
    _shift_and_scale(builder, node, value, np.ones(1), numbers, 1 - place)


def sub(builder: Builder, node: OnnxNode) -> None:
    """``Sub`` of a branch, or with a constant on either side."""
    if (place := _constant(builder, node)) is None:
        subtracted = builder.affine(builder.value(node, 1), -np.ones(1), np.zeros(1))
        _add_values(builder, node, [builder.value(node), subtracted])
        return
    value, numbers = _operands(builder, node, place)
    if place == 1:
        _shift_and_scale(builder, node, value, np.ones(1), -numbers, 0)
    else:
        _shift_and_scale(builder, node, value, -np.ones(1), numbers, 1)


def neg(builder: Builder, node: OnnxNode) -> None:
    """``Neg``: a scale of -1."""
    builder.result(node, builder.affine(builder.value(node), -np.ones(1), np.zeros(1)))


def mul(builder: Builder, node: OnnxNode) -> None:
    """``Mul``: a gate, or a scale."""
    if (place := _constant(builder, node)) is None:
        _multiply_branches(builder, node)
        return
    value, numbers = _operands(builder, node, place)
    _shift_and_scale(builder, node, value, numbers, np.zeros(1), 1 - place)


def div(builder: Builder, node: OnnxNode) -> None:
    """``Div`` by a constant, or the end of a local response normalisation in pieces."""
    if divided(builder, node):
        return
    place = _needed_constant(builder, node)
    if place == 0:
        raise node.refuse("it divides a constant by a value, which no layer does")
    value, numbers = _operands(builder, node, place)
    if (numbers == 0).any():
        raise node.refuse("it divides by 0")
    _shift_and_scale(builder, node, value, 1.0 / numbers, np.zeros(1), 0)


def sum_(builder: Builder, node: OnnxNode) -> None:
    """``Sum`` of branches."""
    if len(node.inputs) == 1:
        builder.result(node, builder.value(node))
        return
    _add_branches(builder, node)


def _constant(builder: Builder, node: OnnxNode) -> int | None:
    """Which of two inputs is a constant; None if none."""
    return next((k for k in (0, 1) if node.input(k) in builder.constants), None)


def _needed_constant(builder: Builder, node: OnnxNode) -> int:
    place = _constant(builder, node)
    if place is None:
        raise node.refuse("it works with two values, of which none is a constant")
    return place


def _operands(builder: Builder, node: OnnxNode, place: int) -> tuple[Value, NDArray[np.float64]]:
    array = builder.weight(node, place)
    last = array.ndim < 2  # of a tensor's last axis, or one number for all
    value = builder.value(node, 1 - place, in_pieces=True, moved=last)
    if value.axes[-1] is None and value.batch:
        raise node.refuse(MOVED.format(shape=builder.described(value)))
    noted = value.neighbours
    if noted is not None and (array.size != 1 or noted.size == 0 or noted.power is not None):
        raise node.refuse(OTHERWISE)
    value, numbers = channelwise(builder, node, value, array)
    return value, numbers.astype(np.float64)


def _shift_and_scale(
    builder: Builder,
    node: OnnxNode,
    value: Value,
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
    place: int,
) -> None:
    """Scale and shift a value: in the layer that made it, or else later."""
    known = node.input(place)
    alone = value.neighbours is None and builder.read_alone(value.node)
    fresh = value.affine is None and value.node in builder.nodes
    if fresh and alone and builder.values[known].node == value.node:
        operation = builder.nodes[value.node].operation
        weights = builder.weights_of(value.node)
        if isinstance(operation, ops.BatchNorm):
            weights["gamma"] = weights["gamma"] * scale
            weights["beta"] = weights["beta"] * scale + shift
            name = builder.merge(node, value.node, operation, weights)
            builder.result(node, replace(value, node=name))
            return
        shifted = isinstance(operation, ops.Conv2D) and bool((scale == 1).all())
        if isinstance(operation, ops.Conv2D | ops.Dense) and (
            shifted or isinstance(operation, ops.Dense)
        ):
            weights["kernel"] = weights["kernel"] * scale
            bias = weights.get("bias", np.zeros(builder.shape(value.node)[-1])) * scale + shift
            if "bias" in weights or bias.any():
                weights["bias"] = bias
            operation = replace(operation, bias="bias" in weights)
            name = builder.merge(node, value.node, operation, weights)
            builder.result(node, replace(value, node=name))
            return
    builder.result(node, builder.affine(value, scale, shift))


def _add_branches(builder: Builder, node: OnnxNode) -> None:
    _add_values(builder, node, [builder.value(node, k) for k in range(len(node.inputs))])


def _add_values(builder: Builder, node: OnnxNode, values: Sequence[Value]) -> None:
    values = builder.alike(node, values)
    if len({value.shape for value in values}) > 1:
        raise node.refuse(
            f"it adds {' and '.join(map(builder.described, values))}; branches must agree"
        )
    name = builder.add(node, ops.Add(), *(value.node for value in values))
    builder.result(node, replace(values[0], node=name))


_GATED: dict[str, Operation] = {"sigmoid": ops.SiLU(), "hard_sigmoid": ops.HardSwish()}
"""What a value times a function of itself is called, by the function's kind."""


def _times_its_own_gate(builder: Builder, node: OnnxNode) -> bool:
    """Make x · sigmoid(x) the layer that it is; False where it is another product."""
    for place in (0, 1):
        gate, value = builder.value(node, place), builder.value(node, 1 - place)
        made = builder.nodes.get(gate.node)
        if made is None or made.operation.kind not in _GATED or made.inputs != (value.node,):
            continue
        plain = gate.plain and value.plain and gate.theirs == value.theirs
        if plain and builder.read_alone(gate.node):
            builder.drop(gate.node)
            operation = _GATED[made.operation.kind]
            builder.result(node, builder.each(node, operation, value))
            return True
    return False


def _multiply_branches(builder: Builder, node: OnnxNode) -> None:
    if _times_its_own_gate(builder, node):
        return
    factor, values = np.ones(1), []
    for place in (0, 1):
        value = builder.value(node, place)
        affine = value.affine
        if affine is not None and not affine.shift.any() and np.ptp(affine.scale) == 0:
            factor = factor * affine.scale.ravel()[:1]  # one number: it can as well come later
            value = replace(value, affine=None)
        values.append(builder.plain(node, value))
    if values[0].shape == values[1].shape:
        values = builder.alike(node, values)
    first, second = sorted(values, key=lambda value: -int(np.prod(value.shape, dtype=np.int64)))
    if not second.is_vector or first.is_vector or sum(map(bool, second.theirs[1:])):
        fits = len(first.theirs) == len(second.theirs)
    else:  # one number a channel
        fits = len(second.theirs) == 3 and second.shape[0] == first.shape[0]
    if not fits:
        raise node.refuse(
            f"it multiplies {builder.described(first)} by {builder.described(second)}"
        )
    name = builder.add(node, ops.Multiply(), first.node, second.node)
    product = replace(first, node=name)
    one = bool((factor == 1).all())
    builder.result(node, product if one else builder.affine(product, factor, np.zeros(1)))
