"""The backward pass: every gradient as its sum, beside finite differences and PyTorch."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from matplotlib.text import Text
from PIL import Image

from pellucid.errors import ArgumentError
from pellucid.explain.backward import Backward, backward
from pellucid.explain.update_rule import UpdateRule
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU
from pellucid.ops import CrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, AdamW
from tests.explain.activations import NAMES, activations_of, hand_made, random_position
from tests.messages import check_line
from tests.show.reading import read

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier

Digits = tuple["Dataset", "Dataset"]

GRADIENTS = int(os.environ.get("PELLUCID_OPENED_GRADIENTS", "6"))
"""How many weights and values of each network are opened."""


def back(name: str, label: int = 2, learner: UpdateRule | None = None) -> Backward:
    activations = activations_of(name)
    return backward(activations.model, activations.pixels, label, learner=learner)


@pytest.mark.parametrize("name", [*NAMES, "words", "sequences"])
def test_a_weights_gradient_is_its_sum_and_agrees_with_finite_differences(name: str) -> None:
    gone, random = back(name), np.random.default_rng(9)
    weights = list(gone.gradients.weights)
    for _ in range(GRADIENTS):
        weight = weights[random.integers(len(weights))]
        at = random_position(random, gone.gradients.weights[weight].shape)
        opened = gone.weight(weight, at)
        assert opened.gradient == gone.gradients.weights[weight][at]
        assert opened.relative_difference <= 1e-5, (weight, at)
        check = opened.check
        assert check is not None
        assert not check.kink
        assert check.quotient == pytest.approx(check.gradient, rel=1e-5, abs=1e-8), (weight, at)
        assert check.gradient == pytest.approx(opened.gradient, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_values_gradient_is_its_sum(name: str) -> None:
    gone, random = back(name), np.random.default_rng(10)
    for step in gone.steps[1:]:
        at = random_position(random, step.gradient.shape)
        opened = gone.value(step.name, at)
        assert opened.gradient == step.gradient[at]
        assert opened.relative_difference <= 1e-5, (step.name, at)


def test_each_kind_of_weight_names_what_it_multiplied() -> None:
    gone, random = back("every operation"), np.random.default_rng(11)
    for weight, gradient in gone.gradients.weights.items():
        opened = gone.weight(weight, random_position(random, gradient.shape), check=False)
        layer, _, parameter = weight.rpartition(".")
        (source, *_) = gone.activations.graph[layer].inputs
        for term in opened.terms:
            assert term.layer == layer
            assert term.delta == gone[layer].gradient[term.at]
            if parameter == "kernel":
                assert term.reads is not None
                assert term.factor == gone.activations.values[source][term.reads]
            elif parameter in ("bias", "beta"):
                assert term.factor == pytest.approx(1.0)
        assert opened.check is None


def test_the_gradients_are_those_of_pytorch(classifier: ImageClassifier, digits: Digits) -> None:
    """The network of the lecture, written out with PyTorch's functions."""
    pixels, label = digits[1].images[4], int(digits[1].places[4])
    gone = classifier.backward(pixels, str((label + 1) % 10))
    w = {
        k: torch.tensor(v, dtype=torch.float64, requires_grad=True)
        for k, v in classifier.model_.network.weights.items()
    }
    settings = gone["normalise"].step.to_dict()["settings"]
    image = torch.tensor(pixels, dtype=torch.float64).requires_grad_()
    x = ((image - settings["mean"][0]) / settings["std"][0]).permute(2, 0, 1)[None]
    for k in (1, 2):
        kernel = w[f"conv{k}.kernel"].permute(3, 2, 0, 1)
        x = torch.nn.functional.conv2d(x, kernel, w[f"conv{k}.bias"], padding="same")
        x = torch.nn.functional.max_pool2d(torch.relu(x), 2)
    x = x.permute(0, 2, 3, 1).reshape(1, -1)
    x = torch.relu(x @ w["dense1.kernel"] + w["dense1.bias"])
    logits = x @ w["dense2.kernel"] + w["dense2.bias"]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([(label + 1) % 10]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert gone.loss == pytest.approx(loss.item(), rel=1e-5)
    for name, tensor in w.items():
        assert tensor.grad is not None
        theirs, ours = tensor.grad.numpy(), gone.gradients.weights[name]
        scale = np.abs(theirs).max()
        assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-5 * scale), name
        at = tuple(int(k) for k in np.unravel_index(np.abs(theirs).argmax(), theirs.shape))
        opened = gone.weight(name, at)
        assert opened.total == pytest.approx(theirs[at], rel=1e-4)
        assert opened.check is not None
        assert opened.check.quotient == pytest.approx(theirs[at], rel=1e-6)
    assert image.grad is not None
    scale = float(image.grad.abs().max())
    assert np.allclose(gone["input"].gradient, image.grad.numpy(), rtol=1e-3, atol=1e-4 * scale)


