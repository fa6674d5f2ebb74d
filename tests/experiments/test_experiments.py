"""Experiments on few pictures: what is trained, counted and reported."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Dataset, load
from pellucid.data.targets import LabelSets, Numbers
from pellucid.errors import ArgumentError, DataError, TrainingDivergedError
from pellucid.experiments import EXPERIMENTS, INITIALISATION, POOLING, RELU, run
from pellucid.experiments.deep import spreads
from pellucid.experiments.experiment import Outcome, part_to_judge_by
from pellucid.experiments.training_run import Run
from pellucid.metrics.chance import wilson
from pellucid.show.document import Table
from pellucid.show.experiment import experiment_document
from pellucid.training.history import Epoch

if TYPE_CHECKING:
    from pellucid.experiments import Experiment


def epoch(accuracy: float, loss: float = 1.0, number: int = 1) -> Epoch:
    return Epoch(number, loss, accuracy, loss, accuracy, 0.1, 100.0, 1.0)


def table(outcome: Outcome) -> Table:
    (found,) = [p for p in experiment_document(outcome).parts if isinstance(p, Table)]
    return found


def test_no_epochs_are_refused(digits: tuple[Dataset, Dataset]) -> None:
    some, others = digits[0].subset(np.arange(96)), digits[1].subset(np.arange(40))
    with pytest.raises(ArgumentError, match="epochs"):
        run(POOLING, some, others, epochs=0, seeds=1)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_each_in_small(name: str, digits: tuple[Dataset, Dataset]) -> None:
    some, others = digits[0].subset(np.arange(96)), digits[1].subset(np.arange(40))
    printed: list[Run] = []
    found = run(EXPERIMENTS[name], some, others, epochs=1, seeds=2, progress=printed.append)
    assert [(each.variant, each.seed) for each in found.runs] == [
        (variant, seed) for variant in EXPERIMENTS[name].variants for seed in (0, 1)
    ]
    assert {(each.variant, each.seed) for each in printed} == {
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


def outcome(**accuracies: list[float]) -> Outcome:
    """Two variants with these accuracies, a seed each."""
    tried = replace(RELU, variants=dict.fromkeys(accuracies, RELU.variants["ReLU"]))
    runs = [
        Run(name, seed, (epoch(accuracy),))
        for name, each in accuracies.items()
        for seed, accuracy in enumerate(each)
    ]
    return Outcome(tried, 10, 10, tuple(runs))


def test_the_table() -> None:
    names = list(POOLING.variants)
    runs = [Run(name, seed, (epoch(0.5 + 0.01 * seed),)) for name in names for seed in (0, 1, 2)]
    runs[0] = Run(names[0], 0, (epoch(0.9, 3.0), epoch(0.4, 2.0, number=2)))  # the last counts
    assert Outcome(POOLING, 10, 10, tuple(runs)).table[0] == {
        "variant": "max 2×2",
        "accuracy": 0.51,
        "interval": list(wilson(5, 10)),
        "least": 0.4,
        "largest": 0.52,
        "spread": pytest.approx(0.12),
        "loss": 1.0,
        "diverged": 0,
    }


@pytest.mark.parametrize("accuracies", [([0.9], [0.5]), ([0.5], [0.5]), ([0.5001], [0.5])])
def test_one_seed_claims_nothing_about_runs_and_has_no_spread(
    accuracies: tuple[list[float], list[float]],
) -> None:
    good, bad = accuracies
    found = outcome(good=good, bad=bad)
    assert "every run" not in found.verdict
    assert "one seed" in found.verdict
    assert "--seeds" in found.verdict
    for row in found.to_dict()["table"]:
        assert row["spread"] is row["least"] is row["largest"] is None
    assert "least" not in table(found).heads
    assert len(table(found).heads) == len(table(found).rows[0])
    assert "median" not in found._repr_html_()


def test_two_seeds_claim_little() -> None:
    found = outcome(good=[0.9, 0.8], bad=[0.6, 0.5])
    assert "every run" not in found.verdict
    assert "--seeds" in found.verdict
    assert found.table[0]["spread"] == pytest.approx(0.1)
    assert "accuracy (mean of 2)" in table(found).heads
    assert OVERLAP in outcome(good=[0.9, 0.5], bad=[0.6, 0.5]).verdict


def test_one_variant_is_compared_with_none() -> None:
    assert outcome(only=[0.5, 0.6, 0.7]).verdict == "only reached 60.00%"


APART = "every run of the one was better than every run of the other"
OVERLAP = "but their runs overlap: seeds make as much of a difference"


@pytest.mark.parametrize(
    ("good", "bad", "ranks", "apart"),
    [
        ([0.9, 0.8, 0.7], [0.6, 0.5, 0.4], "good was best (80.00%), bad worst (50.00%)", True),
        ([0.6, 0.5, 0.4], [0.9, 0.8, 0.7], "bad was best (80.00%), good worst (50.00%)", True),
        ([0.9, 0.8, 0.55], [0.6, 0.5, 0.4], "good was best (80.00%), bad worst (50.00%)", False),
        ([0.9, 0.8, 0.6], [0.6, 0.5, 0.4], "good was best (80.00%), bad worst (50.00%)", False),
        # the median decides who is best, and a single good run does not
        ([0.5, 0.5, 0.5], [0.1, 0.1, 0.9], "good was best (50.00%), bad worst (10.00%)", False),
        ([0.5] * 3, [0.5] * 3, "all variants reached 50.00%", False),
        ([0.5001] * 3, [0.5] * 3, "good was best (50.01%), bad worst (50.00%)", True),
    ],
)
def test_the_verdict(good: list[float], bad: list[float], ranks: str, apart: bool) -> None:
    printed = f"{ranks}; {APART}" if apart else f"{ranks}, {OVERLAP}"
    assert outcome(good=good, bad=bad).verdict == printed


def test_a_run_that_diverged_counts_as_the_worst() -> None:
    found = outcome(good=[0.9, 0.9, 0.9], bad=[0.2, 0.2, 0.2])
    runs = [
        Run("good", 1, (), diverged=True) if i == 1 else run for i, run in enumerate(found.runs)
    ]
    printed = replace(found, runs=tuple(runs))
    assert printed.table[0]["least"] == 0.0
    assert printed.verdict == f"good was best (90.00%), bad worst (20.00%), {OVERLAP}"


def test_an_experiment_of_one_s_own_has_its_own_spreads(digits: tuple[Dataset, Dataset]) -> None:
    """What is looked at before training belongs to the experiment, whatever its name."""
    seen: list[tuple[str, int]] = []

    def look(experiment: Experiment, data: Dataset) -> dict[str, dict[str, list[float]]]:
        seen.append((experiment.name, len(data)))
        return {"linear": {"forward": [1.0, 0.5], "backward": [0.25, 2.0]}}

    one = {"linear": RELU.variants["one dense layer"]}
    mine = replace(RELU, name="mine", variants=one, spreads=look)
    some, others = digits[0].subset(np.arange(64)), digits[1].subset(np.arange(20))
    found = run(mine, some, others, epochs=1, seeds=1)
    assert seen == [("mine", 64)]
    assert found.to_dict()["spreads"] == look(mine, some)
    assert "outputs from 1 in the first layer to 0.5 in the last" in found._repr_html_()
    renamed = replace(mine, name="initialisation", spreads=None)
    assert run(renamed, some, others, epochs=1, seeds=1).spreads == {}


def test_what_a_notebook_shows() -> None:
    found = outcome(**{"<one>": [0.9, 0.8], "two": [0.4, 0.5]})
    shown = found._repr_html_()
    assert "<one>" not in shown
    row = shown[shown.index("&lt;one&gt;</th>") :]
    cells = re.findall("<td[^>]*>([^<]*)</td>", row)
    assert cells[:4] == ["85.00%", "49.02% to 94.33%", "80.00%", "90.00%"]
    for words in (found.verdict, found.experiment.caution, found.experiment.source):
        assert escape(words) in shown
    assert shown.count("<svg ") == 1
    with Image.open(io.BytesIO(found.png())) as plot:
        assert plot.width > 1000
        assert len(plot.convert("RGB").getcolors(2**24) or ()) > 100


def test_runs_that_diverge_are_reported(
    digits: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise TrainingDivergedError("the loss is no longer finite")

    monkeypatch.setattr("pellucid.estimators.classifier.ImageClassifier.fit", fails)
    found = run(RELU, digits[0], digits[1], seeds=1)
    assert all(row["diverged"] == 1 and row["loss"] is None for row in found.table)
    assert len(found.plot().axes) == 2


def test_no_pictures_to_judge_by() -> None:
    class Splits:
        validation = None

    with pytest.raises(DataError, match="no pictures to judge by"):
        part_to_judge_by(Splits())


def test_only_of_one_class_a_picture() -> None:
    pixels = np.zeros((12, 8, 8, 1), np.uint8)
    for targets in (
        LabelSets(np.eye(12, dtype=np.uint8), tuple("abcdefghijkl")),
        Numbers(np.arange(12.0)[:, np.newaxis], ("x",)),
    ):
        data = Dataset(pixels, targets=targets)
        with pytest.raises(DataError, match="one class a picture") as caught:
            run(EXPERIMENTS["pooling"], data, data, seeds=1)
        assert "\n" not in str(caught.value)


def test_spreads_in_batches_are_those_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.engines import batches, get_engine
    from pellucid.graph import Network, initial_weights
    from pellucid.layers import Normalise, Sequential
    from pellucid.ops import CrossEntropy

    random = np.random.default_rng(5)
    images = random.integers(0, 256, (10, 6, 6, 1), np.uint8)
    data = Dataset(images, np.arange(10) % 2, ("a", "b"))
    monkeypatch.setattr(batches, "LIMIT", 1)  # one picture at a time
    found = spreads(replace(INITIALISATION, variants={"He": INITIALISATION.variants["He"]}), data)
    normalise = Normalise([float(images.mean())], [float(images.std())])
    graph = Sequential([normalise, *INITIALISATION.variants["He"](2).layers]).graph((6, 6, 1))
    program = get_engine("reference").load(Network(graph, initial_weights(graph, 0)))
    values = program.values(images)
    gradients = program.gradients(images, data.places, CrossEntropy()).weights
    layers = [n.name for n in graph.nodes if n.operation.kind in ("conv2d", "dense")]
    forward = [values[layer].astype(np.float64).std() for layer in layers]
    backward = [gradients[f"{layer}.kernel"].astype(np.float64).std() for layer in layers]
    np.testing.assert_allclose(found["He"]["forward"], forward, rtol=1e-4)
    np.testing.assert_allclose(found["He"]["backward"], backward, rtol=1e-3)
