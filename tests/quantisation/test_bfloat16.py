"""Models of bfloat16: which layers, what they answer, their files, their ONNX form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier, ops
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, FileFormatError
from pellucid.files import Model, load_model, save_model
from pellucid.files.container import pack, unpack
from pellucid.graph import Network, initial_weights, is_quantised
from pellucid.interop.models import find_model
from pellucid.interop.onnx.export import onnx_model, save_onnx
from pellucid.layers import Conv2D, GlobalAveragePool, Normalise, ReLU, Sequential
from pellucid.ops.bfloat16 import nearest_bfloat16, upper_halves
from pellucid.quantisation import to_bfloat16, weight_bytes
from tests.files.models import model as small_model
from tests.interop.onnx_files import run
from tests.messages import check_line
from tests.quantisation.test_quantise import apart, pictures, residual_model

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset


def test_layers_that_are_faster_in_float32_stay() -> None:
    graph = Sequential(
        [
            Normalise([100.0] * 3, [60.0] * 3),
            Conv2D(16, 3, stride=2, padding="same"),
            ReLU(),
            Conv2D(32, 3, padding="same"),
            ReLU(),
            Conv2D(32, 1),
            Conv2D(32, 3, padding="same", groups=32),
            Conv2D(32, 3, padding="same", groups=2),
            Conv2D(8, 5, padding="same"),
            GlobalAveragePool(),
        ]
    ).graph((24, 24, 3))
    model = Model(
        Network(graph, initial_weights(graph, 1)), list("abcdefgh"), Preprocessing(24, 24, 3)
    )
    made = to_bfloat16(model)
    assert made.layers == ("conv3", "conv4", "conv6")
    assert "3 channels" in made.left["conv1"]
    assert "Winograd" in made.left["conv2"]
    assert "groups" in made.left["conv5"]
    kinds = {node.name: node.operation for node in made.model.network.graph.nodes}
    assert isinstance(kinds["conv2"], ops.Conv2D)
    assert kinds["conv4"] == ops.Bfloat16Conv2D(32, (3, 3), padding="same", depthwise=True)
    assert [node.name for node in made.model.network.graph.nodes].count("conv3_bfloat16") == 1
    x = pictures(model, 20)
    answers = [get_engine().load(each.network).forward(x) for each in (model, made.model)]
    assert 0 < apart(answers[1], answers[0]) < 0.01


def test_norms_are_folded_and_weights_rounded() -> None:
    model = residual_model()
    made = to_bfloat16(model)
    assert not any(
        isinstance(node.operation, ops.BatchNorm) for node in made.model.network.graph.nodes
    )
    for name in made.layers:
        kernel = made.model.network.weights[f"{name}.kernel"]
        np.testing.assert_array_equal(kernel, nearest_bfloat16(kernel))
    x = pictures(model, 16)
    answers = [get_engine().load(each.network).forward(x) for each in (model, made.model)]
    assert 0 < apart(answers[1], answers[0]) < 0.01
    assert not is_quantised(model.network.graph)


def test_digits_lose_nothing(classifier: ImageClassifier, digits: tuple[Dataset, Dataset]) -> None:
    made = classifier.in_bfloat16()
    assert is_quantised(made.model_.network.graph)
    before, after = (each.evaluate(digits[1]).accuracy for each in (classifier, made))
    assert abs(before - after) <= 0.002


def test_a_file_keeps_16_bits(tmp_path: Path) -> None:
    model = small_model()
    made = to_bfloat16(model).model
    path = tmp_path / "narrow.safetensors"
    save_model(path, made, engine=get_engine())
    contents = unpack(path, "model", 3)
    assert contents.version == 3
    kernel = made.network.weights["dense1.kernel"]
    np.testing.assert_array_equal(contents.arrays["dense1.kernel"], upper_halves(kernel))
    assert contents.arrays["dense1.kernel"].dtype == np.uint16
    back = load_model(path)
    assert back.network.graph == made.network.graph
    for name, array in back.network.weights.items():
        np.testing.assert_array_equal(array, made.network.weights[name])
        assert array.dtype == np.float32
    assert back.provenance["quantised"]["to"] == "bfloat16"
    narrow, real = (weight_bytes(each.network) for each in (made, model))
    assert narrow < real


@pytest.mark.parametrize("wrong", ["float32", "not finite"])
def test_a_file_whose_kernel_is_something_else_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "narrow.safetensors"
    save_model(path, to_bfloat16(small_model()).model)
    contents = unpack(path, "model", 3)
    kernel = contents.arrays["dense1.kernel"]
    if wrong == "float32":
        contents.arrays["dense1.kernel"] = kernel.astype(np.float32)
    else:
        kernel[0, 0] = 0x7F80
    path.write_bytes(pack("model", 3, contents))
    with pytest.raises(FileFormatError, match=r"dense1\.kernel") as caught:
        load_model(path)
    check_line(caught.value)


def test_onnx_runtime_finds_the_same(tmp_path: Path) -> None:
    model = residual_model()
    made = to_bfloat16(model).model
    x = pictures(model, 64, seed=2)
    proto = onnx_model(made)
    rounded = sum(isinstance(node.operation, ops.Bfloat16) for node in made.network.graph.nodes)
    assert [node.op_type for node in proto.graph.node].count("Cast") >= 2 * rounded > 0
    found = run(proto, x)["logits"]
    expected = get_engine().load(made.network).forward(x)
    assert apart(found, expected) < 0.005
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    save_onnx(tmp_path / "narrow.onnx", made)
    back = find_model(str(tmp_path / "narrow.onnx"))
    assert back.network.graph == made.network.graph
    for name, array in back.network.weights.items():
        np.testing.assert_array_equal(array, made.network.weights[name])


def test_what_has_no_layer_for_it() -> None:
    plain = Sequential([Normalise([0.0], [1.0]), GlobalAveragePool()]).graph((4, 4, 1))
    with pytest.raises(ArgumentError, match="no layer") as caught:
        to_bfloat16(Model(Network(plain, {}), ["a"], Preprocessing(4, 4, 1)))
    check_line(caught.value)
    with pytest.raises(ArgumentError, match="already") as caught:
        to_bfloat16(to_bfloat16(small_model()).model)
    check_line(caught.value)
