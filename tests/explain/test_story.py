"""The story of a picture: its values are the engine's, and the followed one is where it says."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.path import answer_gradients, followed, telling_value
from pellucid.explain.story import story
from pellucid.explain.value_terms import ValueTerms
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    ReLU,
)
from tests.explain.activations import NAMES, activations_of, hand_made
from tests.explain.stories import lectures_own, made, printed, story_of, told_of
from tests.messages import check_line

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier

Digits = tuple["Dataset", "Dataset"]


@pytest.mark.parametrize("name", NAMES)
def test_every_total_is_the_engines_value(name: str) -> None:
    found = story_of(name)
    opened = [each.opened for each in found.steps if each.opened is not None]
    assert len(opened) > 5
    for each in opened:
        assert each.value == found.activations.values[each.layer][each.at]
        assert each.relative_difference <= 1e-5, (each.layer, each.at)
    assert found.weight.relative_difference <= 1e-5
    check = found.weight.check
    assert check is not None
    assert check.gradient == pytest.approx(found.weight.gradient, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_followed_value_is_where_it_says(name: str) -> None:
    """Each waypoint reads the one before, alive as far as the answer's logit."""
    found = story_of(name)
    graph = found.activations.model.network.graph
    assert found.path[-1] == (graph.output, found.answer_at)
    by_name = {each.step.name: each for each in found.steps}
    for before, (layer, at) in pairwise(found.path):
        each = by_name[layer]
        assert each.passes
        assert each.opened is not None
        assert each.opened.at == at
        assert each.before == before
        if each.opened.folding is not None:
            # A norm and the layer before it in one, which reads what comes before the two.
            assert before == (each.opened.folding.layer, at)
            assert each.opened.folding.before == found.activations.values[before[0]][at]
            continue
        assert each.term is not None, layer
        assert each.opened.source(each.term) == before
        value = found.activations.values[before[0]][before[1]]
        assert each.opened.terms.values[each.term] == value
        if each.step.kind == "max_pool":
            assert each.term == each.opened.terms.own
        if each.step.kind == "relu":
            assert each.opened.value == value > 0
    passed = {layer for layer, _ in found.path} | {found.activations.graph.output}
    assert {each.step.name for each in found.steps if each.passes} == passed


@pytest.mark.parametrize("name", NAMES)
def test_it_begins_with_a_strong_value_that_speaks_for_the_answer(name: str) -> None:
    found = story_of(name)
    start, activations = found.start, found.activations
    assert start.layer == next(
        n.name for n in activations.graph.nodes if n.operation.kind == "conv2d"
    )
    assert start.value > 0
    kernel = activations.model.network.weights[f"{start.layer}.kernel"]
    assert len(start) == kernel[..., 0].size  # not at the border
    values = activations.values[start.layer]
    gradient = answer_gradients(activations, found.answer_at)[start.layer]
    fits = np.zeros(values.shape[:2], bool)  # found the slow way
    for at in np.ndindex(*fits.shape):
        fits[at] = len(ValueTerms.of(activations, start.layer, (*at, 0))) == kernel[..., 0].size
    fits = fits[..., None] & (values > 0) & (gradient > 0)
    assert fits[start.at]
    assert start.value == values[..., start.at[2]][fits[..., start.at[2]]].max()
    spread = {int(c): np.maximum(values[..., c], 0).std() for c in np.nonzero(fits)[2]}
    assert spread[start.at[2]] == max(spread.values())


