"""Files that take sequences, and every setting of recurrent nodes, beside ONNX Runtime.

What a setting changes is read as ONNX Runtime computes it, or refused in a line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pellucid.engines import get_engine
from pellucid.errors import FileFormatError
from pellucid.interop.onnx.importing import Imported, import_proto
from pellucid.interop.onnx.inputs import Asked
from tests.interop.onnx_files import apart, run
from tests.messages import check_line

STEPS, NUMBERS, UNITS, ANSWERS = 5, 4, 3, 2
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
TAKES: dict[str, list[int | str]] = {
    "NTF": ["n", STEPS, NUMBERS],
    "one at a time": [1, STEPS, NUMBERS],
    "two at a time": [2, STEPS, NUMBERS],
    "TNF": [STEPS, "n", NUMBERS],
    "TNF, one at a time": [STEPS, 1, NUMBERS],
}


class File:
    """An ONNX file that is written node by node."""

    def __init__(self, takes: list[int | str], seed: int = 0) -> None:
        self.takes = takes
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(seed)

    def constant(self, name: str, array: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, name: str, *shape: int) -> str:
        return self.constant(name, self.random.normal(0, 0.7, shape).astype(np.float32))

    def add(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[-1]

    def recurrent(
        self,
        kind: str,
        x: str,
        *,
        name: str = "r",
        numbers: int = NUMBERS,
        bias: bool = True,
        more: dict[int, str] | None = None,
        **attributes: Any,
    ) -> None:
        """A recurrent node, which makes ``{name}_all`` and ``{name}_last``."""
        ways = 2 if attributes.get("direction") == "bidirectional" else 1
        rows = GATES[kind] * UNITS
        inputs = [
            x,
            self.weights(f"{name}_w", ways, rows, numbers),
            self.weights(f"{name}_r", ways, rows, UNITS),
            self.weights(f"{name}_b", ways, 2 * rows) if bias else "",
        ]
        for place, given in (more or {}).items():
            inputs += [""] * (place - len(inputs)) + [given]
        settings = {"hidden_size": UNITS, **attributes}
        if kind == "GRU":
            settings.setdefault("linear_before_reset", 1)
        self.add(kind, inputs, [f"{name}_all", f"{name}_last"], **settings)

    def steps_first(self) -> str:
        """The input as (T, N, F)."""
        if self.takes[0] == STEPS and len(self.takes) == 3:
            return "x"
        return self.add("Transpose", ["x"], ["steps"], perm=[1, 0, 2])

    def answered(self, last: str, ways: int = 1) -> onnx.ModelProto:
        """The file, which answers by a dense layer of last states (ways, N, units)."""
        turned = self.add("Transpose", [last], ["turned"], perm=[1, 0, 2])
        flat = self.add("Flatten", [turned], ["flat"])
        kernel = self.weights("kernel", ways * UNITS, ANSWERS)
        self.add("Gemm", [flat, kernel, self.weights("bias", ANSWERS)], ["y"])
        return self.proto()

    def proto(self) -> onnx.ModelProto:
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, self.takes)
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", ANSWERS])
        graph = helper.make_graph(self.nodes, "made", [x], [y], self.constants)
        opset = helper.make_opsetid("", 17)
        made: onnx.ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=8)
        onnx.checker.check_model(made)
        return made


def compare(proto: onnx.ModelProto, asked: Asked | None = None) -> Imported:
    """The import answers as ONNX Runtime does, a sequence or picture at a time."""
    found = import_proto(proto, asked)
    shape = found.model.network.graph.input_shape
    pictures = np.random.default_rng(3).normal(0, 1, (4, *shape)).astype(np.float32)
    dims = [each.dim_value for each in proto.graph.input[0].type.tensor_type.shape.dim]
    wanted = []
    for picture in pictures:
        if len(dims) == 4:
            fed = picture.transpose(2, 0, 1)[None]
        elif dims[0] == STEPS and dims[1] in (0, 1):
            fed = picture.reshape(STEPS, 1, NUMBERS)
        else:
            fed = np.repeat(picture[None, :, :, 0], max(dims[0], 1), axis=0)
        (answers,) = run(proto, np.ascontiguousarray(fed)).values()
        wanted.append(answers[0])
    logits = get_engine("reference").load(found.model.network).forward(pictures)
    assert apart(logits, np.array(wanted)) < 1e-5
    return found


@pytest.mark.parametrize("takes", TAKES.values(), ids=TAKES)
@pytest.mark.parametrize("kind", GATES)
def test_a_sequence_is_a_picture_of_its_steps(kind: str, takes: list[int | str]) -> None:
    file = File(takes)
    file.recurrent(kind, file.steps_first())
    found = compare(file.answered("r_last"))
    assert found.model.network.graph.input_shape == (STEPS, NUMBERS, 1)
    (note,) = [each for each in found.notes if "sequences" in each]
    assert f"{STEPS}×{NUMBERS}" in note


def test_steps_that_a_file_leaves_open_are_asked_for() -> None:
    file = File(["n", "t", NUMBERS])
    file.recurrent("GRU", file.steps_first())
    proto = file.answered("r_last")
    refused(proto, "size", "--image-size")
    found = compare(proto, Asked(size=(STEPS, NUMBERS)))
    assert found.model.network.graph.input_shape == (STEPS, NUMBERS, 1)
    with pytest.raises(FileFormatError, match="--layout") as caught:
        import_proto(proto, Asked(layout="nchw"))
    check_line(caught.value)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("bias", [True, False])
def test_plain_recurrence_is_a_unit_whose_gates_do_not_move(direction: str, bias: bool) -> None:
    file = File(TAKES["NTF"])
    file.recurrent("RNN", file.steps_first(), direction=direction, bias=bias)
    ways = 1 + (direction == "bidirectional")
    turned = file.add("Transpose", ["r_all"], ["by_step"], perm=[0, 2, 1, 3])
    shape = file.constant("shape", np.array([STEPS, -1, ways * UNITS], np.int64))
    joined = file.add("Reshape", [turned, shape], ["joined"])
    mean = file.add("ReduceMean", [joined], ["mean"], axes=[0], keepdims=0)
    kernel = file.weights("kernel", ways * UNITS, ANSWERS)
    file.add("Gemm", [mean, kernel, file.weights("bias", ANSWERS)], ["y"])
    found = compare(file.proto())
    kinds = [node.operation.kind for node in found.model.network.graph.nodes]
    assert kinds.count("gru") == ways


@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_a_state_that_another_layer_leaves(kind: str) -> None:
    file = File(TAKES["NTF"])
    x = file.steps_first()
    file.recurrent("GRU", x, name="first")
    file.recurrent(kind, x, name="second", more={5: "first_last"})
    compare(file.answered("second_last"))


FUNCTIONS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
ZEROS = np.zeros((1, 1, UNITS), np.float32)


@pytest.mark.parametrize("kind", GATES)
def test_settings_that_change_nothing_are_read(kind: str) -> None:
    file = File([1, STEPS, NUMBERS])
    more = {4: file.constant("lengths", np.array([STEPS], np.int32))}
    more[5] = file.constant("state", ZEROS)
    if kind == "LSTM":
        more[6] = file.constant("cell", ZEROS)
        more[7] = file.constant("peepholes", np.zeros((1, 3 * UNITS), np.float32))
    file.recurrent(
        kind, file.steps_first(), more=more, activations=FUNCTIONS[kind], direction="forward"
    )
    compare(file.answered("r_last"))


def refused(proto: onnx.ModelProto, *parts: str) -> None:
    """The import is refused in a line that names what is not read."""
    with pytest.raises(FileFormatError) as caught:
        import_proto(proto)
    check_line(caught.value)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "place", "array", "part"),
    [
        *((kind, 4, np.array([STEPS - 2], np.int32), "lengths") for kind in GATES),
        *((kind, 5, ZEROS + 1, "zeros") for kind in GATES),
        ("LSTM", 6, ZEROS + 1, "zeros"),
        ("LSTM", 7, np.ones((1, 3 * UNITS), np.float32), "peepholes"),
    ],
)
def test_inputs_that_change_answers_are_refused(
    kind: str, place: int, array: Any, part: str
) -> None:
    file = File([1, STEPS, NUMBERS])
    file.recurrent(kind, file.steps_first(), more={place: file.constant("more", array)})
    proto = file.answered("r_last")
    assert answers(proto) != answers(plain(kind))  # what is refused matters
    refused(proto, f"({kind})", part)


@pytest.mark.parametrize("place", [4, 5, 6, 7])
def test_computed_inputs_that_no_layer_takes_are_refused(place: int) -> None:
    file = File([1, STEPS, NUMBERS])
    x = file.steps_first()
    file.recurrent("GRU", x, name="first")
    given = "first_last"
    if place == 4:
        summed = file.add("ReduceSum", ["first_last"], ["summed"], keepdims=0)
        one = file.constant("one", np.array([1], np.int64))
        whole = file.add("Cast", [summed], ["whole"], to=TensorProto.INT32)
        given = file.add("Reshape", [whole, one], ["lengths"])
    if place == 7:
        wide = file.constant("wide", np.array([1, 3 * UNITS], np.int64))
        triple = file.add("Concat", ["first_last"] * 3, ["triple"], axis=2)
        given = file.add("Reshape", [triple, wide], ["peepholes"])
    file.recurrent("LSTM", x, name="second", more={place: given})
    refused(file.answered("second_last"))


@pytest.mark.parametrize(
    ("kind", "attributes", "part"),
    [
        *((kind, {"clip": 0.3}, "clip") for kind in GATES),
        ("RNN", {"activations": ["Relu"]}, "relu"),
        ("RNN", {"activations": ["Affine"], "activation_alpha": [0.5]}, "affine"),
        ("GRU", {"activations": ["HardSigmoid", "Tanh"]}, "hardsigmoid"),
        ("GRU", {"linear_before_reset": 0}, "linear_before_reset"),
        ("LSTM", {"activations": ["Sigmoid", "Tanh", "Softsign"]}, "softsign"),
        ("LSTM", {"input_forget": 1}, "input_forget"),
    ],
)
def test_attributes_that_change_answers_are_refused(
    kind: str, attributes: dict[str, Any], part: str
) -> None:
    file = File([1, STEPS, NUMBERS])
    file.recurrent(kind, file.steps_first(), **attributes)
    proto = file.answered("r_last")
    assert answers(proto) != answers(plain(kind))
    refused(proto, f"({kind})", part)


def test_functions_of_one_direction_alone_are_refused() -> None:
    file = File(TAKES["NTF"])
    file.recurrent(
        "GRU", file.steps_first(), direction="bidirectional",
        activations=["Sigmoid", "Tanh", "Sigmoid", "Relu"],
    )  # fmt: skip
    refused(file.answered("r_last", 2), "relu")


def plain(kind: str) -> onnx.ModelProto:
    """The same node without any setting."""
    file = File([1, STEPS, NUMBERS])
    file.recurrent(kind, file.steps_first())
    return file.answered("r_last")


def answers(proto: onnx.ModelProto) -> list[float]:
    x = np.random.default_rng(1).normal(0, 1, (1, STEPS, NUMBERS)).astype(np.float32)
    (found,) = run(proto, x).values()
    return [round(float(each), 5) for each in found.ravel()]


@pytest.mark.parametrize(
    ("place", "shape"),
    [(1, (1, 3 * UNITS + 1, NUMBERS)), (2, (2, 3 * UNITS, UNITS)), (3, (1, 3 * UNITS))],
)
def test_weights_of_another_shape_are_refused(place: int, shape: tuple[int, ...]) -> None:
    file = File(TAKES["NTF"])
    file.recurrent("GRU", file.steps_first())
    proto = file.answered("r_last")
    (node,) = (each for each in proto.graph.node if each.op_type == "GRU")
    node.input[place] = "other"
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(shape, np.float32), "other"))
    refused(proto, "(GRU)", str(shape))


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
@pytest.mark.parametrize("steps", ["rows", "columns"])
@pytest.mark.parametrize("channels_first", [True, False])
@pytest.mark.parametrize("convolved", [True, False])
def test_a_step_with_several_channels(
    kind: str, steps: str, channels_first: bool, convolved: bool
) -> None:
    """Rows or columns of colour pictures, or of feature maps, whose numbers lie in either order."""
    height, width, channels = 4, 5, 3
    file, maps = File(["n", channels, height, width]), "x"
    if convolved:
        kernel = file.weights("conv", 6, channels, 3, 3)
        maps, channels = file.add("Conv", ["x", kernel], ["maps"], pads=[1, 1, 1, 1]), 6
    count, other = (height, width) if steps == "rows" else (width, height)
    step, left = (2, 3) if steps == "rows" else (3, 2)
    order = [step, 0, 1, left] if channels_first else [step, 0, left, 1]
    turned = file.add("Transpose", [maps], ["moved"], perm=order)
    shape = file.constant("shape", np.array([count, -1, channels * other], np.int64))
    x = file.add("Reshape", [turned, shape], ["sequence"])
    file.recurrent(kind, x, numbers=channels * other)
    compare(file.answered("r_last"))
