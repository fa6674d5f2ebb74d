"""Quantised models: how good their scales are, what they answer, their files, their ONNX form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier, ops
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, FileFormatError
from pellucid.files import Model, load_model, save_model
from pellucid.files.container import unpack
from pellucid.graph import Network, initial_weights, is_quantised
from pellucid.graph.fold import fold
from pellucid.interop.models import find_model
from pellucid.interop.onnx.export import onnx_model, save_onnx
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Normalise,
    ReLU,
    Residual,
    Sequential,
)  # fmt: skip
from pellucid.quantisation import quantise, weight_bytes
from pellucid.quantisation.ranges import Range, squared_errors
from tests.files.models import model as small_model
from tests.interop.onnx_files import run
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset


def pictures(model: Model, count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, *model.network.graph.input_shape), dtype=np.uint8)


def residual_model() -> Model:
    """Norms that fold, a value that an addition and a convolution read, and a depthwise layer."""
    graph = Sequential(
        [
            Normalise([120.0, 110.0, 100.0], [60.0, 61.0, 62.0]),
            Conv2D(8, 3, padding="same", bias=False),
            BatchNorm(),
            ReLU(),
            Residual(
                [
                    Conv2D(8, 3, padding="same", bias=False),
                    BatchNorm(),
                    ReLU(),
                    Conv2D(8, 3, padding="same", groups=8),
                ]
            ),
            ReLU(),
            MaxPool(2),
            Conv2D(16, 1),
            ReLU(),
            GlobalAveragePool(),
            Dense(4),
        ]
    ).graph((10, 8, 3))
    random = np.random.default_rng(3)
    weights = {
        name: (array + random.uniform(0.01, 0.2, array.shape)).astype(np.float32)
        for name, array in initial_weights(graph, 3).items()
    }
    return Model(Network(graph, weights), list("abcd"), Preprocessing(10, 8, 3))


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_a_network_with_norms_additions_and_groups() -> None:
    model = residual_model()
    made = quantise(model, pictures(model, 16))
    graph = made.model.network.graph
    assert not any(isinstance(node.operation, ops.BatchNorm) for node in graph.nodes)
    assert set(made.layers) == {"conv1", "conv2", "conv3", "conv4", "dense1"}
    assert not made.left
    for name in made.layers:
        read = graph[graph[name].inputs[0]].operation
        assert isinstance(read, ops.Quantise)
        assert read.scale == graph[name].operation.input_scale  # type: ignore[attr-defined]
    x = pictures(model, 32, seed=1)
    answers = [get_engine().load(each.network).forward(x) for each in (model, made.model)]
    assert 0 < apart(answers[1], answers[0]) < 0.05


def test_weights_are_the_nearest_whole_numbers() -> None:
    model = residual_model()
    made = quantise(model, pictures(model, 8)).model.network
    folded = fold(model.network.graph)
    real = folded.weights(model.network.weights)
    for name in ("conv1", "conv4"):
        scale = made.weights[f"{name}.scale"]
        kernel, whole = real[f"{name}.kernel"], made.weights[f"{name}.kernel"]
        assert (abs(whole).max(axis=(0, 1, 2)) == 127).all()
        assert (abs(whole * scale - kernel) <= 0.5001 * scale).all()
        operation = made.graph[name].operation
        assert isinstance(operation, ops.QuantisedConv2D)
        steps = operation.step({"scale": scale})
        bias = made.weights[f"{name}.bias"]
        assert (abs(bias * steps - real[f"{name}.bias"]) <= 0.5001 * steps).all()


def test_scales_cut_off_what_is_rare() -> None:
    random = np.random.default_rng(0)
    normal = abs(random.normal(0, 1, 50_000)).astype(np.float32)
    even = Range(0.0, float(normal.max()), normal).quantise
    assert not even.signed
    far = np.append(normal, np.float32(50.0))
    cut = Range(0.0, 50.0, far).quantise
    assert cut.scale < 50.0 / 255

    def error(operation: ops.Quantise) -> float:
        whole, _ = operation.forward([far], {})
        return float(np.square(whole * operation.scale - far).mean())

    assert error(cut) < error(ops.Quantise(50.0 / 255))
    assert Range(-2.0, 1.0, np.array([-2, 1], np.float32)).quantise.signed
    assert Range(0.0, 0.0, np.zeros(3, np.float32)).quantise.scale == 1.0


@pytest.mark.parametrize("signed", [False, True])
def test_errors_are_those_of_rounding(signed: bool) -> None:
    random = np.random.default_rng(5)
    values = random.standard_t(3, 20_000).astype(np.float32)
    values = values if signed else np.maximum(values, 0)  # half of them 0, as behind a ReLU
    lowest, highest = (-128, 127) if signed else (0, 255)
    scales = [0.001, 0.02, 0.05, 10.0]
    found = squared_errors(values, scales, lowest, highest)
    for scale, error in zip(scales, found, strict=True):
        whole, _ = ops.Quantise(scale, signed=signed).forward([values], {})
        expected = np.square(whole * float(scale) - values.astype(float)).sum()
        assert error == pytest.approx(expected, rel=1e-5)


def test_zero_kernels_and_huge_biases() -> None:
    graph = Sequential([Normalise([0.0] * 3, [1.0] * 3), Conv2D(3, 1), Flatten(), Dense(2)]).graph(
        (2, 2, 3)
    )
    weights = initial_weights(graph, 0)
    weights["conv1.kernel"][..., 0] = 0.0
    weights["conv1.bias"][:] = 1e6, 1e6, 0.0
    weights["conv1.kernel"][..., 1] = 1e-6
    weights["conv1.kernel"][..., 2] = 0.0
    model = Model(Network(graph, weights), ["a", "b"], Preprocessing(2, 2, 3))
    x = pictures(model, 4)
    made = quantise(model, x).model
    answers = [get_engine().load(each.network).forward(x) for each in (model, made)]
    assert apart(answers[1], answers[0]) < 0.02


def test_a_first_layer_of_grey_pictures_stays_as_it_is() -> None:
    graph = Sequential(
        [Normalise([9.0], [50.0]), Conv2D(4, 3), ReLU(), Conv2D(4, 3), Flatten(), Dense(2)]
    ).graph((8, 7, 1))
    model = Model(Network(graph, initial_weights(graph, 0)), ["a", "b"], Preprocessing(8, 7, 1))
    made = quantise(model, pictures(model, 8))
    assert made.layers == ("conv2", "dense1")
    assert list(made.left) == ["conv1"]
    weights = made.model.network.weights
    np.testing.assert_array_equal(weights["conv1.kernel"], model.network.weights["conv1.kernel"])


def test_digits_lose_no_half_point(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    train, test = digits
    made = classifier.quantised(train, most=100)
    assert made.model_.provenance["quantised"]["pictures"] == 100
    before, after = (each.evaluate(test).accuracy for each in (classifier, made))
    assert before - after <= 0.005
    assert not is_quantised(classifier.model_.network.graph)


def test_a_file_keeps_whole_numbers(tmp_path: Path) -> None:
    model = small_model()
    made = quantise(model, pictures(model, 8)).model
    path = tmp_path / "whole.safetensors"
    save_model(path, made, engine=get_engine())
    contents = unpack(path, "model", 3)
    assert contents.version == 3
    assert contents.arrays["conv1.kernel"].dtype == np.int8
    assert contents.arrays["conv1.bias"].dtype == np.int32
    assert contents.arrays["conv1.scale"].dtype == np.float32
    back = load_model(path)
    assert back.network.graph == made.network.graph
    for name, array in back.network.weights.items():
        np.testing.assert_array_equal(array, made.network.weights[name])
        assert array.dtype == np.float32
    assert back.provenance["quantised"]["layers"] == ["conv1", "dense1"]
    whole, real = (weight_bytes(each.network) for each in (made, model))
    assert whole < real


def test_an_earlier_version_refuses_it_in_a_line(tmp_path: Path) -> None:
    model = small_model()
    save_model(tmp_path / "real.safetensors", model)
    assert unpack(tmp_path / "real.safetensors", "model", 2).version == 2  # as before
    save_model(tmp_path / "whole.safetensors", quantise(model, pictures(model, 8)).model)
    with pytest.raises(FileFormatError, match="upgrade Pellucid") as caught:
        unpack(tmp_path / "whole.safetensors", "model", 2)  # the newest that it reads
    check_line(caught.value)


def test_onnx_runtime_finds_the_same_class(tmp_path: Path) -> None:
    model = residual_model()
    made = quantise(model, pictures(model, 16)).model
    x = pictures(model, 64, seed=2)
    proto = onnx_model(made)
    kinds = [node.op_type for node in proto.graph.node]
    assert kinds.count("QuantizeLinear") == 5
    found = run(proto, x)["logits"]
    expected = get_engine().load(made.network).forward(x)
    assert apart(found, expected) < 0.02
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    save_onnx(tmp_path / "whole.onnx", made)
    back = find_model(str(tmp_path / "whole.onnx"))
    assert back.network.graph == made.network.graph
    for name, array in back.network.weights.items():
        np.testing.assert_array_equal(array, made.network.weights[name])


def test_what_cannot_be_quantised() -> None:
    model = small_model()
    made = quantise(model, pictures(model, 8)).model
    with pytest.raises(ArgumentError, match="already") as caught:
        quantise(made, pictures(model, 8))
    check_line(caught.value)
    with pytest.raises(ArgumentError, match="1 picture") as caught:
        quantise(model, pictures(model, 1)[:0])
    check_line(caught.value)
    plain = Sequential([Normalise([0.0], [1.0]), GlobalAveragePool()]).graph((4, 4, 1))
    nothing = Model(Network(plain, {}), ["a"], Preprocessing(4, 4, 1))
    with pytest.raises(ArgumentError, match="no layer") as caught:
        quantise(nothing, pictures(nothing, 2))
    check_line(caught.value)
