"""The page of mappings: what each operation of :data:`pellucid.ops.OPERATIONS` is in ONNX.

Feature maps are (N, C, H, W) there, sequences (N, F, T), vectors (N, F); opset 17.
Padding is written as explicit numbers. Every mapping adds nodes, of which the last makes the value
of the network's node.
"""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.interop.onnx import sequences
from pellucid.interop.onnx.bfloat16 import bfloat16, bfloat16_sum
from pellucid.interop.onnx.found_regions import propose
from pellucid.interop.onnx.regions import roi_align, roi_pool
from pellucid.interop.onnx.whole_numbers import quantise, quantised_dense, reals
from pellucid.ops.perspective_divide import NEAREST
from pellucid.ops.plane_grid import base

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid import ops
    from pellucid.interop.onnx.call import Call
    from pellucid.ops.operation import Array, Shape
    from pellucid.ops.window import Window


def add(call: Call[ops.Add]) -> None:
    call.write("Add" if len(call.inputs) == 2 else "Sum")


def affine_grid(call: Call[ops.AffineGrid]) -> None:
    operation, (theta,), (height, width) = call.operation, call.inputs, call.operation.size
    if operation.scale != 1:
        theta = call.step("scaled", "Mul", theta, call.numbers("scale", operation.scale))
    if operation.relative:
        theta = call.step("whole", "Add", theta, call.numbers("identity", [operation.identity]))
    rows = call.step("rows", "Reshape", theta, call.whole("two", [0, 2, 3]))
    places = base(operation.size, operation.align_corners).reshape(-1, 3).T
    flat = call.step("flat", "MatMul", rows, call.numbers("places", places))
    call.write("Reshape", flat, call.whole("maps", [0, 2, height, width]))


def average_pool(call: Call[ops.AveragePool]) -> None:
    operation, (shape,), x = call.operation, call.shapes, call.inputs[0]
    pads = _pads(operation.window, shape)
    if operation.count_padding and _overhang(operation.window, shape):
        # What hangs over does not count, but padding does: so the padding becomes part of x.
        padded = _plain_pads(operation.window, shape)
        pads = [all_ - own for all_, own in zip(pads, padded, strict=True)]
        x = _padded(call, "padded", x, padded, 0.0)
        counts = 0
    else:
        counts = int(operation.count_padding)
    call.write(
        "AveragePool", x,
        kernel_shape=operation.size, strides=operation.stride, pads=pads, count_include_pad=counts,
    )  # fmt: skip


def batch_norm(call: Call[ops.BatchNorm]) -> None:
    own = [call.weights[name] for name in ("gamma", "beta", "mean", "variance")]
    call.write(
        "BatchNormalization", *call.inputs, *own,
        epsilon=call.operation.epsilon, momentum=1.0 - call.operation.momentum,
    )  # fmt: skip


