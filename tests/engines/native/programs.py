"""Networks and programs that the tests of the native engine share."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pellucid.engines.native import NativeEngine
from pellucid.engines.native.program import NativeProgram
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Normalise,
    ReLU,
    Residual,
    Sequential,
)
from pellucid.ops import CrossEntropy
from pellucid.optimizers import Adam
from tests.engines.networks import batch, network
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.engines.engine import Program
    from pellucid.engines.native.runtime.host.compiled import Compiled
    from pellucid.graph import Graph

SMALL = Sequential(
    [
        Normalise([100.0, 120.0], [60.0, 70.0]),
        Conv2D(6, 3, padding="same", bias=False),
        BatchNorm(),
        ReLU(),
        Residual([Conv2D(6, 3, padding="same", bias=False), BatchNorm()]),
        ReLU(),
        MaxPool(2),
        Conv2D(11, (2, 3), stride=(1, 2)),
        ReLU(),
        Flatten(),
        Dropout(0.2),
        Dense(13),
        ReLU(),
        Dense(5),
    ]
).graph((10, 9, 2))
"""Batch norm, a shortcut, pooling, a stride, dropout, dense layers; nothing fills whole vectors."""

LEARNING = Learning(CrossEntropy(), Adam(weight_decay=0.01), seed=3)


def native(
    graph: Graph = SMALL, *, threads: int = 2, learning: Learning | None = LEARNING
) -> NativeProgram:
    """A program that is surely the native engine's, and compiled."""
    program = NativeEngine(threads=threads).load(network(graph), step_of(graph, learning))
    assert isinstance(program, NativeProgram)
    assert compiled(program).inputs
    return program


def train(program: Program, steps: int, count: int = 6, first: int = 0) -> None:
    """So many steps, numbered from the first, each on a batch of its own."""
    for step in range(first, first + steps):
        program.train_step(*batch(program.graph, count, seed=step), 0.01)


def digest(program: Program) -> str:
    """SHA-256 over all weights, statistics and what the optimizer remembers."""
    found = hashlib.sha256()
    for name, array in (program.weights() | program.state()).items():
        found.update(name.encode() + array.tobytes())
    return found.hexdigest()


def compiled(program: Program) -> Compiled:
    """The code by which a program learns, or else that by which it answers."""
    assert isinstance(program, NativeProgram)
    return program._code_of(program.graph)
