"""Generators opened up: traces and gradients beside PyTorch's, ONNX files beside ONNX Runtime's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ArgumentError, ShapeError
from pellucid.explain.generated import picture_model, score_model
from pellucid.files import save_model
from pellucid.graph import Network
from pellucid.interop.onnx.export import save_onnx
from pellucid.training.fit import Fitted
from tests.estimators.test_generator import made, pictures

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.estimators import ImageGenerator

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def generator() -> ImageGenerator:
    return made(epochs=3, learning_rate=3e-3).fit(pictures())


def in_torch(weights: Any, noise: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both networks by PyTorch, float64: every value and weight by name, with gradients."""
    held = {
        name: torch.tensor(np.asarray(array, np.float64), requires_grad=True)
        for name, array in weights.items()
    }
    x = torch.tensor(noise.reshape(1, -1, 1, 1).astype(np.float64), requires_grad=True)
    values = {"input": x}

    def keep(name: str, value: Any) -> Any:
        value.retain_grad()
        values[name] = value
        return value

    def norm(name: str, value: Any) -> Any:
        mean, variance, gamma, beta = (
            held[f"{name}.{part}"] for part in ("mean", "variance", "gamma", "beta")
        )
        found = torch.nn.functional.batch_norm(
            value, mean.detach(), variance.detach(), gamma, beta, eps=1e-5
        )
        return keep(name, found)

    def kernel(name: str, axes: tuple[int, ...]) -> Any:
        return held[f"{name}.kernel"].permute(*axes)

    for number, options in ((1, {}), (2, {"stride": 2, "padding": 1})):
        name = f"generator{number}"
        x = torch.nn.functional.conv_transpose2d(x, kernel(name, (2, 3, 0, 1)), **options)
        x = keep(f"{name}-relu", torch.relu(norm(f"{name}-norm", keep(name, x))))
    x = torch.nn.functional.conv_transpose2d(
        x, kernel("generator3", (2, 3, 0, 1)), held["generator3.bias"], stride=2, padding=1
    )
    x = keep("generator3-tanh", torch.tanh(keep("generator3", x)))
    leaky = torch.nn.functional.leaky_relu
    for number in (1, 2):
        name = f"discriminator{number}"
        bias = held.get(f"{name}.bias")
        x = torch.nn.functional.conv2d(x, kernel(name, (3, 2, 0, 1)), bias, stride=2, padding=1)
        x = keep(name, x)
        x = x if number == 1 else norm(f"{name}-norm", x)
        x = keep(f"{name}-relu", leaky(x, 0.2))
    x = torch.nn.functional.conv2d(
        x, kernel("discriminator3", (3, 2, 0, 1)), held["discriminator3.bias"]
    )
    keep("discriminator3", x)
    return values, held


def ours(value: Any) -> np.ndarray:
    """(1, C, H, W) as (H, W, C)."""
    found: np.ndarray = value.detach().numpy()[0].transpose(1, 2, 0)
    return found


def test_every_value_of_a_sample_is_that_of_pytorch(generator: ImageGenerator) -> None:
    noise = generator.noise(4, seed=7)[3]
    values, _ = in_torch(generator.model_.network.weights, noise)
    trace = generator.trace((7, 3), whole=True)
    assert trace.steps[0].name == "input"
    np.testing.assert_array_equal(trace["input"].values.ravel(), noise.ravel())
    for step in trace.steps[:-1]:
        np.testing.assert_allclose(step.values, ours(values[step.name]), atol=1e-5)
    picture = generator.sample(4, seed=7)[3]
    np.testing.assert_array_equal(trace.answer, picture)
    np.testing.assert_array_equal(generator.trace(noise).answer, picture)
    scored = generator.trace((7, 3), score=True, whole=True)
    for step in scored.steps[:-2]:
        np.testing.assert_allclose(step.values, ours(values[step.name]), atol=1e-5)
    real = torch.sigmoid(values["discriminator3"]).item()
    assert scored.activations.answer == pytest.approx([real], abs=1e-6)


def test_every_pixel_opens_down_to_the_noise(generator: ImageGenerator) -> None:
    trace = generator.trace((0, 1))
    opened: Any = trace.value("pixels", (2, 5, 0))
    layers = []
    while hasattr(opened, "terms"):
        assert opened.relative_difference < 1e-5
        layers.append(opened.layer)
        opened = opened.input(opened.largest(1)[0])
    assert layers == [
        "pixels", "generator3-tanh", "generator3", "generator2-relu", "generator2-norm",
        "generator2", "generator1-relu", "generator1-norm", "generator1",
    ]  # fmt: skip
    assert opened.value == trace["input"].values[opened.at]


def test_gradients_are_those_of_pytorch(generator: ImageGenerator) -> None:
    noise = generator.noise(3)[2]
    values, held = in_torch(generator.model_.network.weights, noise)
    logit = values["discriminator3"].reshape(1)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.ones(1).double())
    compare(generator.backward((0, 2)), loss, values, held)
    values, held = in_torch(generator.model_.network.weights, noise)
    error = (values["generator3-tanh"][0, 0, 1, 6] - (200 - 127.5) / 127.5) ** 2
    gone = generator.backward((0, 2), pixel=(1, 6), level=200)
    compare(gone, error, values, held)
    weight = gone.weight("generator2.kernel", (2, 1, 3, 5))
    assert weight.check is not None
    assert weight.check.quotient == pytest.approx(weight.gradient, rel=1e-3, abs=1e-7)
    assert weight.total == pytest.approx(weight.gradient, rel=1e-4, abs=1e-8)