def test_the_answers_gradient_is_pytorchs() -> None:
    """Of the lecture's network, written out in PyTorch's functions."""
    activations = activations_of("lecture")
    w = {
        k: torch.tensor(v, dtype=torch.float64)
        for k, v in activations.model.network.weights.items()
    }
    x = (torch.tensor(activations.pixels, dtype=torch.float64) - 33.3) / 78.6
    x = x.permute(2, 0, 1)[None]
    first: Any = None
    for k in (1, 2):
        kernel = w[f"conv{k}.kernel"].permute(3, 2, 0, 1)
        x = torch.nn.functional.conv2d(x, kernel, w[f"conv{k}.bias"], padding="same")
        if first is None:
            first = x = x.detach().requires_grad_()
        x = torch.nn.functional.max_pool2d(torch.relu(x), 2)
    x = x.permute(0, 2, 3, 1).reshape(1, -1)
    x = torch.relu(x @ w["dense1.kernel"] + w["dense1.bias"])
    logits = x @ w["dense2.kernel"] + w["dense2.bias"]
    (gradient,) = torch.autograd.grad(logits[0, 4], first)
    ours = answer_gradients(activations, (4,))["conv1"]
    assert np.allclose(ours, gradient[0].permute(1, 2, 0).numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_is_explained_in_full_once(name: str) -> None:
    found = story_of(name)
    full = [each.step.kind for each in found.steps if each.full]
    kinds = {step.kind for step in found.trace.steps}
    assert set(full) == kinds
    twice = {kind for kind in kinds if full.count(kind) > 1}
    assert twice <= {"softmax"}  # one in the midst of the network, and that of the answer
    passed = {layer for layer, _ in found.path}
    for each in found.steps:
        same = [s.name for s in found.trace.steps if s.kind == each.step.kind and s.name in passed]
        if each.full and same and each.step.kind not in ("dense", "conv2d"):
            assert each.step.name == same[0]


@pytest.mark.parametrize("name", NAMES)
def test_pixels_are_those_that_the_first_value_sees(name: str) -> None:
    found = story_of(name)
    (top, left), (bottom, right) = found.window.first, found.window.last
    pixels = found.activations.pixels[top : bottom + 1, left : right + 1]
    assert np.array_equal(found.window.pixels, pixels)
    assert pixels.shape[:2] == (7, 7)
    for i in range(len(found.start)):
        _, (row, column, _) = found.start.source(i)
        assert top <= row <= bottom
        assert left <= column <= right


@pytest.mark.parametrize("name", NAMES)
def test_relu_is_counted(name: str) -> None:
    found = story_of(name)
    counted = 0
    for each in found.steps:
        if each.step.kind == "relu":
            (before,) = found.activations.inputs_of(found.activations.graph[each.step.name])
            assert each.zeroed == (before < 0).sum()
            counted += each.zeroed
    assert counted or name in ("lenet5-original", "further operations")


@pytest.mark.parametrize("name", NAMES)
def test_judges_agree_with_pytorch(name: str) -> None:
    found = story_of(name)
    logits = torch.tensor(found.activations.values[found.activations.logits], dtype=torch.float64)[
        None
    ]
    truth = torch.tensor([2])
    entropy = torch.nn.functional.cross_entropy(logits, truth).item()
    y = torch.softmax(logits, 1)
    squares = torch.nn.functional.mse_loss(y, torch.eye(logits.shape[1])[truth], reduction="sum")
    assert found.judges.cross_entropy == pytest.approx(entropy, rel=1e-6)
    assert found.judges.mean_squared_error == pytest.approx(squares.item(), rel=1e-6)
    assert found.judges.classification_error == float(logits.argmax() != 2)


def test_the_lectures_own_numbers_by_hand() -> None:
    """The map's 4 at row 3 wins its window, becomes entry 3, and gives a the score 4·0.5 + 1."""
    found = told_of(lectures_own(), "b")
    assert found.path == (
        ("conv1", (3, 1, 0)), ("relu1", (3, 1, 0)), ("pool1", (1, 0, 0)), ("flatten1", (3,)),
        ("dense1", (0,)),
    )  # fmt: skip
    assert found.start.terms.values.tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert found.start.terms.factors.tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert found.start.value == 4.0
    assert (found.answer, found.truth) == ("a", "b")
    assert found.activations.values["dense1"].tolist() == [3.0, 0.0]
    y = 1 / (1 + np.exp(-3))  # 0.9526, which the slide prints as 0.95
    assert found.backward.probabilities == pytest.approx([y, 1 - y])
    assert found.judges.classification_error == 1
    assert found.judges.mean_squared_error == pytest.approx(2 * y**2)
    assert found.judges.cross_entropy == pytest.approx(3 + np.log1p(np.exp(-3)))
    assert found.backward.at_logits == pytest.approx([y, -y])
    # The weight over the 1 at row 3, column 3: what its window's winner passes back is y·0.5;
    # b's entry 4, the 2 at row 2, column 3 of the map, has no 1 under that weight.
    assert (found.weight.name, found.weight.at) == ("conv1.kernel", (0, 2, 0, 0))
    assert found.weight.gradient == pytest.approx(0.5 * y, rel=1e-6)
    assert found.weight.after == pytest.approx(1 - 0.05 * 0.5 * y, rel=1e-6)


@pytest.mark.parametrize("name", ["lecture", "vgg-small", "lenet5"])
def test_without_a_label_the_answer_is_taken_to_be_right(name: str) -> None:
    activations = activations_of(name)
    found = told_of(activations)
    assert found.label_given is False
    likeliest = int(activations.values[activations.logits].argmax())
    assert found.truth == found.answer == f"class {likeliest}"
    assert found.judges.classification_error == 0
    # what is followed depends on the answer alone
    assert found.path == story_of(name).path
    assert (story_of(name).truth, story_of(name).label_given) == ("class 2", True)


def test_a_network_without_convolution() -> None:
    found = told_of(made([Flatten(), Dense(5), ReLU(), Dense(3)], (4, 4, 1)))
    assert not found.has_convolution
    assert found.start.layer == "dense1"
    assert found.weight.name == "dense1.kernel"
    assert "The network has no convolution; we take unit" in " ".join(printed(found).split())


def test_a_network_that_learns_nothing() -> None:
    activations = made([GlobalAveragePool()], (4, 4, 3))
    with pytest.raises(ArgumentError, match="neither a convolution nor a dense layer") as caught:
        told_of(activations)
    check_line(caught.value)


def test_a_value_that_nothing_reads() -> None:
    """The only bright pixel lies where the pooling drops the edge."""
    pixels = np.zeros((3, 3, 1))
    pixels[2, 2] = 9
    weights = {
        "conv1.kernel": np.ones((1, 1, 1, 1)),
        "dense1.kernel": np.array([[1.0, -1.0]]),
        "dense1.bias": np.zeros(2),
    }
    layers = [Conv2D(1, 1, bias=False), MaxPool(2), Flatten(), Dense(2)]
    found = told_of(hand_made(layers, weights, pixels))
    assert found.path == (("conv1", (2, 2, 0)),)
    assert "Nothing reads this value any further" in printed(found)
    assert [each.passes for each in found.steps] == [False, True, False, False, False, False]


@pytest.mark.parametrize("at", [(1, 1), (1, 3), (3, 1), (3, 3)])
def test_it_does_not_begin_at_the_border(at: tuple[int, int]) -> None:
    """A kernel that copies: the border is brighter, and the brightest within it is taken."""
    kernel = np.zeros((3, 3, 1, 1))
    kernel[1, 1] = 1
    pixels = np.full((5, 5, 1), 200.0)
    pixels[::2] = 220.0  # not one colour, which would be a frame around a picture
    pixels[:, ::2] += 20.0
    pixels[1:4, 1:4] = 10
    pixels[at] = 60
    weights = {
        "conv1.kernel": kernel,
        "dense1.kernel": np.array([[1.0, -1.0]]),
        "dense1.bias": np.zeros(2),
    }
    layers = [Conv2D(1, 3, padding="same", bias=False), GlobalAveragePool(), Dense(2)]
    found = told_of(hand_made(layers, weights, pixels))
    assert found.path[0] == ("conv1", (*at, 0))


def test_the_way_goes_through_what_speaks_for_the_answer() -> None:
    """Of two kernels the one that adds is taken, although the other has the larger weight."""
    weights = {
        "conv1.kernel": np.ones((1, 1, 1, 1)),
        "conv2.kernel": np.array([[[[-3.0, 1.0, 2.0]]]]),
        "conv2.bias": np.array([500.0, 0.0, 0.0]),
        "dense1.kernel": np.array([[-1.0, 0.0], [1.0, 0.0], [-2.0, 0.0]]),
        "dense1.bias": np.array([1e4, 0.0]),
    }
    layers = [
        Conv2D(1, 1, bias=False), Conv2D(3, 1), ReLU(), GlobalAveragePool(), Dense(2),
    ]  # fmt: skip
    found = told_of(hand_made(layers, weights, np.full((2, 2, 1), 100.0)))
    assert found.path[1] == ("conv2", (0, 0, 1))


def test_a_network_that_overflows_is_still_shown() -> None:
    activations = made([Conv2D(3, 3), ReLU(), MaxPool(2), Flatten(), Dense(3)], (8, 8, 1), -3e38)
    with np.errstate(all="ignore"):
        found = told_of(activations)
        text, record = printed(found), json.dumps(found.to_dict(), allow_nan=False)
    assert "inf → inf" in text
    assert json.loads(record)["guesses"][0]["probability"] is None


@pytest.mark.parametrize("name", ["every operation", "resnet20", "lecture"])
def test_the_record_is_json_and_whole(name: str) -> None:
    found = story_of(name)
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (record["schema"], record["record"]) == (1, "story")
    assert (record["answer"], record["truth"], record["truth_given"]) == (
        found.answer, "class 2", True,
    )  # fmt: skip
    assert record["window"]["pixels"] == found.window.pixels.tolist()
    assert [step["name"] for step in record["steps"]] == [s.name for s in found.trace.steps]
    for step, each in zip(record["steps"], found.steps, strict=True):
        assert (step["opened"] is not None) == (each.full and each.opened is not None)
        if step["passes"] and step["opened"] and step["term"] is not None:
            term = step["opened"]["terms"][step["term"]]
            assert (term["layer"], tuple(term["at"])) == each.before
    assert [(p["layer"], tuple(p["at"])) for p in record["path"]] == list(found.path)
    learning = record["learning"]
    assert np.subtract(learning["y"], learning["t"]) == pytest.approx(learning["difference"])
    assert learning["weight"]["after"] == found.weight.after


def test_it_is_the_same_path_from_a_classifier(classifier: ImageClassifier, digits: Digits) -> None:
    pixels = digits[1].images[3]
    found = story(classifier, pixels, int(digits[1].places[3]))
    activations = Activations.of(classifier, pixels)
    gradients = answer_gradients(activations, found.answer_at)
    assert found.path == followed(activations, gradients, telling_value(activations, gradients))
    assert found.truth == digits[1].classes[digits[1].places[3]]
    with pytest.raises(ArgumentError, match="no class is called 'ten'") as caught:
        story(classifier, pixels, "ten")
    check_line(caught.value)
