"""The page of mappings: what each operation of :data:`pellucid.ops.OPERATIONS` is on PyTorch.

Feature maps come as (N, C, H, W), vectors as (N, F). Sizes and borders follow the package's one
rule for windows; where PyTorch's own padding cannot express them, the border is laid around first.
"""

# ruff: noqa: D103 - each is documented where the operation itself is, in pellucid.ops
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own custom

from pellucid.engines.torch import sequences
from pellucid.engines.torch.bfloat16 import bfloat16, bfloat16_sum
from pellucid.engines.torch.call import Call
from pellucid.engines.torch.cpu_faults import avoid_cpu_faults
from pellucid.engines.torch.layout import channels_last
from pellucid.engines.torch.random import random_words
from pellucid.engines.torch.regions import roi_align, roi_pool
from pellucid.engines.torch.sync_batch_norm import normalised_together
from pellucid.engines.torch.whole_numbers import quantise, whole_sum
from pellucid.ops.perspective_divide import NEAREST
from pellucid.ops.plane_grid import base

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from pellucid import ops
    from pellucid.ops.plane_grid import PlaneGrid
    from pellucid.ops.pool import Pool
    from pellucid.ops.positive_gradient import PositiveGradient
    from pellucid.ops.window import Window


def add(call: Call[ops.Add]) -> Tensor:
    first, *others = call.inputs
    for other in others:
        first = first + other
    return first


def average_pool(call: Call[ops.AveragePool]) -> Tensor:
    operation, x = call.operation, call.x
    if not any(_border(operation.window, x)):
        return F.avg_pool2d(x, operation.size, operation.stride)
    rows, columns = (operation.window.along(axis, x.shape[2 + axis]) for axis in (0, 1))
    ones = x.new_ones((1, 1, *x.shape[2:]))
    if operation.count_padding:  # padding counts, what hangs over beyond it does not
        padding = (columns.before, columns.after, rows.before, rows.after)
        counted = F.pad(F.pad(ones, padding, value=1.0), (0, columns.overhang, 0, rows.overhang))
    else:
        counted = F.pad(ones, _border(operation.window, x))
    counts = F.avg_pool2d(counted, operation.size, operation.stride, divisor_override=1)
    return _window_sums(operation, x) / counts


def batch_norm(call: Call[ops.BatchNorm]) -> Tensor:
    operation, x, weights, training = call.operation, call.x, call.weights, call.mode.training
    if training and x.numel() == x.shape[1]:
        return _batch_norm_of_one(call)
    # Both are updated in place in training, which a node that shares them would do once more to
    # what PyTorch keeps for the gradient: so it is given copies.
    mean, variance = (
        weights[name].clone() if training else weights[name] for name in ("mean", "variance")
    )
    y = F.batch_norm(
        x,
        mean,
        variance,
        weights["gamma"],
        weights["beta"],
        training,
        operation.momentum,
        operation.epsilon,
    )
    if training:
        with torch.no_grad():
            weights["mean"].copy_(mean)
            weights["variance"].copy_(variance)
    return y


def batch_norm_together(call: Call[ops.BatchNorm], group: Any) -> Tensor:
    """The same by the statistics of all processes of a group."""
    operation, x, weights = call.operation, call.x, call.weights
    if not call.mode.training:
        return batch_norm(call)
    x_hat, mean, variance = normalised_together(x, operation.epsilon, group)
    with torch.no_grad():
        weights["mean"].lerp_(mean, operation.momentum)
        weights["variance"].lerp_(variance, operation.momentum)
    channels = (1, -1, *(1,) * (x.ndim - 2))
    y = weights["gamma"].view(channels) * x_hat + weights["beta"].view(channels)
    return y.to(x.dtype)


def _batch_norm_of_one(call: Call[ops.BatchNorm]) -> Tensor:
    """The same where each channel has a single value, which PyTorch refuses: its variance is 0."""
    operation, x, weights = call.operation, call.x, call.weights
    with torch.no_grad():
        weights["mean"].lerp_(x.reshape(-1), operation.momentum)
        weights["variance"].mul_(1.0 - operation.momentum)
    x_hat = (x - x.mean(dim=0, keepdim=True)) / math.sqrt(operation.epsilon)
    channels = (1, -1, *(1,) * (x.ndim - 2))
    return weights["gamma"].view(channels) * x_hat + weights["beta"].view(channels)


