"""Heatmaps: cases worked by hand, bounds, records, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.evidence import Evidence
from pellucid.explain.explanation import explain
from pellucid.explain.grad_cam import enlarge, grad_cam, grad_cam_plus_plus
from pellucid.explain.gradient_maps import gradient, gradient_times_input, smooth_grad
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.integrated import integrated_gradients
from pellucid.explain.last_convolution import default_layer
from pellucid.explain.methods import METHODS
from pellucid.explain.occlusion import occlusion
from pellucid.explain.rectified import deconvnet, guided_backpropagation
from pellucid.explain.score import Score, choose_score
from pellucid.graph import Network
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from tests.engines.networks import GRAPHS
from tests.explain.activations import hand_made
from tests.explain.saliency import activations, activations_of, question
from tests.messages import check_line

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier


FAIL_THE_RANDOMISATION_TEST = (
    "guided-backpropagation", "deconvnet", "grad-cam++", "visual-backprop"
)  # fmt: skip


def by_hand() -> Score:
    """Pixels 1 2 / 3 4, two kernels 1×1 of 1 and −1 with biases −1.5 and 3.5, ReLU, two logits.

    Map 0: −0.5 0.5 / 1.5 2.5, rectified 0 0.5 / 1.5 2.5. Map 1: 2.5 1.5 / 0.5 −0.5, rectified
    2.5 1.5 / 0.5 0. Flattened, the maps alternate. Logit 0 has the weights (1, −2) for (map 0, map
    1) at the first position, (3, 1), (−1, 2), (2, 5) at the others; logit 1 has none.
    """
    graph = Sequential([Conv2D(2, 1), ReLU(), Flatten(), Dense(2, bias=False)]).graph((2, 2, 1))
    weights = {
        "conv1.kernel": np.array([1.0, -1.0], np.float32).reshape(1, 1, 1, 2),
        "conv1.bias": np.array([-1.5, 3.5], np.float32),
        "dense1.kernel": np.array(
            [[1, 0], [-2, 0], [3, 0], [1, 0], [-1, 0], [2, 0], [2, 0], [5, 0]], np.float32
        ),
    }
    made = activations_of(Network(graph, weights))
    image = np.array([[1, 2], [3, 4]], np.uint8)[..., None]
    return choose_score(Activations(made.model, made.program, image), target="c0")


def test_gradients_worked_by_hand() -> None:
    # Map 0 is off at the first position, map 1 at the last; kernel 1 turns signs round.
    expected = np.array([[0 + 2, 3 - 1], [-1 - 2, 2 - 0]])
    np.testing.assert_allclose(gradient(by_hand()).values, expected)
    np.testing.assert_allclose(gradient_times_input(by_hand()).values, expected * [[1, 2], [3, 4]])


def test_guided_backpropagation_worked_by_hand() -> None:
    # As the gradient, but the weights −2 (map 1, first) and −1 (map 0, third) do not get through.
    np.testing.assert_allclose(guided_backpropagation(by_hand()).values, [[0, 3 - 1], [-2, 2]])


def test_deconvnet_worked_by_hand() -> None:
    # What was on does not matter: the weights 1 (map 0, first) and 5 (map 1, last) get through.
    np.testing.assert_allclose(deconvnet(by_hand()).values, [[1, 3 - 1], [-2, 2 - 5]])


def test_deconvnet_of_a_unit_worked_by_hand() -> None:
    found = deconvnet(by_hand(), layer="relu1", unit=1)
    np.testing.assert_allclose(
        found.values, np.array([[-2.5, 0.0], [0.0, 0.0]])
    )  # its strongest, times −1
    assert found.settings == {"unit": 1, "at": [0, 0, 1], "value": 2.5}
    strongest = deconvnet(by_hand(), layer="conv1")
    assert strongest.settings["value"] == 2.5
    assert "whatever the class" in strongest.remark


def test_pooling_hands_signals_to_the_winner_alone() -> None:
    graph = Sequential([Conv2D(1, 1), ReLU(), MaxPool(2), Flatten(), Dense(2)]).graph((2, 2, 1))
    weights = {
        "conv1.kernel": np.full((1, 1, 1, 1), 2.0, np.float32),
        "conv1.bias": np.zeros(1, np.float32),
        "dense1.kernel": np.array([[3.0, 0.0]], np.float32),
        "dense1.bias": np.zeros(2, np.float32),
    }
    made = activations_of(Network(graph, weights))
    image = np.array([[1, 2], [9, 4]], np.uint8)[..., None]
    asked = choose_score(Activations(made.model, made.program, image), target="c0")
    for method in (gradient, guided_backpropagation, deconvnet):
        np.testing.assert_allclose(method(asked).values, np.array([[0, 0], [6, 0]]))


def test_grad_cams_worked_by_hand() -> None:
    # Mean gradients: map 0 (1 + 3 − 1 + 2)/4, map 1 (−2 + 1 + 2 + 5)/4.
    maps = np.array([[[0, 2.5], [0.5, 1.5]], [[1.5, 0.5], [2.5, 0]]])
    found = grad_cam(by_hand(), layer="relu1")
    np.testing.assert_allclose(found.coarse, maps @ [1.25, 1.5])  # type: ignore[arg-type]
    # Sums of the maps are 4.5 each: α = 1/(2 + 4.5·g), counted where g is positive.
    slopes = np.array([[1.0, -2.0], [3.0, 1.0], [-1.0, 2.0], [2.0, 5.0]])
    alpha = 1.0 / (2.0 + 4.5 * slopes)
    weights = (alpha * np.maximum(slopes, 0)).sum(axis=0)
    plus = grad_cam_plus_plus(by_hand(), layer="relu1")
    np.testing.assert_allclose(plus.coarse, maps @ weights, rtol=1e-6)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "convolution", "layer"),
    [("lecture", "conv2", "relu2"), ("lenet5", "C3", "relu2")],
)
def test_the_default_layer_is_the_last_convolution(name: str, convolution: str, layer: str) -> None:
    assert default_layer(GRAPHS[name]) == (convolution, layer)
    found = grad_cam(question(GRAPHS[name]))
    assert found.layer == layer
    assert convolution in found.remark
    assert f" at {layer}: " in found.title


@pytest.mark.parametrize("name", ["lecture", "lenet5", "every operation"])
def test_compiled_grad_cam_is_the_same(name: str) -> None:
    asked = choose_score(activations(GRAPHS[name], engine="native"))
    first, again, third = (grad_cam(asked) for _ in range(3))
    size = first.values.max()
    for found in (again, third):
        np.testing.assert_allclose(found.values, first.values, atol=1e-5 * size)
        assert found.score == pytest.approx(first.score, rel=1e-5)


def test_enlarging_is_pillows_bilinear() -> None:
    map_ = np.random.default_rng(3).random((5, 7)).astype(np.float32)
    expected = Image.fromarray(map_).resize((28, 23), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(enlarge(map_, 23, 28), np.asarray(expected), atol=1e-6)


@pytest.mark.parametrize("name", ["lecture", "every operation"])
def test_integrated_gradients_add_up_to_the_change(name: str) -> None:
    asked = question(GRAPHS[name], compared=True)
    found = integrated_gradients(asked, steps=200, baseline="mean")
    change = found.settings["change"]
    assert found.values.sum() == pytest.approx(change, abs=0.02 * max(1.0, abs(change)))
    gap = abs(found.values.sum() - change) / abs(change)
    assert found.settings["gap"] == pytest.approx(gap, rel=1e-9)


def test_integrated_gradients_take_the_middle_of_each_step() -> None:
    """ReLU(x − 100) from 0 to 200 has the slope 1 at 2 of 4 midpoints, and at 1 of 3."""
    layers = [Flatten(), Dense(1), ReLU(), Dense(2)]
    weights = {
        "dense1.kernel": np.ones((1, 1)),
        "dense1.bias": np.array([-100.0]),
        "dense2.kernel": np.array([[1.0, 0.0]]),
        "dense2.bias": np.zeros(2),
    }
    asked = choose_score(hand_made(layers, weights, np.full((1, 1, 1), 200)), target="a")
    for steps, share in ((4, 100.0), (3, 200 / 3)):
        found = integrated_gradients(asked, steps=steps)
        assert found.values[0, 0] == pytest.approx(share)
        assert found.settings["change"] == pytest.approx(100.0)
        assert found.settings["gap"] == pytest.approx(1 - share / 100, abs=1e-9)


def test_smooth_grad_without_noise_is_the_gradient() -> None:
    asked = question(GRAPHS["lenet5"])
    plain = gradient(asked).values
    still = smooth_grad(asked, copies=2, noise=0.0).values
    np.testing.assert_allclose(still, plain, atol=1e-5 * np.abs(plain).max())
    noisy = [smooth_grad(asked, copies=3, seed=seed).values for seed in (1, 1, 2)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert np.abs(noisy[0] - noisy[2]).max() > 0


def test_occlusion_patch_by_patch() -> None:
    asked = question(GRAPHS["lenet5"])
    found = occlusion(asked, size=14, stride=14, baseline=200.0)
    covered = asked.image.copy()
    covered[14:, :14] = 200
    fall = np.diff(asked.of_images(np.stack([covered, asked.image])))
    np.testing.assert_allclose(found.values[14:, :14], np.full((14, 14), fall), rtol=1e-5)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_can_be_shown_and_kept(
    method: str, classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    found = classifier.explain(digits[1].images[0], method, target="3")
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values["schema"] == 1
    assert values["method"] == method
    assert values["target"] == "3"
    assert np.array(values["values"]).shape == (8, 8)
    assert np.abs(values["values"]).max() > 0 or not METHODS[method].signed
    assert values["can"]
    assert values["cannot"]
    assert values["insensitive"] == (method in FAIL_THE_RANDOMISATION_TEST)
    assert (method == "evidence") == isinstance(found, Evidence)
    assert found.png().startswith(b"\x89PNG")


def test_a_page_for_notebooks_escapes_names() -> None:
    asked = question(GRAPHS["lenet5"])
    classes = ('<b>&"$x$', *asked.activations.classes[1:])
    model = type(asked.activations.model)(
        asked.network, classes, asked.activations.model.preprocessing
    )
    found = explain(Activations(model, asked.program, asked.image), "grad-cam", target=classes[0])
    assert isinstance(found, Heatmap)
    html = found._repr_html_()
    assert '<b>&"' not in html
    assert "&lt;b&gt;&amp;&quot;$x$" in html


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("grad-cm", {}, "there are evidence, gradient"),
        ("grad-cam", {"layer": "conv3"}, "no layer 'conv3'; did you mean 'conv2'"),
        ("grad-cam", {"layer": "dense1"}, "gives 128 values and no feature maps"),
        ("gradient", {"layer": "conv1"}, "gradient has no option 'layer'; it takes none"),
        ("occlusion", {"size": 29}, "size must be a whole number from 1 to 28, got 29"),
        ("occlusion", {"size": 4, "stride": 5}, "stride must be a whole number from 1 to 4"),
        ("occlusion", {"baseline": "grey"}, "baseline must be one of mean, got 'grey'"),
        ("integrated-gradients", {"baseline": 256.0}, "baseline must be a finite number from 0"),
        ("integrated-gradients", {"steps": 0}, "steps must be a whole number"),
        ("smooth-grad", {"noise": -1.0}, "noise must be a finite number"),
        ("deconvnet", {"unit": 3}, "unit 3 belongs to no layer"),
        ("deconvnet", {"layer": "conv1", "unit": 32}, "unit must be a whole number from 0 to 31"),
        ("gradient", {"target": "cat"}, "no class is called 'cat'"),
    ],
)
def test_bad_wishes(method: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        explain(activations(GRAPHS["lecture"]), method, **options)  # type: ignore[arg-type]
    check_line(caught.value)


def test_networks_without_what_a_method_needs() -> None:
    flat = activations(Sequential([Flatten(), Dense(3)]).graph((4, 4, 1)))
    for method, message in (
        ("grad-cam", "has no convolution"),
        ("guided-backpropagation", "about ReLUs, and the network has none"),
        ("deconvnet", "about ReLUs, and the network has none"),
    ):
        with pytest.raises(ArgumentError, match=message) as caught:
            explain(flat, method)
        check_line(caught.value)
    assert isinstance(explain(flat, "gradient"), Heatmap)
