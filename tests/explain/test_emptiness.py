"""Explanations that show nothing say so, and why, and name one that shows something."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data import Dataset
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.explain.emptiness import CONSTANT, NOT_FINITE, ZERO
from pellucid.explain.explanation import explain
from pellucid.explain.faithfulness import faithfulness
from pellucid.explain.maximisation import maximise
from pellucid.explain.methods import METHODS
from pellucid.explain.patches import exciting_patches
from pellucid.explain.randomisation_test import randomisation_test
from pellucid.explain.score import choose_score
from pellucid.layers import Conv2D, Dense, Flatten, GlobalAveragePool, MaxPool, ReLU
from tests.explain.activations import hand_made

if TYPE_CHECKING:
    from pellucid.explain.activations import Activations
    from pellucid.explain.heatmap import Heatmap

PICTURE = np.random.default_rng(3).integers(40, 256, (8, 8, 1)).astype(np.uint8)
SHIFT = np.zeros((3, 3, 1, 2))
SHIFT[1, 1, 0] = 0.01, 0.02


def network(
    bias: float = 0.5, dense: tuple[float, float] = (-1.0, -2.0), picture: Any = PICTURE
) -> Activations:
    """Two maps that copy the picture, plus a bias; the first logit is minus their means."""
    layers = [Conv2D(2, 3, padding="same"), ReLU(), MaxPool(2), GlobalAveragePool(), Dense(2)]
    weights = {
        "conv1.kernel": SHIFT,
        "conv1.bias": np.full(2, bias),
        "dense1.kernel": np.array([[dense[0], 0.5], [dense[1], 0.5]]),
        "dense1.bias": np.array([9.0, 0.0]),
    }
    return hand_made(layers, weights, picture)


def heatmap_of(activations: Activations, method: str, **options: Any) -> Heatmap:
    found = explain(activations, method, target="a", **options)
    return found.heatmap() if method == "evidence" else found  # type: ignore[union-attr, return-value]


def test_grad_cam_where_everything_is_negative() -> None:
    """Both weights are negative, the maps positive: what is left by ReLU is nothing, anywhere."""
    cam = heatmap_of(network(), "grad-cam")
    assert not cam.values.any()
    assert cam.empty is not None
    assert cam.empty.kind == ZERO
    assert "against" in cam.empty.reason
    assert "row 0" not in cam.found
    assert cam.empty.method not in (None, "grad-cam")
    instead = heatmap_of(network(), str(cam.empty.method))
    assert instead.empty is None
    assert np.ptp(instead.values) > 0
    assert cam.empty.line in cam._repr_html_().replace("&#x27;", "'")
    assert cam.to_dict()["empty"]["kind"] == ZERO
    assert instead.to_dict()["empty"] is None


def test_the_layer_that_is_named_instead_shows_something() -> None:
    """The second map is 1 at one pixel and −10 elsewhere, the first is 1; weights 1 and −0.02.

    Before ReLU the second map's mean gradient is 1/64, and 1/64 − 0.02 < 0; behind it is 1.
    """
    picture = np.zeros((8, 8, 1), np.uint8)
    picture[2, 3] = 100
    dense = np.zeros((128, 2))
    dense[::2, 0], dense[1::2, 0] = -0.02, 1.0
    weights = {
        "conv1.kernel": np.array([0.0, 0.11]).reshape(1, 1, 1, 2),
        "conv1.bias": np.array([1.0, -10.0]),
        "dense1.kernel": dense,
        "dense1.bias": np.zeros(2),
    }
    activations = hand_made([Conv2D(2, 1), ReLU(), Flatten(), Dense(2)], weights, picture)
    cam = heatmap_of(activations, "grad-cam", layer="conv1")
    assert cam.empty is not None
    assert (cam.empty.method, cam.empty.layer) == ("grad-cam", "relu1")
    assert "-0.0043" in cam.empty.reason  # 1/64 − 0.02
    assert "--layer relu1" in cam.found
    named = heatmap_of(activations, "grad-cam", layer="relu1")
    assert named.empty is None
    assert "row 2, column 3" in named.found


@pytest.mark.parametrize("method", METHODS)
def test_a_network_of_shut_relus_is_empty_by_every_method(method: str) -> None:
    """With a bias of −1000 no pixel matters: nothing is claimed, nothing else offered."""
    found = heatmap_of(network(bias=-1000.0), method)
    assert found.empty is not None
    assert found.empty.kind == ZERO
    assert found.empty.method is None
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["empty"] == {**found.empty.to_dict()}
    assert found.png()[:4] == b"\x89PNG"
    with pytest.raises(ArgumentError, match="faithfulness"):
        faithfulness(found)


def test_a_black_picture_has_no_shares() -> None:
    activations = network(picture=np.zeros((8, 8, 1), np.uint8), dense=(1.0, -2.0))
    for method in ("evidence", "gradient-times-input", "integrated-gradients"):
        found = heatmap_of(activations, method)
        assert found.empty is not None, method
        assert found.empty.method is not None
        assert heatmap_of(activations, found.empty.method).empty is None
    assert heatmap_of(activations, "gradient").empty is None


def test_integrated_gradients_of_the_baseline_itself() -> None:
    even = np.full((8, 8, 1), 60, np.uint8)
    found = heatmap_of(network(picture=even), "integrated-gradients", baseline=60.0)
    assert found.empty is not None
    assert "60" in found.empty.reason
    assert heatmap_of(network(picture=even), "integrated-gradients").empty is None


def test_occlusion_by_one_patch_is_the_same_everywhere() -> None:
    found = heatmap_of(network(), "occlusion", size=8)
    assert found.empty is not None
    assert found.empty.kind == CONSTANT
    assert "size" in found.empty.reason
    assert "row" not in found.found
    assert heatmap_of(network(), "occlusion", size=2).empty is None


def test_occlusion_that_changes_nothing_but_the_rounding() -> None:
    """A cover that is the picture: differences of 1e-7 are no finding."""
    even = np.full((8, 8, 1), 128, np.uint8)
    found = heatmap_of(network(picture=even), "occlusion", baseline=128.0)
    assert found.empty is not None
    assert found.empty.kind == ZERO


@pytest.mark.parametrize("method", METHODS)
def test_numbers_that_are_not_finite_are_neither_drawn_nor_ranked(method: str) -> None:
    """Weights of 1e38 overflow: figures and records are still made, without NaN in them."""
    with np.errstate(all="ignore"):
        found = heatmap_of(network(dense=(3e38, -3e38), bias=3e38), method)
        json.dumps(found.to_dict(), allow_nan=False)
        assert found.png()[:4] == b"\x89PNG"
        if not np.isfinite(found.values).all():
            assert found.empty is not None
            assert found.empty.kind == NOT_FINITE
            assert "row" not in found.found


def test_a_map_of_one_position_tells_no_places_apart() -> None:
    found = heatmap_of(network(dense=(1.0, 2.0)), "grad-cam", layer="pool1")
    assert found.empty is None
    layers = [Conv2D(2, 8), ReLU(), Flatten(), Dense(2)]
    weights = {
        "conv1.kernel": np.full((8, 8, 1, 2), 0.01),
        "conv1.bias": np.zeros(2),
        "dense1.kernel": np.ones((2, 2)),
        "dense1.bias": np.zeros(2),
    }
    one = heatmap_of(hand_made(layers, weights, PICTURE), "grad-cam")
    assert one.empty is not None
    assert one.empty.kind == CONSTANT


def test_the_randomisation_test_of_an_empty_map_says_so() -> None:
    question = choose_score(network(), target="a")
    found = randomisation_test(question, "grad-cam")
    assert found.empty is not None
    assert found.to_dict()["empty"]["kind"] == ZERO
    assert all(step.similarity is None for step in found.steps)
    assert randomisation_test(question, "gradient").empty is None


def test_a_unit_without_gradient_is_not_maximised_in_silence() -> None:
    shut = network(bias=-1000.0).model.network
    found = maximise(shut, "relu1", 0, steps=3)
    assert found.without_gradient == 3
    assert found.empty is not None
    assert found.to_dict()["empty"] == found.empty
    found.plot()
    assert maximise(shut, "conv1", 0, steps=3).empty is None


def test_patches_of_a_unit_that_is_the_same_everywhere() -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)
    dataset = Dataset(images, np.array([0, 1, 0, 1, 0]), ("a", "b"))
    for bias, empty in ((-1000.0, True), (0.5, False)):
        program = get_engine("reference").load(network(bias=bias).model.network)
        found = exciting_patches(program, dataset, "relu1", 0, most=3)
        assert (found.empty is not None) == empty
        found.plot()
