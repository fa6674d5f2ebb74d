"""Every engine computes what the reference computes: values, gradients, training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import ENGINES, Precision, get_engine
from pellucid.graph import Graph, Network, Node
from pellucid.ops import (
    LOSSES,
    OPERATIONS,
    CrossEntropy,
    Dense,
    Flatten,
    Huber,
    MeanSquaredError,
    SigmoidCrossEntropy,
    SquaredError,
)
from pellucid.optimizers import SGD
from tests.engines.networks import GRAPHS, WORDS, batch, network, region_operations
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close
from tests.learning import Learning, step_of
from tests.ops.loss_cases import OTHER_TARGETS

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss

OTHERS = [name for name in ENGINES if name != "reference"]

ALL = {**GRAPHS, **WORDS, "region operations": region_operations()}

LOSS_CASES: dict[str, Loss] = {
    "cross-entropy": CrossEntropy(),
    "smoothed": CrossEntropy(label_smoothing=0.1),
    "weighted": CrossEntropy(class_weights=(0.5, 2.0, 1.0, 3.0, 0.7)),
    "smoothed and weighted": CrossEntropy(0.2, (0.5, 2.0, 1.0, 3.0, 0.7)),
    "squared": MeanSquaredError(),
    "sigmoid": SigmoidCrossEntropy(),
    "squared error": SquaredError(),
    "huber": Huber(0.3),
}


def test_the_networks_have_every_operation() -> None:
    of_operations = [graph for name, graph in ALL.items() if "operation" in name or name in WORDS]
    found = {node.operation.kind for graph in of_operations for node in graph.nodes}
    assert found == OPERATIONS.keys()


def test_the_losses_are_all_here() -> None:
    """Those of other targets are compared in their own tests."""
    assert {loss.kind for loss in LOSS_CASES.values()} == LOSSES.keys() - OTHER_TARGETS


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("engine", OTHERS)
def test_values_and_gradients(engine: str, name: str, precision: Precision) -> None:
    graph, tolerance = ALL[name], TOLERANCES[precision]
    images, labels = batch(graph, 4)
    expected, actual = (
        get_engine(each).load(network(graph), precision=precision) for each in ("reference", engine)
    )

    assert_close("answer", actual.forward(images), expected.forward(images), tolerance)
    assert_all_close(actual.values(images), expected.values(images), tolerance)

    loss = CrossEntropy(label_smoothing=0.1)
    ours, theirs = (p.gradients(images, labels, loss) for p in (actual, expected))
    assert ours.loss == pytest.approx(theirs.loss, rel=tolerance)
    assert_all_close(ours.values, theirs.values, tolerance)
    assert_all_close(ours.weights, theirs.weights, tolerance)


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("soft", [False, True], ids=["labels", "probabilities"])
@pytest.mark.parametrize("name", LOSS_CASES)
@pytest.mark.parametrize("engine", OTHERS)
def test_losses(engine: str, name: str, soft: bool, precision: Precision) -> None:
    graph, tolerance = GRAPHS["every operation"], TOLERANCES[precision]
    images, labels = batch(graph, 3)
    if soft:
        labels = np.random.default_rng(1).dirichlet(np.ones(5), len(images))
    expected, actual = (
        get_engine(each)
        .load(network(graph), precision=precision)
        .gradients(images, labels, LOSS_CASES[name])
        for each in ("reference", engine)
    )
    assert actual.loss == pytest.approx(expected.loss, rel=tolerance)
    assert_all_close(actual.values, expected.values, tolerance)


@pytest.mark.parametrize("name", ["smoothed and weighted", "squared"])
@pytest.mark.parametrize("engine", OTHERS)
def test_losses_of_extreme_logits(engine: str, name: str) -> None:
    graph = Graph((1, 1, 5), (Node("logits", Flatten()),))
    logits = np.array([[1e4, -1e4, 0, 1e4, 5], [-1e4, -1e4, -1e4, -1e4, -1e4]])
    images, labels = logits.reshape(2, 1, 1, 5), np.array([1, 2])
    expected, actual = (
        get_engine(each).load(Network(graph, {})).gradients(images, labels, LOSS_CASES[name])
        for each in ("reference", engine)
    )
    assert np.isfinite(expected.loss)
    assert actual.loss == pytest.approx(expected.loss, rel=TOLERANCES["float32"])
    assert_all_close(actual.values, expected.values, TOLERANCES["float32"])


@pytest.mark.parametrize("engine", OTHERS)
def test_a_branch_that_leads_nowhere(engine: str) -> None:
    """Its gradients are zero, and weight decay goes on pulling at it."""
    nodes = (
        Node("flat", Flatten()),
        Node("nowhere", Dense(3), ("flat",)),
        Node("logits", Dense(4), ("flat",)),
    )
    graph = Graph((2, 3, 1), nodes)
    images, labels = batch(graph, 3)
    learning = Learning(CrossEntropy(), SGD(weight_decay=0.1))
    expected, actual = (
        get_engine(each).load(network(graph), step_of(graph, learning), precision="float64")
        for each in ("reference", engine)
    )
    found = actual.gradients(images, labels, CrossEntropy())
    assert not found.values["nowhere"].any()
    assert not found.weights["nowhere.kernel"].any()
    before = actual.weights()["nowhere.kernel"]
    for program in (expected, actual):
        program.train_step(images, labels, 0.1)
    assert np.linalg.norm(actual.weights()["nowhere.kernel"]) < np.linalg.norm(before)
    assert_all_close(actual.weights(), expected.weights(), TOLERANCES["float64"])
    assert_all_close(actual.state(), expected.state(), TOLERANCES["float64"])
