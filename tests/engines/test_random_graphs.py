"""Engines agree with the reference on networks drawn at random.

``PELLUCID_RANDOM_GRAPHS=500`` draws as many, ``PELLUCID_RANDOM_GRAPHS_FROM=100`` begins there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.engines import Learning, get_engine
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.torch import TorchEngine
from pellucid.graph import Network
from pellucid.layers import Conv2D, Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.networks import batch, network
from tests.engines.random_graphs import random_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pellucid.engines import Engine
    from pellucid.graph import Graph
    from pellucid.layers import Block
    from pellucid.ops.operation import Array

FIRST = int(os.environ.get("PELLUCID_RANDOM_GRAPHS_FROM", "0"))
COUNT = int(os.environ.get("PELLUCID_RANDOM_GRAPHS", "4"))

TOLERANCE = 1e-3
"""Of float32 beside float64, by norm: a value at the kink of a ReLU may fall on either side."""

REPETITIONS = 3
"""Steps with each: faults that depend on what lies behind an array do not show every time."""


@pytest.fixture(params=[1, 2], ids=["1 thread", "2 threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def engines(threads: int) -> list[Engine]:
    return [TorchEngine(), NativeEngine(threads=threads)]


def assert_agree(graph: Graph, count: int, engine: Engine, seed: int) -> None:
    net, (images, labels), loss = network(graph, seed), batch(graph, count, seed), CrossEntropy()
    exact = get_engine("reference").load(net, precision="float64")
    expected = exact.gradients(images, labels, loss)
    program = engine.load(_float32(net))
    for _ in range(REPETITIONS):
        assert_close({"answer": program.forward(images)}, {"answer": exact.forward(images)})
        found = program.gradients(images, labels, loss)
        assert found.loss == pytest.approx(expected.loss, rel=TOLERANCE, abs=1e-5)
        assert_close(found.weights, expected.weights)
    learning = Learning(loss, SGD(momentum=0.9), seed=seed)
    taught = get_engine("reference").load(net, learning=learning, precision="float64")
    learner = engine.load(_float32(net), learning=learning)
    for _ in range(REPETITIONS):
        for each in (taught, learner):
            each.train_step(images, labels, 1e-3)
    assert_close(learner.weights(), taught.weights())


def assert_close(found: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    assert found.keys() == expected.keys()
    largest = max((float(np.linalg.norm(array)) for array in expected.values()), default=0.0)
    for name, array in expected.items():
        apart = float(np.linalg.norm(found[name].astype(np.float64) - array))
        allowed = TOLERANCE * max(float(np.linalg.norm(array)), 1e-2 * largest)
        assert apart <= allowed, f"{name}: apart by {apart:g} of {np.linalg.norm(array):g}"


def _float32(net: Network) -> Network:
    return Network(net.graph, {name: w.astype(np.float32) for name, w in net.weights.items()})


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_random_graphs(seed: int, threads: int) -> None:
    graph, count = random_graph(seed)
    for engine in engines(threads):
        assert_agree(graph, count, engine, seed)


def one_convolution(convolution: Block, shape: tuple[int, int, int]) -> Graph:
    channels = shape[2]
    normalise = Normalise([128.0] * channels, [64.0] * channels)
    layers: list[Block] = [normalise, convolution, ReLU(), Flatten(), Dense(2)]
    return Sequential(layers).graph(shape)


FAULTS = {
    "1×1, stride across, few channels": (Conv2D(3, 1, stride=(1, 2)), (8, 24, 1), 3),
    "1×1, stride across, one filter": (Conv2D(1, 1, stride=(1, 2)), (9, 24, 3), 3),
    "1×1, stride in both, border": (
        Conv2D(8, 1, stride=(2, 3), padding=((1, 0), (2, 1))), (22, 21, 3), 3,
    ),
    "one filter, a batch of one": (Conv2D(1, 3, padding="same"), (12, 12, 3), 1),
    "one filter, another kernel": (Conv2D(1, (4, 3), padding="same"), (12, 12, 3), 1),
    "one filter of one channel": (Conv2D(1, 3, padding="same"), (12, 12, 1), 1),
    "one filter of 1×1": (Conv2D(1, 1), (12, 12, 3), 1),
}  # fmt: skip
"""Shapes at which PyTorch 2.13 crashes, refuses or errs in channels-last memory: its convolution,
the image's shape and the batch."""


@pytest.mark.parametrize("name", FAULTS)
def test_shapes_at_which_pytorch_fails(name: str, threads: int) -> None:
    convolution, shape, count = FAULTS[name]
    graph = one_convolution(convolution, shape)
    for seed in range(3):
        assert_agree(graph, count, TorchEngine(), seed)


@pytest.mark.parametrize("name", FAULTS)
def test_these_shapes_in_float64(name: str) -> None:
    convolution, shape, count = FAULTS[name]
    graph = one_convolution(convolution, shape)
    images, labels = batch(graph, count)
    one, other = (
        get_engine(each).load(network(graph), precision="float64").gradients(
            images, labels, CrossEntropy()
        ).weights
        for each in ("reference", "torch")
    )  # fmt: skip
    for weight, array in one.items():
        np.testing.assert_allclose(other[weight], array, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", FAULTS)
def test_pytorch_is_never_asked_for_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A fault writes past an array's end, which shows in some runs only: so look at the calls."""
    asked: list[tuple[torch.Tensor, torch.Tensor, tuple[int, int]]] = []
    plain = functional.conv2d

    def conv2d(x: torch.Tensor, kernel: torch.Tensor, *more: Any) -> torch.Tensor:
        asked.append((x, kernel, more[1]))
        return plain(x, kernel, *more)

    monkeypatch.setattr(functional, "conv2d", conv2d)
    convolution, shape, count = FAULTS[name]
    graph = one_convolution(convolution, shape)
    get_engine("torch").load(network(graph)).forward(batch(graph, count)[0])
    ((x, kernel, stride),) = asked
    assert tuple(kernel.shape[2:]) != (1, 1) or stride == (1, 1)
    if len(kernel) == 1:
        for each in (x, kernel):
            plain_strides = torch.empty(each.shape).stride()
            assert each.stride() == plain_strides
