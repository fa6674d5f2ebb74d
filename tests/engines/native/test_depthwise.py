"""Tiles of depthwise convolutions: of two rows where registers allow, to the bits of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pellucid.engines.native.emit import depthwise
from pellucid.engines.native.emit.depthwise import tile_of
from pellucid.engines.native.program import NativeProgram
from pellucid.layers import Conv2D, Dense, Flatten, GlobalAveragePool, ReLU, ReLU6, Sequential
from tests.engines.native.programs import LEARNING, digest, native, train
from tests.engines.native.test_targets import here
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from pellucid.graph import Graph


def every_kind() -> Graph:
    """Kernels of all sizes, strides and dilations, odd numbers of rows, channels left over."""
    layers = [
        Conv2D(19, size, stride=stride, padding="same", dilation=dilation, groups=19)
        for size, stride, dilation in [
            ((3, 3), (1, 1), (1, 1)),
            ((5, 5), (1, 1), (1, 1)),
            ((3, 2), (2, 1), (1, 1)),
            ((5, 3), (1, 1), (1, 2)),
            ((7, 7), (1, 2), (1, 1)),
            ((1, 3), (1, 1), (1, 1)),
            ((3, 1), (1, 1), (2, 1)),
            ((9, 11), (1, 1), (1, 1)),
        ]
    ]
    return Sequential(
        [Conv2D(19, 1), ReLU6(), *layers, ReLU(), GlobalAveragePool(), Flatten(), Dense(4)]
    ).graph((23, 21, 2))


def test_rows_that_are_computed_together_leave_their_numbers_in_registers() -> None:
    for registers in (16, 32):
        for down in range(1, 12):
            for across in range(1, 12):
                rows, columns = tile_of((down, across), registers)
                assert rows <= min(2, down)
                assert 4 <= columns <= 8
                if rows == 2:
                    assert 2 * (across + columns) < registers
    assert tile_of((3, 3), 16) == (2, 4)
    assert tile_of((5, 5), 16) == (1, 8)
    assert tile_of((3, 3), 32) == tile_of((5, 5), 32) == (2, 8)


@pytest.mark.parametrize("kind", here())
def test_the_bits_of_single_rows(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    graph = every_kind()
    images, _ = batch(graph, 3)
    target = replace(here()[kind], threads=2)

    def answer() -> bytes:
        return NativeProgram(network(graph), {}, target).forward(images).tobytes()

    together = answer()
    monkeypatch.setattr(depthwise, "tile_of", lambda taps, registers: (1, 5))
    assert answer() == together


def test_the_bits_of_single_rows_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = every_kind()

    def learned() -> str:
        program = native(graph, learning=LEARNING)
        train(program, 2)
        return digest(program)

    together = learned()
    monkeypatch.setattr(depthwise, "tile_of", lambda taps, registers: (1, 5))
    assert learned() == together
