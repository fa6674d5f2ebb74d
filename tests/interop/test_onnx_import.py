"""ONNX files as models: ours come back whole, those of others as they are; bad ones do not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pellucid
from pellucid.blocks import Layer
from pellucid.engines import get_engine
from pellucid.errors import FileFormatError, MissingDependencyError, PellucidError
from pellucid.graph import Graph, Network, Node
from pellucid.interop.onnx.export import file_of, onnx_graph, onnx_model
from pellucid.interop.onnx.importing import Meaning, import_file, import_proto, pixel_scale
from pellucid.interop.onnx.inputs import Asked
from pellucid.interop.onnx.library import onnx_library, onnx_runtime
from pellucid.interop.onnx.options import InputForm
from pellucid.interop.onnx.translating import translated
from pellucid.layers import Conv2D, Dense, Flatten, ReLU, Sequential, Tanh
from pellucid.ops import GRU, LSTM, AffineGrid, Embedding, MatrixProduct, PerspectiveDivide
from pellucid.tasks import MultiLabel, Regression, SingleLabel, Task
from tests.engines.networks import GRAPHS, network
from tests.engines.test_operations import build
from tests.files.models import assert_same
from tests.interop.onnx_files import apart, model, pixels, run
from tests.interop.written import agrees, written
from tests.ops.cases import CASES, Case

if TYPE_CHECKING:
    from pathlib import Path


CHEAP = [name for name in GRAPHS if not name.startswith(("vgg", "resnet"))]
SMALL = Sequential([Conv2D(4, (3, 2)), ReLU(), Flatten(), Dense(3)]).graph((5, 7, 3))
TASKS: list[Task] = [
    SingleLabel(("3", "7", "9"), "int"),
    MultiLabel(("a", "b", "c"), threshold=0.25),
    Regression(("x", "y", "z"), (0.1, -3.0, 9.0), (2.0, 7.0, 0.1), flat=False),
]


def divides(graph: Graph) -> bool:
    """Whether a graph has what no layer of other networks does."""
    return any(isinstance(node.operation, PerspectiveDivide) for node in graph.nodes)


@pytest.mark.parametrize("name", CHEAP)
def test_ours_come_back_whole(name: str) -> None:
    one = model(GRAPHS[name])
    proto = onnx_model(one, InputForm("nchw", "float32"))
    again = import_proto(onnx.ModelProto.FromString(proto.SerializeToString()))
    assert not again.notes
    assert_same(again.model, one)
    second = onnx_model(again.model, InputForm("nchw", "float32"))
    assert second.SerializeToString() == proto.SerializeToString()


@pytest.mark.parametrize("task", TASKS, ids=str)
def test_ours_come_back_whole_of_every_task(task: Task) -> None:
    one = model(SMALL, task)
    again = import_proto(onnx_model(one)).model
    assert again.task == task
    assert_same(again, one)


@pytest.mark.parametrize("name", [name for name in CHEAP if not divides(GRAPHS[name])])
def test_ours_without_what_they_say_of_themselves(name: str) -> None:
    one = model(GRAPHS[name])
    proto = onnx_model(one)
    del proto.metadata_props[:]
    found = import_proto(proto)
    images = pixels(GRAPHS[name], 2)
    answers = [get_engine("reference").load(m.network).forward(images) for m in (found.model, one)]
    assert apart(*answers) < 1e-6
    assert any("probabilities" in note for note in found.notes)


OF_SEQUENCES = Embedding | GRU | LSTM | MatrixProduct
SEQUENCES = [case for case in CASES if isinstance(case.operation, OF_SEQUENCES)]
"""What sequences are made of: an imported network has feature maps and vectors, and no words."""

DIVIDED = [case for case in CASES if isinstance(case.operation, PerspectiveDivide)]
"""What divides values by others, which no layer of other networks does."""


@pytest.mark.parametrize(
    "case", [case for case in CASES if case not in (*SEQUENCES, *DIVIDED)], ids=str
)
def test_operations_come_back(case: Case) -> None:
    net, images = classified(case)
    found = translated(without_metadata(net), Asked(layout="nhwc"), None)
    expected, answers = (
        get_engine("reference").load(each).forward(images.astype(np.float32))
        for each in (net, found.network)
    )
    assert apart(answers, expected) < 1e-5


def classified(case: Case) -> tuple[Network, Any]:
    """A network around one operation with four logits behind it, as files of classifiers end."""
    net, images, _ = build(case)
    logits = Node("four", Dense(4).operation, (net.graph.output,))
    graph = net.graph.extend([logits], {"logits": logits.name})
    return Network(graph, {**network(graph, case.seed).weights, **net.weights}), images


def without_metadata(net: Network) -> onnx.ModelProto:
    weights = {name: array.astype(np.float32) for name, array in net.weights.items()}
    task = SingleLabel(("a", "b", "c", "d"))
    return file_of(onnx_graph(net.graph, task, weights, InputForm("nhwc", "float32")))


REFUSED = [*(case for case in SEQUENCES if case.operation.kind == "embedding"), *DIVIDED]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_cannot_be_read_is_refused_by_the_name_of_a_node(case: Case) -> None:
    with pytest.raises(FileFormatError, match=r"operation(\.\w+)?' \((Round|Div)\)"):
        translated(without_metadata(build(case)[0]), Asked(layout="nhwc"), None)


@pytest.mark.parametrize(
    "grid",
    [
        AffineGrid((3, 4)),
        AffineGrid((4, 1), align_corners=True, relative=True),
        AffineGrid((2, 5), relative=True, scale=0.25),
    ],
    ids=str,
)
def test_an_affine_grid_of_what_no_dense_layer_makes(grid: AffineGrid) -> None:
    """What is multiplied and added before the matrix product belongs to the grid."""
    layers = [Flatten(), Dense(6), Tanh(), Layer(grid), Flatten(), Dense(4)]
    found = translated(
        without_metadata(network(Sequential(layers).graph((3, 2, 1)))), Asked(), None
    )
    operations = [node.operation for node in found.network.graph.nodes]
    assert [each for each in operations if isinstance(each, AffineGrid)] == [grid]


def test_a_matrix_product_of_other_places_is_no_affine_grid() -> None:
    layers = [Flatten(), Dense(6), Layer(AffineGrid((3, 4))), Flatten(), Dense(4)]
    graph = Sequential(layers).graph((3, 2, 1))
    proto = without_metadata(network(graph))
    (places,) = (each for each in proto.graph.initializer if each.name.endswith("places"))
    moved = numpy_helper.to_array(places) + np.float32(0.01)
    places.CopyFrom(numpy_helper.from_array(moved, places.name))
    found = translated(proto, Asked(layout="nhwc"), None).network
    kinds = [node.operation.kind for node in found.graph.nodes]
    assert kinds == ["flatten", "dense", "reshape", "dense", "flatten", "dense"]
    images = pixels(graph, 2)
    answers = get_engine("reference").load(found).forward(images.astype(np.float32))
    assert apart(answers, run(proto, images.astype(np.float32))["logits"]) < 1e-5


def test_a_changed_file_of_ours_is_read_as_another_programs() -> None:
    proto = onnx_model(model(SMALL, SingleLabel(("a", "b", "c"))))
    (conv,) = (node for node in proto.graph.node if node.op_type == "Conv")
    next(each for each in conv.attribute if each.name == "pads").ints[:] = [1, 0, 1, 0]
    (gemm,) = (node for node in proto.graph.node if node.op_type == "Gemm")
    wider = numpy_helper.from_array(np.ones((4 * 5 * 6, 3), np.float32), gemm.input[1])
    kept = [each for each in proto.graph.initializer if each.name != gemm.input[1]]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend([*kept, wider])
    found = import_proto(proto)
    assert "changed" in found.notes[0]
    assert found.model.classes == ("0", "1", "2")
    assert found.model.network.weights["logits.kernel"].shape == (120, 3)


def test_changed_weights_of_ours_are_noticed() -> None:
    proto = onnx_model(model(SMALL, SingleLabel(("a", "b", "c"))))
    (bias,) = (each for each in proto.graph.initializer if each.name == "dense1.bias")
    changed = numpy_helper.to_array(bias) + np.float32(9)
    bias.CopyFrom(numpy_helper.from_array(changed, bias.name))
    found = import_proto(proto)
    assert "self-test" in found.notes[0]
    assert found.model.classes == ("a", "b", "c")
    assert np.array_equal(found.model.network.weights["dense1.bias"], changed)


@pytest.mark.parametrize("name", ["onnx", "onnxruntime"])
def test_what_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    missing = onnx_library if name == "onnx" else onnx_runtime
    with pytest.raises(MissingDependencyError, match=r"pip install .*pellucid\[onnx\]"):
        missing()


def test_what_the_user_says_of_a_file(tmp_path: Path) -> None:
    body = "p = Conv(x, w) g = GlobalAveragePool(p) f = Flatten(g) y = Sigmoid(f)"
    onnx.save(written(body, w=(4, 3, 3, 3), x="float[N,3,H,W]"), tmp_path / "m.onnx")
    (tmp_path / "names.txt").write_text("a\nb\nc\nd\n")
    found = pellucid.import_onnx(
        tmp_path / "m.onnx", classes=tmp_path / "names.txt", image_size=(8, 7), resize="pad",
        mean=(0.5, 0.4, 0.3), std=(0.2,), white=1.0,
    )  # fmt: skip
    made = found.model_
    assert made.task == MultiLabel(("a", "b", "c", "d"))
    assert made.preprocessing.shape == (8, 7, 3)
    assert made.preprocessing.resize == "pad"
    first = made.network.graph.nodes[0].operation
    assert np.allclose(first.mean, [127.5, 102, 76.5])
    assert np.allclose(first.std, 51)
    with pytest.raises(PellucidError, match="sigmoid"):
        pellucid.import_onnx(tmp_path / "m.onnx", image_size=(8, 7), task="single-label")
    numbers = written(body.replace("y = Sigmoid(f)", "y = Relu(f)"), w=(1, 3, 3, 3))
    task = import_proto(numbers, meaning=Meaning(task="regression")).model.task
    assert task == Regression(("output 0",), (0.0,), (1.0,))
    assert pixel_scale(None, None, 1.0) == (None, (255.0,))


def test_one_of_several_outputs() -> None:
    made = written("a = Conv(x, w) g = GlobalAveragePool(a) y = Flatten(g)", w=(4, 3, 3, 3))
    made.graph.node.add(op_type="NonZero", input=["a"], output=["odd"])
    made.graph.output.add(name="odd")
    assert any("odd" in note for note in import_proto(made).notes)
    with pytest.raises(FileFormatError, match="NonZero"):
        import_proto(made, Asked(output="odd"))
    with pytest.raises(FileFormatError, match="nothing"):
        import_proto(made, Asked(output="nothing"))


def test_weights_outside_the_file(tmp_path: Path) -> None:
    made = written("a = Conv(x, w) g = GlobalAveragePool(a) y = Flatten(g)", w=(4, 3, 3, 3))
    expected = numpy_helper.to_array(made.graph.initializer[0])
    options: dict[str, Any] = {"save_as_external_data": True, "size_threshold": 0}
    onnx.save(made, tmp_path / "m.onnx", location="weights.bin", **options)
    assert (
        not onnx.load(tmp_path / "m.onnx", load_external_data=False).graph.initializer[0].raw_data
    )
    kernel = import_file(tmp_path / "m.onnx").model.network.weights["a.kernel"]
    assert np.array_equal(kernel, expected.transpose(2, 3, 1, 0))


def external(location: str, length: int = 432) -> onnx.ModelProto:
    made = written("a = Conv(x, w) g = GlobalAveragePool(a) y = Flatten(g)", w=(4, 3, 3, 3))
    (tensor,) = made.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": str(length)}.items():
        tensor.external_data.add(key=key, value=value)
    return made


@pytest.mark.parametrize(
    "location", ["../secret.bin", "/etc/hostname", "link.bin", "absent.bin", ""]
)
def test_data_elsewhere_are_not_read(tmp_path: Path, location: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(432))
    (tmp_path / "model" / "link.bin").symlink_to(tmp_path / "secret.bin")
    onnx.save(external(location), tmp_path / "model" / "m.onnx")
    with pytest.raises(PellucidError, match=r"m\.onnx"):
        import_file(tmp_path / "model" / "m.onnx")


def test_data_outside_that_are_cut_short(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(431))
    onnx.save(external("w.bin"), tmp_path / "m.onnx")
    with pytest.raises(FileFormatError, match="431"):
        import_file(tmp_path / "m.onnx")


BOMBS = {
    "ConstantOfShape": "s = ConstantOfShape(huge) y = Add(f, s)",
    "Expand": "s = Expand(one, huge) y = Add(f, s)",
    "Range": "s = Range(zero, end, one1) y = Add(f, s)",
    "Add": "s = Add(down, across) y = Add(f, s)",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_are_refused_before_they_take_memory(kind: str) -> None:
    constants: dict[str, Any] = {
        "huge": [1 << 40, 1 << 20], "one": np.ones((1, 1), np.float32), "zero": np.float32(0),
        "end": np.float32(1e30), "one1": np.float32(1), "down": np.ones((30_000, 1), np.float32),
        "across": np.ones((1, 30_000), np.float32),
    }  # fmt: skip
    body = f"a = Conv(x, w) g = GlobalAveragePool(a) f = Flatten(g) {BOMBS[kind]}"
    with pytest.raises(FileFormatError, match="max_parameters"):
        import_proto(written(body, w=(4, 3, 3, 3), **constants))


def test_the_limit_of_parameters_can_be_set() -> None:
    made = written("a = Conv(x, w) g = GlobalAveragePool(a) y = Flatten(g)", w=(4, 3, 3, 3))
    import_proto(made, Asked(most_parameters=108))
    with pytest.raises(FileFormatError, match="107"):
        import_proto(made, Asked(most_parameters=107))


def test_absurd_shapes() -> None:
    made = written("a = Conv(x, w) g = GlobalAveragePool(a) y = Flatten(g)", w=(4, 3, 3, 3))
    made.graph.initializer[0].dims[:] = [1 << 40, 1 << 40]
    with pytest.raises(FileFormatError, match="max_parameters"):
        import_proto(made)
    made.graph.initializer[0].dims[:] = [4, 3, 3, 4]
    with pytest.raises(FileFormatError, match="'w'"):
        import_proto(made)
    made.graph.initializer[0].dims[:] = [-4, -27]
    with pytest.raises(FileFormatError, match="negative"):
        import_proto(made)
    made = written("a = Conv<pads=[999999,0,0,0]>(x, w) y = Flatten(a)", w=(4, 3, 3, 3))
    with pytest.raises(PellucidError, match="'y'"):
        import_proto(made)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("y = Erf(x)", "Erf"),
        ("y = Resize(x)", "Resize"),
        ("a = Conv(x, x) y = Flatten(a)", "'a'"),
        ("a = Conv<group=2>(x, w) y = Flatten(a)", "'a'"),
        ("a = Conv(x, w) y = Flatten<axis=0>(a)", "batch"),
        ("a = Conv(x, w) y = Reshape(a, flat)", "batch"),
        ("a = Conv(x, w) y = Reshape(a, seven)", "7"),
        ("a = Conv(x, absent) y = Flatten(a)", "'a'"),
        ("a = Conv(x, bad) y = Flatten(a)", "NaN"),
        ("a = MaxPool<kernel_shape=[2,2], dilations=[2,2]>(x) y = Flatten(a)", "holes"),
        ("a = MaxPool<kernel_shape=[2]>(x) y = Flatten(a)", "height"),
        ("a = LRN<size=4>(x) y = Flatten(a)", "odd"),
        ("a = Add(x, places) y = Flatten(a)", "positions"),
        ("a = Div(x, x) y = Flatten(a)", "constant"),
        ('a = Pad<mode="reflect">(x, sides) y = Flatten(a)', "reflect"),
        ("a = LogSoftmax<axis=1>(x) b = Relu(a) y = Flatten(b)", "logarithms"),
        ("a = Softmax(x) y = Flatten(a)", "axes"),
        ("y = Identity(w)", "constant"),
        ("y = MatMul(x, matrix)", "MatMul"),
    ],
)  # fmt: skip
def test_what_no_layer_does_is_refused_by_name(body: str, said: str) -> None:
    constants: dict[str, Any] = {
        "flat": [-1], "seven": [0, -1, 7, 100], "bad": np.full((4, 3, 3, 3), np.nan, np.float32),
        "places": np.ones((3, 8, 7), np.float32), "sides": [0, 0, 1, 1, 0, 0, 1, 1],
        "matrix": np.ones((7, 5), np.float32), "w": (4, 3, 3, 3),
    }  # fmt: skip
    with pytest.raises(FileFormatError, match=said) as caught:
        import_proto(written(body, **constants), name="m.onnx")
    assert str(caught.value).startswith("m.onnx: ")
    assert "\n" not in str(caught.value)


def test_other_files_are_refused_in_a_line(tmp_path: Path) -> None:
    whole = onnx_model(model(SMALL)).SerializeToString()
    files: dict[str, bytes] = {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "text": b"not a model\n",
        "png": b"\x89PNG\r\n\x1a\n" + bytes(99),
        "opset": onnx_of("float", "NCHW", opset=6),
        "newer": onnx_of("float", "NCHW", opset=999),
        "domain": onnx_of("float", "NCHW", domain="com.example"),
        "language": onnx_of("int64", "NT"),
        "video": onnx_of("float", "NCTHW"),
    }
    for name, data in files.items():
        (tmp_path / f"{name}.onnx").write_bytes(data)
        with pytest.raises(FileFormatError, match=name) as caught:
            import_file(tmp_path / f"{name}.onnx")
        assert "\n" not in str(caught.value)
    for path in (tmp_path, tmp_path / "absent.onnx"):
        with pytest.raises(PellucidError):
            import_file(path)


def onnx_of(kind: str, axes: str, opset: int = 17, domain: str = "") -> bytes:
    """A file of one node with an input of any type."""
    types = {"float": TensorProto.FLOAT, "int64": TensorProto.INT64}
    every: list[int | str | None] = ["N", 3, *[8] * 9]
    sizes = every[: len(axes)]
    x = helper.make_tensor_value_info("x", types[kind], sizes)
    y = helper.make_tensor_value_info("y", types[kind], None)
    node = helper.make_node("Relu", ["x"], ["y"], domain=domain)
    versions = [helper.make_opsetid("", opset)]
    versions += [helper.make_opsetid(domain, 1)] if domain else []
    graph = helper.make_graph([node], "odd", [x], [y])
    return bytes(helper.make_model(graph, opset_imports=versions).SerializeToString())


@pytest.mark.parametrize(
    "change",
    [{"graph": {}}, {"task": {"kind": "other"}}, {"format": 99}, {"self_test": {}}, {"more": 1}],
    ids=str,
)
def test_a_description_that_cannot_be(change: dict[str, Any]) -> None:
    proto = onnx_model(model(SMALL))
    (text,) = (each for each in proto.metadata_props if each.key == "pellucid")
    text.value = json.dumps({**json.loads(text.value), **change})
    assert "changed" in import_proto(proto).notes[0]
    text.value = "{" * 999
    assert "changed" in import_proto(proto).notes[0]


def test_constants_as_inputs_and_old_attributes() -> None:
    made = written(
        "a = Conv(x, w) b = Dropout<ratio=0.25>(a) g = GlobalAveragePool(b) y = Flatten(g)",
        opset=9, ir=3, w=(4, 3, 3, 3),
    )  # fmt: skip
    assert len(made.graph.input) == 2
    found = agrees(made)
    assert [n.operation.kind for n in found.model.network.graph.nodes][1] == "dropout"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no protobuf"])
def test_weights_of_pytorch_are_sent_to_from_torch(data: bytes, tmp_path: Path) -> None:
    for ending, named in {".pth": True, ".PT": True, ".onnx": False}.items():
        path = tmp_path / f"weights{ending}"
        path.write_bytes(data)
        with pytest.raises(FileFormatError) as caught:
            import_file(path)
        assert ("from_torch" in str(caught.value)) is named
    path = tmp_path / "m.safetensors"  # ours, which needs no import
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match="a model file is taken as it is"):
        import_file(path)


def test_maps_in_place_of_an_answer_are_refused_by_what_is_needed() -> None:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["i"], ["o"])],
        "maps",
        [helper.make_tensor_value_info("i", TensorProto.FLOAT, ["n", 3, 4, 5])],
        [helper.make_tensor_value_info("o", TensorProto.FLOAT, ["n", 3, 4, 5])],
    )
    with pytest.raises(PellucidError) as caught:
        import_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    text = str(caught.value)
    assert "(N, C, 1, 1)" in text
    assert "(N, 3, 4, 5)" in text
