"""One value opened: its terms make it, name their weights, and lead back to pixels."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.trace import Trace
from pellucid.explain.value_terms import Pixel, ValueTerms
from pellucid.files import Model
from pellucid.graph import receptive_fields
from pellucid.layers import (
    BatchNorm,
    ChannelSlice,
    Conv2D,
    Dense,
    Flatten,
    LocalResponseNorm,
    MaxPool,
    Parallel,
    ReLU,
    Sequential,
)
from pellucid.ops.softmax import softmax
from tests.engines.networks import network
from tests.explain.activations import NAMES, activations_of, hand_made, random_position

VALUES = int(os.environ.get("PELLUCID_OPENED_VALUES", "60"))
"""How many values of each network are opened."""

TOLERANCE = 1e-5


@pytest.mark.parametrize("name", [*NAMES, "words", "sequences"])
def test_the_terms_make_the_engines_value(name: str) -> None:
    """Each sum within 1e-5 of the engine's value, as a share of what is added up."""
    activations = activations_of(name)
    trace, random = Trace(activations), np.random.default_rng(5)
    for _ in range(VALUES):
        step = trace.steps[random.integers(1, len(trace.steps))]
        at = random_position(random, step.shape)
        opened = trace.value(step.name, at)
        assert opened.value == step.values[at]
        assert opened.relative_difference <= TOLERANCE, (step.name, at)
        assert opened.difference == pytest.approx(opened.terms.total - float(step.values[at]))


@pytest.mark.parametrize("name", [*NAMES, "words", "sequences"])
def test_each_term_names_what_it_read(name: str) -> None:
    activations = activations_of(name)
    trace, random = Trace(activations), np.random.default_rng(6)
    weights = activations.model.network.weights
    named = 0
    for step in trace.steps[1:]:
        opened = trace.value(step.name, random_position(random, step.shape))
        for i in random.choice(len(opened), min(6, len(opened)), replace=False):
            layer, at = opened.source(int(i))
            assert opened.terms.values[i] == activations.values[layer][at]
            if (weight := opened.weights[i]) is not None:
                stored, folding = opened.terms.factors[i], opened.folding
                if folding is not None:
                    assert stored == pytest.approx(folding.stored[i] * folding.scale, rel=1e-6)
                    stored = folding.stored[i]
                assert stored == weights[weight[0]][weight[1]]
                named += 1
    assert named > 10


@pytest.mark.parametrize("name", ["every operation", "resnet20"])
def test_the_way_leads_down_to_pixels(name: str) -> None:
    """Following inputs ends at pixels inside the receptive field of the value it began with."""
    activations = activations_of(name)
    trace, random = Trace(activations), np.random.default_rng(7)
    fields = receptive_fields(activations.graph)
    for step in trace.steps[1:]:
        at = random_position(random, step.shape)
        opened: ValueTerms | Pixel = trace.value(step.name, at)
        while isinstance(opened, ValueTerms):
            opened = opened.input(int(random.integers(len(opened))))
        assert opened.value == activations.pixels[opened.at]
        assert opened.to_dict()["layer"] == "input"
        for axis in (0, 1) if len(at) == 3 else ():
            field = fields[step.name][axis]
            first = field.start + (at[axis] * field.stride if field.stride else 0)
            assert first <= opened.at[axis] < first + field.size


@pytest.mark.parametrize("name", [*NAMES, "words", "sequences"])
def test_outputs_that_read_are_those_whose_terms_say_so(name: str) -> None:
    """Dependents of an input are the outputs whose reads contain it, for every operation."""
    activations = activations_of(name)
    random = np.random.default_rng(8)
    for node in activations.graph.nodes:
        if node.operation.kind == "local_response_norm":
            continue  # its terms name a value's own channel alone
        inputs, weights = activations.inputs_of(node), activations.weights_of(node)
        shapes = activations.graph.inputs_of(node)
        output = random_position(random, activations.shape(node.name))
        reads = node.operation.reads(*shapes).given(inputs)
        terms = node.operation.terms(inputs, weights, output)
        for i in random.choice(len(terms.values), min(4, len(terms.values))).tolist():
            assert output in reads.dependents(*terms.source(i))
        branch = int(random.integers(len(inputs)))
        at = random_position(random, shapes[branch])
        for reader in reads.dependents(branch, at)[:6]:
            terms = node.operation.terms(inputs, weights, reader)
            assert (branch, at) in [terms.source(i) for i in range(len(terms.values))]


