"""The page of translations: what becomes of each kind of ONNX node in a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.interop.onnx import arithmetic, axes, dense, pointwise, windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode

TRANSLATIONS: dict[str, Callable[[Builder, OnnxNode], None]] = {
    "Add": arithmetic.add,
    "AveragePool": windows.average_pool,
    "BatchNormalization": pointwise.batch_norm,
    "Cast": pointwise.cast,
    "CastLike": pointwise.cast_like,
    "Clip": pointwise.clip,
    "Concat": axes.concat,
    "Conv": windows.conv,
    "Div": arithmetic.div,
    "Dropout": pointwise.dropout,
    "Flatten": axes.flatten,
    "Gemm": dense.gemm,
    "GlobalAveragePool": windows.global_average_pool,
    "GlobalMaxPool": windows.global_max_pool,
    "HardSigmoid": pointwise.hard_sigmoid,
    "HardSwish": pointwise.hard_swish,
    "Identity": pointwise.identity,
    "LRN": pointwise.lrn,
    "LeakyRelu": pointwise.leaky_relu,
    "LogSoftmax": pointwise.log_softmax,
    "MatMul": dense.matmul,
    "MaxPool": windows.max_pool,
    "Mul": arithmetic.mul,
    "PRelu": pointwise.prelu,
    "Pad": windows.pad,
    "ReduceMean": windows.reduce_mean,
    "Relu": pointwise.relu,
    "Reshape": axes.reshape,
    "Shape": axes.shape,
    "Sigmoid": pointwise.sigmoid,
    "Slice": axes.slice_,
    "Softmax": pointwise.softmax,
    "Split": axes.split,
    "Squeeze": axes.squeeze,
    "Sub": arithmetic.sub,
    "Sum": arithmetic.sum_,
    "Swish": pointwise.swish,
    "Tanh": pointwise.tanh,
    "Transpose": axes.transpose,
    "Unsqueeze": axes.unsqueeze,
}
"""By kind of node. What is not here is refused by the node's name."""
