"""Two forms of a network compared: what agrees, what differs, and where it begins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import pellucid
from pellucid.engines import get_engine
from pellucid.errors import DataError, PellucidError
from pellucid.evaluation.verification import Verification, differences
from pellucid.files import save_model
from pellucid.layers import (
    BatchNorm,
    ChannelShuffle,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    Normalise,
    ReLU,
    Sequential,
)
from pellucid.tasks import MultiLabel, Regression, SingleLabel, Task
from tests.interop.onnx_files import model
from tests.interop.written import written

if TYPE_CHECKING:
    from pathlib import Path

GRAPH = Sequential(
    [
        Normalise([100.0], [60.0]),
        Conv2D(4, (3, 2), name="c"),
        BatchNorm(),
        ReLU(),
        ChannelShuffle(2),
        Conv2D(4, 2, groups=2, name="logits"),  # as an output is called
        Flatten(),
        Dense(3, name="d"),
    ]
).graph((6, 5, 1))
QUICK = ("reference", None)
TASKS: list[Task] = [
    SingleLabel(("a", "b", "c")),
    MultiLabel(("a", "b", "c"), threshold=0.3),
    Regression(("a", "b", "c"), (1.0, 2.0, 3.0), (1.0, 2.0, 3.0), flat=False),
]


def changed(path: Path, name: str, by: float = 1.0) -> Path:
    """A copy of an ONNX file in which one weight is another."""
    proto = onnx.load(path)
    (tensor,) = (each for each in proto.graph.initializer if each.name == name)
    array = numpy_helper.to_array(tensor).copy()
    array.flat[0] += by
    tensor.CopyFrom(numpy_helper.from_array(array, name))
    onnx.save(proto, path.with_name("changed.onnx"))
    return path.with_name("changed.onnx")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """One network as a model file and as an ONNX file."""
    return both(tmp_path, TASKS[0])


def both(tmp_path: Path, task: Task) -> tuple[Path, Path]:
    save_model(tmp_path / "m.safetensors", model(GRAPH, task))
    pellucid.export_onnx(tmp_path / "m.safetensors", tmp_path / "m.onnx", dtype="float32")
    return tmp_path / "m.safetensors", tmp_path / "m.onnx"


def test_a_file_and_its_export_agree(files: tuple[Path, Path]) -> None:
    found: Verification = pellucid.verify(*files)
    assert found.agrees
    assert found.first is None
    assert len(found.layers) == len(GRAPH.nodes)
    assert not found.notes
    assert found.differences.max() < 1e-5 * found.scale
    assert "ONNX Runtime" in found.made_by[1]
    assert json.loads(json.dumps(found.to_dict()))["agrees"] is True


@pytest.mark.parametrize("layer", ["c.kernel", "logits.bias", "d.bias"])
def test_where_they_part(files: tuple[Path, Path], layer: str) -> None:
    found: Verification = pellucid.verify(files[0], changed(files[1], layer), engines=QUICK)
    assert not found.agrees
    assert found.first is not None
    assert found.first.layer == layer.partition(".")[0]
    assert found.first.layer in found.verdict


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_other_answers_are_counted(task: Task, tmp_path: Path) -> None:
    mine, other = both(tmp_path, task)
    found: Verification = pellucid.verify(mine, changed(other, "d.bias", 1e4), engines=QUICK)
    before, after = found.logits
    several = np.flatnonzero(before[:, 0] < np.log(0.3 / 0.7))
    expected = {
        "single-label": np.flatnonzero(before.argmax(axis=1) != after.argmax(axis=1)),
        "multi-label": several,
        "regression": several[:0],
    }
    assert found.other_answers == expected[task.kind].tolist()
    assert not found.agrees
    assert json.loads(json.dumps(found.to_dict()))["agrees"] is False


def test_given_pictures_engines_and_estimators(files: tuple[Path, Path]) -> None:
    images = np.random.default_rng(1).integers(0, 256, (3, 6, 5, 1), np.uint8)
    mine = pellucid.load(files[0])
    found = pellucid.verify(mine, files[1], images, engines=("reference", "native"))
    assert found.agrees
    assert found.made_by[0].startswith("reference")
    assert found.made_by[1].startswith("native")
    assert len(found.pictures) == 3
    expected = get_engine("reference").load(mine.model_.network).forward(images)
    assert np.allclose(found.logits[0], expected)
    with pytest.raises(DataError, match="uint8"):
        pellucid.verify(mine, files[1], images[:, :4])
    with pytest.raises(PellucidError, match="export"):
        pellucid.verify(mine, files[0], engines=(None, "onnxruntime"))


def test_another_programs_file_and_what_it_was_imported_as(tmp_path: Path) -> None:
    """Layouts that moved, a merged scale, softmax taken off, and pixels normalised outside."""
    channels: dict[str, Any] = dict.fromkeys(("v1", "s1", "s2", "v2", "f"), (6,))
    body = """a = Conv(x, w) n = BatchNormalization(a, v1, s1, s2, v2) r = Reshape(n, cut)
        t = Transpose<perm=[0,2,1,3,4]>(r) s = Reshape(t, joined) p = Conv<group=3>(s, u)
        g = Relu(p) h = Flatten(g) l = Gemm<transB=1>(h, k, c) y = Softmax(l)"""
    proto = written(
        body, x="float[1,3,8,7]", w=(6, 3, 3, 3), u=(6, 2, 1, 1), cut=[0, 2, 3, 6, 5],
        joined=[0, 6, 6, 5], k=(5, 180), c=(5,), **channels,
    )  # fmt: skip
    onnx.save(proto, tmp_path / "m.onnx")
    mine = pellucid.import_onnx(tmp_path / "m.onnx", mean=(99, 9, 1), std=(50,))
    mine.save(tmp_path / "m.safetensors")
    found: Verification = pellucid.verify(tmp_path / "m.safetensors", tmp_path / "m.onnx")
    assert found.agrees
    assert [each.layer for each in found.layers] == ["a", "n", "p", "g", "l"]
    assert found.notes  # the normalisation, the shuffle, and the flattening have no counterpart
    again = pellucid.verify(tmp_path / "m.safetensors", changed(tmp_path / "m.onnx", "u", 0.5))
    assert again.first.layer == "p"


@pytest.mark.parametrize(
    ("body", "constants", "compared"),
    [
        ("p = Pad(x, s)  a = Conv(p, k)", {"s": [0, 0, 1, 1, 0, 0, 1, 1]}, ["a", "r", "y"]),
        (
            "l = Max(x, low)  h = Min(l, high)  a = Conv<pads = [1, 1, 1, 1]>(h, k)",
            {"low": np.float32(50), "high": np.float32(90)},
            ["h", "a", "r", "y"],
        ),
    ],
)
def test_tensors_that_the_next_layer_takes_on(
    body: str, constants: dict[str, Any], compared: list[str], tmp_path: Path
) -> None:
    """A padded picture is none of the layers' values, and no picture either."""
    proto = written(
        f"{body}  r = Relu(a)  f = Flatten(r)  y = Gemm(f, w)",
        k=(4, 3, 3, 3), w=(4 * 8 * 7, 5), **constants,
    )  # fmt: skip
    (tmp_path / "m.onnx").write_bytes(proto.SerializeToString())
    pellucid.import_onnx(tmp_path / "m.onnx").save(tmp_path / "m.safetensors")
    found = pellucid.verify(tmp_path / "m.safetensors", tmp_path / "m.onnx")
    assert found.agrees
    assert [each.layer for each in found.layers] == compared


def test_what_are_not_two_forms_of_one_network(tmp_path: Path) -> None:
    for name, shape, outputs in (("a", (6, 5, 1), 3), ("b", (6, 6, 1), 3), ("c", (6, 5, 1), 4)):
        graph = Sequential([GlobalAveragePool(), Dense(outputs)]).graph(shape)
        save_model(tmp_path / f"{name}.safetensors", model(graph))
    for other in ("b", "c"):
        with pytest.raises(DataError, match="two forms"):
            pellucid.verify(tmp_path / "a.safetensors", tmp_path / f"{other}.safetensors")


def test_what_is_no_number_differs_from_all_numbers() -> None:
    a = np.array([[1.0, np.nan], [np.inf, 2.0], [1.0, 2.0], [np.inf, -np.inf]])
    b = np.array([[1.0, np.nan], [np.inf, 2.0], [1.0, np.nan], [np.inf, np.inf]])
    assert differences(a, b).tolist()[:2] == [0.0, 0.0]
    assert all(each > 1e300 for each in differences(a, b).tolist()[2:])
