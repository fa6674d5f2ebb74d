"""What sheets state as the network's own values, compared with PyTorch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.worksheets.sheet import Worksheet, worksheet
from tests.explain.activations import activations_of

if TYPE_CHECKING:
    from pellucid.worksheets.exercise import Exercise

RATE, CLASS = 0.05, 3
"""Of a model that does not say how it was trained; and the class that is taken to be right."""


@pytest.fixture(scope="module")
def sheet() -> Worksheet:
    activations = activations_of("lecture")
    return worksheet(activations.model, activations.pixels, CLASS, seed=4)


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """Every value and gradient of the lecture's network, by PyTorch alone, (channel, row, …)."""
    activations = activations_of("lecture")
    weights = {
        name: torch.tensor(np.asarray(w, np.float64), requires_grad=True)
        for name, w in activations.model.network.weights.items()
    }
    normalise: Any = activations.graph["normalise1"].operation
    mean, std = (torch.tensor(n, dtype=torch.float64) for n in (normalise.mean, normalise.std))
    x = (torch.tensor(activations.pixels.astype(np.float64)) - mean) / std
    found: dict[str, Any] = {"normalise1": x.permute(2, 0, 1)[None]}
    y = found["normalise1"]
    for k in (1, 2):
        kernel = weights[f"conv{k}.kernel"].permute(3, 2, 0, 1)
        y = functional.conv2d(y, kernel, weights[f"conv{k}.bias"], padding="same")
        found[f"conv{k}"] = y
        y = found[f"relu{k}"] = functional.relu(y)
        y = found[f"pool{k}"] = functional.max_pool2d(y, 2)
    y = y.permute(0, 2, 3, 1).reshape(1, -1)
    y = y @ weights["dense1.kernel"] + weights["dense1.bias"]
    y = found["relu3"] = functional.relu(y)
    y = found["dense2"] = y @ weights["dense2.kernel"] + weights["dense2.bias"]
    for each in found.values():
        if each.requires_grad:
            each.retain_grad()
    loss = functional.cross_entropy(y, torch.tensor([CLASS]))
    torch.autograd.backward(loss)
    return {**found, **weights, "loss": loss}


def only(sheet: Worksheet, topic: str) -> Exercise:
    (found,) = (exercise for exercise in sheet.exercises if exercise.topic == topic)
    return found


def asked(exercise: Exercise, role: str) -> float:
    (found,) = (ask.blank.exact for ask in exercise.asks if ask.role == role)
    assert found is not None
    return found


def at(values: Any, place: tuple[int, ...]) -> float:
    """A value at (row, column, channel)."""
    row, column, channel = place
    return float(values.detach()[0, channel, row, column])


def test_forward(sheet: Worksheet, values: dict[str, Any]) -> None:
    for topic, role in (("convolution", "total"), ("pooling", "maximum")):
        exercise = only(sheet, topic)
        layer, place = exercise.facts["layer"], exercise.facts["at"]
        assert asked(exercise, role) == pytest.approx(at(values[layer], place), rel=1e-4, abs=1e-5)
    dense = only(sheet, "dense")
    logits = values["dense2"][0].detach().numpy()
    assert asked(dense, "total") == pytest.approx(logits[dense.facts["unit"]], rel=1e-4)
    blanks = {b.name: b.exact for b in only(sheet, "softmax").blanks}
    probabilities = functional.softmax(values["dense2"], dim=1)[0].detach().numpy()
    names = activations_of("lecture").classes
    for row in only(sheet, "softmax").grids[0][0].rows:
        expected = probabilities[names.index(str(row[0]))]
        assert blanks[row[3].name] == pytest.approx(expected, rel=1e-4, abs=1e-7)  # type: ignore[union-attr]
    assert asked(only(sheet, "cross-entropy"), "loss") == pytest.approx(
        float(values["loss"].detach()), 1e-4
    )


def test_backward(sheet: Worksheet, values: dict[str, Any]) -> None:
    names = activations_of("lecture").classes
    at_logits = values["dense2"].grad[0].numpy()
    for row in only(sheet, "gradient").grids[0][0].rows:
        exact = row[3].exact  # type: ignore[union-attr]
        assert exact == pytest.approx(at_logits[names.index(str(row[0]))], rel=1e-4, abs=1e-7)
    update = only(sheet, "dense-update")
    place = update.facts["entry"], update.facts["unit"]
    gradient = float(values["dense2.kernel"].grad[place])
    weight = float(values["dense2.kernel"].detach()[place])
    assert asked(update, "gradient") == pytest.approx(gradient, rel=1e-4)
    assert asked(update, "after") == pytest.approx(weight - RATE * gradient, rel=1e-5)
    through = only(sheet, "through-dense")
    expected = float(values["relu3"].grad[0, through.facts["entry"]])
    assert asked(through, "total") == pytest.approx(expected, rel=1e-4, abs=1e-8)
    kernel = only(sheet, "kernel-update")
    name = f"{kernel.facts['layer']}.kernel"
    gradient = float(values[name].grad[kernel.facts["at"]])
    scale = 10.0 ** kernel.facts["exponent"]
    assert asked(kernel, "gradient") * scale == pytest.approx(gradient, rel=1e-3)
    weight = float(values[name].detach()[kernel.facts["at"]])
    assert asked(kernel, "after") == pytest.approx(weight - RATE * gradient, rel=1e-4)


def test_through_relu_and_pooling(sheet: Worksheet, values: dict[str, Any]) -> None:
    relu = only(sheet, "through-activation")
    before = values[relu.facts["input"]].grad
    scale, channel = 10.0 ** relu.facts["exponent"], relu.facts["channel"]
    (_, _, after) = relu.grids[0]
    for i, row in enumerate(after.rows):
        for j, cell in enumerate(row):
            place = int(after.sides[i]), int(after.heads[j]), channel
            expected = at(before, place) / scale
            assert cell.exact == pytest.approx(expected, rel=1e-3, abs=1e-6)  # type: ignore[union-attr]
    pool = only(sheet, "through-pooling")
    before = values[pool.facts["input"]].grad
    scale, channel = 10.0 ** pool.facts["exponent"], pool.facts["channel"]
    (_, parts) = pool.grids[0]
    for i, row in enumerate(parts.rows):
        for j, cell in enumerate(row):
            place = int(parts.sides[i]), int(parts.heads[j]), channel
            expected = at(before, place) / scale
            assert cell.exact == pytest.approx(expected, rel=1e-3, abs=1e-6)  # type: ignore[union-attr]
