"""Stories of networks with known numbers, and how they are printed."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from pellucid.explain.lecture import IMAGE, KERNEL
from pellucid.explain.story import Story, story
from pellucid.graph import initial_weights
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    MaxPool,
    ReLU,
    Sequential,
)
from pellucid.show.records import print_record
from tests.explain.activations import activations_of, hand_made

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.explain.activations import Activations
    from pellucid.layers import Block


@lru_cache
def story_of(name: str) -> Story:
    activations = activations_of(name)
    return story(activations.model, activations.pixels, "class 2")


def told_of(activations: Activations, label: str | None = None) -> Story:
    return story(activations.model, activations.pixels, label)


def made(layers: Sequence[Block], shape: tuple[int, int, int], scale: float = 1.0) -> Activations:
    graph = Sequential(layers).graph(shape)
    with np.errstate(over="ignore"):
        weights = {name: w * scale for name, w in initial_weights(graph, 0).items()}
    pixels = np.random.default_rng(1).integers(0, 256, shape)
    return hand_made(layers, weights, pixels)


def printed(found: Story) -> str:
    file = io.StringIO()
    print_record(Console(file=file, highlight=False, markup=False, soft_wrap=True), found)
    return file.getvalue()


def lectures_own() -> Activations:
    """The slides' image and kernel, and a dense layer with their scores of 3 and 0."""
    grids = [np.array([line.split() for line in g.split("\n") if line]) for g in (IMAGE, KERNEL)]
    image, kernel = (grid.astype(float) for grid in grids)
    dense = np.zeros((9, 2))
    dense[3, 0], dense[4, 1] = 0.5, 0.25
    weights = {
        "conv1.kernel": kernel[:, :, None, None],
        "dense1.kernel": dense,
        "dense1.bias": np.array([1.0, -0.5]),
    }
    layers = [Conv2D(1, 3, bias=False), ReLU(), MaxPool(2, edge="count"), Flatten(), Dense(2)]
    return hand_made(layers, weights, image[:, :, None])