def test_it_begins_with_y_minus_t(classifier: ImageClassifier, digits: Digits) -> None:
    gone = classifier.backward(digits[1].images[0], "3")
    assert gone.label == "3"
    assert gone.targets.tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert gone.probabilities.sum() == pytest.approx(1.0)
    assert gone.at_logits == pytest.approx(gone.probabilities - gone.targets, abs=1e-6)
    assert gone.loss == pytest.approx(-np.log(gone.probabilities[3]), rel=1e-5)
    names = [step.name for step in gone.steps]
    assert names[0] == "dense2"
    assert names[-2:] == ["normalise", "input"]


def test_masks_and_winners_route_the_gradient(classifier: ImageClassifier, digits: Digits) -> None:
    gone = classifier.backward(digits[1].images[0], "3")
    relu, conv = gone["relu1"], gone["conv1"]
    assert relu.mask is not None
    assert set(np.unique(relu.mask)) == {0.0, 1.0}
    assert np.array_equal(relu.gradient * relu.mask, conv.gradient)
    pool = gone["pool1"]
    assert pool.winners is not None
    routed = np.zeros_like(relu.gradient)
    channels = np.broadcast_to(np.arange(routed.shape[2]), pool.gradient.shape)
    np.add.at(routed, (pool.winners[..., 0], pool.winners[..., 1], channels), pool.gradient)
    assert np.array_equal(routed, relu.gradient)
    assert conv.mask is None
    assert conv.winners is None


def test_the_update_is_the_optimizers_first_step() -> None:
    """SGD with Nesterov's momentum and decay, and AdamW, as PyTorch makes them."""
    rate, decay = 0.03, 0.01
    rules: list[tuple[Any, Any]] = [
        (
            SGD(weight_decay=decay, momentum=0.9, nesterov=True),
            lambda p: torch.optim.SGD(p, rate, 0.9, weight_decay=decay, nesterov=True),
        ),
        (AdamW(weight_decay=decay), lambda p: torch.optim.AdamW(p, rate, weight_decay=decay)),
    ]
    for ours, theirs in rules:
        gone = back("lenet5", learner=UpdateRule(CrossEntropy(), ours, rate, "a test"))
        opened = gone.weight("C3.kernel", (1, 2, 3, 4), check=False)
        weight = torch.tensor([opened.before], dtype=torch.float64)
        weight.grad = torch.tensor([opened.gradient], dtype=torch.float64)
        theirs([weight]).step()
        assert opened.after == pytest.approx(weight.item(), rel=1e-9)
        bias = gone.weight("C3.bias", (4,), check=False)
        assert bias.learner is gone.learner


def test_gradients_are_shortened_together() -> None:
    plain = back("lenet5", learner=UpdateRule(optimizer=SGD(momentum=0.0)))
    norm = np.sqrt(
        sum(float((g.astype(float) ** 2).sum()) for g in plain.gradients.weights.values())
    )
    clipped = back("lenet5", learner=UpdateRule(optimizer=SGD(momentum=0.0, clip_norm=norm / 4)))
    steps = []
    for gone in (plain, clipped):
        opened = gone.weight("dense1.bias", (2,), check=False)
        assert opened.after is not None
        steps.append(opened.after - opened.before)
    assert steps[0] == pytest.approx(4 * steps[1], rel=1e-6)


