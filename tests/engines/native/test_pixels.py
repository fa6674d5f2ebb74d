"""Pixels to normalised floats: the bits of (number - mean) / std in float32, however rows end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.engines.native.program import NativeProgram
from pellucid.graph import INPUT, Graph
from pellucid.layers import Conv2D, Dense, GlobalAveragePool, Normalise, Sequential
from tests.engines.native.test_targets import here
from tests.engines.networks import network

SHAPES = [(5, 7, 1), (9, 33, 3), (6, 17, 4), (4, 50, 2), (5, 40, 13), (3, 6, 16), (3, 5, 17)]


@pytest.mark.parametrize("kind", here())
@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_are_normalised_each_by_its_channel(shape: tuple[int, int, int], kind: str) -> None:
    random = np.random.default_rng(shape)
    mean, std = random.uniform(50, 150, shape[2]), random.uniform(20, 80, shape[2])
    graph = Sequential(
        [
            Normalise(mean.tolist(), std.tolist(), name="normalise"),
            Conv2D(8, 3, padding="same"),
            GlobalAveragePool(),
            Dense(4),
        ]
    ).graph(shape)
    program = NativeProgram(network(graph), {}, replace(here()[kind], threads=2))
    images = random.integers(0, 256, (3, *shape), dtype=np.uint8)
    expected = (images.astype(np.float32) - np.float32(mean)) / np.float32(std)
    outputs = Graph(graph.inputs, graph.nodes, {"normalise": "normalise", "answer": graph.output})
    answer = program.forward(images)
    for given in (images, images.astype(np.float32)):
        found = program.run(outputs, {INPUT: given})
        assert found["normalise"].tobytes() == expected.tobytes()
        assert found["answer"].tobytes() == answer.tobytes()
        assert program.forward(given[:1]).tobytes() == answer[:1].tobytes()
