"""How operations are joined: nodes, shapes, checks, cost, weights."""

from __future__ import annotations

from pellucid.graph.graph import INPUT, Graph, Node, ParameterName
from pellucid.graph.network import (
    TRAINING,
    Network,
    Weights,
    check_weights,
    initial_weights,
    parameters,
    up_to,
)
from pellucid.graph.output_layers import classifier_weights, first_factors, output_layers
from pellucid.graph.receptive import ReceptiveField, receptive_fields
from pellucid.graph.serialise import graph_from_dict, graph_to_dict
from pellucid.graph.summary import Row, Summary, summarise
from pellucid.graph.whole import check_reals, is_quantised

__all__ = [
    "INPUT",
    "TRAINING",
    "Graph",
    "Network",
    "Node",
    "ParameterName",
    "ReceptiveField",
    "Row",
    "Summary",
    "Weights",
    "check_reals",
    "check_weights",
    "classifier_weights",
    "first_factors",
    "graph_from_dict",
    "graph_to_dict",
    "initial_weights",
    "is_quantised",
    "output_layers",
    "parameters",
    "receptive_fields",
    "summarise",
    "up_to",
]