def channel_shuffle(call: Call[ops.ChannelShuffle]) -> Tensor:
    n, channels, *rest = call.x.shape
    groups = call.operation.groups
    return call.x.reshape(n, groups, channels // groups, *rest).transpose(1, 2).flatten(1, 2)


def channel_slice(call: Call[ops.ChannelSlice]) -> Tensor:
    return call.x[:, call.operation.start : call.operation.stop]


def clip(call: Call[ops.Clip]) -> Tensor:
    # PyTorch's clamp would let the gradient through at the bounds.
    return F.hardtanh(call.x, call.operation.low, call.operation.high)


def concatenate(call: Call[ops.Concatenate]) -> Tensor:
    return torch.cat(list(call.inputs), dim=1)


def conv2d(call: Call[ops.Conv2D]) -> Tensor:
    operation, x = call.operation, call.x
    left, right, top, bottom = _border(operation.window, x)
    padding = (top, left)
    if (left, top) != (right, bottom) or (operation.size == (1, 1) and (left, top) != (0, 0)):
        x, padding = F.pad(x, (left, right, top, bottom)), (0, 0)
    x, kernel, stride = avoid_cpu_faults(x, call.weights["kernel"], operation.stride)
    return F.conv2d(
        x,
        kernel,
        call.weights.get("bias"),
        stride,
        padding,
        operation.dilation,
        operation.groups,
    )


def conv_transpose2d(call: Call[ops.ConvTranspose2D]) -> Tensor:
    operation, stride, more = call.operation, call.operation.stride, call.operation.output_padding
    kernel, bias = call.weights["kernel"].transpose(0, 1), call.weights.get("bias")
    (top, bottom), (left, right) = operation.padding
    if (top, left) == (bottom, right):
        return F.conv_transpose2d(call.x, kernel, bias, stride, (top, left), more)
    y = F.conv_transpose2d(call.x, kernel, bias, stride, 0, more)
    return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]


def crop(call: Call[ops.Crop]) -> Tensor:
    (top, bottom), (left, right) = call.operation.cropping
    height, width = call.x.shape[2:]
    return call.x[:, :, top : height - bottom, left : width - right]


def dense(call: Call[ops.Dense]) -> Tensor:
    kernel, bias = call.weights["kernel"], call.weights.get("bias")
    if call.x.ndim > 2:
        return F.linear(channels_last(call.x), kernel.T, bias).movedim(-1, 1)
    return call.x @ kernel if bias is None else torch.addmm(bias, call.x, kernel)


def dropout(call: Call[ops.Dropout]) -> Tensor:
    operation, x, mode = call.operation, call.x, call.mode
    if not mode.training:
        return x
    # The counter runs over elements as they lie outside, channels last.
    last = (x.shape[0], *x.shape[2:], x.shape[1])
    words = random_words(last, mode.seed, mode.step, mode.stream, x.device, mode.first)
    kept = (words >= operation.threshold).to(x.dtype).movedim(-1, 1)
    return x * (kept / (1.0 - operation.rate))


def flatten(call: Call[ops.Flatten]) -> Tensor:
    x = call.x
    return channels_last(x).reshape(len(x), -1)


def global_average_pool(call: Call[ops.GlobalAveragePool]) -> Tensor:
    return call.x.mean(dim=(2, 3))


def global_max_pool(call: Call[ops.GlobalMaxPool]) -> Tensor:
    # PyTorch's amax would divide the gradient among equals.
    values = call.x.flatten(2)
    return values.gather(2, values.argmax(dim=2, keepdim=True)).squeeze(2)


def grid_sample(call: Call[ops.GridSample]) -> Tensor:
    x, grid = call.inputs
    y = F.grid_sample(x, grid.permute(0, 2, 3, 1), align_corners=call.operation.align_corners)
    return y.masked_fill(grid.isnan().any(1, keepdim=True), torch.nan)  # PyTorch takes NaN for −1


def hard_sigmoid(call: Call[ops.HardSigmoid]) -> Tensor:
    return F.hardtanh(call.x / 6 + 0.5, 0.0, 1.0)  # PyTorch's own takes 1/6 in float32


