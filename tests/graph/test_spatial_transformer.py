"""The block that says which part of its maps goes on, against PyTorch's functions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.blocks import TRANSFORMS
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.graph import Graph, Network, initial_weights
from pellucid.layers import Dense, Flatten, ReLU, Sequential, SpatialTransformer, Tanh
from pellucid.ops import CrossEntropy

SHAPE = (6, 7, 2)

STEEP = "dense2.bias", "projective"
"""Numbers of a map large enough for some places to lie behind."""


def graph(size: int | tuple[int, int], *behind: object, transform: str = "affine") -> Graph:
    transformer = SpatialTransformer([Flatten(), Dense(5), Tanh()], size, transform=transform)
    return Sequential([transformer, *behind]).graph(SHAPE)  # type: ignore[list-item]


def pictures(count: int = 3) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, *SHAPE))


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_maps_go_on_as_they_are_at_first(transform: str) -> None:
    whole = graph(SHAPE[:2], Flatten(), transform=transform)
    program = get_engine("reference").load(
        Network(whole, initial_weights(whole, 3)), precision="float64"
    )
    x = pictures()
    assert np.abs(program.forward(x) - x.reshape(3, -1)).max() < 1e-12


def test_what_it_is_made_of() -> None:
    kinds = [node.operation.kind for node in graph(4, Flatten()).nodes]
    assert kinds == [
        "flatten", "dense", "tanh", "dense", "affine_grid", "grid_sample", "flatten",
    ]  # fmt: skip
    assert graph(4).output_shape == (4, 4, 2)
    kinds = [node.operation.kind for node in graph(4, transform="Projective").nodes]
    assert kinds[3:] == ["dense", "projective_grid", "perspective_divide", "grid_sample"]


def test_an_unknown_transform() -> None:
    with pytest.raises(ArgumentError, match=r"affine.*projective") as caught:
        SpatialTransformer([Flatten()], 4, transform="perspektive")
    assert "\n" not in str(caught.value)


def places(moved: torch.Tensor, transform: str) -> torch.Tensor:
    """Where a map of 4×5 positions is taken from, by PyTorch's own grid where it has one."""
    if transform == "affine":
        theta = moved + torch.eye(2, 3).flatten().double()
        return functional.affine_grid(theta.view(-1, 2, 3), [3, 2, 4, 5], False)
    matrix = functional.pad(moved, (0, 1)).view(-1, 3, 3) + torch.eye(3).double()
    down, across = torch.meshgrid(
        *(torch.arange(n).double() * 2 / n + 1 / n - 1 for n in (4, 5)), indexing="ij"
    )
    found = torch.stack([across, down, torch.ones(4, 5)], -1) @ matrix[:, None].mT
    assert (found[..., 2] < 0).any()  # some are behind
    return found[..., :2] / found[..., 2:].clamp(min=1 / 64)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_gradients_are_pytorchs(engine: str, transform: str) -> None:
    """From the loss through the values to the places, and on to the layers that made them."""
    own = graph((4, 5), ReLU(), Flatten(), Dense(3), transform=transform)
    random = np.random.default_rng(6)
    weights = {
        name: random.normal(0, 7.0 if (name, transform) == STEEP else 0.3, array.shape)
        for name, array in initial_weights(own, 0, np.float64).items()
    }
    precision: Literal["float32", "float64"] = "float32" if engine == "native" else "float64"
    program = get_engine(engine).load(Network(own, weights), precision=precision)
    x, labels = pictures(), np.array([0, 2, 1])
    found = program.gradients(x, labels, CrossEntropy())

    w = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}
    values = torch.tensor(x)
    seen = torch.tanh(values.flatten(1) @ w["dense1.kernel"] + w["dense1.bias"])
    moved = 0.1 * (seen @ w["dense2.kernel"] + w["dense2.bias"])
    grid = places(moved, transform)
    cut = functional.grid_sample(values.permute(0, 3, 1, 2), grid, align_corners=False)
    flat = torch.relu(cut).permute(0, 2, 3, 1).flatten(1)
    logits = flat @ w["dense3.kernel"] + w["dense3.bias"]
    loss = functional.cross_entropy(logits, torch.tensor(labels))
    expected = torch.autograd.grad(loss, list(w.values()))
    for name, gradient in zip(w, expected, strict=True):
        assert np.allclose(found.weights[name], gradient.numpy(), rtol=1e-4, atol=1e-5), name
