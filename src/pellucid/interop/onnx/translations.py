"""The page of translations: what becomes of each kind of ONNX node in a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.interop.onnx import (
    arithmetic,
    axes,
    bounds,
    dense,
    local_response,
    pointwise,
    recurrent,
    reductions,
    region_rows,
    resizing,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode

TRANSLATIONS: dict[str, Callable[[Builder, OnnxNode], None]] = {
    "Add": arithmetic.add,
    "AffineGrid": resizing.affine_grid,
    "AveragePool": windows.average_pool,
    "BatchNormalization": pointwise.batch_norm,
    "Cast": pointwise.cast,
    "CastLike": pointwise.cast_like,
    "Clip": bounds.clip,
    "Concat": axes.concat,
    "Conv": windows.conv,
    "ConvTranspose": windows.conv_transpose,
    "Div": arithmetic.div,
    "Dropout": pointwise.dropout,
    "Flatten": axes.flatten,
    "GRU": recurrent.gru,
    "Gemm": dense.gemm,
    "Gather": axes.gather,
    "GlobalAveragePool": windows.global_average_pool,
    "GlobalMaxPool": windows.global_max_pool,
    "GreaterOrEqual": region_rows.greater_or_equal,
    "GridSample": resizing.grid_sample,
    "HardSigmoid": bounds.hard_sigmoid,
    "HardSwish": pointwise.hard_swish,
    "Identity": pointwise.identity,
    "LRN": pointwise.lrn,
    "LSTM": recurrent.lstm,
    "LeakyRelu": pointwise.leaky_relu,
    "LogSoftmax": pointwise.log_softmax,
    "MatMul": dense.matmul,
    "Max": bounds.largest,
    "MaxPool": windows.max_pool,
    "MaxRoiPool": region_rows.max_roi_pool,
    "Min": bounds.smallest,
    "Mul": arithmetic.mul,
    "Neg": arithmetic.neg,
    "PRelu": pointwise.prelu,
    "Pad": windows.pad,
    "Pow": local_response.power,
    "RNN": recurrent.rnn,
    "ReduceMax": reductions.reduce_max,
    "ReduceMean": reductions.reduce_mean,
    "ReduceSum": reductions.reduce_sum,
    "Relu": pointwise.relu,
    "Reshape": axes.reshape,
    "Resize": resizing.resize,
    "RoiAlign": region_rows.roi_align,
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
    "Upsample": resizing.resize,
    "Where": region_rows.where,
}
"""By kind of node. What is not here is refused by the node's name."""
