"""Shapes through a network, and the errors of a network that does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pellucid.errors import ShapeError, TooSmallError
from pellucid.layers import (
    AveragePool,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Normalise,
    Parallel,
    ReLU,
    Residual,
    Sequential,
    Softmax,
)

if TYPE_CHECKING:
    from pellucid.layers import Block


def test_shapes_through_a_network() -> None:
    graph = Sequential(
        [
            Normalise([0.0] * 3, [1.0] * 3),
            Conv2D(8, (3, 2), stride=(2, 1), name="first"),
            Residual([Conv2D(8, 3, padding="same"), ReLU()], name="joint"),
            Parallel([[Conv2D(4, 1)], [MaxPool(3, stride=1, padding="same")]], name="branches"),
            AveragePool(2, edge="count"),
            Flatten(),
            Dense(5),
            Softmax(),
        ]
    ).graph((9, 6, 3))
    assert graph.shapes == {
        "input": (9, 6, 3),
        "normalise1": (9, 6, 3),
        "first": (4, 5, 8),
        "conv1": (4, 5, 8),
        "relu1": (4, 5, 8),
        "joint": (4, 5, 8),
        "conv2": (4, 5, 4),
        "pool1": (4, 5, 8),
        "branches": (4, 5, 12),
        "pool2": (2, 3, 12),
        "flatten1": (72,),
        "dense1": (5,),
        "softmax1": (5,),
    }
    assert graph.output == "softmax1"
    assert graph.output_shape == (5,)
    assert graph.inputs_of(graph["joint"]) == ((4, 5, 8), (4, 5, 8))


@pytest.mark.parametrize(
    ("layers", "image", "says"),
    [
        (
            [Conv2D(8, 5), ReLU(), MaxPool(2), Conv2D(8, 5, name="deep")],
            (11, 11, 1),
            # 11 → 7 → 3, and a 5×5 kernel needs 5: (5·2 + 4) = 14.
            (
                "layer 'deep' (conv2d), input 3×3×8",
                "height 3 is too small",
                "⌊(n + 2p − k)/s⌋ + 1 = ⌊(3 + 0 − 5)/1⌋ + 1 = -1",
                "its input needs a height of at least 5",
                "the smallest image that works is 14×14×1, got 11×11×1",
            ),
        ),
        (
            [MaxPool(2), MaxPool(2), MaxPool(2)],
            (7, 40, 3),
            (
                "layer 'pool3' (max_pool), input 1×10×3",
                "⌊(1 + 0 − 2)/2⌋ + 1 = 0",
                "the smallest image that works is 8×40×3, got 7×40×3",
            ),
        ),
        (
            [Conv2D(1, 3, dilation=4)],
            (8, 8, 1),
            ("layer 'conv1' (conv2d), input 8×8×1", "at least 9", "works is 9×9×1, got 8×8×1"),
        ),
        (
            [AveragePool((3, 3), stride=3, edge="count", name="mean"), Conv2D(1, 2)],
            (3, 3, 2),
            # ⌈(4 − 3)/3⌉ + 1 = 2 windows from 4 pixels on.
            ("layer 'conv1' (conv2d), input 1×1×2", "works is 4×4×2, got 3×3×2"),
        ),
    ],
)
def test_an_image_that_is_too_small(
    layers: list[Block], image: tuple[int, int, int], says: tuple[str, ...]
) -> None:
    """The layer, the shape that reached it, the rule, and the smallest image that would do."""
    with pytest.raises(TooSmallError) as caught:
        Sequential(layers).graph(image)
    for part in says:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_smallest_image_works_and_the_next_smaller_does_not() -> None:
    layers = Sequential([Conv2D(4, 5), MaxPool(2), Conv2D(4, 3), MaxPool(3, stride=2)])
    smallest = (4 + 2 * (2 + 3),) * 2
    assert layers.graph((*smallest, 1)).output_shape == (1, 1, 4)
    for height, width in ((smallest[0] - 1, smallest[1]), (smallest[0], smallest[1] - 1)):
        with pytest.raises(TooSmallError, match=f"that works is {smallest[0]}×{smallest[1]}×1,"):
            layers.graph((height, width, 1))


@pytest.mark.parametrize(
    ("layers", "image", "smallest"),
    [
        ([Conv2D(1, (9, 3))], (5, 5, 1), "9×5×1"),
        ([Conv2D(1, (3, 9))], (5, 5, 1), "5×9×1"),
        ([Conv2D(1, (9, 3))], (5, 2, 1), "9×3×1"),
        ([MaxPool((2, 1)), Conv2D(1, (4, 6))], (7, 5, 2), "8×6×2"),
        ([Conv2D(1, (9, 3))], (5, 40, 1), "9×40×1"),
    ],
)
def test_no_side_grows_further_than_it_must(
    layers: list[Block], image: tuple[int, int, int], smallest: str
) -> None:
    with pytest.raises(TooSmallError, match=f"image that works is {smallest}, got"):
        Sequential(layers).graph(image)


def test_where_no_image_is_large_enough_none_is_named() -> None:
    with pytest.raises(TooSmallError) as caught:
        Sequential([Conv2D(1, 2000)]).graph((8, 8, 1))
    assert "a height of at least 2000" in str(caught.value)
    assert "smallest image" not in str(caught.value)


def test_where_size_is_no_cure_none_is_named() -> None:
    """A residual whose branches never agree is not mended by a larger image."""
    with pytest.raises(TooSmallError) as caught:
        Sequential([Residual([Conv2D(4, 9)])]).graph((5, 5, 4))
    assert "layer 'conv1'" in str(caught.value)
    assert "smallest image" not in str(caught.value)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        (
            [Conv2D(4, 3), Dense(10)],
            ("layer 'dense1' (dense), input 4×4×4", "takes a flat vector", "Flatten()"),
        ),
        (
            [Flatten(), Conv2D(4, 3, name="late")],
            ("layer 'late' (conv2d), input 72", "takes feature maps", "got 72 values"),
        ),
        (
            [GlobalAveragePool(), MaxPool()],
            ("layer 'pool2' (max_pool), input 2", "takes feature maps"),
        ),
        (
            [Residual([Conv2D(4, 3)])],
            ("layer 'add1' (add), input 4×4×4 and 6×6×2", "adds inputs of one shape"),
        ),
        (
            [Parallel([[Conv2D(4, 3)], []], name="fork")],
            ("layer 'fork' (concatenate), input 4×4×4 and 6×6×2", "one height and width"),
        ),
        (
            [Parallel([[Conv2D(4, 3)]])],
            ("layer 'join1' (concatenate), input 4×4×4", "takes at least 2 inputs, got 1"),
        ),
        (
            [Conv2D(3, 1, groups=3)],
            ("layer 'conv1' (conv2d), input 6×6×2", "2 channels and 3 filters", "3 groups"),
        ),
        (
            [Normalise([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])],
            ("layer 'normalise1' (normalise), input 6×6×2", "3 channels, got 2 channels"),
        ),
    ],
)
def test_layers_that_do_not_fit(layers: list[Block], says: tuple[str, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        Sequential(layers).graph((6, 6, 2))
    assert type(caught.value) is ShapeError
    for part in says:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("image", [(28, 28), (28, 28, 1, 1), (), (0, 28, 1), (28, 28, -1)])
def test_an_input_that_is_no_image(image: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"input must be \(height, width, channels\)"):
        Sequential([ReLU()]).graph(image)
