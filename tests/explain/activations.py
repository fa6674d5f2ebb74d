"""The networks and pictures that explanations are tested on."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.explain.activations import Activations
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.layers import Sequential
from tests.engines.networks import DIFFERENT, GRAPHS, WORDS, network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from pellucid.layers import Block
    from pellucid.ops.operation import Shape

NAMES = tuple(DIFFERENT)
"""Every architecture, and a network of every operation."""


@lru_cache
def activations_of(name: str) -> Activations:
    """A network of that name in the midst of its training, and a random picture."""
    made = network({**GRAPHS, **WORDS}[name])
    height, width, channels = made.graph.input_shape
    graph, (classes,) = made.graph, made.graph.output_shape
    weights = {key: weight.astype(np.float32) for key, weight in made.weights.items()}
    model = Model(
        Network(graph, weights),
        tuple(f"class {k}" for k in range(classes)),
        Preprocessing(height, width, channels),
    )
    pixels = np.random.default_rng(len(name)).integers(0, 256, graph.input_shape, dtype=np.uint8)
    return Activations.of(model, pixels)


def hand_made(
    layers: Sequence[Block], weights: Mapping[str, NDArray[Any]], pixels: NDArray[Any]
) -> Activations:
    """A network with given weights, and a picture for it."""
    graph = Sequential(layers).graph(pixels.shape)
    height, width, channels = pixels.shape
    model = Model(
        Network(graph, weights),
        tuple("abcdefghijklm"[: graph.output_shape[0]]),
        Preprocessing(height, width, channels),
    )
    return Activations.of(model, pixels.astype(np.uint8))


def random_position(random: np.random.Generator, shape: Shape) -> tuple[int, ...]:
    return tuple(int(random.integers(size)) for size in shape)
