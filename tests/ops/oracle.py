"""The same operations in PyTorch's words, for comparison; nothing of the package's rules is used.

Images come as (N, H, W, C) and are turned to PyTorch's (N, C, H, W) here, kernels from
(kh, kw, in, out) to (out, in, kh, kw). Where PyTorch has no such operation (padding that differs
from side to side, LeNet's subsampling) it is put together from what PyTorch has.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tests.ops.philox import word

if TYPE_CHECKING:
    from pellucid import ops
    from pellucid.ops.operation import Array, Mode
    from tests.ops.cases import Drawn

torch.set_num_threads(1)

Weights = Mapping[str, Tensor]


def to_nchw(x: Tensor) -> Tensor:
    """Channels to the second axis, as PyTorch wants them; flat vectors stay."""
    return x.movedim(-1, 1).contiguous()


def to_nhwc(x: Tensor) -> Tensor:
    """And back."""
    return x.movedim(1, -1)


def sides(
    padding: Any, extents: tuple[int, int], strides: tuple[int, int], shape: tuple[int, int]
) -> list[int]:
    """Pixels in the order of ``functional.pad``: left, right, top, bottom."""
    if padding == "valid":
        return [0, 0, 0, 0]
    if padding == "same":  # as TensorFlow documents SAME, which PyTorch lacks for strides
        found = []
        for n, stride, extent in zip(shape, strides, extents, strict=True):
            past = extent - stride if n % stride == 0 else extent - n % stride
            before = max(past, 0) // 2
            found.append((before, max(past, 0) - before))
        (top, bottom), (left, right) = found
    else:
        (top, bottom), (left, right) = padding
    return [left, right, top, bottom]


def conv2d(op: ops.Conv2D, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    x = to_nchw(x)
    kernel = weights["kernel"].permute(3, 2, 0, 1)
    (kh, kw), (down, across) = op.size, op.dilation
    extents = down * (kh - 1) + 1, across * (kw - 1) + 1
    bias = weights["bias"] if op.bias else None
    if op.padding == "same" and op.stride == (1, 1):
        with warnings.catch_warnings():  # it warns that an even kernel may cost it a copy
            warnings.simplefilter("ignore", UserWarning)
            return to_nhwc(functional.conv2d(x, kernel, bias, 1, "same", op.dilation, op.groups))
    x = functional.pad(x, sides(op.padding, extents, op.stride, (x.shape[2], x.shape[3])))
    return to_nhwc(functional.conv2d(x, kernel, bias, op.stride, 0, op.dilation, op.groups))


def conv_transpose2d(op: ops.ConvTranspose2D, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """Zeros put between the inputs, then a convolution with the kernel turned round."""
    x = to_nchw(x)
    (kh, kw), (down, across), (more_down, more_across) = op.size, op.stride, op.output_padding
    (top, bottom), (left, right) = op.padding
    n, channels, height, width = x.shape
    apart = x.new_zeros(n, channels, (height - 1) * down + 1, (width - 1) * across + 1)
    apart[:, :, ::down, ::across] = x
    around = [
        kw - 1 - left,
        kw - 1 - right + more_across,
        kh - 1 - top,
        kh - 1 - bottom + more_down,
    ]
    kernel = weights["kernel"].flip(0, 1).permute(3, 2, 0, 1)
    padded = functional.pad(apart, around)
    return to_nhwc(functional.conv2d(padded, kernel, weights["bias"] if op.bias else None))


def embedding(op: ops.Embedding, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """A product of ones and zeros with the table."""
    rows = torch.arange(op.vocabulary)
    apart = (x.clamp(0, op.vocabulary - 1)[..., None] - rows).abs()
    return (apart < 0.5).to(x.dtype) @ weights["table"] + 0.0 * x[..., None]


@dataclass(frozen=True)
class Pooling:
    """How a pooling is asked of PyTorch: padded outside where its own padding cannot do it."""

    x: Tensor
    size: tuple[int, int]
    stride: tuple[int, int]
    own: tuple[int, int]
    outside: list[int]
    ceil_mode: bool
    keep: tuple[slice, slice]


def pooling(op: Any, x: Tensor) -> Pooling:
    """Sort out padding: PyTorch's own must be equal on both sides and at most half the window."""
    x = to_nchw(x)
    height, width = x.shape[2], x.shape[3]
    left, right, top, bottom = sides(op.padding, op.size, op.stride, (height, width))
    ceil_mode = op.edge == "count"
    native = top == bottom and left == right and 2 * top <= op.size[0] and 2 * left <= op.size[1]
    if native:
        everything = slice(None), slice(None)
        return Pooling(x, op.size, op.stride, (top, left), [0, 0, 0, 0], ceil_mode, everything)
    # Padding outside, PyTorch would also make windows that start past the image: drop those.
    keep = []
    for n, before, after, size, stride in zip(
        (height, width), (top, left), (bottom, right), op.size, op.stride, strict=True
    ):
        starts = range(0, n + before, stride)
        if ceil_mode:  # one window may hang over
            inside = sum(start - stride + size < n + before + after for start in starts)
        else:
            inside = sum(start + size <= n + before + after for start in starts)
        keep.append(slice(0, inside))
    outside = [left, right, top, bottom]
    return Pooling(x, op.size, op.stride, (0, 0), outside, ceil_mode, (keep[0], keep[1]))


