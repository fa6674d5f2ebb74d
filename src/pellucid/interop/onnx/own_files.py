"""Files that Pellucid exported: the whole model comes back, if nobody changed the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.captioner import WORDS_GRAPH
from pellucid.errors import ArgumentError, DataError
from pellucid.files import Model, self_test
from pellucid.graph import Network
from pellucid.interop.onnx import captioning, metadata
from pellucid.interop.onnx.constants import array_of
from pellucid.interop.onnx.export import onnx_graph
from pellucid.interop.onnx.operations import own_weight
from pellucid.interop.onnx.reading import read_onnx
from pellucid.tasks import Captioning

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import GraphProto, ModelProto

    from pellucid.graph import Graph
    from pellucid.ops.operation import Array


def metadata_of(proto: ModelProto) -> dict[str, str]:
    """What a file says of itself, by name."""
    return {each.key: each.value for each in proto.metadata_props}


def is_captioner(proto: ModelProto) -> bool:
    """Whether a file is the half of a captioner that sees, which is nothing without the other."""
    found = metadata_of(proto)
    return metadata.KEY in found and found.get("task") == Captioning.kind


def own_model(proto: ModelProto, path: Path | None = None) -> tuple[Model, str] | None:
    """The model in a file that was exported, and a remark; None if it is another program's.

    The graph must be, to the last byte, the one that the model is exported as: then nothing was
    changed, and nothing is lost. Weights may have been: then the file's self-test fails, which the
    remark says; else it is empty.

    Args:
        proto: The file's content.
        path: Where it lies; of a captioner the half that writes lies beside it. None: nowhere.

    Raises:
        DataError: If the half of a captioner that writes is missing.
        PellucidError: If its description cannot be, or the graph is not the described one.
        ValueError: If the description is not JSON.
    """
    described = metadata.read(metadata_of(proto))
    if described is None:
        return None
    graph = described.graph
    weights = _weights(proto, graph)
    _check_same(onnx_graph(graph, described.task, weights, described.form), proto)
    network = Network(graph, weights)
    found = self_test.compute_logits(network, described.picture[None])
    remark = ""
    try:
        self_test.check_logits(found, described.logits[None], graph)
    except ArgumentError as error:
        remark = f"its weights were changed after it was exported: its self-test fails: {error}"
    if isinstance(described.task, Captioning):
        writes, others = _words_half(path, described.task, None if remark else weights)
        described.task.check_graphs(graph, {WORDS_GRAPH: writes})
        network = Network(graph, {**weights, **others}, {WORDS_GRAPH: writes})
    return Model(network, described.task, described.preprocessing, described.provenance), remark


def _weights(proto: ModelProto, graph: Graph) -> dict[str, Array]:
    """A graph's weights in a file, as the network has them."""
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    weights = {}
    for node in graph.nodes:
        for parameter, name in graph.parameters_of(node).items():
            if name not in tensors:
                raise ArgumentError(f"weight {name!r:.80} is missing")
            array = own_weight(node.operation.kind, parameter, array_of(tensors[name], None))
            weights[name] = np.ascontiguousarray(array, np.float32)
    return weights


def _check_same(made: GraphProto, proto: ModelProto) -> None:
    one, two = (each.SerializeToString(deterministic=True) for each in (made, proto.graph))
    if one != two:
        raise ArgumentError("the graph is not the one that its description says")


def _words_half(
    path: Path | None, task: Captioning, sees: dict[str, Array] | None
) -> tuple[Graph, dict[str, Array]]:
    """The graph of a captioner that writes, and its weights.

    Args:
        path: Where the half that sees lies.
        task: The captioner's.
        sees: Weights of that half; none if they were changed, so that nothing can be known by them.
    """
    other = None if path is None else captioning.words_path(path)
    if other is None or not other.is_file():
        name = "" if other is None else f" ({other.name})"
        raise DataError(
            f"the half of the captioner that writes is missing beside it{name}; export the "
            "captioner again, or bring both files"
        )
    proto = read_onnx(other)
    found = metadata_of(proto)
    graph, of = captioning.graph_in(found)
    if found.get("words") != captioning.metadata_of_words(graph, task, of)["words"]:
        raise ArgumentError(f"{other.name} knows other words: it is the half of another captioner")
    if sees is not None and captioning.digest_of(sees) != of:
        raise ArgumentError(
            f"{other.name} was exported with another file: it is the half of another captioner"
        )
    weights = _weights(proto, graph)
    _check_same(captioning.words_graph(graph, weights), proto)
    return graph, weights
