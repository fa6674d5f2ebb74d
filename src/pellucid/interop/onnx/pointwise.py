"""Nodes that are a function of each number alone, and norms: their axes may lie as they will."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Value


def identity(builder: Builder, node: OnnxNode) -> None:
    """``Identity``."""
    builder.result(node, builder.value(node, in_pieces=True, moved=True))


def cast(builder: Builder, node: OnnxNode) -> None:
    """``Cast`` of pixels, or from one floating type to another."""
    from onnx import TensorProto

    wanted = node.attribute("to")
    floats = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16)
    if wanted not in floats:
        raise node.refuse("it turns numbers into whole ones, which no layer does")
    builder.result(node, builder.value(node, moved=True))


def cast_like(builder: Builder, node: OnnxNode) -> None:
    """``CastLike`` another value, or a constant of floats."""
    name = node.input(1)
    if name in builder.constants and builder.constants[name].dtype.kind != "f":
        raise node.refuse("it turns numbers into whole ones, which no layer does")
    builder.result(node, builder.value(node, moved=True))


def dropout(builder: Builder, node: OnnxNode) -> None:
    """``Dropout``: a layer with the rate, which lets everything through outside of training."""
    value = builder.value(node, moved=True)
    if node.opset < 12:
        rate = float(node.attribute("ratio", 0.5))
    else:
        given = builder.constant(node, 1)
        rate = 0.5 if given is None else float(given.ravel()[0])
        training = builder.constant(node, 2)
        if training is not None and bool(training.any()):
            raise node.refuse("it is exported for training; export the network for inference")
    if len(node.outputs) > 1 and builder.readers.get(node.outputs[1]):
        raise node.refuse("its mask is read, which no layer gives")
    if not 0.0 < rate <= 0.999:
        builder.result(node, value)
        return
    builder.result(node, builder.each(node, ops.Dropout(rate), value))


def relu(builder: Builder, node: OnnxNode) -> None:
    """``Relu``."""
    builder.result(node, builder.each(node, ops.ReLU(), builder.value(node, moved=True)))


def sigmoid(builder: Builder, node: OnnxNode) -> None:
    """``Sigmoid``."""
    builder.result(node, builder.each(node, ops.Sigmoid(), builder.value(node, moved=True)))


def tanh(builder: Builder, node: OnnxNode) -> None:
    """``Tanh``."""
    builder.result(node, builder.each(node, ops.Tanh(), builder.value(node, moved=True)))


def hard_swish(builder: Builder, node: OnnxNode) -> None:
    """``HardSwish``."""
    builder.result(node, builder.each(node, ops.HardSwish(), builder.value(node)))


def swish(builder: Builder, node: OnnxNode) -> None:
    """``Swish``, of which alpha 1 is SiLU."""
    if node.attribute("alpha", 1.0) != 1.0:
        raise node.refuse("its alpha is not 1, which is the only swish there is a layer for (SiLU)")
    builder.result(node, builder.each(node, ops.SiLU(), builder.value(node)))


def leaky_relu(builder: Builder, node: OnnxNode) -> None:
    """``LeakyRelu``."""
    slope = float(node.attribute("alpha", 0.01))
    operation = builder.make(node, ops.LeakyReLU, slope=slope)
    builder.result(node, builder.each(node, operation, builder.value(node, moved=True)))


def prelu(builder: Builder, node: OnnxNode) -> None:
    """``PRelu`` with a slope a channel, or one for all."""
    value = builder.value(node)
    slope = builder.weight(node, 1)
    value, slopes = channelwise(builder, node, value, slope)
    value = builder.settled(node, value)
    channels = builder.shape(value.node)[-1]
    weights = {"slope": np.array(np.broadcast_to(slopes, (channels,)), np.float32)}
    name = builder.add(node, ops.PReLU(), value.node, weights=weights)
    builder.result(node, replace(value, node=name))


def batch_norm(builder: Builder, node: OnnxNode) -> None:
    """``BatchNormalization``: a layer of its own, never part of a convolution."""
    if node.attribute("training_mode", 0) or not node.attribute("spatial", 1):
        raise node.refuse("it is exported for training, or has a mean for each position")
    value = builder.settled(node, builder.value(node))
    if not value.theirs:
        raise node.refuse("it has no channels")
    if not value.is_vector and set(value.theirs[0]) != set(value.ours[-1]):
        value = builder.vector(node, value)
    weights = {
        name: builder.per_channel(node, value, builder.weight(node, place).ravel(), value.theirs[0])
        for place, name in enumerate(("gamma", "beta", "mean", "variance"), start=1)
    }
    operation = builder.make(
        node, ops.BatchNorm,
        momentum=max(0.0, round(1.0 - node.attribute("momentum", 0.9), 6)),
        epsilon=float(node.attribute("epsilon", 1e-5)),
    )  # fmt: skip
    name = builder.add(node, operation, value.node, weights=weights)
    builder.result(node, replace(value, node=name))


def lrn(builder: Builder, node: OnnxNode) -> None:
    """``LRN``, whose alpha is divided by the size."""
    value = builder.maps(node, builder.value(node))
    size = node.attribute("size", 0)
    operation = builder.make(
        node, ops.LocalResponseNorm,
        size=size,
        alpha=float(node.attribute("alpha", 1e-4)) / max(1, size),
        beta=float(node.attribute("beta", 0.75)),
        k=float(node.attribute("bias", 1.0)),
    )  # fmt: skip
    builder.result(node, replace(value, node=builder.add(node, operation, value.node)))


def softmax(builder: Builder, node: OnnxNode) -> None:
    """``Softmax`` over the channels; at the end of a network it is taken off again."""
    value = _probable(builder, node)
    builder.result(node, replace(value, node=builder.add(node, ops.Softmax(), value.node)))


def log_softmax(builder: Builder, node: OnnxNode) -> None:
    """``LogSoftmax``, with which only a network's output may be made."""
    value = _probable(builder, node)
    builder.result(node, replace(value, logarithm=True))


