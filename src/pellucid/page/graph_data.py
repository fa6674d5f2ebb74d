"""A network's graph as a page takes it: what each layer reads, and what it makes of that, as data.

Nothing here says what an operation computes: that is compiled. It is what opens a value into its
terms, as :meth:`pellucid.ops.operation.Operation.terms` does.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.reading import with_reading
from pellucid.graph import Graph
from pellucid.ops import Propose
from pellucid.ops.finding import Finding
from pellucid.ops.operation import Operation
from pellucid.show.network.outline import Branches, Repeat, unfolded
from pellucid.show.network.words import Settings, described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Network, Node
    from pellucid.graph.fold import Folded
    from pellucid.ops.operation import Array
    from pellucid.ops.reads import Axis
    from pellucid.show.network.outline import Series
    from pellucid.tasks import Task


@dataclasses.dataclass(frozen=True, eq=False)
class ShownGraph:
    """The layers whose values a page has: the network as it predicts.

    Attributes:
        graph: Of these; a convolution that a batch norm is folded into has the norm's name.
        whole: As it is trained, and as gradients are of it; behind its output the step that makes
            of it what users read.
        stores: By layer, the names of its weights by their short names.
        folds: How weights of such convolutions are made from those that are stored.
    """

    graph: Graph
    whole: Graph
    stores: dict[str, dict[str, str]]
    folds: list[dict[str, Any]]

    @classmethod
    def of(cls, network: Network, task: Task, folded: Folded) -> ShownGraph:
        """The graph that is computed, with its values under the names of the whole graph."""
        whole = network.graph
        nodes, stores, folds = [], {}, []
        for node in whole.nodes:
            made = folded.makers.get(node.name)
            if made is None:
                continue
            layer = folded.layer(whole, node.name, network.weights)
            if layer is None:
                nodes.append(node)
                stores[node.name] = dict(whole.parameters_of(node))
                continue
            nodes.append(dataclasses.replace(layer[0], operation=folded.graph[made].operation))
            stores[node.name] = {part: f"{node.name}.{part}" for part in layer[1]}
            folds.append(_fold(node, whole[folded.unfolded[made]]))
        shown = Graph(whole.inputs, nodes, whole.outputs)
        return cls(shown, with_reading(whole, task), stores, folds)

    def to_dict(self, weights: Mapping[str, Array]) -> dict[str, Any]:
        """As JSON values; ``docs/page.md`` describes them.

        Args:
            weights: Of the whole network, and those that folding makes.
        """
        *nodes, reading = self.whole.nodes
        apart = {fold["layer"] for fold in self.folds} | {fold["into"] for fold in self.folds}
        return {
            "input": list(self.graph.input_shape),
            "output": self.graph.output,
            "nodes": [
                node_data(self.graph, node, self.stores[node.name], weights)
                for node in self.graph.nodes
            ],
            "apart": [
                node_data(self.whole, node, dict(self.whole.parameters_of(node)), weights)
                for node in nodes
                if node.name in apart
            ],
            "whole": [node.name for node in nodes],
            "reading": node_data(self.whole, reading, {}, {}),
            "outline": _series(unfolded(self.graph)),
            "folds": self.folds,
        }


def node_data(
    graph: Graph, node: Node, stores: Mapping[str, str], weights: Mapping[str, Array]
) -> dict[str, Any]:
    """A layer as JSON values.

    Args:
        graph: Where it is.
        node: The layer.
        stores: The full names of its weights by their short ones.
        weights: By their full names.
    """
    operation = node.operation
    shapes = graph.inputs_of(node)
    own = {part: weights[name] for part, name in stores.items()}
    shape = graph.shapes[node.name]
    reads = operation.reads(*shapes)
    return {
        "name": node.name,
        "kind": operation.kind,
        "title": operation.title,
        "words": operation.words,
        "described": described(node, graph),
        "settings": _said(Settings.of(node, graph)),
        "family": operation.family,
        "rule": operation.rule,
        "inputs": list(node.inputs),
        "shape": list(shape),
        "weights": dict(stores),
        "trained": _trained(operation, shapes),
        "multiply_adds": operation.multiply_adds(*shapes),
        "reads": {
            "inputs": [[_axis(axis) for axis in axes] for axes in reads.inputs],
            "weight": None if reads.weight is None else dataclasses.asdict(reads.weight),
        },
        **_facts(operation, own, shapes, shape),
    }


def _axis(axis: Axis) -> dict[str, Any]:
    """What is read along an axis; a factor that is not given, since gates make it, is null."""
    found = dataclasses.asdict(axis)
    if axis.table is not None:
        found["table"]["entries"] = [
            [[place, None if math.isnan(factor) else factor] for place, factor in entry]
            for entry in axis.table.entries
        ]
    return found


def _facts(
    operation: Operation, own: Mapping[str, Array], shapes: Any, shape: Any
) -> dict[str, Any]:
    """What else opens a value: what is added and multiplied, and where a function bends."""
    if operation.norm_epsilon is not None:  # the rest follows from weights, which may change
        return {"norm": {"epsilon": operation.norm_epsilon}}
    found: dict[str, Any] = operation.opening(*shapes)
    if found:
        return found
    if operation.rule == "sum":
        if type(operation).multiplied is not Operation.multiplied:
            found["multiplied"] = _array(operation.multiplied(own, *shapes))
        if type(operation).added is not Operation.added:
            found["added"] = _array(operation.added(own, shape))
    if operation.negative_factor:
        found["negative_factor"] = operation.negative_factor
    slopes = operation.slopes()
    if slopes is not None:
        found["slopes"] = dataclasses.asdict(slopes)
    if isinstance(operation, Propose):
        return {"anchors": {"stride": operation.stride, "sizes": _sizes(operation)}}
    if operation.rule in ("function", "share") and not isinstance(operation, Finding):
        found["formula"] = operation.general_formula(*shapes)
        found["kinks"] = [list(kink) for kink in operation.slopes_at_kinks()]
    return found


def _sizes(operation: Propose) -> list[list[float]]:
    """Width and height of each anchor of a cell, in pixels."""
    anchors = [(a / r**0.5, a * r**0.5) for a in operation.scales for r in operation.ratios]
    return [list(each) for each in anchors]


def _trained(operation: Operation, shapes: Any) -> list[str]:
    return [name for name, each in operation.parameters(*shapes).items() if each.trainable]


def _said(settings: Settings) -> dict[str, Any]:
    """The settings that say something."""
    return {name: value for name, value in dataclasses.asdict(settings).items() if value}


def _array(array: Array) -> dict[str, Any]:
    found = np.asarray(array, np.float64)
    return {"shape": list(found.shape), "values": found.reshape(-1).tolist()}


def _fold(norm: Node, layer: Node) -> dict[str, Any]:
    """How a batch norm is taken in by the layer before it; see the engine's ``fold``."""
    operation: Any = layer.operation
    return {
        "into": norm.name,
        "layer": layer.name,
        "kernel": f"{layer.store}.kernel",
        "bias": f"{layer.store}.bias" if operation.bias else None,
        "norm": norm.store,
        "epsilon": norm.operation.norm_epsilon,
    }


def _series(items: Series) -> list[Any]:
    """Steps and branches: a list of layers' names, or of branches with the layers that join."""
    found: list[Any] = []
    for item in items:
        assert not isinstance(item, Repeat)
        if isinstance(item, Branches):
            joint = [] if item.joint is None else [node.name for node in item.joint.nodes]
            found.append({"branches": [_series(way) for way in item.ways], "joint": joint})
        else:
            found.append([item.source] * bool(item.source) + [node.name for node in item.nodes])
    return found