def window_sums(how: Pooling, x: Tensor) -> Tensor:
    """The sum under every window."""
    padded = functional.pad(x, how.outside)
    sums = functional.avg_pool2d(
        padded, how.size, how.stride, how.own, how.ceil_mode, True, divisor_override=1
    )
    return sums[:, :, *how.keep]


def max_pool(op: ops.MaxPool, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    how = pooling(op, x)
    padded = functional.pad(how.x, how.outside, value=-math.inf)
    y = functional.max_pool2d(padded, how.size, how.stride, how.own, 1, how.ceil_mode)
    return to_nhwc(y[:, :, *how.keep])


def average_pool(op: ops.AveragePool, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    how = pooling(op, x)
    if how.outside == [0, 0, 0, 0]:
        return to_nhwc(
            functional.avg_pool2d(
                how.x, how.size, how.stride, how.own, how.ceil_mode, op.count_padding
            )
        )
    ones = torch.ones_like(how.x)
    if op.count_padding:
        counted = Pooling(ones, how.size, how.stride, (0, 0), [0, 0, 0, 0], how.ceil_mode, how.keep)
        counts = window_sums(counted, functional.pad(ones, how.outside, value=1.0))
    else:
        counts = window_sums(how, ones)
    return to_nhwc(window_sums(how, how.x) / counts)


def subsample(op: ops.Subsample, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    how = pooling(op, x)
    return to_nhwc(window_sums(how, how.x)) * weights["coefficient"] + weights["bias"]


def dropout(op: ops.Dropout, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    if not mode.training:
        return functional.dropout(x, op.rate, training=False)
    words = [word(e, mode.seed, mode.step, mode.stream) for e in range(x.numel())]
    kept = [w / 2**32 >= op.rate for w in words]
    return x * torch.tensor(kept).reshape(x.shape) / (1 - op.rate)


def batch_norm(op: ops.BatchNorm, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    y = functional.batch_norm(
        to_nchw(x),
        weights["mean"].detach().clone(),  # PyTorch updates them in place
        weights["variance"].detach().clone(),
        weights["gamma"],
        weights["beta"],
        mode.training,
        op.momentum,
        op.epsilon,
    )
    return to_nhwc(y)


def local_response_norm(
    op: ops.LocalResponseNorm, x: Tensor, weights: Weights, mode: Mode
) -> Tensor:
    # PyTorch divides alpha by the size; AlexNet's paper and this package do not.
    alpha = op.alpha * op.size
    return to_nhwc(functional.local_response_norm(to_nchw(x), op.size, alpha, op.beta, op.k))


def normalise(op: ops.Normalise, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    return (x - torch.tensor(op.mean, dtype=x.dtype)) / torch.tensor(op.std, dtype=x.dtype)


def prelu(op: ops.PReLU, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    return to_nhwc(functional.prelu(to_nchw(x), weights["slope"]))


def global_max_pool(op: ops.GlobalMaxPool, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    size = x.shape[1], x.shape[2]
    return functional.max_pool2d(to_nchw(x), size).flatten(1)


def multiply(op: ops.Multiply, x: Tensor, by: Tensor, weights: Weights, mode: Mode) -> Tensor:
    return x * (by if by.ndim == x.ndim else by[:, None, None, :])


def pad(op: ops.Pad, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    (top, bottom), (left, right) = op.padding
    padded = functional.pad(to_nchw(x), [left, right, top, bottom], value=op.value)
    return to_nhwc(padded)


def crop(op: ops.Crop, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """PyTorch crops by padding with less than nothing."""
    (top, bottom), (left, right) = op.cropping
    return to_nhwc(functional.pad(to_nchw(x), [-left, -right, -top, -bottom]))


def channel_shuffle(op: ops.ChannelShuffle, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    maps = x if x.ndim == 4 else x[:, None, None]
    return to_nhwc(functional.channel_shuffle(to_nchw(maps), op.groups)).reshape(x.shape)


def resize(op: ops.Resize, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    size = op.size or (op.factor[0] * x.shape[1], op.factor[1] * x.shape[2])
    if op.method == "bilinear":
        return to_nhwc(functional.interpolate(to_nchw(x), size, mode="bilinear"))
    return to_nhwc(functional.interpolate(to_nchw(x), size, mode="nearest-exact"))


def affine_grid(op: ops.AffineGrid, theta: Tensor, weights: Weights, mode: Mode) -> Tensor:
    whole = op.scale * theta.reshape(-1, 2, 3) + (torch.eye(2, 3) if op.relative else 0)
    with warnings.catch_warnings():  # it warns that maps of one position were others once
        warnings.simplefilter("ignore", UserWarning)
        return functional.affine_grid(whole, [len(theta), 1, *op.size], op.align_corners)


def projective_grid(op: ops.ProjectiveGrid, theta: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """The affine grids of all three rows of the matrix, two by two."""
    ones = torch.ones_like(theta[:, :1])
    whole = torch.cat([op.scale * theta, ones], 1).reshape(-1, 3, 3)
    whole = whole + (torch.diag(torch.tensor([1.0, 1.0, 0.0])) if op.relative else 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        first, last = (
            functional.affine_grid(rows, [len(theta), 1, *op.size], op.align_corners)
            for rows in (whole[:, :2], whole[:, 1:])
        )
    return torch.cat([first, last[..., 1:]], -1)


def perspective_divide(
    op: ops.PerspectiveDivide, x: Tensor, weights: Weights, mode: Mode
) -> Tensor:
    ahead = x[..., 2:] >= 1 / 64
    return torch.where(ahead, x[..., :2] / x[..., 2:], 64 * x[..., :2])


def grid_sample(
    op: ops.GridSample, x: Tensor, grid: Tensor, weights: Weights, mode: Mode
) -> Tensor:
    """A tent around each place, over all rows and columns."""
    tents = []
    for k, length in ((1, x.shape[1]), (0, x.shape[2])):
        size = length - 1 if op.align_corners else length
        place = (grid[..., k, None] * size + length - 1) / 2
        tents.append(functional.relu(1 - (place - torch.arange(length)).abs()))
    return torch.einsum("nijr,nijs,nrsc->nijc", *tents, x)


def matrix_product(
    op: ops.MatrixProduct, a: Tensor, b: Tensor, weights: Weights, mode: Mode
) -> Tensor:
    by = "nld" if op.transposed else "ndl"
    return torch.einsum(f"ntd,{by}->ntl", a, b) / (a.shape[2] ** 0.5 if op.scaled else 1)


def recurrent(op: Any, x: Tensor, *states: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """PyTorch's own cell, step by step."""
    cell: Any = {"gru": torch.gru_cell, "lstm": torch.lstm_cell}[op.kind]
    own = weights["kernel"].T, weights["recurrent_kernel"].T
    biases = weights["bias"], weights["recurrent_bias"]
    nothing = x.new_zeros((len(x), op.units))
    state: Any = states[0] if states else nothing
    if op.kind == "lstm":
        state = states or (nothing, nothing)
    found = []
    for step in x.unbind(1):
        state = cell(step, state, *own, *biases)
        found.append(state if op.kind == "gru" else state[0])
    return torch.stack(found, dim=1)


def roi_align(op: ops.RoIAlign, x: Tensor, boxes: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """PyTorch's grid sampling of all places of a box, and their mean."""
    _, height, width, _ = x.shape
    axes = []
    for low, parts, length in ((1, op.size[0], height), (0, op.size[1], width)):
        share = (torch.arange(parts * op.samples).to(x) + 0.5) / (parts * op.samples)
        first, last = (boxes.detach()[..., k, None] for k in (low, low + 2))
        axes.append(2 * op.scale * (first + share * (last - first)) / length - 1)
    rows, columns = axes
    shape = *rows.shape, columns.shape[2]
    grid = torch.stack([columns[:, :, None].expand(shape), rows[..., None].expand(shape)], dim=-1)
    found = functional.grid_sample(
        to_nchw(x), grid.flatten(1, 2), padding_mode="border", align_corners=False
    )
    (down, across), k = op.size, op.samples
    cells = found.reshape(*found.shape[:2], boxes.shape[1], down, k, across, k)
    means = cells.mean(dim=(4, 6))
    return means.permute(0, 2, 3, 4, 1) * with_box(boxes)


def with_box(boxes: Tensor) -> Tensor:
    """1 for rows with a box, 0 for others."""
    real = boxes[..., 5] >= 0 if boxes.shape[2] > 5 else boxes[..., 0] == boxes[..., 0]
    return real[..., None, None, None].to(boxes)


def roi_pool(op: ops.RoIPool, x: Tensor, boxes: Tensor, weights: Weights, mode: Mode) -> Tensor:
    """PyTorch's adaptive pooling of each region, cut out; of boxes on the map, away from halves."""
    found = []
    for image, rows in zip(to_nchw(x), boxes.detach(), strict=True):
        for row in rows:
            left, top, right, bottom = (round(float(end) * op.scale) for end in row[:4])
            cut = image[:, top : bottom + 1, left : right + 1]
            found.append(functional.adaptive_max_pool2d(cut, op.size))
    made = torch.stack(found).permute(0, 2, 3, 1)
    return made.reshape(*boxes.shape[:2], *made.shape[1:]) * with_box(boxes)


def dense(op: ops.Dense, x: Tensor, weights: Weights, mode: Mode) -> Tensor:
    return functional.linear(x, weights["kernel"].T, weights["bias"] if op.bias else None)


ORACLES: dict[str, Callable[..., Tensor]] = {
    "add": lambda op, *x, weights, mode: sum(x[1:], x[0]),
    "average_pool": average_pool,
    "batch_norm": batch_norm,
    "channel_shuffle": channel_shuffle,
    "channel_slice": lambda op, x, weights, mode: x.narrow(-1, op.start, op.stop - op.start),
    "clip": lambda op, x, weights, mode: functional.hardtanh(x, op.low, op.high),
    "concatenate": lambda op, *x, weights, mode: torch.cat(x, dim=-1),
    "conv2d": conv2d,
    "conv_transpose2d": conv_transpose2d,
    "crop": crop,
    "dense": dense,
    "dropout": dropout,
    "embedding": embedding,
    "flatten": lambda op, x, weights, mode: torch.flatten(x, 1),
    "global_average_pool": lambda op, x, weights, mode: functional.adaptive_avg_pool2d(
        to_nchw(x), 1
    ).flatten(1),
    "global_max_pool": global_max_pool,
    "hard_sigmoid": lambda op, x, weights, mode: functional.relu6(x + 3) / 6,
    "hard_swish": lambda op, x, weights, mode: functional.hardswish(x),
    "leaky_relu": lambda op, x, weights, mode: functional.leaky_relu(x, op.slope),
    "local_response_norm": local_response_norm,
    "matrix_product": matrix_product,
    "max_pool": max_pool,
    "multiply": multiply,
    "normalise": normalise,
    "pad": pad,
    "prelu": prelu,
    "relu": lambda op, x, weights, mode: functional.relu(x),
    "reshape": lambda op, x, weights, mode: x.flatten(1).unflatten(
        1, [n or x.shape[1 + k] for k, n in enumerate(op.shape)]
    ),
    "resize": resize,
    "affine_grid": affine_grid,
    "grid_sample": grid_sample,
    "gru": recurrent,
    "lstm": recurrent,
    "relu6": lambda op, x, weights, mode: functional.relu6(x),
    "roi_align": roi_align,
    "roi_pool": roi_pool,
    "sigmoid": lambda op, x, weights, mode: torch.sigmoid(x),
    "silu": lambda op, x, weights, mode: functional.silu(x),
    "softmax": lambda op, x, weights, mode: functional.softmax(x, dim=-1),
    "subsample": subsample,
    "perspective_divide": perspective_divide,
    "projective_grid": projective_grid,
    "tanh": lambda op, x, weights, mode: torch.tanh(x),
}
"""By kind."""


def run(drawn: Drawn) -> tuple[Array, dict[str, Array]]:
    """PyTorch's output, and its gradients by the names of ``Drawn.arguments``."""
    arguments = drawn.arguments()
    tensors = {name: torch.tensor(x, requires_grad=True) for name, x in arguments.items()}
    inputs = [tensors.get(f"input {i}", torch.tensor(x)) for i, x in enumerate(drawn.inputs)]
    weights = {name: tensors.get(name, torch.tensor(w)) for name, w in drawn.weights.items()}
    operation = drawn.case.operation
    output = ORACLES[operation.kind](operation, *inputs, weights=weights, mode=drawn.mode)
    found = torch.autograd.grad(output, list(tensors.values()), torch.tensor(drawn.cotangent))
    gradients = {name: np.asarray(g) for name, g in zip(tensors, found, strict=True)}
    return output.detach().numpy(), gradients