def channel_shuffle(call: Call[ops.ChannelShuffle]) -> None:
    *rest, channels = call.shapes[0]
    groups = call.operation.groups
    split = call.whole("split", [0, groups, channels // groups, *rest])
    joined = call.whole("joined", [0, channels, *rest])
    apart = call.step("apart", "Reshape", *call.inputs, split)
    order = (0, 2, 1, *range(3, 3 + len(rest)))
    call.write("Reshape", call.step("dealt", "Transpose", apart, perm=order), joined)


def channel_slice(call: Call[ops.ChannelSlice]) -> None:
    _slice(call, [call.operation.start], [call.operation.stop], [1])


def clip(call: Call[ops.Clip]) -> None:
    low, high = call.operation.low, call.operation.high
    call.write("Clip", *call.inputs, call.numbers("low", low), call.numbers("high", high))


def concatenate(call: Call[ops.Concatenate]) -> None:
    call.write("Concat", axis=1)


def conv2d(call: Call[ops.Conv2D]) -> None:
    _convolve(call, call.operation, [*call.inputs, *call.weights.values()])


def quantised_conv2d(call: Call[ops.QuantisedConv2D]) -> None:
    _convolve(call, call.operation.summed, reals(call, axis=0))


def _convolve(call: Call[Any], operation: ops.Conv2D, inputs: Sequence[str]) -> None:
    call.write(
        "Conv", *inputs,
        kernel_shape=operation.size,
        strides=operation.stride,
        dilations=operation.dilation,
        pads=_pads(operation.window, call.shapes[0]),
        group=operation.groups,
    )  # fmt: skip


def conv_transpose2d(call: Call[ops.ConvTranspose2D]) -> None:
    operation = call.operation
    (top, bottom), (left, right) = operation.padding
    call.write(
        "ConvTranspose", *call.inputs, *call.weights.values(),
        kernel_shape=operation.size,
        strides=operation.stride,
        pads=(top, left, bottom, right),
        output_padding=operation.output_padding,
    )  # fmt: skip


def crop(call: Call[ops.Crop]) -> None:
    height, width, _ = call.shapes[0]
    (top, bottom), (left, right) = call.operation.cropping
    _slice(call, [top, left], [height - bottom, width - right], [2, 3])


def dense(call: Call[ops.Dense]) -> None:
    if len(call.shapes[0]) == 1:
        kind = "Gemm" if call.operation.bias else "MatMul"
        call.write(kind, *call.inputs, *call.weights.values())
        return
    steps = call.step("steps", "Transpose", *call.inputs, perm=(0, 2, 1))
    made = call.step("made", "MatMul", steps, call.weights["kernel"])
    if call.operation.bias:
        made = call.step("shifted", "Add", made, call.weights["bias"])
    call.write("Transpose", made, perm=(0, 2, 1))


def dropout(call: Call[ops.Dropout]) -> None:
    call.write("Dropout", *call.inputs, call.numbers("rate", call.operation.rate))


def flatten(call: Call[ops.Flatten]) -> None:
    (x,) = call.inputs
    if math.prod(call.shapes[0][:-1]) > 1:
        # Row by row with channels innermost, as the weights that follow expect it.
        x = call.step("rows", "Transpose", x, perm=_channels_last(call.shapes[0]))
    call.write("Flatten", x, axis=1)


def global_average_pool(call: Call[ops.GlobalAveragePool]) -> None:
    call.write("Flatten", call.step("pooled", "GlobalAveragePool", *call.inputs), axis=1)


def global_max_pool(call: Call[ops.GlobalMaxPool]) -> None:
    call.write("Flatten", call.step("pooled", "GlobalMaxPool", *call.inputs), axis=1)


def grid_sample(call: Call[ops.GridSample]) -> None:
    x, grid = call.inputs
    last = call.step("places", "Transpose", grid, perm=(0, 2, 3, 1))
    call.write(
        "GridSample", x, last,
        mode="bilinear", padding_mode="zeros", align_corners=int(call.operation.align_corners),
    )  # fmt: skip


def hard_sigmoid(call: Call[ops.HardSigmoid]) -> None:
    call.write("HardSigmoid", alpha=1 / 6, beta=0.5)


def hard_swish(call: Call[ops.HardSwish]) -> None:
    call.write("HardSwish")


def leaky_relu(call: Call[ops.LeakyReLU]) -> None:
    call.write("LeakyRelu", alpha=call.operation.slope)


def local_response_norm(call: Call[ops.LocalResponseNorm]) -> None:
    operation = call.operation
    call.write(
        "LRN",
        size=operation.size,
        alpha=operation.alpha * operation.size,  # ONNX divides by the size
        beta=operation.beta,
        bias=operation.k,
    )


def max_pool(call: Call[ops.MaxPool]) -> None:
    operation = call.operation
    pads = _pads(operation.window, call.shapes[0])
    call.write("MaxPool", kernel_shape=operation.size, strides=operation.stride, pads=pads)


def multiply(call: Call[ops.Multiply]) -> None:
    first, second = call.inputs
    if len(call.shapes[0]) > len(call.shapes[1]):
        second = call.step("spread", "Unsqueeze", second, call.whole("axes", [2, 3]))
    call.write("Mul", first, second)


def normalise(call: Call[ops.Normalise]) -> None:
    mean, std = (
        call.numbers(word, np.reshape(values, (-1, 1, 1)))
        for word, values in (("means", call.operation.mean), ("deviations", call.operation.std))
    )
    call.write("Div", call.step("centred", "Sub", *call.inputs, mean), std)


def pad(call: Call[ops.Pad]) -> None:
    (top, bottom), (left, right) = call.operation.padding
    sides = call.whole("sides", _all_axes([top, left, bottom, right]))
    call.write("Pad", *call.inputs, sides, call.numbers("outside", call.operation.value))


def perspective_divide(call: Call[ops.PerspectiveDivide]) -> None:
    bounds = ("first", 0), ("third", 2), ("end", 3), ("axis", 1)
    first, third, end, axis = (call.whole(word, [at]) for word, at in bounds)
    places = call.step("places", "Slice", *call.inputs, first, third, axis)
    away = call.step("away", "Slice", *call.inputs, third, end, axis)
    call.write("Div", places, call.step("ahead", "Max", away, call.numbers("nearest", NEAREST)))


def prelu(call: Call[ops.PReLU]) -> None:
    slope = call.weights["slope"]
    if after := range(1, len(call.shapes[0])):
        slope = call.step("slopes", "Unsqueeze", slope, call.whole("axes", after))
    call.write("PRelu", *call.inputs, slope)


def projective_grid(call: Call[ops.ProjectiveGrid]) -> None:
    operation, (height, width) = call.operation, call.operation.size
    # The ninth number is 1, whatever comes.
    identity = operation.identity if operation.relative else (0.0,) * len(operation.identity)
    factors = operation.scale * np.eye(8, 9)
    whole = call.step(
        "whole", "Gemm", *call.inputs, call.numbers("eight", factors),
        call.numbers("identity", [*identity, 1.0]),
    )  # fmt: skip
    rows = call.step("rows", "Reshape", whole, call.whole("three", [0, 3, 3]))
    places = base(operation.size, operation.align_corners).reshape(-1, 3).T
    flat = call.step("flat", "MatMul", rows, call.numbers("places", places))
    call.write("Reshape", flat, call.whole("maps", [0, 3, height, width]))


def relu(call: Call[ops.ReLU]) -> None:
    call.write("Relu")


def relu6(call: Call[ops.ReLU6]) -> None:
    call.write("Clip", *call.inputs, call.numbers("low", 0.0), call.numbers("high", 6.0))


def reshape(call: Call[ops.Reshape]) -> None:
    (given,), (x,) = call.shapes, call.inputs
    made = call.operation.output_shape(given)
    if len(given) > 1:
        x = call.step("last", "Transpose", x, perm=_channels_last(given))
    shape = call.whole("shape", [0, *made])
    if len(made) == 1:
        call.write("Reshape", x, shape)
        return
    shaped = call.step("shaped", "Reshape", x, shape)
    call.write("Transpose", shaped, perm=(0, len(made), *range(1, len(made))))


def resize(call: Call[ops.Resize]) -> None:
    operation, (shape,), (x,) = call.operation, call.shapes, call.inputs
    height, width, channels = operation.output_shape(shape)
    # One image's size is known, the number of images is not.
    images = call.step("shape", "Shape", x, end=1)
    sizes = call.step(
        "sizes", "Concat", images, call.whole("maps", [channels, height, width]), axis=0
    )
    how = {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    if operation.method == "bilinear":
        how = {"mode": "linear"}
    call.write("Resize", x, "", "", sizes, coordinate_transformation_mode="half_pixel", **how)


def sigmoid(call: Call[ops.Sigmoid]) -> None:
    call.write("Sigmoid")


def silu(call: Call[ops.SiLU]) -> None:
    call.write("Mul", *call.inputs, call.step("sigmoid", "Sigmoid", *call.inputs))


def softmax(call: Call[ops.Softmax]) -> None:
    call.write("Softmax", axis=1)


def subsample(call: Call[ops.Subsample]) -> None:
    operation, (shape,), (x,) = call.operation, call.shapes, call.inputs
    pads = _pads(operation.window, shape)
    means = call.step(
        "means", "AveragePool", x if not any(pads) else _padded(call, "padded", x, pads, 0.0),
        kernel_shape=operation.size, strides=operation.stride,
    )  # fmt: skip
    sums = call.step("sums", "Mul", means, call.numbers("places", math.prod(operation.size)))
    coefficient, bias = (
        call.step(f"{name}s", "Unsqueeze", call.weights[name], call.whole(f"{name}_axes", [1, 2]))
        for name in ("coefficient", "bias")
    )
    call.write("Add", call.step("weighted", "Mul", sums, coefficient), bias)


def tanh(call: Call[ops.Tanh]) -> None:
    call.write("Tanh")


MAPPINGS: dict[str, Callable[[Call[Any]], None]] = {
    "add": add,
    "affine_grid": affine_grid,
    "average_pool": average_pool,
    "batch_norm": batch_norm,
    "bfloat16": bfloat16,
    "bfloat16_conv2d": bfloat16_sum(conv2d),
    "bfloat16_dense": bfloat16_sum(dense),
    "channel_shuffle": channel_shuffle,
    "channel_slice": channel_slice,
    "clip": clip,
    "concatenate": concatenate,
    "conv2d": conv2d,
    "conv_transpose2d": conv_transpose2d,
    "crop": crop,
    "dense": dense,
    "dropout": dropout,
    "embedding": sequences.embedding,
    "flatten": flatten,
    "global_average_pool": global_average_pool,
    "global_max_pool": global_max_pool,
    "grid_sample": grid_sample,
    "gru": sequences.gru,
    "hard_sigmoid": hard_sigmoid,
    "hard_swish": hard_swish,
    "leaky_relu": leaky_relu,
    "local_response_norm": local_response_norm,
    "lstm": sequences.lstm,
    "matrix_product": sequences.matrix_product,
    "max_pool": max_pool,
    "multiply": multiply,
    "normalise": normalise,
    "pad": pad,
    "perspective_divide": perspective_divide,
    "prelu": prelu,
    "projective_grid": projective_grid,
    "propose": propose,
    "quantise": quantise,
    "quantised_conv2d": quantised_conv2d,
    "quantised_dense": quantised_dense,
    "relu": relu,
    "relu6": relu6,
    "reshape": reshape,
    "resize": resize,
    "roi_align": roi_align,
    "roi_pool": roi_pool,
    "sigmoid": sigmoid,
    "silu": silu,
    "softmax": softmax,
    "subsample": subsample,
    "tanh": tanh,
}

LAYOUTS: dict[tuple[str, str], tuple[int, ...]] = {
    ("conv2d", "kernel"): (3, 2, 0, 1),
    ("bfloat16_conv2d", "kernel"): (3, 2, 0, 1),
    ("quantised_conv2d", "kernel"): (3, 2, 0, 1),
    ("conv_transpose2d", "kernel"): (2, 3, 0, 1),
    **{
        (kind, parameter): (1, 0)
        for kind in ("gru", "lstm")
        for parameter in ("kernel", "recurrent_kernel")
    },
}
"""How a weight's axes are laid out in ONNX, by kind of operation and parameter: a convolution's
kernel HWIO becomes OIHW, a transposed one's IOHW, a recurrent layer's has a row for each of its
gates' units. All others are as they are."""


def onnx_weight(kind: str, parameter: str, array: Array) -> Array:
    """A weight as ONNX has it."""
    order = LAYOUTS.get((kind, parameter))
    return array if order is None else array.transpose(order)


def own_weight(kind: str, parameter: str, array: Array) -> Array:
    """The weight that :func:`onnx_weight` gave, as the network has it."""
    order = LAYOUTS.get((kind, parameter))
    return array if order is None else array.transpose(np.argsort(order))


def _spans(window: Window, shape: Shape) -> tuple[Any, Any]:
    return window.along(0, shape[0]), window.along(1, shape[1])


def _pads(window: Window, shape: Shape) -> list[int]:
    """Padding and overhang as ONNX has them: top, left, bottom, right."""
    rows, columns = _spans(window, shape)
    after = (span.after + span.overhang for span in (rows, columns))
    return [rows.before, columns.before, *after]


def _plain_pads(window: Window, shape: Shape) -> list[int]:
    rows, columns = _spans(window, shape)
    return [rows.before, columns.before, rows.after, columns.after]


def _overhang(window: Window, shape: Shape) -> bool:
    return any(span.overhang for span in _spans(window, shape))


def _channels_last(shape: Shape) -> tuple[int, ...]:
    """The order of axes that brings channels to the end, as the network has them."""
    return (0, *range(2, len(shape) + 1), 1)


def _all_axes(pads: Sequence[int]) -> list[int]:
    """Padding of height and width as ``Pad`` takes it, for all four axes."""
    top, left, bottom, right = pads
    return [0, 0, top, left, 0, 0, bottom, right]


def _padded(call: Call[Any], word: str, x: str, pads: Sequence[int], value: float) -> str:
    sides = call.whole(f"{word}_sides", _all_axes(pads))
    return call.step(word, "Pad", x, sides, call.numbers(f"{word}_value", value))


def _slice(
    call: Call[Any], starts: Sequence[int], ends: Sequence[int], axes: Sequence[int]
) -> None:
    bounds = [
        call.whole(word, values)
        for word, values in (("starts", starts), ("ends", ends), ("axes", axes))
    ]
    call.write("Slice", *call.inputs, *bounds)
