"""ONNX files that are none, or not quite: refused in a line, at once, and never read as another."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from pellucid.errors import FileFormatError, PellucidError
from pellucid.interop.onnx.export import onnx_model
from pellucid.interop.onnx.importing import import_proto
from pellucid.interop.onnx.inputs import Asked
from pellucid.interop.onnx.reading import parsed
from tests.interop.written import agrees, written

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = "a = Conv(x, k)  b = Relu(a)  c = Flatten(b)  y = Gemm(c, w)"


def small() -> onnx.ModelProto:
    return written(BODY, k=(2, 3, 3, 3), w=(2 * 6 * 5, 4))


@pytest.mark.parametrize("own", [False, True])
def test_cut_or_damaged_bytes(own: bool) -> None:
    model = onnx_model(import_proto(small()).model) if own else small()
    data = model.SerializeToString()
    drawn = random.Random(0)
    files = [data[:end] for end in range(0, len(data), 37)]
    for _ in range(150):
        changed = bytearray(data)
        changed[drawn.randrange(len(data))] = drawn.randrange(256)
        files.append(bytes(changed))
    said = []
    for each in files:
        try:
            import_proto(parsed(each, "net.onnx"), name="net.onnx")
        except PellucidError as error:
            said.append(str(error))
    assert 20 < len(said) < len(files)  # that a weight has another value nobody can know
    assert all(each.startswith("net.onnx: ") and "\n" not in each for each in said)
    assert not any("object has no" in each for each in said)  # what Python says of our own code


def twice(name: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        model.graph.node.insert(1, helper.make_node("Sigmoid", ["x"], [name]))

    return change


def again(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.ones((2, 3, 3, 3), "f4"), "k"))


def without(name: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        kept = [each for each in model.graph.initializer if each.name != name]
        del model.graph.initializer[:]
        model.graph.initializer.extend(kept)

    return change


def setting(**values: Any) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        made = [helper.make_attribute(name, value) for name, value in values.items()]
        model.graph.node[0].attribute.extend(made)

    return change


def whole_numbers(model: onnx.ModelProto) -> None:
    for each in model.graph.initializer:
        if each.name == "k":
            each.CopyFrom(numpy_helper.from_array(np.ones((2, 3, 3, 3), np.int32), "k"))


def no_input(model: onnx.ModelProto) -> None:
    del model.graph.node[0].input[1:]


def no_output(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def other_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "z"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (twice("a"), "makes the tensor 'a' twice"),
        (twice("x"), "makes the tensor 'x' twice"),
        (twice("k"), "makes the tensor 'k' twice"),
        (again, "makes the tensor 'k' twice"),
        (without("k"), r"'a' \(Conv\): its input 2 is 'k', which the file does not hold"),
        (setting(strides=[1.5, 2.0]), r"'a' \(Conv\): is not as ONNX defines it.*strides"),
        (setting(steps=[1, 1]), r"'a' \(Conv\): is not as ONNX defines it.*steps"),
        (whole_numbers, r"'a' \(Conv\): its weights are of type int32"),
        (no_input, r"'a' \(Conv\): is not as ONNX defines it"),
        (no_output, "has no output"),
        (other_output, "nothing makes its output 'z'"),
    ],
)
def test_what_is_no_graph(change: Callable[[onnx.ModelProto], None], said: str) -> None:
    model = small()
    change(model)
    with pytest.raises(FileFormatError, match=said):
        import_proto(model)


def functions(*bodies: list[onnx.NodeProto]) -> onnx.ModelProto:
    """A file that calls the first of its functions, called F0 and so on."""
    model = written("a = Relu(x)  y = Flatten(a)")
    model.graph.node[0].op_type, model.graph.node[0].domain = "F0", "own"
    model.opset_import.append(helper.make_opsetid("own", 1))
    for number, body in enumerate(bodies):
        model.functions.append(
            helper.make_function("own", f"F{number}", ["i"], ["o"], body, model.opset_import)
        )
    return model


def test_functions() -> None:
    agrees(functions([helper.make_node("Relu", ["i"], ["o"])]))
    circle = [helper.make_node("F0", ["i"], ["o"], domain="own")]
    with pytest.raises(FileFormatError, match="'F0' calls itself"):
        import_proto(functions(circle))
    doubled = [
        [
            helper.make_node(f"F{k + 1}", ["i"], ["m"], domain="own"),
            helper.make_node(f"F{k + 1}", ["m"], ["o"], domain="own"),
        ]
        for k in range(30)
    ]
    with pytest.raises(FileFormatError, match="has 1,073,741,825 nodes"):
        import_proto(functions(*doubled, [helper.make_node("Relu", ["i"], ["o"])]))


def test_axes_that_are_left_open() -> None:
    model = small()
    for each, name in zip(model.graph.input[0].type.tensor_type.shape.dim, "NCHW", strict=True):
        each.dim_param = name
    with pytest.raises(FileFormatError, match="leaves the size of its pictures open"):
        import_proto(model)
    graph = import_proto(model, Asked(size=(8, 7))).model.network.graph
    assert graph.input_shape == (8, 7, 3)  # as many channels as the first kernel reads
