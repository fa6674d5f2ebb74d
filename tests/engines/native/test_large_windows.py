"""Pooling over windows of 255 positions and more, whose winners' numbers fill no byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native.program import NativeProgram
from pellucid.graph import Graph, Node
from pellucid.ops import AveragePool, Conv2D, CrossEntropy, Dense, Flatten, MaxPool, ReLU
from pellucid.optimizers import SGD
from tests.engines.networks import network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close, assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.engines.engine import Program
    from pellucid.ops.operation import Operation

POOLS: list[tuple[Operation, tuple[int, int]]] = [
    (MaxPool((15, 17), (15, 17)), (31, 34)),  # 255 positions: the first that need more than a byte
    (MaxPool((16, 16), (16, 16)), (33, 35)),
    (MaxPool((17, 16), (3, 5), "same"), (20, 22)),
    (MaxPool((2, 130), (1, 3), "valid"), (4, 137)),
    (MaxPool((16, 17), (7, 9), ((3, 0), (5, 2)), "count"), (19, 25)),
    (MaxPool((30, 29), (30, 29)), (30, 29)),
    (AveragePool((16, 17), (3, 5), "same"), (20, 22)),
    (AveragePool((16, 17), (3, 5), ((4, 2), (1, 3)), count_padding=True), (20, 22)),
]


def load(engine: str, operation: Operation, size: tuple[int, int], threads: int = 2) -> Program:
    nodes = (
        Node("conv", Conv2D(11, (2, 1))),
        Node("relu", ReLU(), ("conv",)),
        Node("pool", operation, ("relu",)),
        Node("flat", Flatten(), ("pool",)),
        Node("answer", Dense(4), ("flat",)),
    )
    net = network(Graph((size[0] + 1, size[1], 2), nodes))
    learning = Learning(CrossEntropy(), SGD())
    if engine != "native":
        return get_engine(engine).load(net, step_of(net, learning))
    from pellucid.engines.native import NativeEngine

    program = NativeEngine(threads=threads).load(net, step_of(net, learning))
    assert isinstance(program, NativeProgram), "the reference took its place"
    return program


@pytest.mark.parametrize(("operation", "size"), POOLS, ids=str)
def test_against_the_reference(operation: Operation, size: tuple[int, int]) -> None:
    ours, theirs = (load(engine, operation, size) for engine in ("native", "reference"))
    random = np.random.default_rng(3)
    images = random.normal(size=(5, *ours.graph.input_shape)).astype(np.float32)
    labels = random.integers(0, 4, 5)
    tolerance = TOLERANCES["float32"]
    assert_close("answer", ours.forward(images), theirs.forward(images), tolerance)
    results = [program.train_step(images, labels, 0.05) for program in (ours, theirs)]
    assert results[0].loss == pytest.approx(results[1].loss, rel=tolerance)
    # After the first step, what SGD remembers is the gradient itself.
    assert_all_close(ours.state(), theirs.state(), tolerance)


def test_the_first_of_equals_gets_the_gradient() -> None:
    """Pixels of few values: many positions are the largest."""
    operation, size = POOLS[2]
    ours, theirs = (load(engine, operation, size) for engine in ("native", "reference"))
    random = np.random.default_rng(5)
    images = random.integers(0, 3, (4, *ours.graph.input_shape), dtype=np.uint8)
    for program in (ours, theirs):
        program.train_step(images, np.array([0, 1, 2, 3]), 0.05)
    assert_all_close(ours.state(), theirs.state(), TOLERANCES["float32"])


def test_nan_is_seen() -> None:
    operation, size = POOLS[1]
    ours, theirs = (load(engine, operation, size) for engine in ("native", "reference"))
    images = np.random.default_rng(6).normal(size=(3, *ours.graph.input_shape))
    images[1, 5, 7, 0] = np.nan
    expected = theirs.forward(images.astype(np.float32))
    assert np.isnan(expected[1]).all()
    assert_close("answer", ours.forward(images), expected, TOLERANCES["float32"])


def test_any_number_of_threads() -> None:
    operation, size = POOLS[4]
    programs = [load("native", operation, size, threads) for threads in (1, 2, 3)]
    random = np.random.default_rng(7)
    for _ in range(2):
        images = random.integers(0, 256, (7, *programs[0].graph.input_shape), dtype=np.uint8)
        labels = random.integers(0, 4, 7)
        for program in programs:
            program.train_step(images, labels, 0.01)
    for program in programs[1:]:
        assert_same_bits(program.weights(), programs[0].weights())
