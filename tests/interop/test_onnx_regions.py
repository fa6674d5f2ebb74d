"""Detectors in two stages as ONNX files: ONNX Runtime finds the same boxes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import pytest

from pellucid.architectures.faster_rcnn import faster_rcnn
from pellucid.architectures.region_head import first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, FileFormatError
from pellucid.evaluation.matched_rows import matched_rows
from pellucid.evaluation.verification import ComputedModel, made_pictures, verify
from pellucid.files import Model
from pellucid.graph import Graph, Network, Node
from pellucid.interop.onnx.computed import OnnxNetwork
from pellucid.interop.onnx.export import described, file_of, onnx_graph, onnx_model
from pellucid.interop.onnx.importing import import_proto
from pellucid.interop.onnx.inputs import Asked
from pellucid.interop.onnx.options import InputForm
from pellucid.interop.onnx.translating import translated
from pellucid.layers import Conv2D, Dense, Flatten, Layer, Normalise, ReLU, Sequential
from pellucid.ops import Propose, RoIAlign, RoIPool, SampleRegions
from pellucid.tasks import RegionDetection, SingleLabel
from tests.engines.test_operations import build
from tests.interop.onnx_files import run
from tests.interop.test_onnx_import import without_metadata
from tests.ops.cases import CASES

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (32, 64)


def detector(classes: int = 3, background: float = 0.0, seed: int = 3) -> Model:
    """With weights that are not at their start, so that it finds boxes of every class."""
    layers: list[Layer] = [Normalise((128.0,) * 3, (64.0,) * 3)]
    for filters in (8, 12, 16, 24):
        layers += [Conv2D(filters, 3, stride=2, padding="same"), ReLU()]
    body = Sequential([*layers, Flatten(), Dense(2)]).graph((*SIZE, 3))
    graph = faster_rcnn(body, classes, (12.0, 20.0))
    weights = first_weights(graph, seed)
    for name, factor in (
        ("objectness", 20.0),
        ("offsets", 10.0),
        ("classes", 12.0),
        ("corners", 90.0),
    ):
        weights[f"{name}.kernel"] *= np.float32(factor)
    weights["classes.bias"][0] = background
    task = RegionDetection(tuple("abc"[:classes]), most=30, least=0.3, size=SIZE)
    return Model(Network(graph, weights), task, Preprocessing(*SIZE, 3), {})


def computed(one: Model) -> ComputedModel:
    program = get_engine("reference").load(one.network)
    return ComputedModel(cast("Any", SimpleNamespace(model_=one, program_=program)))


@pytest.mark.parametrize(("classes", "background", "seed"), [(3, 0, 3), (1, 0, 4), (2, 60, 5)])
def test_the_same_boxes(classes: int, background: float, seed: int) -> None:
    one = detector(classes, background, seed)
    images, _ = made_pictures((*SIZE, 3))
    found = run(onnx_model(one), images)
    rows = get_engine("reference").load(one.network).forward(images).astype(np.float64)
    boxes = one.task.answer(rows)
    counts = (boxes[..., 5] >= 0).sum(axis=1)
    assert (counts.max() > 3) != (background == 60), counts
    assert counts.any() != (background == 60)
    assert np.abs(found["boxes"] - boxes[..., :4]).max() < 0.01
    assert np.abs(found["probabilities"] - boxes[..., 4]).max() < 1e-4
    assert (found["classes"] == boxes[..., 5]).all()
    assert found["classes"].dtype == np.int64
    other = found["logits"].transpose(0, 2, 1).astype(np.float64)
    np.testing.assert_allclose(matched_rows(rows, other).of(rows, other), rows, rtol=0, atol=0.01)


@pytest.mark.parametrize(
    "op",
    [
        Propose(8, (12.0, 20.0), (0.5, 1.7), most=9, candidates=40, overlap=0.3),
        Propose(8, (12.0, 20.0), (0.5, 1.7), most=200, candidates=1000, overlap=0.9),  # and fewer
        Propose(16, (30.0,), (1.0, 2.0, 0.3), most=5, candidates=7, overlap=0.0),
    ],
    ids=str,
)
def test_the_same_proposals(op: Propose) -> None:
    shape = (5, 7, 5 * op.anchors_of_cell)
    graph = Graph(
        shape, [Node("proposals", op, ("input",)), Node("y", Flatten().operation, ("proposals",))]
    )
    x = np.random.default_rng(1).normal(0, 0.8, (4, *shape)).astype(np.float32)
    x[0, 0, :2] = 2.5  # equals: the first comes first
    x[1, ..., op.anchors_of_cell :: 4] = 99.0  # all out of the picture, where nothing is left
    x[2, ..., op.anchors_of_cell :] *= 9.0
    proto = file_of(onnx_graph(graph, SingleLabel(("a",)), {}, InputForm("nhwc", "float32")))
    found = run(proto, x)["logits"].reshape(4, op.most, 6)
    (expected, _) = op.forward([x], {})
    assert not (expected[1, :, 5] >= 0).any()
    assert (expected[0, :, 5] >= 0).any()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def test_comes_back_whole_and_agrees(tmp_path: Path) -> None:
    one = detector()
    proto = onnx_model(one)
    again = import_proto(proto).model
    assert again.task == one.task
    assert onnx_model(again).SerializeToString() == proto.SerializeToString()
    (tmp_path / "m.onnx").write_bytes(proto.SerializeToString())
    other = OnnxNetwork(tmp_path / "m.onnx")
    images, names = made_pictures((*SIZE, 3))
    mine = computed(one)
    found = verify(mine, other, images, names, ("a", "b"))
    assert found.agrees, found.verdict
    assert found.total == (len(one.network.graph.nodes),) * 2 == (len(found.layers),) * 2
    changed = dict(one.network.weights)
    changed["classes.bias"] = changed["classes.bias"] + np.float32(0.1)
    wrong = Model(Network(one.network.graph, changed), one.task, one.preprocessing, {})
    found = verify(computed(wrong), other, images, names, ("a", "b"))
    assert not found.agrees
    assert found.first is not None
    assert found.first.layer == "classes"


def test_what_it_says_of_its_outputs() -> None:
    outputs = described(detector())["outputs"]
    assert outputs["boxes"] == "float32 (N, 30, 4)"
    assert outputs["classes"] == "int64 (N, 30)"


def test_rows_are_matched_by_their_regions() -> None:
    a = np.random.default_rng(0).uniform(0, 60, (2, 100, 9))
    b = a.copy()
    b[0] = a[0, ::-1]
    b[1, 7, :4] += 30.0
    rows = matched_rows(a, b)
    assert rows.other == 1
    np.testing.assert_array_equal(rows.of(a, b), a)
    b[1, :5, :4] += 30.0  # too many: they are compared in their order
    assert not (matched_rows(a, b).of(a, b)[1] == a[1]).all()
    b[0, 3, 2] = np.nan  # which rounding does not explain
    assert np.isnan(matched_rows(a, b).of(a, b)[0]).any()


def test_what_is_for_training_alone_is_refused() -> None:
    nodes = [
        Node("proposals", Propose(8, (16.0,), (1.0,), most=4), ("input",)),
        Node("drawn", SampleRegions(4), ("proposals", "proposals")),
    ]
    with pytest.raises(ArgumentError, match=r"drawn.*sample_regions"):
        onnx_graph(Graph((2, 2, 5), nodes), SingleLabel(("a",)), {}, InputForm())


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("mode", "max", "'avg'"),
        ("coordinate_transformation_mode", "output_half_pixel", "'half_pixel'"),
        ("sampling_ratio", 0, "sampling_ratio 0"),
        ("spatial_scale", 1e9, "scale"),
    ],
)
def test_regions_that_are_sampled_otherwise_are_refused(
    attribute: str, value: str | float, said: str
) -> None:
    case = next(case for case in CASES if isinstance(case.operation, RoIAlign))
    proto = without_metadata(build(case)[0])
    node = next(each for each in proto.graph.node if each.op_type == "RoiAlign")
    kept = [each for each in node.attribute if each.name != attribute]
    del node.attribute[:]
    node.attribute.extend([*kept, onnx.helper.make_attribute(attribute, value)])
    with pytest.raises(FileFormatError, match=f"RoiAlign.*{said}"):
        translated(proto, Asked(layout="nhwc"), None)


@pytest.mark.parametrize("operation", [RoIAlign, RoIPool])
def test_what_knows_nothing_of_regions_refuses_their_rows(operation: type) -> None:
    case = next(case for case in CASES if isinstance(case.operation, operation))
    proto = without_metadata(build(case)[0])
    name = next(each.output[0] for each in proto.graph.node if "Roi" in each.op_type)
    reader = next(each for each in proto.graph.node if name in each.input)
    relu = onnx.helper.make_node("Relu", [name], ["rectified"], name="rectified")
    reader.input[list(reader.input).index(name)] = "rectified"
    proto.graph.node.insert(list(proto.graph.node).index(reader), relu)
    with pytest.raises(FileFormatError, match=r"rectified.*all pictures of a batch"):
        translated(proto, Asked(layout="nhwc"), None)