def test_the_learner_is_the_models_own(classifier: ImageClassifier, digits: Digits) -> None:
    own = classifier.backward(digits[1].images[0], "3").learner
    assert own.optimizer == SGD(momentum=0.9, nesterov=True)
    assert own.learning_rate == classifier.model_.provenance["recipe"]["learning_rate"]
    assert "own training recipe" in own.origin
    other = UpdateRule.of(activations_of("lecture").model)
    assert other.optimizer == SGD(momentum=0.0)
    assert other.learning_rate == 0.05
    assert "plain SGD" in other.origin


@pytest.mark.parametrize("recipe", [None, [], {"optimizer": {"kind": "abacus"}}, {"loss": 3}])
def test_a_model_may_say_anything_of_its_making(recipe: Any) -> None:
    model = activations_of("lenet5").model
    printed = type(model)(model.network, model.classes, model.preprocessing, {"recipe": recipe})
    assert UpdateRule.of(printed) == UpdateRule()


def test_another_loss() -> None:
    gone = back("lenet5", learner=UpdateRule(MeanSquaredError()))
    opened = gone.weight("dense1.kernel", (3, 2))
    assert opened.check is not None
    assert opened.check.quotient == pytest.approx(opened.check.gradient, rel=1e-5, abs=1e-8)


def test_a_kink_is_reported() -> None:
    """At weight 0 the ReLU's input is 0: the loss has a kink there, at every h."""
    weights: dict[str, Any] = {
        "conv1.kernel": np.zeros((1, 1, 1, 1)),
        "conv1.bias": np.zeros(1),
        "dense1.kernel": np.array([[1.0, -1.0]]),
        "dense1.bias": np.zeros(2),
    }
    activations = hand_made(
        [Conv2D(1, 1), ReLU(), Flatten(), Dense(2)], weights, np.full((1, 1, 1), 90)
    )
    gone = backward(activations.model, activations.pixels, "a")
    check = gone.weight("conv1.kernel", (0, 0, 0, 0)).check
    assert check is not None
    assert check.kink
    assert check.gradient == 0.0  # as declared at the kink; the slopes beside it are 0 and −90
    assert check.quotient == pytest.approx(-45.0, rel=1e-3)
    free = gone.weight("dense1.bias", (0,)).check
    assert free is not None
    assert not free.kink


def test_gradients_worked_by_hand() -> None:
    """Two pixels, one weight: max pooling lets the larger through."""
    weights: dict[str, Any] = {
        "conv1.kernel": np.full((1, 1, 1, 1), 0.5),
        "dense1.kernel": np.array([[0.1, 0.0]]),
    }
    layers = [Conv2D(1, 1, bias=False), MaxPool((1, 2)), Flatten(), Dense(2, bias=False)]
    activations = hand_made(layers, weights, np.array([[[4.0], [6.0]]]))
    gone = backward(activations.model, activations.pixels, "b")
    y = 1 / (1 + np.exp(-0.3))  # logits 0.1·0.5·6 = 0.3 and 0
    assert gone.at_logits == pytest.approx([y, y - 1 + (1 - y) - y], rel=1e-6)
    opened = gone.weight("conv1.kernel", (0, 0, 0, 0))
    assert [(t.reads, t.factor) for t in opened.terms] == [((0, 0, 0), 4.0), ((0, 1, 0), 6.0)]
    assert [t.product for t in opened.terms] == pytest.approx([0.0, 6 * 0.1 * y], rel=1e-6)
    assert opened.largest(1) == [1]
    assert opened.after == pytest.approx(0.5 - 0.05 * 0.6 * y, rel=1e-6)
    lost, won = (gone.value("conv1", (0, k, 0)) for k in (0, 1))
    assert [t.factor for t in (*lost.terms, *won.terms)] == [0.0, 1.0]


