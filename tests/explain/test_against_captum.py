"""Grad-CAM, integrated gradients and occlusion against Captum, on the torch engine's network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from captum.attr import (
    IntegratedGradients,
    LayerAttribution,
    LayerGradCam,
    Occlusion,
    Saliency,
)

from pellucid.explain.grad_cam import grad_cam
from pellucid.explain.gradient_maps import gradient
from pellucid.explain.integrated import integrated_gradients
from pellucid.explain.occlusion import occlusion
from pellucid.explain.score import choose_score
from tests.engines.networks import GRAPHS
from tests.explain.saliency import Module, activations, pixels, question

if TYPE_CHECKING:
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

NAMES = ("every operation", "lenet5")
"""Residual and parallel blocks with every operation; and a plain one. The others, made of the same
operations, would only take their time."""

TOLERANCE = 1e-4
"""Relative to the largest value."""


def close(actual: Array, expected: torch.Tensor) -> None:
    wanted = expected.detach().numpy()
    apart, size = np.abs(actual - wanted).max(), np.abs(wanted).max()
    assert size > 0
    assert apart <= TOLERANCE * size, f"apart by {apart:g} of {size:g}"


def channels_last(x: torch.Tensor) -> torch.Tensor:
    return x[0].permute(1, 2, 0)


def in_float64(asked: Score) -> Score:
    activations = asked.activations
    return replace(asked, activations=replace(activations, program=activations.exact))


@pytest.mark.parametrize("name", NAMES)
def test_gradient(name: str) -> None:
    asked = question(GRAPHS[name])
    expected = Saliency(Module(asked.network)).attribute(
        pixels(asked.image).requires_grad_(), target=asked.target, abs=False
    )
    channels = gradient(asked).channels
    assert channels is not None
    close(channels, channels_last(expected))


@pytest.mark.parametrize("name", [*NAMES, "vgg-medium"])  # deep: float32 masks would be apart
@pytest.mark.parametrize("baseline", [0.0, 90.0])
def test_integrated_gradients(name: str, baseline: float) -> None:
    # Captum's points lie 1e-8 beside ours; with this seed no ReLU's kink lies between the two.
    asked = in_float64(question(GRAPHS[name], seed=1))
    image = pixels(asked.image)
    expected = IntegratedGradients(Module(asked.network)).attribute(
        image,
        baselines=torch.full_like(image, baseline),
        target=asked.target,
        n_steps=20,
        method="riemann_middle",
    )
    channels = integrated_gradients(asked, steps=20, baseline=baseline).channels
    assert channels is not None
    close(channels, channels_last(expected))


@pytest.mark.parametrize("name", ["every operation", "vgg-medium"])
def test_integrated_gradients_of_the_program_that_predicts(name: str) -> None:
    """In float32 they are far nearer to those in float64 than those are to the integral."""
    asked = choose_score(activations(GRAPHS[name], seed=1, engine="native"))
    found = integrated_gradients(asked).channels
    exact = integrated_gradients(in_float64(asked)).channels
    integral = integrated_gradients(in_float64(asked), steps=300).channels
    assert found is not None
    assert exact is not None
    assert integral is not None
    largest = np.abs(exact).max()
    apart = np.abs(found - exact).max()
    assert apart <= 0.003 * largest
    assert apart <= 0.1 * np.abs(exact - integral).max()


def feature_layers() -> list[tuple[str, str]]:
    return [
        (name, node.name)
        for name in NAMES
        for node in GRAPHS[name].nodes
        if node.operation.kind in ("conv2d", "relu") and len(GRAPHS[name].shapes[node.name]) == 3
    ]


@pytest.mark.parametrize(("name", "layer"), feature_layers())
def test_grad_cam(name: str, layer: str) -> None:
    asked = question(GRAPHS[name])
    module = Module(asked.network)
    coarse = LayerGradCam(module, module.parts[layer]).attribute(
        pixels(asked.image), target=asked.target, relu_attributions=True
    )
    found = grad_cam(asked, layer=layer)
    assert found.coarse is not None
    assert found.layer == layer
    if not coarse.any():  # nothing there speaks for the class
        assert not found.values.any()
        return
    close(found.coarse, coarse[0, 0])
    size = asked.graph.input_shape[:2]
    large = LayerAttribution.interpolate(coarse, size, interpolate_mode="bilinear")
    close(found.values, large[0, 0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("size", "stride"), [((3, 2), (2, 1)), ((4, 4), (3, 3)), ((1, 5), (1, 4))])
def test_occlusion(name: str, size: tuple[int, int], stride: tuple[int, int]) -> None:
    asked = question(GRAPHS[name])
    _, _, channels = asked.graph.input_shape
    expected = Occlusion(Module(asked.network)).attribute(
        pixels(asked.image),
        sliding_window_shapes=(channels, *size),
        strides=(channels, *stride),
        baselines=40.0,
        target=asked.target,
        perturbations_per_eval=32,
    )
    found = occlusion(asked, size=size, stride=stride, baseline=40.0)
    close(found.values, channels_last(expected)[..., 0])