def hard_swish(call: Call[ops.HardSwish]) -> Tensor:
    return F.hardswish(call.x)


def leaky_relu(call: Call[ops.LeakyReLU]) -> Tensor:
    return F.leaky_relu(call.x, call.operation.slope)


def local_response_norm(call: Call[ops.LocalResponseNorm]) -> Tensor:
    operation = call.operation
    alpha = operation.alpha * operation.size  # PyTorch takes the mean of the squares, not the sum
    return F.local_response_norm(call.x, operation.size, alpha, operation.beta, operation.k)


def max_pool(call: Call[ops.MaxPool]) -> Tensor:
    operation, x = call.operation, call.x
    border = _border(operation.window, x)
    padded = F.pad(x, border, value=-torch.inf) if any(border) else x
    y: Tensor = F.max_pool2d(padded, operation.size, operation.stride)
    # Of several NaN PyTorch gives the gradient to the last; of nothing but −∞, to the border
    # perhaps. Neither happens while all is finite, which one sum shows; compiled steps do not ask.
    if torch.compiler.is_compiling():
        return y
    if y.requires_grad and not bool(y.detach().sum().isfinite()):
        return _first_winners(operation, x, padded, y.detach())
    return y


def _first_winners(operation: ops.MaxPool, x: Tensor, padded: Tensor, y: Tensor) -> Tensor:
    """Of each window the first place, row by row, inside the image, that holds the maximum y."""
    inside = F.pad(torch.ones_like(x, dtype=torch.bool), _border(operation.window, x))
    windows, real = (_windows(operation, values) for values in (padded, inside))
    largest = y.unsqueeze(-1)
    best = real & ((windows == largest) | (windows.isnan() & largest.isnan()))
    first = best.to(torch.uint8).argmax(dim=-1, keepdim=True)
    return windows.gather(-1, first).squeeze(-1)


def multiply(call: Call[ops.Multiply]) -> Tensor:
    first, second = call.inputs
    spread = second if first.ndim == second.ndim else second[:, :, None, None]
    return first * spread