def _probable(builder: Builder, node: OnnxNode) -> Value:
    """What a softmax reads, its channels last."""
    value = builder.value(node)
    rank = len(value.theirs) + 1
    axis = node.attribute("axis", 1 if node.opset < 13 else -1) % rank
    if axis == 0:
        raise node.refuse("it works over the batch")
    over = value.theirs[axis - 1 :] if node.opset < 13 else value.theirs[axis - 1 : axis]
    atoms = sum(over, ())
    value = builder.settled(node, value)
    flat = sum(map(bool, value.theirs)) <= 1
    if not value.is_vector and set(atoms) != set(value.ours[-1]) and flat:
        value = builder.vector(node, value)
    if set(atoms) != set(value.ours[-1]):
        raise node.refuse("it works over other axes than the channels")
    return value


def channelwise(
    builder: Builder, node: OnnxNode, value: Value, array: np.ndarray
) -> tuple[Value, np.ndarray]:
    """Numbers that a tensor is combined with one by one, in the order of our last axis.

    Args:
        builder: The network.
        node: The node.
        value: The tensor.
        array: The numbers; its axes are those of the tensor, of length 1 except for the channels.

    Returns:
        The tensor as it must be taken, and one number, or one for each of our last axis.

    Raises:
        RefusedError: If they differ between positions.
    """
    rank = len(value.theirs) + 1
    if array.ndim > rank:
        raise node.refuse(f"its constant has {counted(array.ndim, 'axis')}, its other input {rank}")
    shape = (1,) * (rank - array.ndim) + array.shape
    long = [k for k, size in enumerate(shape) if size != 1]
    if not long:
        return value, array.reshape(1)
    if len(long) > 1 or long[0] == 0 or shape[long[0]] != value.shape[long[0] - 1]:
        raise node.refuse(
            f"its constant of shape {array.shape} has other numbers at different positions of "
            f"{builder.described(value)}; only one a channel can be a layer"
        )
    axis = value.theirs[long[0] - 1]
    if not value.is_vector and set(axis) != set(value.ours[-1]):
        value = builder.vector(node, value)
    return value, builder.per_channel(node, value, array.ravel(), axis)
