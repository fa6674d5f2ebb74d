"""VisualBackProp against the paper's algorithm in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.architectures import ARCHITECTURES
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.last_convolution import default_layer
from pellucid.explain.score import choose_score
from pellucid.explain.visual_backprop import visual_backprop
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.show.heatmap import scale_words
from tests.engines.networks import GRAPHS, network
from tests.explain.saliency import activations_of, question


def by_torch(images: torch.Tensor, kernels: list[tuple[torch.Tensor, torch.Tensor, int]]) -> Any:
    """Algorithm 1: averages, transposed convolutions of ones, products."""
    averages, sizes, x = [], [], images
    for kernel, bias, stride in kernels:
        sizes.append(x.shape[-2:])
        x = functional.relu(functional.conv2d(x, kernel, bias, stride=stride))
        averages.append(x.mean(dim=1, keepdim=True))
    mask = averages.pop()
    for (kernel, _, stride), size in zip(reversed(kernels), reversed(sizes), strict=True):
        ones = torch.ones(1, 1, *kernel.shape[-2:], dtype=mask.dtype)
        rest = [
            n - (m - 1) * stride - k
            for n, m, k in zip(size, mask.shape[-2:], kernel.shape[-2:], strict=True)
        ]
        mask = functional.conv_transpose2d(mask, ones, stride=stride, output_padding=rest)
        if averages:
            mask = mask * averages.pop()
    return (mask / mask.max())[0, 0].numpy()


def test_pilotnet_as_the_paper_has_it() -> None:
    graph = ARCHITECTURES["pilotnet"](1).graph((66, 90, 3))
    asked = question(graph)
    weights = asked.network.weights
    kernels = [
        (
            torch.tensor(weights[f"conv{k}.kernel"]).permute(3, 2, 0, 1).double(),
            torch.tensor(weights[f"conv{k}.bias"]).double(),
            2 if k < 4 else 1,
        )
        for k in range(1, 6)
    ]
    image = torch.tensor(asked.image.astype(float)).permute(2, 0, 1)[None]
    found = visual_backprop(asked)
    np.testing.assert_allclose(found.values, by_torch(image, kernels), atol=1e-4)
    assert found.values.max() == 1.0
    assert found.layer == "relu5"
    assert asked.target_name not in scale_words(found)  # it is about no answer


@pytest.mark.parametrize("name", ["lecture", "resnet20", "every operation"])
def test_any_graph(name: str) -> None:
    """Joints, poolings and padding too: finite, not negative, the size of the picture."""
    asked = question(GRAPHS[name])
    found = visual_backprop(asked)
    assert found.values.shape == asked.image.shape[:2]
    assert np.isfinite(found.values).all()
    assert found.values.min() >= 0
    assert found.layer == default_layer(asked.graph)[1]


def test_only_what_lies_below_the_active_places() -> None:
    """A spot in a dark picture, and a kernel that sees nothing but spots."""
    graph = Sequential(
        [Conv2D(1, 3), ReLU(), MaxPool(2), Conv2D(2, 3), ReLU(), Flatten(), Dense(2)]
    ).graph((20, 20, 1))  # fmt: skip
    made = network(graph, seed=0)
    made.weights["conv1.kernel"][:] = 1 / 9
    made.weights["conv1.bias"][:] = 0
    made.weights["conv2.kernel"][:] = 1 / 9
    made.weights["conv2.bias"][:] = 0
    looked_at = activations_of(made)
    picture = np.zeros((20, 20, 1), np.uint8)
    picture[4:6, 12:14] = 255
    asked = choose_score(Activations(looked_at.model, looked_at.program, picture), target="c0")
    found = visual_backprop(asked).values
    rows, columns = np.nonzero(found > 0)
    assert found[5, 13] > 0
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 7, 10, 15)


def test_layers_without_maps() -> None:
    with pytest.raises(ArgumentError, match="dense1"):
        visual_backprop(question(GRAPHS["lecture"]), layer="dense1")