def worked() -> Activations:
    """Convolution 1×1, batch norm, ReLU, pooling: numbers that one can check by head."""
    pixels = np.array([[[10.0], [4.0]], [[2.0], [8.0]]])
    layers = [
        Conv2D(2, 1),
        BatchNorm(epsilon=1e-12),
        ReLU(),
        LocalResponseNorm(3, alpha=1.0, beta=1.0, k=1.0),
        MaxPool(2),
        Flatten(),
        Dense(2, bias=False),
    ]
    weights: dict[str, Any] = {
        "conv1.kernel": np.array([2.0, -1.0]).reshape(1, 1, 1, 2),
        "conv1.bias": np.array([1.0, 3.0]),
        "norm1.gamma": np.array([3.0, 1.0]),
        "norm1.beta": np.array([0.5, 0.0]),
        "norm1.mean": np.array([5.0, -1.0]),
        "norm1.variance": np.array([4.0, 1.0]),
        "dense1.kernel": np.array([[1.0, 0.0], [0.0, 1.0]]),
    }
    return hand_made(layers, weights, pixels)


def test_a_batch_norm_is_an_affine_map() -> None:
    opened = ValueTerms.of(worked(), "norm1", (0, 0, 0))
    details = opened.details  # x = 2·10 + 1 = 21; 3·(21 − 5)/2 + 0.5 = 24.5
    assert opened.value == pytest.approx(24.5)
    assert details["factor"] == pytest.approx(1.5)
    assert details["shift"] == pytest.approx(-7.0)
    assert [details[k] for k in ("gamma", "beta", "mean", "variance")] == [3.0, 0.5, 5.0, 4.0]


def test_a_folded_norm_is_opened_as_it_predicts() -> None:
    activations = worked()
    opened = ValueTerms.of(activations, "norm1", (0, 0, 0))
    folding = opened.folding
    assert folding is not None
    assert opened.kind == "batch_norm"
    assert opened.source(0) == ("input", (0, 0, 0))
    assert opened.weights == [("conv1.kernel", (0, 0, 0, 0))]
    # 3 · (2·10 + 1 − 5)/2 + 0.5 is 3·10 − 5.5
    assert opened.terms.products == pytest.approx([30.0])
    assert opened.terms.bias == pytest.approx(-5.5)
    assert folding.to_dict() == {
        "layer": "conv1",
        "before": 21.0,
        "scale": pytest.approx(1.5),
        "stored": [2.0],
    }
    before = ValueTerms.of(activations, "conv1", (0, 0, 0))
    assert opened.predicted
    assert not before.predicted
    assert before.folding is None
    assert before.value == folding.before
    steps = Trace(activations).to_dict(values=False)["steps"]
    assert [step["name"] for step in steps if not step["predicted"]] == ["conv1"]


def test_a_local_response_norm_names_its_neighbours() -> None:
    opened = ValueTerms.of(worked(), "norm2", (1, 0, 0))
    # rectified there: 3·(5 − 5)/2 + 0.5 = 0.5 and (3 − 2 + 1)/1 = 2
    assert opened.details["neighbours"] == pytest.approx([0.5, 2.0])
    assert opened.details["base"] == pytest.approx(5.25)
    assert opened.value == pytest.approx(0.5 / 5.25)


def test_a_pooling_names_its_window_and_winner() -> None:
    opened = ValueTerms.of(worked(), "pool1", (0, 0, 1))
    assert opened.details["window"] == {"first": [0, 0], "last": [1, 1]}
    before = opened.activations.values["norm2"][..., 1]
    assert opened.details["winner"] == [*np.unravel_index(before.argmax(), (2, 2)), 1]


