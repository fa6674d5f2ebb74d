"""Networks of bfloat16 with random weights, and their sums in the order that native code keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.graph import Network
from pellucid.ops.bfloat16 import nearest_bfloat16
from tests.ops.whole_cases import chain

if TYPE_CHECKING:
    from pellucid.graph import Graph

CASES: dict[str, Graph] = {
    "strides and borders": chain(
        (9, 7, 3),
        ops.Normalise((128.0, 64.0, 96.0), (64.0, 32.0, 128.0)),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(5, (3, 2), (2, 1), (1, 2), ((1, 0), (2, 1))),
        ops.LeakyReLU(0.1),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(18, (3, 3), padding="same"),
        ops.ReLU(),
        ops.MaxPool((2, 2), (2, 2)),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(37, (1, 1)),
        ops.Flatten(),
        ops.Bfloat16(),
        ops.Bfloat16Dense(11),
        ops.ReLU(),
        ops.Bfloat16(),
        ops.Bfloat16Dense(3),
    ),
    "depthwise": chain(
        (8, 9, 3),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(3, (3, 2), (2, 1), padding="same", depthwise=True),
        ops.ReLU6(),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(21, (1, 1)),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(21, (5, 3), dilation=(1, 2), padding="same", depthwise=True),
        ops.Flatten(),
    ),
    "a dense layer of feature maps": chain(
        (4, 3, 5),
        ops.Bfloat16(),
        ops.Bfloat16Conv2D(6, (1, 1)),
        ops.Flatten(),
        ops.Bfloat16(),
        ops.Bfloat16Dense(17),
    ),
    "many filters": chain(
        (4, 4, 70), ops.Bfloat16(), ops.Bfloat16Conv2D(99, (3, 3), padding="same"), ops.Bfloat16()
    ),
}
"""Graphs by name: with borders, strides, fused functions and poolings, dense layers, depthwise
ones, an odd number of channels, and filters that fill no vector."""


def random_bfloat16(graph: Graph, seed: int) -> Network:
    """A graph with random weights."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, parameter in graph.parameters.items():
        array = random.normal(0, 0.3, parameter.shape).astype(np.float32)
        narrow = parameter.dtype == "bfloat16"
        weights[str(name)] = nearest_bfloat16(array) if narrow else array
    return Network(graph, weights)


def convolve_in_order(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, operation: ops.Conv2D
) -> np.ndarray:
    """A convolution without groups, or depthwise, summed in float32 in the documented order."""
    (n, height, width, channels), (tall, wide) = x.shape, operation.size
    spans = [operation.window.along(axis, size) for axis, size in ((0, height), (1, width))]
    (sy, sx), (dy, dx) = operation.stride, operation.dilation
    before = [span.before for span in spans]
    rows, columns = (span.output for span in spans)
    padded = np.zeros((n, 3 * height + 9, 3 * width + 9, channels), np.float32)
    padded[:, before[0] : before[0] + height, before[1] : before[1] + width] = x
    total = np.broadcast_to(bias, (n, rows, columns, operation.filters)).astype(np.float32)
    for ky in range(tall):
        for kx in range(wide):
            seen = padded[
                :, ky * dy : ky * dy + rows * sy : sy, kx * dx : kx * dx + columns * sx : sx
            ]
            if operation.groups > 1:
                total = total + seen * kernel[ky, kx, 0]
                continue
            for pair in range(0, channels, 2):
                for c in (pair + 1, pair):
                    if c < channels:
                        total = total + seen[..., c, None] * kernel[ky, kx, c]
    return total
