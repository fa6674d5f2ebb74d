"""Receptive fields against brute force: change a line of pixels and see which values move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.architectures import ARCHITECTURES
from pellucid.graph import INPUT, Graph, ReceptiveField, initial_weights, receptive_fields
from pellucid.layers import (
    AveragePool,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from pellucid.layers import Block
    from pellucid.ops.operation import Array


def run(graph: Graph, image: Array, weights: dict[str, Array]) -> dict[str, Array]:
    """Every value of one image, node by node."""
    values = {INPUT: image[None]}
    for node in graph.nodes:
        own = {
            name.parameter: weights[str(name)]
            for name in graph.parameters
            if name.node == node.name
        }
        inputs = [values[name] for name in node.inputs]
        values[node.name], _ = node.operation.forward(inputs, own)
    return values


def influence(graph: Graph, axis: int) -> dict[str, Array]:
    """For each node, which image line moves which output line: (out, in) bools.

    All weights are positive and so are all pixels, so that nothing cancels; and a line is raised
    so far that it wins every maximum.
    """
    random = np.random.default_rng(0)
    weights: dict[str, Array] = {
        str(name): random.uniform(0.5, 1.5, parameter.shape)
        for name, parameter in graph.parameters.items()
    }
    image = random.uniform(1, 2, graph.input_shape)
    before = run(graph, image, weights)
    length = graph.input_shape[axis]
    moved = {
        name: np.zeros((shape[axis] if len(shape) == 3 else 1, length), bool)
        for name, shape in graph.shapes.items()
    }
    for line in range(length):
        changed = image.copy()
        np.moveaxis(changed, axis, 0)[line] += 1000.0
        for name, after in run(graph, changed, weights).items():
            different = after != before[name]
            if after.ndim == 4:
                others = tuple(a for a in range(4) if a != 1 + axis)
                moved[name][:, line] = different.any(axis=others)
            else:
                moved[name][0, line] = different.any()
    return moved


def random_layers(seed: int) -> list[Block]:
    """Layers whose windows leave no gaps: kernels at least as large as their strides."""
    random = np.random.default_rng(seed)

    def size() -> tuple[int, int]:
        return int(random.integers(1, 4)), int(random.integers(1, 4))

    def conv(**settings: Any) -> Block:
        return Conv2D(2, size(), **settings)

    def strided() -> Block:
        kernel = size()
        stride = int(random.integers(1, kernel[0] + 1)), int(random.integers(1, kernel[1] + 1))
        padding = random.choice(["same", "valid", "explicit"])
        sides = ((int(random.integers(3)), 0), (0, int(random.integers(3))))
        return Conv2D(2, kernel, stride=stride, padding=sides if padding == "explicit" else padding)

    blocks: list[Any] = [
        strided,
        strided,
        lambda: MaxPool((2, 3), stride=(2, 1), edge="count"),
        lambda: AveragePool((3, 2), stride=(1, 2), padding="same"),
        lambda: Residual([conv(padding="same"), BatchNorm(), ReLU(), conv(padding="same")]),
        lambda: two_channels([conv(padding="same")], [MaxPool(3, stride=1, padding="same")], []),
        lambda: Residual([conv(padding="same")], [conv(padding="same")]),
        lambda: two_channels([Conv2D(1, 3, stride=2, padding="same")], [MaxPool(2, edge="count")]),
    ]
    return [Conv2D(2, 1), *(blocks[int(random.integers(len(blocks)))]() for _ in range(4))]


def two_channels(*branches: list[Block]) -> Block:
    """Branches joined, and brought back to two channels."""
    return Sequential([Parallel(branches), Conv2D(2, 1)])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("seed", range(12))
def test_against_brute_force(seed: int, axis: int) -> None:
    graph = Sequential(random_layers(seed)).graph((19, 23, 1))
    fields = receptive_fields(graph)
    for name, moved in influence(graph, axis).items():
        field = fields[name][axis]
        for i, lines in enumerate(moved):
            first = field.start + i * field.stride
            claimed = [at for at in range(first, first + field.size) if 0 <= at < moved.shape[1]]
            assert np.flatnonzero(lines).tolist() == claimed, f"{name} at {i}"


@pytest.mark.parametrize("axis", [0, 1])
def test_dilated_kernels_have_holes(axis: int) -> None:
    """Nothing outside the field moves a value, and both its ends do."""
    layers = [Conv2D(1, 3, dilation=(2, 3)), Conv2D(1, (2, 3), stride=2, dilation=2)]
    graph = Sequential(layers).graph((21, 23, 1))
    for name, moved in influence(graph, axis).items():
        field = receptive_fields(graph)[name][axis]
        for i, lines in enumerate(moved):
            first = field.start + i * field.stride
            found = np.flatnonzero(lines)
            assert (found[0], found[-1]) == (first, first + field.size - 1)


@pytest.mark.parametrize("head", [[Flatten(), Dense(3)], [GlobalAveragePool()]])
def test_what_sees_the_whole_image(head: list[Block]) -> None:
    graph = Sequential([Conv2D(2, 2), MaxPool(2), *head]).graph((9, 7, 1))
    fields = receptive_fields(graph)[graph.output]
    assert fields == (ReceptiveField(9, 0, 0), ReceptiveField(7, 0, 0))
    for axis in (0, 1):
        assert influence(graph, axis)[graph.output].all()


def test_the_lectures_network_by_hand() -> None:
    """3; pooling adds one pixel and doubles the pace; 4 + 2·2; 8 + 2."""
    graph = ARCHITECTURES["lecture"](10).graph((28, 28, 1))
    found = {name: field for name, (field, _) in receptive_fields(graph).items()}
    assert {name: (f.size, f.stride, f.start) for name, f in found.items()} == {
        "input": (1, 1, 0),
        "conv1": (3, 1, -1),
        "relu1": (3, 1, -1),
        "pool1": (4, 2, -1),
        "conv2": (8, 2, -3),
        "relu2": (8, 2, -3),
        "pool2": (10, 4, -3),
        "flatten1": (10, 4, -3),
        "dense1": (28, 0, 0),
        "relu3": (28, 0, 0),
        "dense2": (28, 0, 0),
    }


@pytest.mark.parametrize("axis", [0, 1])
def test_joined_branches_of_different_strides(axis: int) -> None:
    """Of equal size by chance: at each position the field holds what any branch sees."""
    branches = Parallel([[Conv2D(1, 2)], [Conv2D(1, 1, stride=2)], [Conv2D(1, 1, stride=2)]])
    graph = Sequential([branches]).graph((3, 3, 1))
    field = receptive_fields(graph)["join1"][axis]
    assert field == ReceptiveField(size=3, stride=2, start=-1)
    for i, lines in enumerate(influence(graph, axis)["join1"]):
        first = field.start + i * field.stride
        assert set(np.flatnonzero(lines)) <= set(range(first, first + field.size))


def test_weights_play_no_part() -> None:
    graph = ARCHITECTURES["lenet5"](10).graph((28, 28, 1))
    assert initial_weights(graph, 0)
    assert receptive_fields(graph) == receptive_fields(
        ARCHITECTURES["lenet5"](10).graph((28, 28, 1))
    )
