"""DCGAN's networks: shapes, shared weights, first weights."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.architectures.generator import adversaries
from pellucid.errors import ArgumentError, ShapeError


@pytest.mark.parametrize(
    ("shape", "maps"),
    [
        ((28, 28, 1), [(7, 7, 128), (14, 14, 64)]),
        ((32, 32, 3), [(4, 4, 256), (8, 8, 128), (16, 16, 64)]),
        ((64, 64, 3), [(4, 4, 512), (8, 8, 256), (16, 16, 128), (32, 32, 64)]),
        ((8, 12, 1), [(2, 3, 128), (4, 6, 64)]),
    ],
)
def test_shapes(shape: tuple[int, ...], maps: list[tuple[int, ...]]) -> None:
    found = adversaries(shape, latent=10)
    graph = found.generator
    ups = [
        graph.shapes[node.name] for node in graph.nodes if node.operation.kind == "conv_transpose2d"
    ]
    assert ups == [*maps, shape]
    assert graph.input_shape == (1, 1, 10)
    assert found.whole.shapes[found.whole.outputs["of-real"]] == (1,)
    assert found.judged.inputs.keys() == {"noise"}


@pytest.mark.parametrize(
    ("shape", "maps"),
    [
        ((28, 28, 1), [(14, 14, 32), (7, 7, 64), (4, 4, 128), (1, 1, 1)]),
        ((32, 32, 3), [(16, 16, 32), (8, 8, 64), (4, 4, 128), (1, 1, 1)]),
        ((36, 44, 1), [(18, 22, 32), (9, 11, 64), (5, 6, 128), (3, 3, 256), (1, 1, 1)]),
    ],
)
def test_the_discriminator_sees_the_whole_picture(
    shape: tuple[int, ...], maps: list[tuple[int, ...]]
) -> None:
    graph = adversaries(shape, latent=10).judged
    found = [graph.shapes[n.name] for n in graph.nodes if n.name.startswith("discriminator")]
    kinds = [n.operation.kind for n in graph.nodes if n.name.startswith("discriminator")]
    convolutions = [s for s, kind in zip(found, kinds, strict=True) if kind == "conv2d"]
    assert convolutions == maps


def test_the_discriminator_is_one_network() -> None:
    found = adversaries((8, 8, 1), latent=10)
    own = [str(name) for name in found.whole.parameters]
    assert len(own) == len(set(own))
    assert set(found.network.weights) == set(own)
    for graph in (found.judged, found.generator):
        assert {str(name) for name in graph.parameters} <= set(own)
    judging = {name for name in own if name.startswith("discriminator")}
    assert judging == {str(n) for n in found.judged.parameters if n.node.startswith("discr")}


def test_first_weights() -> None:
    weights = adversaries((28, 28, 1), seed=3).network.weights
    for name, weight in weights.items():
        if name.endswith("kernel") and weight.size > 10_000:
            assert weight.std() == pytest.approx(0.02, rel=0.03), name
            assert abs(weight.mean()) < 1e-3, name
        if name.endswith("bias"):
            assert not weight.any(), name
    again = adversaries((28, 28, 1), seed=3).network.weights
    assert all(np.array_equal(weights[name], again[name]) for name in weights)


def test_what_is_refused() -> None:
    with pytest.raises(ShapeError, match="30×28"):
        adversaries((30, 28, 1))
    with pytest.raises(ArgumentError, match="latent"):
        adversaries((28, 28, 1), latent=0)
