"""Experiments on few pictures: what is trained, counted and told."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data import load
from pellucid.errors import DataError, TrainingDivergedError
from pellucid.experiments import EXPERIMENTS, INITIALISATION, POOLING, RELU, run
from pellucid.experiments.deep import spreads
from pellucid.experiments.experiment import Outcome, Run, part_to_judge_by
from pellucid.training.history import Epoch

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset


def epoch(accuracy: float, loss: float = 1.0, number: int = 1) -> Epoch:
    return Epoch(number, loss, accuracy, loss, accuracy, 0.1, 100.0, 1.0)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_in_small(name: str, digits: tuple[Dataset, Dataset]) -> None:
    some, others = digits[0].subset(np.arange(96)), digits[1].subset(np.arange(40))
    told: list[Run] = []
    found = run(EXPERIMENTS[name], some, others, epochs=1, seeds=2, progress=told.append)
    assert [(each.variant, each.seed) for each in found.runs] == [
        (variant, seed) for variant in EXPERIMENTS[name].variants for seed in (0, 1)
    ]
    assert {(each.variant, each.seed) for each in told} == {
        (each.variant, each.seed) for each in found.runs
    }
    assert (found.learned, found.judged) == (96, 40)
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert len(rows) == len(found.runs)
    record = json.loads(json.dumps(found.to_dict()))
    assert record["experiment"] == name
    assert [row["variant"] for row in record["table"]] == list(EXPERIMENTS[name].variants)
    assert bool(record["spreads"]) == (name == "initialisation")
    figure: Any = found.plot()
    assert len(figure.axes) == (4 if name == "initialisation" else 2)


def test_variants_differ_in_one_thing() -> None:
    for experiment in (POOLING, RELU):
        graphs = {
            name: layers(10).graph((28, 28, 1)) for name, layers in experiment.variants.items()
        }
        convolutions = {
            name: [n.operation for n in graph.nodes if n.operation.kind == "conv2d"]
            for name, graph in graphs.items()
            if name != "one dense layer"
        }
        first = next(iter(convolutions.values()))
        assert len(first) == 2
        assert all(each == first for each in convolutions.values())
        shapes = {
            graph.shapes["flatten1"] for name, graph in graphs.items() if name in convolutions
        }
        assert shapes == {(7 * 7 * 32,)}


def test_without_activations_the_network_is_affine() -> None:
    from pellucid.engines import get_engine
    from pellucid.graph import Network, initial_weights

    graph = RELU.variants["none"](10).graph((8, 8, 1))
    program = get_engine("reference").load(Network(graph, initial_weights(graph, 0)))
    one, two = np.random.default_rng(1).normal(size=(2, 1, 8, 8, 1)).astype(np.float32)
    middle = program.forward((one + two) / 2)
    wanted = (program.forward(one) + program.forward(two)) / 2
    np.testing.assert_allclose(middle, wanted, atol=1e-5)


def test_glorot_s_signals_fade_and_he_s_do_not() -> None:
    """He et al. 2015, section 2.2: with Glorot's, each layer halves the variance."""
    found = spreads(INITIALISATION, load("mnist").train.subset(np.arange(64)))
    he, glorot = (found[name]["forward"] for name in ("He", "Glorot"))
    assert len(he) == 30
    assert 0.05 < he[-2] / he[0] < 20
    assert glorot[-2] / glorot[0] < 1e-3
    # every layer but the first takes ReLUs' outputs: the deviation shrinks by √2 or so
    steps = np.diff(np.log(glorot[3:25])).mean()
    assert np.exp(steps) == pytest.approx(2**-0.5, rel=0.15)


def test_tables_and_verdicts() -> None:
    names = list(POOLING.variants)
    runs = [Run(name, seed, (epoch(0.5 + 0.01 * seed),)) for name in names for seed in (0, 1, 2)]
    alike = Outcome(POOLING, 10, 10, tuple(runs))
    assert "their runs overlap" in alike.verdict
    assert alike.table[0] == {
        "variant": "max 2×2",
        "accuracy": 0.51,
        "least": 0.5,
        "largest": 0.52,
        "loss": 1.0,
        "diverged": 0,
    }
    runs[:3] = [Run(names[0], seed, (epoch(0.9),)) for seed in (0, 1, 2)]
    assert alike.verdict != Outcome(POOLING, 10, 10, tuple(runs)).verdict
    assert "max 2×2 was best (90.00%)" in Outcome(POOLING, 10, 10, tuple(runs)).verdict


def test_runs_that_diverge_are_told(
    digits: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise TrainingDivergedError("the loss is no longer finite")

    monkeypatch.setattr("pellucid.classifier.ImageClassifier.fit", fails)
    found = run(RELU, digits[0], digits[1], seeds=1)
    assert all(row["diverged"] == 1 and row["loss"] is None for row in found.table)
    assert len(found.plot().axes) == 2


def test_no_pictures_to_judge_by() -> None:
    class Splits:
        validation = None

    with pytest.raises(DataError, match="no pictures to judge by"):
        part_to_judge_by(Splits())
