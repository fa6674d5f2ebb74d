"""Why a pooling or a ReLU was not fused with what comes before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.lower.stages import fusable, why_not_fusable
from pellucid.graph import INPUT

if TYPE_CHECKING:
    from pellucid.engines.native.lower.stages import Stage
    from pellucid.graph import Graph


def why_alone(graph: Graph, stages: list[Stage], stage: Stage) -> str:
    """Why a stage that others could have taken along is one of its own; empty for other stages."""
    operation = stage.node.operation
    if not isinstance(operation, ops.ReLU | ops.MaxPool):
        return ""
    return f"not fused: {_reason(graph, stages, stage)}"


def _reason(graph: Graph, stages: list[Stage], stage: Stage) -> str:
    operation = stage.node.operation
    if isinstance(operation, ops.MaxPool) and (reason := why_not_fusable(operation)):
        return reason
    (source,) = stage.node.inputs
    if source == INPUT:
        return "nothing comes before it"
    readers = sum(source in node.inputs for node in graph.nodes)
    if readers > 1:
        return f"{readers} layers read {source!r}"
    maker = next((s for s in stages if source in s.nodes), None)
    before = (graph[source] if maker is None else maker.node).operation
    if not isinstance(operation, fusable(before)):
        return f"a kernel for {before.kind} takes no {operation.kind} along"
    if maker is not None and any(
        isinstance(graph[n].operation, type(operation)) for n in maker.nodes
    ):
        return f"a kernel for {before.kind} takes only one {operation.kind} along"
    return "some positions lie in no window, and batch norm's backward must reach all"
