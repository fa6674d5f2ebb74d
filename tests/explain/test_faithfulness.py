"""Heatmaps judged: deletion and insertion, and the randomisation test."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from pellucid.engines import batches
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.faithfulness import area, faithfulness
from pellucid.explain.gradient_maps import gradient_times_input
from pellucid.explain.integrated import integrated_gradients
from pellucid.explain.randomisation_test import randomisation_test, rank_correlation
from pellucid.explain.score import choose_score
from pellucid.graph import Network, initial_weights
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.ops.softmax import softmax
from tests.engines.networks import GRAPHS
from tests.explain.saliency import activations_of, question
from tests.messages import check_line


def test_deletion_and_insertion_worked_by_hand() -> None:
    graph = Sequential([Flatten(), Dense(2, bias=False)]).graph((1, 3, 1))
    kernel = np.array([[0.01, 0.0], [0.03, 0.0], [-0.01, 0.0]], np.float32)
    made = activations_of(Network(graph, {"dense1.kernel": kernel}))
    image = np.array([[[100], [100], [100]]], np.uint8)
    asked = choose_score(Activations(made.model, made.program, image), target="c0")
    found = faithfulness(gradient_times_input(asked), steps=3, baseline=0.0)
    # Shares are 1, 3 and −1; the middle pixel goes first, the last one last.
    np.testing.assert_allclose(found.shares, [0, 1 / 3, 2 / 3, 1])
    logits = np.array([[3, 0, -1, 0], [0, 3, 4, 3]], float)
    rows = softmax(np.stack([logits, np.zeros_like(logits)], axis=-1))[..., 0]
    np.testing.assert_allclose(found.deletion, rows[0], rtol=1e-6)
    np.testing.assert_allclose(found.insertion, rows[1], rtol=1e-6)
    assert found.deletion_area == pytest.approx(np.trapezoid(rows[0], found.shares))
    assert found.insertion_area == pytest.approx(np.trapezoid(rows[1], found.shares))


def test_the_right_order_beats_chance_and_the_wrong_one() -> None:
    made = gradient_times_input(question(GRAPHS["lecture"]))
    good, bad = faithfulness(made), faithfulness(replace(made, values=-made.values))
    assert good.deletion_area < good.random_deletion < bad.deletion_area
    assert good.deletion[0] == pytest.approx(good.insertion[-1])
    assert good.deletion[-1] == pytest.approx(good.insertion[0])
    assert json.loads(json.dumps(good.to_dict(), allow_nan=False))["record"] == "faithfulness"
    assert area(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0, 1.0])) == 0.75
    with pytest.raises(ArgumentError, match="steps must be a whole number from 1 to 784") as caught:
        faithfulness(made, steps=785)
    check_line(caught.value)


@pytest.mark.parametrize("seed", range(3))
def test_rank_correlation_is_spearmans(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 5, 60).astype(float), random.standard_normal(60)
    assert rank_correlation(a, a + b) == pytest.approx(scipy.stats.spearmanr(a, a + b).statistic)
    assert rank_correlation(a, np.ones(60)) is None


def test_randomisation_goes_from_the_answer_to_the_image() -> None:
    asked = question(GRAPHS["lenet5"])
    before = {name: w.copy() for name, w in asked.network.weights.items()}
    found = randomisation_test(asked, "gradient")
    assert [s.layer for s in found.steps] == ["dense1", "F6", "C5", "C3", "C1"]
    last = found.steps[-1].similarity
    assert last is not None
    assert last < 0.9
    assert found.to_dict()["steps"][0]["layer"] == "dense1"
    for name, weight in asked.network.weights.items():
        np.testing.assert_array_equal(weight, before[name])


def test_evidence_can_be_randomised_too() -> None:
    asked = question(GRAPHS["lenet5"], compared=True)
    assert len(randomisation_test(asked, "evidence").steps) == 5


@pytest.mark.parametrize("what", ["integrated gradients", "faithfulness"])
def test_many_steps_take_no_more_memory(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures on the way are made a batch at a time."""
    monkeypatch.setattr(batches, "LIMIT", 1 << 20)
    graph = Sequential([Flatten(), Dense(2)]).graph((64, 64, 1))
    made = activations_of(Network(graph, initial_weights(graph, 0)))
    asked = choose_score(made, target="c0")
    plain = gradient_times_input(asked)
    peaks = []
    for steps in (50, 1000):
        tracemalloc.start()
        if what == "faithfulness":
            faithfulness(plain, steps=steps)
        else:
            integrated_gradients(asked, steps=steps)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
