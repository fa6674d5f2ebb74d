"""Networks of whole numbers with random weights, for tests of every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.graph import Graph, Network, Node

if TYPE_CHECKING:
    from pellucid.ops.operation import Operation


def chain(shape: tuple[int, ...], *operations: Operation) -> Graph:
    """Operations one after the other, ``a``, ``b`` …, on a picture."""
    names = "input", *map(chr, range(ord("a"), ord("a") + len(operations)))
    nodes = [
        Node(name, operation, (before,))
        for name, operation, before in zip(names[1:], operations, names, strict=False)
    ]
    return Graph(shape, nodes)


def random_whole(graph: Graph, seed: int) -> Network:
    """A graph with random weights: whole numbers up to their bounds, scales, and reals."""
    random = np.random.default_rng(seed)
    weights = {}
    array: np.ndarray
    for name, parameter in graph.parameters.items():
        if parameter.dtype == "int8":
            array = random.integers(-127, 128, parameter.shape)
        elif parameter.dtype == "int32":
            array = random.integers(-4_000, 4_000, parameter.shape)
        elif parameter.role == "scale":
            array = random.uniform(2e-3, 5e-3, parameter.shape)
        else:
            array = random.normal(0, 0.3, parameter.shape)
        weights[str(name)] = array.astype(np.float32)
    return Network(graph, weights)


SCALE = 0.031

CASES: dict[str, Graph] = {
    "strides and borders": chain(
        (9, 7, 3),
        ops.Normalise((100.0, 120.0, 90.0), (60.0, 50.0, 70.0)),
        ops.Quantise(0.02, signed=True),
        ops.QuantisedConv2D(5, (3, 2), (2, 1), (1, 2), ((1, 0), (2, 1)), 0.02),
        ops.LeakyReLU(0.1),
        ops.Quantise(SCALE, signed=True),
        ops.QuantisedConv2D(18, (3, 3), padding="same", input_scale=SCALE),
        ops.ReLU(),
        ops.MaxPool((2, 2), (2, 2)),
        ops.Quantise(SCALE),
        ops.QuantisedConv2D(37, (1, 1), input_scale=SCALE),
        ops.Flatten(),
        ops.Quantise(0.05, signed=True),
        ops.QuantisedDense(11, 0.05),
        ops.ReLU(),
        ops.Quantise(0.1),
        ops.QuantisedDense(3, 0.1),
    ),
    "largest numbers": chain(
        (4, 4, 70),
        ops.Quantise(1.0),
        ops.QuantisedConv2D(33, (3, 3), padding="same", input_scale=1.0),
        ops.Quantise(1e-6, signed=True),
        ops.QuantisedConv2D(16, (3, 3), padding="same", input_scale=1.0),
    ),
    "depthwise": chain(
        (8, 9, 3),
        ops.Quantise(2.0),
        ops.QuantisedConv2D(3, (3, 2), (2, 1), padding="same", input_scale=0.1, depthwise=True),
        ops.ReLU6(),
        ops.Quantise(6 / 255),
        ops.QuantisedConv2D(21, (1, 1), input_scale=6 / 255),
        ops.Quantise(0.2, signed=True),
        ops.QuantisedConv2D(
            21, (5, 3), dilation=(1, 2), padding="same", input_scale=0.2, depthwise=True
        ),
        ops.Flatten(),
    ),
    "a dense layer alone": chain(
        (5, 3, 2), ops.Quantise(1.0), ops.QuantisedConv2D(4, (5, 3)), ops.Flatten()
    ),
}
"""Graphs by name: with borders, strides, both signs, fused functions and poolings, and dense
layers, depthwise ones, with channels that fill no word and filters that fill no vector."""
