"""Models of format 1 are read, and what is written is as the specification says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest

from pellucid.architectures import ARCHITECTURES
from pellucid.architectures.detector import detector, first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine, with_loss
from pellucid.errors import ArgumentError
from pellucid.files import Model, load_model, save_model
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.tasks import Detection
from tests.architectures.small import FOR_SMALL_PICTURES
from tests.files.models import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = Path(__file__).with_name("format-1.safetensors")
"""A small network of integer labels, written by a version that wrote format 1."""

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "model-format.schema.json").read_text(encoding="utf-8")
)


def problems(document: Any) -> list[str]:
    found: Iterator[Any] = jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    return [error.message for error in found]


def test_format_1_is_read_and_becomes_format_2(tmp_path: Path) -> None:
    model = load_model(OLD)  # runs its self-test
    assert model.answers.tolist() == [0, 1, 2]
    assert model.network.graph.input_shape == (6, 5, 3)
    assert [node.name for node in model.network.graph.nodes][:3] == ["normalise1", "conv1", "norm1"]
    save_model(tmp_path / "new", model)
    _, old = opened(OLD.read_bytes())
    _, new = opened((tmp_path / "new").read_bytes())
    assert (old["format"], new["format"]) == (1, 2)
    assert new["graphs"]["main"]["nodes"] == old["graph"]["nodes"]
    again = load_model(tmp_path / "new")
    assert again.network.graph == model.network.graph
    images = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3), np.uint8)
    one, other = (get_engine("reference").load(m.network).forward(images) for m in (model, again))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", FOR_SMALL_PICTURES)
def test_what_is_written_fits_the_schema(name: str, tmp_path: Path) -> None:
    graph = ARCHITECTURES[name](3).graph((28, 28, 1))
    network = Network(graph, initial_weights(graph, 0))
    save_model(tmp_path / "model", Model(network, ("a", "b", "c"), Preprocessing(28, 28, 1)))
    _, document = opened((tmp_path / "model").read_bytes())
    assert problems(document) == []
    for broken in (
        {**document, "format": 1},
        {**document, "more": 1},
        {**document, "graphs": {}},
        {key: value for key, value in document.items() if key != "task"},
    ):
        assert problems(broken) != []


def test_a_detector_fits_the_schema(tmp_path: Path) -> None:
    graph = detector(ARCHITECTURES["lenet5"](3).graph((32, 64, 1)), 2)
    task = Detection(("a", "b"), shown=0.25, most=20)
    network = Network(graph, first_weights(graph, 0))
    save_model(tmp_path / "model", Model(network, task, Preprocessing(32, 64, 1)))
    assert load_model(tmp_path / "model").task == task
    _, document = opened((tmp_path / "model").read_bytes())
    assert problems(document) == []
    faults: list[dict[str, Any]] = [{"shown": 2}, {"classes": []}, {"more": 1}]
    for changed in faults:
        assert problems({**document, "task": {**document["task"], **changed}}) != []


def test_several_graphs_over_one_store_of_weights(tmp_path: Path) -> None:
    main = ARCHITECTURES["lenet5"](3).graph((28, 28, 1))
    body, head = main.split(main.nodes[-2].name)
    graphs = {"body": body, "head": head, "learning": with_loss(main, CrossEntropy())}
    network = Network(main, initial_weights(main, 0), graphs)
    save_model(tmp_path / "model", Model(network, ("a", "b", "c"), Preprocessing(28, 28, 1)))
    _, document = opened((tmp_path / "model").read_bytes())
    assert problems(document) == []
    read = load_model(tmp_path / "model")
    assert read.network.graphs == graphs
    program = get_engine("native").load(read.network)
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    features = program.run(body, {"input": images})
    (answers,) = program.run(head, features).values()
    np.testing.assert_allclose(answers, program.forward(images), rtol=1e-5, atol=1e-5)


def test_graphs_without_the_one_that_answers() -> None:
    from pellucid.files.format_1 import upgraded

    with pytest.raises(ArgumentError, match="not that of format 1"):
        upgraded({"graphs": {}})