def normalise(call: Call[ops.Normalise]) -> Tensor:
    x = call.x
    mean, std = (
        torch.tensor(values, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
        for values in (call.operation.mean, call.operation.std)
    )
    return (x - mean) / std


def pad(call: Call[ops.Pad]) -> Tensor:
    (top, bottom), (left, right) = call.operation.padding
    return F.pad(call.x, (left, right, top, bottom), value=call.operation.value)


def perspective_divide(call: Call[ops.PerspectiveDivide]) -> Tensor:
    return call.x[:, :2] / call.x[:, 2:].clamp(min=NEAREST)


def plane_grid(call: Call[PlaneGrid]) -> Tensor:
    # PyTorch's own, of affine maps alone, warns of maps of one position.
    operation, theta = call.operation, call.x * call.operation.scale
    count, rows = len(operation.identity), operation.rows
    if operation.relative:
        theta = theta + theta.new_tensor(operation.identity)
    whole = F.pad(theta, (0, 3 * rows - count), value=1.0).view(-1, rows, 3)
    places = torch.from_numpy(base(operation.size, operation.align_corners)).to(theta)
    return torch.einsum("hwk,nak->nahw", places, whole)


def positive_gradient(call: Call[PositiveGradient]) -> Tensor:
    operation, x = call.operation, call.x
    rectifier = Call(operation.rectifier, [x], {}, call.mode)
    y = MAPPINGS[operation.rectifier.kind](rectifier)
    if not operation.masked:  # the same values, with the gradient of what lets everything through
        y = y.detach() + (x - x.detach())
    if y.requires_grad:
        y.register_hook(lambda gradient: gradient.clamp(min=0))  # type: ignore[no-untyped-call]
    return y


def prelu(call: Call[ops.PReLU]) -> Tensor:
    return F.prelu(call.x, call.weights["slope"])


def propose(call: Call[ops.Propose]) -> Tensor:
    return _in_numpy(call)


def sample_regions(call: Call[ops.SampleRegions]) -> Tensor:
    return _in_numpy(call)


def relu(call: Call[ops.ReLU]) -> Tensor:
    return F.relu(call.x)


def relu6(call: Call[ops.ReLU6]) -> Tensor:
    return F.relu6(call.x)


def reshape(call: Call[ops.Reshape]) -> Tensor:
    x = channels_last(call.x)
    y = x.reshape(len(x), *call.operation.output_shape(tuple(x.shape[1:])))
    return y.movedim(-1, 1) if y.ndim > 2 else y


def resize(call: Call[ops.Resize]) -> Tensor:
    # PyTorch's own finds positions in floating point: between two pixels it may err by one, and
    # beyond the last it makes of one value two that differ in rounding, of which a maximum differs.
    operation, x = call.operation, call.x
    size = operation.output_shape((*x.shape[2:], x.shape[1]))
    for axis in (2, 3):
        x = _resized(operation.method, x, size[axis - 2], axis)
    return x


def _resized(method: str, x: Tensor, output: int, axis: int) -> Tensor:
    """One axis resized, as :func:`pellucid.ops.resize.positions` says."""
    length = x.shape[axis]
    twice = (2 * torch.arange(output, device=x.device) + 1) * length
    if method == "nearest":
        return x.index_select(axis, twice // (2 * output))
    over = (twice - output).clamp(0, 2 * output * (length - 1))
    low, rest = over // (2 * output), over % (2 * output)
    shape = [-1 if k == axis else 1 for k in range(x.ndim)]
    share = (rest.to(x.dtype) / (2 * output)).view(shape)
    high = (low + 1).clamp(max=length - 1)
    return x.index_select(axis, low) * (1 - share) + x.index_select(axis, high) * share


def sigmoid(call: Call[ops.Sigmoid]) -> Tensor:
    return call.x.sigmoid()


def silu(call: Call[ops.SiLU]) -> Tensor:
    return F.silu(call.x)


def softmax(call: Call[ops.Softmax]) -> Tensor:
    return call.x.softmax(dim=1)


def subsample(call: Call[ops.Subsample]) -> Tensor:
    coefficient, bias = (call.weights[name].view(1, -1, 1, 1) for name in ("coefficient", "bias"))
    return _window_sums(call.operation, call.x) * coefficient + bias


def tanh(call: Call[ops.Tanh]) -> Tensor:
    return call.x.tanh()


MAPPINGS: dict[str, Callable[[Call[Any]], Tensor]] = {
    "add": add,
    "affine_grid": plane_grid,
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
    "positive_gradient": positive_gradient,
    "prelu": prelu,
    "projective_grid": plane_grid,
    "propose": propose,
    "quantise": quantise,
    "quantised_conv2d": whole_sum(conv2d),
    "quantised_dense": whole_sum(dense),
    "relu": relu,
    "relu6": relu6,
    "reshape": reshape,
    "resize": resize,
    "sample_regions": sample_regions,
    "roi_align": roi_align,
    "roi_pool": roi_pool,
    "sigmoid": sigmoid,
    "silu": silu,
    "softmax": softmax,
    "subsample": subsample,
    "tanh": tanh,
}


def _in_numpy(call: Call[Any]) -> Tensor:
    """What has no gradient, and chooses step by step, by the operation's own code."""
    inputs = [channels_last(x.detach().cpu()).numpy() for x in call.inputs]
    y, _ = call.operation.forward(inputs, {}, call.mode)
    return torch.from_numpy(y).to(call.inputs[0]).movedim(-1, 1)


def _border(window: Window, x: Tensor) -> tuple[int, int, int, int]:
    """Padding and overhang around x: (left, right, top, bottom), as ``F.pad`` takes them."""
    rows, columns = (window.along(axis, x.shape[2 + axis]) for axis in (0, 1))
    return (
        columns.before,
        columns.after + columns.overhang,
        rows.before,
        rows.after + rows.overhang,
    )


def _window_sums(operation: Pool, x: Tensor) -> Tensor:
    border = _border(operation.window, x)
    padded = F.pad(x, border) if any(border) else x
    return F.avg_pool2d(padded, operation.size, operation.stride, divisor_override=1)


def _windows(operation: Pool, padded: Tensor) -> Tensor:
    """Every window's values in row-major order: (N, C, H', W', kh·kw)."""
    (height, width), (down, across) = operation.size, operation.stride
    return padded.unfold(2, height, down).unfold(3, width, across).flatten(-2)
