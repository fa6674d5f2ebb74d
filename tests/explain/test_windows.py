"""Where a story begins: in the picture, off its borders, where there is something to see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data.preprocessing import Preprocessing
from pellucid.explain.activations import Activations
from pellucid.explain.story import story
from pellucid.explain.unit import receptive_field
from pellucid.explain.windows import FLAT, frame, windows_of
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import AveragePool, Conv2D, Dense, Flatten, Normalise, ReLU, Sequential

if TYPE_CHECKING:
    from pellucid.layers import Block

FIRST: dict[str, list[Block]] = {
    "same": [Conv2D(4, 3, padding="same"), ReLU()],
    "valid, 5×3, stride 2": [Conv2D(4, (5, 3), stride=2), ReLU()],
    "dilated": [Conv2D(4, 3, padding="same", dilation=2), ReLU()],
    "after pooling": [AveragePool(2), Conv2D(4, 3, padding="same"), ReLU()],
}


def model(first: str, shape: tuple[int, int, int], seed: int = 0) -> Model:
    channels = shape[2]
    scaled = Normalise((100.0,) * channels, (50.0,) * channels)
    graph = Sequential([scaled, *FIRST[first], Flatten(), Dense(3)]).graph(shape)
    weights = initial_weights(graph, seed)
    return Model(Network(graph, weights), ("a", "b", "c"), Preprocessing(*shape))


def noise(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def start_area(printed: Any) -> tuple[slice, slice]:
    field = receptive_field(printed.activations.graph, *printed.path[0])
    assert field.rows == field.whole_rows, "padding is read"
    assert field.columns == field.whole_columns, "padding is read"
    return slice(*field.rows), slice(*field.columns)


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("seed", range(6))
def test_no_story_begins_in_a_border(first: str, seed: int) -> None:
    """A wide photograph between black borders, and a tall one."""
    for shape in ((12, 24, 3), (24, 12, 3), (24, 24, 3)):
        printed = story(model(first, (24, 24, 3), seed), noise(shape, seed))
        rows, columns = start_area(printed)
        assert (printed.activations.pixels[rows, columns].reshape(-1, 3).max(axis=1) > 0).all()
        assert printed.window.pixels.any(axis=2).all()


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("seed", range(6))
def test_no_story_begins_on_empty_ground(first: str, seed: int) -> None:
    """A patch of texture on a bright plain: plain windows give the largest sums, but say little."""
    pixels = np.full((24, 24, 1), 250, np.uint8)
    pixels[9:19, 6:16] = noise((10, 10, 1), seed)
    printed = story(model(first, (24, 24, 1), seed), pixels)
    rows, columns = start_area(printed)
    assert pixels[rows, columns].std() > 20
    assert not printed.is_flat
    assert not printed.to_dict()["window"]["flat"]


@pytest.mark.parametrize("level", [0, 7, 255])
def test_a_picture_that_is_flat_is_said_to_be(level: int) -> None:
    pixels = np.full((12, 12, 1), level, np.uint8)
    pixels[::3, ::3] ^= 1
    printed = story(model("same", (12, 12, 1)), pixels)
    assert printed.is_flat
    assert printed.to_dict()["window"]["flat"]
    start_area(printed)


@pytest.mark.parametrize("shape", [(8, 20), (20, 8)])
def test_a_plain_picture_between_borders_is_flat_and_the_border_no_edge(
    shape: tuple[int, int],
) -> None:
    printed = story(model("same", (20, 20, 3)), np.full((*shape, 3), 122, np.uint8))
    assert printed.is_flat
    rows, columns = start_area(printed)
    assert (printed.activations.pixels[rows, columns] == 122).all()


def test_a_plain_shape_on_plain_ground_has_edges() -> None:
    pixels = np.zeros((20, 20, 1), np.uint8)
    pixels[5:15, 6:16] = 255
    printed = story(model("same", (20, 20, 1)), pixels)
    assert not printed.is_flat
    assert 0 < printed.activations.pixels[start_area(printed)].mean() < 255


def test_contrast_is_the_standard_deviation_of_what_is_seen() -> None:
    for first in FIRST:
        activations = Activations.of(model(first, (15, 17, 3)), noise((15, 17, 3)))
        layer = next(node.name for node in activations.graph.nodes if "conv" in node.name)
        found = windows_of(activations, layer)
        for at in np.ndindex(found.contrast.shape):
            field = receptive_field(activations.graph, layer, (*at, 0))
            seen = activations.pixels[slice(*field.rows), slice(*field.columns)]
            expected = seen.reshape(-1, 3).std(axis=0).max()
            assert found.contrast[at] == pytest.approx(expected, abs=1e-6)
            inside = (field.rows, field.columns) == (field.whole_rows, field.whole_columns)
            assert found.whole[at] == inside


def test_frames() -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    assert frame(pixels) == ((0, 20), (0, 30))  # plain all over
    pixels[5:15] = noise((10, 30, 3))
    assert frame(pixels) == ((6, 14), (0, 30))  # and the line that resizing mixes
    assert frame(noise((4, 5, 1))) == ((0, 4), (0, 5))
    assert frame(np.pad(noise((9, 9, 1)), ((2, 3), (4, 0), (0, 0)))) == ((3, 10), (5, 13))
    assert FLAT > 0
