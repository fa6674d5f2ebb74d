"""Two hundred steps beside PyTorch: rounding grows along the way, and stays within a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.networks import GRAPHS
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid import Dataset

STEPS, IMAGES = 200, 8

BOUNDS = {"lenet5-original": 1e-4, "lecture": 1e-2}
"""How far the weights may be apart, relative to the way they have come, and the losses, relative to
the first. Where a ReLU or a largest value decides, rounding can decide otherwise: that bound is
wider."""


@pytest.mark.parametrize("name", BOUNDS)
def test_two_hundred_steps(name: str, digits: tuple[Dataset, Dataset]) -> None:
    graph, bound = GRAPHS[name], BOUNDS[name]
    # 8×8 pixels, each made 3×3, in a frame of 2: as large as the networks want them.
    large = digits[0].images.repeat(3, axis=1).repeat(3, axis=2)
    images = np.pad(large, ((0, 0), (2, 2), (2, 2), (0, 0)))
    learning = Learning(CrossEntropy(), SGD(momentum=0.9, weight_decay=1e-4))
    start = Network(graph, initial_weights(graph, 0))
    ours, theirs = (
        get_engine(engine).load(start, step_of(start, learning)) for engine in ("native", "torch")
    )
    losses = np.zeros((STEPS, 2))
    for step in range(STEPS):
        part = slice(step * IMAGES % 1200, step * IMAGES % 1200 + IMAGES)
        losses[step] = [
            program.train_step(images[part], digits[0].places[part], 0.001).loss
            for program in (ours, theirs)
        ]
    assert losses[-20:].mean() < 0.5 * losses[:20].mean()
    assert np.abs(losses[:, 0] - losses[:, 1]).max() <= bound * losses[0, 1]
    weights, expected = ours.weights(), theirs.weights()
    for part_name, first in start.weights.items():
        way = np.linalg.norm(expected[part_name] - first)
        apart = np.linalg.norm(weights[part_name] - expected[part_name])
        assert apart <= bound * way, part_name
