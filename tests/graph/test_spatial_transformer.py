"""The block that says which part of its maps goes on, against PyTorch's functions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.engines import get_engine
from pellucid.graph import Graph, Network, initial_weights
from pellucid.layers import Dense, Flatten, ReLU, Sequential, SpatialTransformer, Tanh
from pellucid.ops import CrossEntropy

SHAPE = (6, 7, 2)


def graph(size: int | tuple[int, int], *behind: object) -> Graph:
    transformer = SpatialTransformer([Flatten(), Dense(5), Tanh()], size)
    return Sequential([transformer, *behind]).graph(SHAPE)  # type: ignore[list-item]


def pictures(count: int = 3) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, *SHAPE))


def test_maps_go_on_as_they_are_at_first() -> None:
    whole = graph(SHAPE[:2], Flatten())
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


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_gradients_are_pytorchs(engine: str) -> None:
    """From the loss through the values to the places, and on to the layers that made them."""
    own, random = graph((4, 5), ReLU(), Flatten(), Dense(3)), np.random.default_rng(6)
    weights = {
        name: random.normal(0, 0.3, array.shape)
        for name, array in initial_weights(own, 0, np.float64).items()
    }
    program = get_engine(engine).load(Network(own, weights), precision="float64")
    x, labels = pictures(), np.array([0, 2, 1])
    found = program.gradients(x, labels, CrossEntropy())

    w = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}
    values = torch.tensor(x)
    seen = torch.tanh(values.flatten(1) @ w["dense1.kernel"] + w["dense1.bias"])
    moved = 0.1 * (seen @ w["dense2.kernel"] + w["dense2.bias"])
    theta = moved + torch.eye(2, 3).flatten().double()
    grid = functional.affine_grid(theta.view(-1, 2, 3), [3, 2, 4, 5], False)
    cut = functional.grid_sample(values.permute(0, 3, 1, 2), grid, align_corners=False)
    flat = torch.relu(cut).permute(0, 2, 3, 1).flatten(1)
    logits = flat @ w["dense3.kernel"] + w["dense3.bias"]
    loss = functional.cross_entropy(logits, torch.tensor(labels))
    expected = torch.autograd.grad(loss, list(w.values()))
    for name, gradient in zip(w, expected, strict=True):
        assert np.allclose(found.weights[name], gradient.numpy(), rtol=1e-4, atol=1e-6), name
