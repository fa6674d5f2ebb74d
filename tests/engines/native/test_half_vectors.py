"""Filters that fill half of the last vector: that half alone is multiplied, to the same bits."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pellucid.engines.native.compile import write
from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.memory import geometry
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.report import report
from pellucid.graph.fold import fold
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    Sigmoid,
)
from tests.engines.native.programs import LEARNING, digest, native, train
from tests.engines.native.test_targets import PROCESSORS, assembly, here
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from pellucid.graph import Graph

WIDE, NEVER = 2, 1 << 10


def every_kind() -> Graph:
    """One to six vectors of 4 to 16 lanes, all but full by half; also pooled, added to, dense."""
    return Sequential(
        [
            Conv2D(6, 5, name="narrow"),
            ReLU(),
            MaxPool(2),
            Conv2D(24, 1, bias=False),
            BatchNorm(),
            ReLU6(),
            Residual([Conv2D(24, 1), Sigmoid(), Conv2D(24, (2, 1), padding="same")]),
            Conv2D(40, 3, stride=2),
            ReLU(),
            Conv2D(17, 1),
            Conv2D(20, 1),
            Flatten(),
            Dense(22),
            Dense(3),
        ]
    ).graph((21, 18, 3))


@pytest.mark.parametrize("kind", here())
def test_the_bits_of_whole_vectors(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    graph = every_kind()
    images, _ = batch(graph, 37)
    target = replace(here()[kind], threads=2)

    def answers(wide: int) -> list[bytes]:
        monkeypatch.setattr(geometry, "WIDE", wide)
        program = NativeProgram(network(graph), {}, target)
        return [program.forward(images[:count]).tobytes() for count in (37, 1, 5)]

    assert answers(WIDE) == answers(NEVER)


def test_the_bits_of_whole_vectors_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = every_kind()

    def learned(wide: int) -> str:
        monkeypatch.setattr(geometry, "WIDE", wide)
        program = native(graph, learning=LEARNING)
        train(program, 2)
        return digest(program)

    assert learned(WIDE) == learned(NEVER)


def test_where_vectors_are_wide() -> None:
    graph = fold(every_kind()).graph
    for target in PROCESSORS.values():
        kernels = write(graph, target, capacity=4).plan.kernels.values()
        half = [
            each.packing.filters
            for each in kernels
            if isinstance(each, Convolve) and each.geometry.half
        ]
        assert half == ([6, 24, 24, 24, 40, 17, 20, 22, 3] if target.lanes == 16 else [])


def test_lanes_of_what_is_left_out_are_not_idle() -> None:
    graph = Sequential([Conv2D(24, 1, name="a"), GlobalAveragePool(), Dense(2)]).graph((9, 9, 3))
    stages = report(graph, PROCESSORS["AVX-512"], batch=2, training=False).stages
    (stage,) = [stage for stage in stages if stage.name == "a"]
    assert not stage.description.notes


def test_half_vectors_meet_what_whole_ones_do_without_a_copy() -> None:
    """A number is spread once, and half of the register is used as it is."""
    target = PROCESSORS["AVX-512"]
    graph = Sequential([Conv2D(24, 1), GlobalAveragePool(), Dense(2)]).graph((9, 24, 64))
    text = assembly(write(graph, target, capacity=4).text, target)
    assert re.search(r"vfmadd\d+ps\s.*%ymm", text)
    assert not re.search(r"vbroadcastss\s+%xmm\d+, %ymm", text)
