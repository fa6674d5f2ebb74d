"""Two hundred steps beside PyTorch: rounding grows along the way, and stays within a bound."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import Learning, get_engine
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.native.programs import native
from tests.engines.networks import GRAPHS, batch, network

STEPS = 200

BOUND = 1e-4
"""How far the losses may be apart, and the weights relative to the way they have come."""


@pytest.mark.parametrize("name", ["lecture", "lenet5-original"])
def test_two_hundred_steps(name: str) -> None:
    graph = GRAPHS[name]
    learning = Learning(CrossEntropy(), SGD(momentum=0.9, weight_decay=1e-4))
    start = network(graph)
    ours = native(graph, learning=learning)
    theirs = get_engine("torch").load(start, learning=learning)
    batches = [batch(graph, 4, seed=seed) for seed in range(8)]
    losses = np.array(
        [
            [program.train_step(*batches[step % 8], 0.002).loss for program in (ours, theirs)]
            for step in range(STEPS)
        ]
    )
    assert losses[-8:].mean() < 0.9 * losses[:8].mean()
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=BOUND)
    weights, expected = ours.weights(), theirs.weights()
    for part, first in start.weights.items():
        way = np.linalg.norm(expected[part] - first)
        assert np.linalg.norm(weights[part] - expected[part]) <= BOUND * way, part
