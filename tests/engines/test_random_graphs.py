"""Engines agree with the reference on graphs drawn at random, other ones in each run.

The seed of a run is in pytest's first lines, and in its last where a test failed;
``PELLUCID_FUZZ_SEED`` sets it. ``scripts/fuzz`` draws any number of graphs.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.engines import get_engine
from pellucid.engines.torch import TorchEngine
from pellucid.layers import Conv2D, Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.ops import OPERATIONS, CrossEntropy
from tests.engines.agreement import (
    TOLERANCE,
    disagreements,
    draw_trial,
    far_apart,
    naming,
    outcome,
)
from tests.engines.networks import batch, network
from tests.engines.random_graphs import MAKERS, random_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.graph import Graph
    from pellucid.layers import Block

COUNT = 20


@pytest.mark.parametrize("number", range(COUNT))
def test_random_graphs(number: int) -> None:
    seed = int(os.environ["PELLUCID_FUZZ_SEED"]) + number
    with naming(f"scripts/fuzz 1 --seed {seed}"):
        graph, words = disagreements(seed)
        assert not words, f"{words}\n{graph.nodes}"


def test_whatever_fails_names_its_seed() -> None:
    with pytest.raises(KeyError) as caught, naming("scripts/fuzz 1 --seed 7"):
        raise KeyError("gamma")
    assert caught.value.__notes__ == ["scripts/fuzz 1 --seed 7"]


def test_every_operation_comes_up() -> None:
    assert MAKERS.keys() == OPERATIONS.keys()
    drawn = Counter(
        kind
        for seed in range(600)
        for kind in {node.operation.kind for node in random_graph(seed)[0].nodes}
    )
    assert min(drawn[kind] for kind in OPERATIONS) >= 15, drawn


def test_a_small_difference_is_noticed() -> None:
    graph, count = random_graph(3)
    trial = draw_trial(graph, count, 3)
    exact = outcome(get_engine("reference"), trial, "float64")
    assert not far_apart(outcome(get_engine("reference"), trial), exact, TOLERANCE)
    for kind, arrays in exact.items():
        for name, array in arrays.items():
            if np.linalg.norm(array) > max(map(np.linalg.norm, arrays.values())) / 20:
                wrong = {**exact, kind: {**arrays, name: array * 1.005}}
                assert len(far_apart(wrong, exact, TOLERANCE)) == 1


@pytest.fixture(params=[1, 2], ids=["1 thread", "2 threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


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
    "one channel in, one column out": (Conv2D(3, 3, stride=(1, 2)), (13, 4, 1), 2),
}  # fmt: skip
"""Shapes at which PyTorch 2.13 crashes, refuses or errs in channels-last memory: its convolution,
the image's shape and the batch."""


@pytest.mark.parametrize("name", FAULTS)
def test_shapes_at_which_pytorch_fails(name: str, threads: int) -> None:
    convolution, shape, count = FAULTS[name]
    graph = one_convolution(convolution, shape)
    for seed in range(3):
        trial = draw_trial(graph, count, seed)
        exact = outcome(get_engine("reference"), trial, "float64")
        for _ in range(3):  # faults that depend on what lies behind an array show not every time
            assert not far_apart(outcome(TorchEngine(), trial), exact, TOLERANCE)


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
    if len(kernel) == 1 or (x.shape[1] == 1 and stride[1] > 1):
        for each in (x, kernel):
            plain_strides = torch.empty(each.shape).stride()
            assert each.stride() == plain_strides
