"""A decoder of captions as the guide has it: the same steps on every engine, and where it looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.engines import Step, get_engine
from pellucid.graph import Network, initial_weights
from pellucid.ops import SequenceCrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    from pellucid.graph import Graph

GUIDE = Path(__file__).parents[2] / "docs" / "sequences.md"


def decoder() -> Graph:
    written: dict[str, Any] = {}
    exec(GUIDE.read_text("utf-8").split("```py")[1].split("```")[0], written)  # noqa: S102 - ours
    found: Graph = written["captions"](30, 5, 3, 2, 7, 16)
    return found


def test_every_engine_writes_captions_alike() -> None:
    graph, random = decoder(), np.random.default_rng(0)
    network = Network(graph, initial_weights(graph, 0))
    feeds = {
        "maps": random.normal(size=(6, 3, 2, 7)).astype(np.float32),
        "words": random.integers(0, 30, (6, 5)).astype(np.int32),
    }
    targets = random.integers(-1, 30, (6, 5))
    losses, weights, looks = {}, {}, {}
    for name in ("reference", "native", "torch"):
        step = Step.of(graph, SequenceCrossEntropy(), SGD(momentum=0.0))
        program = get_engine(name).load(network, step)
        (looks[name],) = program.run(graph.select("look_weights"), feeds).values()
        losses[name] = [
            float(program.step({**feeds, "targets": targets}, 0.1)["loss"]) for _ in range(3)
        ]
        weights[name] = program.weights()
    assert losses["reference"][2] < losses["reference"][0]
    for name in ("native", "torch"):
        assert losses[name] == pytest.approx(losses["reference"], rel=1e-5)
        np.testing.assert_allclose(looks[name], looks["reference"], atol=1e-5)
        np.testing.assert_allclose(looks[name].sum(axis=2), 1.0, atol=1e-5)
        for weight, array in weights["reference"].items():
            np.testing.assert_allclose(weights[name][weight], array, rtol=1e-3, atol=1e-5)