def compare(gone: Any, loss: Any, values: dict[str, Any], held: dict[str, Any]) -> None:
    loss.backward()
    assert gone.loss == pytest.approx(loss.item(), rel=1e-5)
    for name, value in values.items():
        if value.grad is not None:
            found = gone.gradients.values[name][0]
            np.testing.assert_allclose(found, ours(value.grad), rtol=1e-4, atol=1e-6)
    checked = 0
    for name, gradient in gone.gradients.weights.items():
        wanted = held[name].grad.numpy()
        np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-6)
        checked += 1
    assert checked >= 8


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_onnx_runtime_makes_the_same_pictures(
    layout: Any, dtype: Any, generator: ImageGenerator, tmp_path: Path
) -> None:
    runtime = pytest.importorskip("onnxruntime")
    path = tmp_path / "generator.onnx"
    save_onnx(path, generator.model_, layout=layout, dtype=dtype)
    noise = generator.noise(5, seed=3)
    given = noise.transpose(0, 3, 1, 2) if layout == "nchw" else noise
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    values, found = session.run(["values", "pictures"], {"noise": given})
    assert found.dtype == np.dtype(dtype)
    if layout == "nchw":
        values, found = values.transpose(0, 2, 3, 1), found.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(found, generator.sample(5, seed=3))
    np.testing.assert_allclose(values, generator.program_.forward(noise), atol=1e-5)
    again = pl.load(path)
    np.testing.assert_array_equal(again.sample(5, seed=3), generator.sample(5, seed=3))
    assert pl.verify(generator, path).agrees
    weights = dict(generator.model_.network.weights)
    weights["generator3.bias"] = weights["generator3.bias"] + 0.01
    network = Network(generator.model_.network.graph, weights, generator.model_.network.graphs)
    other = tmp_path / "other.safetensors"
    save_model(other, replace(generator.model_, network=network))
    assert pl.verify(other, path).first.layer == "generator3"


def test_what_is_refused(generator: ImageGenerator) -> None:
    for wrong in ((0,), "0/3", (0, -1), (0, 1.5), (-1, 0)):
        with pytest.raises(ArgumentError):
            generator.trace(wrong)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="8 numbers"):
        generator.trace(np.zeros(7))
    with pytest.raises(ArgumentError, match="NaN"):
        generator.trace(np.full(8, np.nan))
    for options in ({"level": 3}, {"pixel": (1, 2)}, {"pixel": (1, 2), "level": 256}):
        with pytest.raises(ArgumentError, match="level"):
            generator.backward(**options)


def test_a_file_of_an_older_version_has_no_discriminator(generator: ImageGenerator) -> None:
    model = generator.model_
    old = replace(model, network=model.network.part(model.network.graph))
    assert picture_model(old).network.weights.keys() == old.network.weights.keys()
    with pytest.raises(ArgumentError, match="discriminator"):
        score_model(old)
    alone = made()
    alone._fitted = Fitted(old, generator.program_)
    np.testing.assert_array_equal(alone.trace((0, 2)).answer, generator.sample(3)[2])
    with pytest.raises(ArgumentError, match="discriminator"):
        alone.backward()


def test_a_page_has_the_noise_and_what_python_makes_of_it(generator: ImageGenerator) -> None:
    (text,) = re.findall(r'id="page">(.*?)</script>', generator.page(samples=3, seed=5).to_html())
    data = json.loads(text)
    assert data["model"]["names"] == ["real"]
    assert data["model"]["generated"]["picture"] == "generator3-tanh"
    assert data["samples"]["names"] == ["5/0", "5/1", "5/2"]
    assert data["graph"]["input"] == [1, 1, 8]
    values, _ = in_torch(generator.model_.network.weights, generator.noise(1, seed=5))
    logit = values["discriminator3"].item()
    assert data["self_test"]["outputs"] == pytest.approx([logit], abs=1e-5)
    kernel = generator.model_.network.weights["generator1.kernel"].astype(np.float64)
    read = kernel.transpose(2, 0, 1, 3).reshape(8, -1)
    left, _, _ = np.linalg.svd(read)
    found = np.array(data["model"]["generated"]["directions"])
    np.testing.assert_allclose(np.abs(found @ left[:, :4]), np.eye(4), atol=1e-4)
    model = generator.model_
    old = replace(model, network=model.network.part(model.network.graph))
    alone = made()
    alone._fitted = Fitted(old, generator.program_)
    (text,) = re.findall(r'id="page">(.*?)</script>', alone.page(samples=1).to_html())
    data = json.loads(text)
    assert (data["model"]["task"], data["model"]["names"]) == ("generation", [])
    assert data["graph"]["reading"]["multiplied"]["values"] == [127.5]
