"""Files that Pellucid exported: the whole model comes back, if nobody changed the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.files import Model, self_test
from pellucid.graph import Network
from pellucid.interop.onnx import metadata
from pellucid.interop.onnx.constants import array_of
from pellucid.interop.onnx.export import onnx_graph
from pellucid.interop.onnx.operations import own_weight

if TYPE_CHECKING:
    from onnx import ModelProto


def metadata_of(proto: ModelProto) -> dict[str, str]:
    """What a file says of itself, by name."""
    return {each.key: each.value for each in proto.metadata_props}


def own_model(proto: ModelProto) -> tuple[Model, str] | None:
    """The model in a file that was exported, and a remark; None if it is another program's.

    The graph must be, to the last byte, the one that the model is exported as: then nothing was
    changed, and nothing is lost. Weights may have been: then the file's self-test fails, which the
    remark says; else it is empty.

    Raises:
        PellucidError: If its description cannot be, or the graph is not the described one.
        ValueError: If the description is not JSON.
    """
    described = metadata.read(metadata_of(proto))
    if described is None:
        return None
    graph = described.graph
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    weights = {}
    for node in graph.nodes:
        for parameter, name in graph.parameters_of(node).items():
            if name not in tensors:
                raise ArgumentError(f"weight {name!r:.80} is missing")
            array = own_weight(node.operation.kind, parameter, array_of(tensors[name], None))
            weights[name] = np.ascontiguousarray(array, np.float32)
    network = Network(graph, weights)
    again = onnx_graph(graph, described.task, weights, described.form)
    if again.SerializeToString(deterministic=True) != proto.graph.SerializeToString(
        deterministic=True
    ):
        raise ArgumentError("the graph is not the one that its description says")
    model = Model(network, described.task, described.preprocessing, described.provenance)
    found = self_test.compute_logits(network, described.picture[None])
    try:
        self_test.check_logits(found, described.logits[None])
    except ArgumentError as error:
        return (
            model,
            f"its weights were changed after it was exported: its self-test fails: {error}",
        )
    return model, ""
