"""ONNX graphs written by hand in the onnx package's notation, compared with ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper

from pellucid.engines import get_engine
from pellucid.interop.onnx.importing import Imported, import_proto
from tests.interop.onnx_files import run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.interop.onnx.inputs import Asked

TOLERANCE = 1e-5


def written(
    body: str, *, x: str = "float[N,3,8,7]", opset: int = 17, ir: int = 8, seed: int = 0,
    **constants: Any,
) -> onnx.ModelProto:  # fmt: skip
    """A graph from ``x`` to ``y``.

    Args:
        body: Its nodes.
        x: The type of its input.
        opset: Version of the operators.
        ir: Version of the format; up to 3, constants are inputs too.
        seed: Of the weights.
        constants: By name: a shape, of a weight drawn at random; or an array, or a list of whole
            numbers. Names that begin with v are positive.
    """
    head = f'<ir_version: {ir}, opset_import: ["" : {opset}]>'
    model = onnx.parser.parse_model(f"{head} made ({x} x) => (float[N,K] y) {{ {body} }}")
    random = np.random.default_rng(seed)
    for name, given in constants.items():
        array = np.array(given) if isinstance(given, list) else given
        if isinstance(given, tuple):
            drawn = random.normal(size=given) / np.sqrt(max(1.0, np.prod(given[1:]) / 2))
            array = (abs(drawn) + 0.5 if name.startswith("v") else drawn).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
        if ir < 4:
            kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
            info = onnx.helper.make_tensor_value_info(name, kind, array.shape)
            model.graph.input.append(info)
    return model


def pictures(model: onnx.ModelProto, count: int = 2) -> NDArray[np.uint8]:
    """Pictures for a graph, in the order of its axes."""
    known = {each.name for each in model.graph.initializer}
    (given,) = (each for each in model.graph.input if each.name not in known)
    shape = [each.dim_value for each in given.type.tensor_type.shape.dim]
    random = np.random.default_rng(3)
    return random.integers(0, 256, (shape[0] or count, *shape[1:]), dtype=np.uint8)


def agrees(model: onnx.ModelProto, asked: Asked | None = None) -> Imported:
    """Import a graph and compare its logits with ONNX Runtime; what was imported."""
    fed = pictures(model)
    (expected,) = run(model, fed.astype(np.float32)).values()
    found = import_proto(model, asked)
    assert found.translated is not None
    if found.translated.source.axes == "NCHW":
        fed = fed.transpose(0, 2, 3, 1)
    logits = get_engine("reference").load(found.model.network).forward(fed)
    if found.translated.end:
        expected = np.log(expected)
    assert logits.shape == expected.shape
    if found.translated.end == "softmax":  # which forgets what all logits have in common
        logits, expected = (each - each.mean(axis=1, keepdims=True) for each in (logits, expected))
    assert np.abs(logits - expected).max() <= TOLERANCE * max(1.0, np.abs(expected).max())
    return found


def kinds(found: Imported) -> list[str]:
    """What the layers of an imported network compute."""
    return [node.operation.kind for node in found.model.network.graph.nodes]
