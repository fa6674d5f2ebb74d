"""Exported ONNX files: ONNX Runtime computes what the network answers."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

import pellucid
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.files import save_model
from pellucid.graph import Graph, Network, Node
from pellucid.interop.onnx.export import file_of, onnx_graph, onnx_model
from pellucid.interop.onnx.operations import MAPPINGS
from pellucid.interop.onnx.options import InputForm
from pellucid.layers import Conv2D, Dense, Flatten, ReLU, Sequential
from pellucid.ops import OPERATIONS, QUANTISED, PReLU, Propose
from pellucid.tasks import MultiLabel, Regression, SingleLabel
from tests.engines.networks import GRAPHS, WORDS
from tests.engines.test_operations import build
from tests.interop.onnx_files import apart, model, pixels, run
from tests.ops.cases import CASES, SWEEP, Case

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.files import Model

TOLERANCE = 1e-5


def small(outputs: int = 3) -> Graph:
    layers = [Conv2D(4, (3, 2)), ReLU(), Flatten(), Dense(outputs, name="numbers")]
    return Sequential(layers).graph((5, 7, 3))


def answers(of: Model, images: np.ndarray) -> np.ndarray:
    return get_engine("reference").load(of.network).forward(images)


def test_every_operation_has_its_counterpart() -> None:
    assert MAPPINGS.keys() == {*OPERATIONS, *QUANTISED, Propose.kind}


@pytest.mark.parametrize("name", [*GRAPHS, *WORDS])
def test_networks_agree(name: str) -> None:
    graph = {**GRAPHS, **WORDS}[name]
    one = model(graph)
    proto = onnx_model(one)
    assert proto.ir_version == 8
    assert [each.version for each in proto.opset_import] == [17]
    for count in (1, 3):  # any batch
        images = pixels(graph, count)
        found, expected = run(proto, images), answers(one, images)
        assert apart(found["logits"], expected) < TOLERANCE
        powers = np.exp(expected.astype(np.float64) - expected.max(axis=1, keepdims=True))
        wanted = powers / powers.sum(axis=1, keepdims=True)
        assert np.abs(found["probabilities"] - wanted).max() < 1e-5


@pytest.mark.parametrize("case", [*CASES, *SWEEP[::15]], ids=str)
def test_operations_agree(case: Case) -> None:
    network, images, _ = build(case)
    weights = {name: array.astype(np.float32) for name, array in network.weights.items()}
    form = InputForm("nhwc", "float32")
    task = SingleLabel(("a", "b", "c", "d"))
    proto = file_of(onnx_graph(network.graph, task, weights, form))
    onnx.checker.check_model(proto)
    images = images.astype(np.float32)
    expected = get_engine("reference").load(network).forward(images)
    assert apart(run(proto, images)["logits"], expected) < TOLERANCE


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_forms_of_the_input(layout: str, dtype: str, tmp_path: Path) -> None:
    one = model(small())
    save_model(tmp_path / "m.safetensors", one)
    out = tmp_path / "m.onnx"
    pellucid.export_onnx(tmp_path / "m.safetensors", out, layout=layout, dtype=dtype)  # type: ignore[arg-type]
    images = pixels(small(), 2)
    fed = (images.transpose(0, 3, 1, 2) if layout == "nchw" else images).astype(dtype)
    assert apart(run(out.read_bytes(), fed)["logits"], answers(one, images)) < TOLERANCE


def test_several_labels_and_numbers() -> None:
    images = pixels(small(), 2)
    several = model(small(), MultiLabel(("a", "b", "c"), threshold=0.25))
    found, logits = run(onnx_model(several), images), answers(several, images)
    assert np.allclose(found["probabilities"], 1 / (1 + np.exp(-logits.astype(np.float64))))
    # a layer is called "numbers" here, as an output is
    task = Regression(("x", "y", "z"), (0.5, -3.0, 9.0), (2.0, 7.0, 0.1), flat=False)
    numbers = model(small(), task)
    found = run(onnx_model(numbers), images)
    assert found.keys() == {"logits", "numbers"}
    assert np.allclose(found["numbers"], task.values(answers(numbers, images)), rtol=1e-5)


def test_what_it_says_of_itself() -> None:
    one = model(small(), ["cat", "собака", "鳥"])
    proto = onnx_model(one)
    texts = {each.key: each.value for each in proto.metadata_props}
    assert json.loads(texts["classes"]) == ["cat", "собака", "鳥"]
    assert texts["task"] == "single-label"
    assert json.loads(texts["preprocessing"])["height"] == 5
    tested = json.loads(texts["pellucid"])["self_test"]
    picture = np.frombuffer(base64.b64decode(tested["picture"]), np.uint8).reshape(1, 5, 7, 3)
    assert apart(run(proto, picture)["logits"][0], np.array(tested["logits"])) < TOLERANCE
    assert onnx_model(one).SerializeToString() == proto.SerializeToString()


def test_a_layer_without_counterpart_is_named() -> None:
    class Odd(PReLU):
        kind = "odd"

    graph = Graph((2, 2, 1), [Node("flat", Flatten().operation), Node("mine", Odd(), ("flat",))])
    with pytest.raises(ArgumentError, match=r"mine.*odd"):
        onnx_graph(graph, SingleLabel(("a",)), {"mine.slope": np.ones(4)}, InputForm())


def test_what_it_was_trained_with_is_left_out() -> None:
    one = model(small())
    side = one.network.graph.select("relu1").extend(
        [
            Node("flat", Flatten().operation, ("relu1",)),
            Node("side", Dense(2).operation, ("flat",)),
        ],
        {"side": "side"},
    )
    weights = {**one.network.weights, "side.kernel": np.ones((4 * 3 * 6, 2), np.float32)}
    weights["side.bias"] = np.ones(2, np.float32)
    both = Network(one.network.graph, weights, {"side": side})
    larger = dataclasses.replace(one, network=both)
    assert onnx_model(larger).SerializeToString() == onnx_model(one).SerializeToString()


def test_weights_that_are_shared() -> None:
    first = Sequential([Flatten(), Dense(4), ReLU()]).graph((2, 2, 1))
    graph = first.extend([Node("again", Dense(4).operation, ("relu1",), "dense1")], {"y": "again"})
    assert len(graph.parameters) == 2
    one = model(graph)
    images = pixels(graph, 2)
    assert apart(run(onnx_model(one), images)["logits"], answers(one, images)) < TOLERANCE