@pytest.mark.parametrize("name", ["every operation", "lecture"])
def test_the_record_is_json_and_whole(name: str) -> None:
    gone = back(name)
    record = json.loads(json.dumps(gone.to_dict(), allow_nan=False))
    assert (record["schema"], record["record"]) == (1, "backward")
    assert record["label"] == "class 2"
    for printed, step in zip(record["steps"], gone.steps, strict=True):
        assert np.array_equal(np.array(printed["gradient"], np.float32), step.gradient)
        assert printed["norm"] == pytest.approx(float(np.linalg.norm(step.gradient)), rel=1e-5)
        assert printed["weights"].keys() == printed["weight_norms"].keys() == step.weights.keys()
        assert ("mask" in printed) == (step.mask is not None)
        assert ("winners" in printed) == (step.winners is not None)
    assert "gradient" not in gone.to_dict(values=False)["steps"][0]


def test_an_opened_gradients_record_and_page() -> None:
    opened = back("lecture").weight("conv2.kernel", (1, 0, 3, 5))
    record = json.loads(json.dumps(opened.to_dict(), allow_nan=False))
    assert (record["schema"], record["record"]) == (1, "gradient")
    assert sum(term["product"] for term in record["terms"]) == pytest.approx(record["total"])
    assert record["check"]["kink"] is False
    assert record["learner"]["optimizer"]["kind"] == "sgd"
    html = opened._repr_html_()
    assert html.count("<tr>") == len(opened) + 1 + min(20, len(opened))
    assert "finite difference" in html
    assert "the update (sgd with learning rate 0.05" in html


def test_the_page_and_the_figure_show_every_step(tmp_path: Path) -> None:
    gone = back("lecture")
    gone.save(tmp_path / "a.html", opened=gone.weight("conv1.bias", (3,)))
    page = read((tmp_path / "a.html").read_text("utf-8"))
    assert len(page.all("h2")) == len(gone.steps) + 1
    assert page.text.count("each goes on to its window's winner alone") == 2
    gone.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert min(picture.size) > 800
    words = [text.get_text() for text in gone.plot().findobj(Text)]
    assert all(any(f"∂loss/∂{step.name}," in each for each in words) for step in gone.steps)
    gone.save(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["record"] == "backward"
    with pytest.raises(ArgumentError, match=r"one of \.html, \.json, \.png; got '\.xlsx'"):
        gone.save(tmp_path / "a.xlsx")


def unknown_weight(gone: Backward) -> object:
    return gone.weight("conv2.kernl", (0, 0, 0, 0))


def nothing_like_it(gone: Backward) -> object:
    return gone.weight("xyz", (0,))


def a_statistic(gone: Backward) -> object:
    return back("resnet20").weight("norm1.mean", (0,))


def outside(gone: Backward) -> object:
    return gone.weight("conv2.kernel", (3, 0, 0, 0))


def too_few(gone: Backward) -> object:
    return gone.weight("dense1.kernel", (3,))


def unknown_layer(gone: Backward) -> object:
    return gone.value("poo1", (0, 0, 0))


def at_the_logits(gone: Backward) -> object:
    return gone.value("dense2", (0,))


def the_softmax(gone: Backward) -> object:
    return gone["probabilities"]


def unknown_class(gone: Backward) -> object:
    return back("lecture", label=10)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (unknown_weight, r"no weight 'conv2\.kernl'; did you mean 'conv2\.kernel'"),
        (nothing_like_it, r"no weight 'xyz'; there are conv1\.kernel, conv1\.bias"),
        (a_statistic, r"'norm1\.mean' is a statistic, which is followed and has no gradient"),
        (outside, r"'conv2\.kernel' is 3×3×32×64: a position is .* to 2, 2, 31, 63, got 3, 0, 0"),
        (too_few, r"'dense1\.kernel' is 3136×128: a position is 2 numbers from 0, 0 to 3135, 127"),
        (unknown_layer, "no layer 'poo1'; did you mean 'pool1'"),
        (at_the_logits, "gives the logits, where the loss's gradient is y − t"),
        (the_softmax, "no layer 'probabilities'"),
        (unknown_class, "0 to 9, got 10"),
    ],
)
def test_mistakes_are_explained_in_one_line(mistake: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        mistake(back("lecture"))
    check_line(caught.value)
