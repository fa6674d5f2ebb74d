"""Evidence that adds up: pixels and biases make the difference of two logits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.evidence import Evidence, evidence
from pellucid.explain.score import Score, choose_score
from pellucid.graph import Graph, Network
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, Normalise, ReLU, Sequential
from pellucid.ops import OPERATIONS
from tests.engines.networks import DIFFERENT, GRAPHS
from tests.explain.saliency import activations, activations_of, question
from tests.messages import check_line

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier

BENDS = {"hard_swish", "local_response_norm", "multiply", "sigmoid", "silu", "softmax", "tanh"}
"""Operations that are not linear piece by piece."""

PIECEWISE = {
    name: graph
    for name, graph in DIFFERENT.items()
    if BENDS.isdisjoint(node.operation.kind for node in graph.nodes)
}
BENT = sorted(DIFFERENT.keys() - PIECEWISE.keys())


def test_most_architectures_are_covered() -> None:
    assert {"lecture", "resnet20"} <= PIECEWISE.keys()
    assert {"every operation", "further operations"} <= set(BENT)
    assert OPERATIONS.keys() >= BENDS


@pytest.mark.parametrize("name", sorted(PIECEWISE))
def test_it_adds_up_in_every_architecture(name: str) -> None:
    for seed in range(2):
        found = evidence(question(PIECEWISE[name], seed, compared=True))
        assert found.gap < 1e-4, (name, seed)
        assert found.total == pytest.approx(found.exact, rel=1e-9), (name, seed)
        assert found.pixels.shape == DIFFERENT[name].input_shape
        np.testing.assert_allclose(found.by_pixel, found.pixels.sum(axis=2))
        assert found.by_region().sum() == pytest.approx(found.pixels.sum())
        assert found.by_channel.sum() == pytest.approx(found.pixels.sum())


@pytest.mark.parametrize("name", BENT)
def test_what_bends_is_refused_or_replaced_by_its_tangent(name: str) -> None:
    asked = question(DIFFERENT[name], compared=True)
    with pytest.raises(ArgumentError, match="is not linear piece by piece") as caught:
        evidence(asked)
    check_line(caught.value)
    found = evidence(asked, tangent=True)
    assert found.gap < 1e-4
    assert found.bent
    assert "tangents" in found.heatmap().remark


def test_it_adds_up_on_a_hundred_images(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    for image in digits[1].images[:100]:
        found = classifier.explain(image)
        assert isinstance(found, Evidence)
        assert found.gap < 1e-4


def test_it_adds_up_where_two_logits_are_nearly_equal() -> None:
    asked = question(GRAPHS["lenet5"], compared=True)
    last = asked.graph.output
    weights = {name: weight.copy() for name, weight in asked.network.weights.items()}
    kernel, bias = weights[f"{last}.kernel"], weights[f"{last}.bias"]
    kernel[:, asked.against] = kernel[:, asked.target] * np.float32(1.000003)
    bias[asked.against] = bias[asked.target]
    found = evidence(_asked(asked.graph, weights, asked.image))
    assert abs(found.exact) < 1e-4
    assert found.total == pytest.approx(found.exact, rel=1e-7)


@pytest.mark.parametrize("name", sorted(PIECEWISE))
def test_every_layer_adds_up_too(name: str) -> None:
    asked = question(PIECEWISE[name], compared=True)
    found = evidence(asked)
    step = max(1, len(asked.graph.nodes) // 8)
    for node in asked.graph.nodes[::step]:
        shares = found.by_layer(node.name)
        assert shares.total == pytest.approx(found.total, rel=1e-6), node.name
        assert shares.values.shape == asked.graph.shapes[node.name]
        assert shares.by_feature_map.sum() == pytest.approx(shares.values.sum())


def test_a_case_worked_by_hand() -> None:
    # Pixels 2, 4 (mean 1, std 2) are 0.5, 1.5; the kernels make 0.5·1 + 1 = 1.5 and 1.5·1 + 1 = 2.5
    # of them; the larger wins. Logits 3·2.5 + 0.5 and −1·2.5.
    layers = [Normalise([1.0], [2.0]), Conv2D(1, 1), ReLU(), MaxPool((1, 2)), Flatten(), Dense(2)]
    graph = Sequential(layers).graph((1, 2, 1))
    weights = {
        "conv1.kernel": np.ones((1, 1, 1, 1), np.float32),
        "conv1.bias": np.ones(1, np.float32),
        "dense1.kernel": np.array([[3.0, -1.0]], np.float32),
        "dense1.bias": np.array([0.5, 0.0], np.float32),
    }
    asked = _asked(graph, weights, np.array([[[2], [4]]], np.uint8))
    found = evidence(asked)
    assert found.difference == pytest.approx(7.5 + 0.5 + 2.5)
    np.testing.assert_allclose(found.by_pixel, [[0.0, 4.0 * 4 / 2]])
    normalise = graph.nodes[0].name
    assert found.constants == pytest.approx({normalise: -2.0, "conv1": 4.0, "dense1": 0.5})
    assert found.total == pytest.approx(found.difference)


def _asked(graph: Graph, weights: dict[str, Any], image: Any) -> Score:
    made = activations_of(Network(graph, weights))
    return choose_score(Activations(made.model, made.program, image), compared=True)


@pytest.mark.parametrize("layer", ["conv1", "dense1"])
def test_a_forgotten_bias_would_be_seen(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = OPERATIONS["conv2d" if layer == "conv1" else "dense"]
    monkeypatch.setattr(made, "added", lambda self, weights, shape: np.zeros(1))
    assert evidence(question(PIECEWISE["lecture"], compared=True)).gap > 1e-4


def test_regions_stand_beside_what_happens_when_they_are_covered() -> None:
    asked = question(PIECEWISE["lecture"], compared=True)
    found = evidence(asked)
    assert sum(region.share for region in found.regions) == pytest.approx(found.pixels.sum())
    region = found.regions[5]
    covered = asked.image.astype(np.float32)
    covered[slice(*region.rows), slice(*region.columns)] = 33.3
    scores = asked.of_images(np.stack([asked.image.astype(np.float32), covered]))
    assert region.occluded == pytest.approx(scores[0] - scores[1], rel=1e-3)
    with pytest.raises(ArgumentError, match="rows must be a whole number from 1 to 28"):
        found.by_region(rows=29)


def test_it_can_be_shown_and_kept() -> None:
    found = evidence(question(GRAPHS["lenet5"], compared=True))
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["record"] == "evidence"
    assert values["total"] == pytest.approx(np.sum(values["values"]) + values["bias"])
    assert len(values["regions"]) == 16
    assert found.png().startswith(b"\x89PNG")
    html = found._repr_html_()
    assert "it cannot say" in html
    assert "data:image/png" in html


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"target": "c77"}, "no class is called 'c77'"),
        ({"target": "c1", "against": "c1"}, "cannot be compared with itself"),
        ({"against": "x"}, "no class is called 'x'"),
    ],
)
def test_bad_questions(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        choose_score(
            activations(GRAPHS["lenet5"]),
            target=wrong.get("target"),
            against=wrong.get("against"),
        )
    check_line(caught.value)


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'conv2'"):
        evidence(question(PIECEWISE["lecture"])).by_layer("conv3")
