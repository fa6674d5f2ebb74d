"""A workload's network as an ONNX model, for who reads those.

    python -m benchmarks.onnx_model WORKLOAD FILE [WEIGHTS.npz] [--floats]

It takes pictures as bytes, (N, H, W, C), and normalises them; or with ``--floats`` what comes after
that: normalised floats, (N, C, H, W).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from benchmarks.workloads import WORKLOADS
from pellucid import ops
from pellucid.graph import initial_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.contenders import Weights
    from pellucid.graph import Graph, Node

OPSET, IR_VERSION = 17, 8
"""Versions of the format that readers have known for years."""


def to_onnx(graph: Graph, weights: Weights, *, floats: bool) -> bytes:
    """The model, a dense layer behind feature maps with its rows in ONNX's order."""
    writer = _Writer(graph, weights)
    for node in graph.nodes:
        if isinstance(node.operation, ops.Normalise):
            writer.normalise(node, floats=floats)
        else:
            writer.add(node)
    height, width, channels = graph.input_shape
    shape: list[str | int | None] = ["n", height, width, channels]
    if floats:
        shape = ["n", channels, height, width]
    kind = TensorProto.FLOAT if floats else TensorProto.UINT8
    (classes,) = graph.output_shape
    model = helper.make_model(
        helper.make_graph(
            writer.nodes,
            "network",
            [helper.make_tensor_value_info("pictures", kind, shape)],
            [helper.make_tensor_value_info(graph.output, TensorProto.FLOAT, ["n", classes])],
            writer.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


class _Writer:
    """Collects nodes and constants."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self.graph, self.weights = graph, weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def normalise(self, node: Node, *, floats: bool) -> None:
        """The first operation: bytes to normalised floats, channels first."""
        operation = node.operation
        assert isinstance(operation, ops.Normalise)
        if floats:
            self._node("Identity", ["pictures"], node.name)
            return
        self._node("Cast", ["pictures"], "as floats", to=TensorProto.FLOAT)
        self._node("Sub", ["as floats", self._constant("mean", operation.mean)], "centred")
        self._node("Div", ["centred", self._constant("std", operation.std)], "normalised")
        self._node("Transpose", ["normalised"], node.name, perm=[0, 3, 1, 2])

    def add(self, node: Node) -> None:
        """Any other operation.

        Raises:
            TypeError: If there is no rule for it.
        """
        operation, inputs = node.operation, list(node.inputs)
        shape = self.graph.inputs_of(node)[0]
        if isinstance(operation, ops.Conv2D):
            inputs.append(self._weight(node, "kernel", (3, 2, 0, 1)))
            inputs += [self._weight(node, "bias")] if operation.bias else []
            spans = [operation.window.along(axis, shape[axis]) for axis in (0, 1)]
            pads = [span.before for span in spans] + [span.after for span in spans]
            self._node(
                "Conv", inputs, node.name,
                pads=pads, strides=operation.stride, group=operation.groups,
            )  # fmt: skip
        elif isinstance(operation, ops.Dense):
            inputs += [self._dense(node), self._weight(node, "bias")]
            self._node("Gemm", inputs, node.name)
        elif isinstance(operation, ops.BatchNorm):
            inputs += [self._weight(node, part) for part in ("gamma", "beta", "mean", "variance")]
            self._node("BatchNormalization", inputs, node.name, epsilon=operation.epsilon)
        elif isinstance(operation, ops.MaxPool):
            assert operation.padding == "valid"
            size, strides = operation.size, operation.stride
            self._node("MaxPool", inputs, node.name, kernel_shape=size, strides=strides)
        elif isinstance(operation, ops.GlobalAveragePool):
            self._node("GlobalAveragePool", inputs, f"{node.name} maps")
            self._node("Flatten", [f"{node.name} maps"], node.name)
        elif isinstance(operation, ops.ReLU6):
            inputs += [self._constant(f"{node.name} {end}", end) for end in (0.0, 6.0)]
            self._node("Clip", inputs, node.name)
        elif type(operation) in SAME_NAME:
            self._node(SAME_NAME[type(operation)], inputs, node.name)
        else:
            raise TypeError(f"no rule for {operation.kind}")

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def _constant(self, name: str, values: Any) -> str:
        array = np.asarray(values, np.float32, order="C")
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def _weight(self, node: Node, part: str, axes: tuple[int, ...] | None = None) -> str:
        name = f"{node.name}.{part}"
        array = self.weights[name]
        return self._constant(name, array if axes is None else array.transpose(axes))

    def _dense(self, node: Node) -> str:
        name = f"{node.name}.kernel"
        kernel: NDArray[np.float32] = self.weights[name]
        before = self.graph[node.inputs[0]]
        if isinstance(before.operation, ops.Flatten):
            maps = self.graph.inputs_of(before)[0]
            kernel = kernel.reshape(*maps, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
        return self._constant(name, kernel)


SAME_NAME = {ops.Add: "Add", ops.Flatten: "Flatten", ops.ReLU: "Relu"}
"""Operations without settings, and what ONNX calls them."""


def main() -> None:
    """Write one model."""
    parser = argparse.ArgumentParser(description="Write a workload's network as an ONNX model.")
    parser.add_argument("workload", choices=list(WORKLOADS))
    parser.add_argument("file", type=Path)
    parser.add_argument("weights", type=Path, nargs="?")
    parser.add_argument("--floats", action="store_true")
    options = parser.parse_args()
    graph = WORKLOADS[options.workload].graph
    weights = dict(np.load(options.weights)) if options.weights else initial_weights(graph, seed=0)
    options.file.write_bytes(to_onnx(graph, weights, floats=options.floats))


if __name__ == "__main__":
    main()
