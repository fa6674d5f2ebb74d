"""``pellucid summary``: a network's layers and what they cost."""

from __future__ import annotations

from pellucid.cli import arguments
from pellucid.cli.networks import is_path, named_graph
from pellucid.cli.terminal import print_result
from pellucid.graph import summarise


def summary(
    network: arguments.NetworkName,
    input: arguments.InputShape = None,  # noqa: A002
    classes: arguments.ClassCount = None,
    json: arguments.Json = False,
) -> None:
    """Show layers, output shapes, parameters, multiply-adds and receptive fields."""
    if is_path(network):
        from pellucid.estimators import load_estimator

        table = load_estimator(network).summary()
    else:
        table = summarise(named_graph(network, input, classes))
    print_result(table, json=json)