def test_what_becomes_of_a_value() -> None:
    activations = worked()
    uses = ValueTerms.of(activations, "conv1", (1, 0, 1)).downstream
    assert [(use.layer, use.at) for use in uses] == [("norm1", (1, 0, 1)), ("relu1", (1, 0, 1))]
    assert [use.after for use in uses] == pytest.approx([2.0, 2.0])
    winner = tuple(ValueTerms.of(activations, "pool1", (0, 0, 1)).details["winner"])
    for at in np.ndindex(2, 2):
        (use,) = ValueTerms.of(activations, "norm2", (*at, 1)).downstream
        assert use.layer == "pool1"
        assert use.wins is ((*at, 1) == winner)


def test_a_softmax_shows_its_exponentials() -> None:
    activations = activations_of("lecture")
    logits = activations.values[activations.logits].astype(np.float64)
    opened = ValueTerms.of(activations, "probabilities", (3,))
    assert opened.value == pytest.approx(softmax(logits)[3])
    assert opened.details["exponentials"] == pytest.approx(np.exp(logits - logits.max()))
    assert opened.details["exponentials"][3] / opened.details["sum"] == pytest.approx(opened.value)


def test_the_largest_terms_come_first() -> None:
    opened = ValueTerms.of(activations_of("lecture"), "conv2", (3, 7, 5))
    sizes = np.abs(opened.terms.products)[opened.largest()]
    assert len(opened) == len(sizes) == 288
    assert (np.diff(sizes) <= 0).all()
    assert opened.largest(5) == opened.largest()[:5]


def test_a_term_that_is_not_there() -> None:
    opened = ValueTerms.of(activations_of("lecture"), "conv1", (3, 7, 5))
    for i in (9, -1):
        with pytest.raises(ArgumentError, match=r"is made of 9 terms, 0 to 8; got "):
            opened.input(i)


def test_the_record_holds_it_all() -> None:
    opened = ValueTerms.of(activations_of("lecture"), "conv2", (0, 7, 5))
    record = opened.to_dict()
    assert (record["schema"], record["record"]) == (1, "value")
    assert len(record["terms"]) == 192  # the window's upper row hangs over the edge
    summed = sum(term["product"] for term in record["terms"]) + record["bias"]
    assert summed == pytest.approx(record["value"], rel=1e-5)
    assert record["total"] - record["value"] == record["difference"]
    kernel = opened.activations.model.network.weights["conv2.kernel"]
    for term in record["terms"]:
        assert term["value"] * term["factor"] == pytest.approx(term["product"])
        assert kernel[tuple(term["weight"]["at"])] == term["factor"]


def test_the_page_shows_all_terms() -> None:
    opened = ValueTerms.of(activations_of("lecture"), "conv1", (3, 7, 5))
    html = opened._repr_html_()
    assert html.count("<tr>") == 10 + 9
    assert "conv1 at 3, 7, 5" in html
    assert "then relu1 (relu) at 3, 7, 5" in html


def test_what_becomes_of_a_value_whose_channel_moves() -> None:
    halves = Parallel([[ChannelSlice(0, 2)], [ChannelSlice(2, 5), ReLU()]])
    graph = Sequential([Conv2D(5, 1), halves, Flatten(), Dense(2)]).graph((3, 2, 1))
    own = Model(network(graph), ("a", "b"), Preprocessing(3, 2, 1))
    activations = Activations.of(own, np.full((3, 2), 9, np.uint8))
    uses = ValueTerms.of(activations, "conv1", (1, 0, 4)).downstream
    assert [(use.layer, use.at) for use in uses] == [("slice2", (1, 0, 2)), ("relu1", (1, 0, 2))]
    before = activations.values["conv1"][1, 0, 4]
    assert [use.after for use in uses] == pytest.approx([before, max(before, 0.0)])
