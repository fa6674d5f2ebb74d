"""``pellucid explain-plan``: what the native engine makes of a network, stage by stage."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.networks import find_graph, find_network, find_task
from pellucid.cli.terminal import print_result, remarks
from pellucid.tasks import check_row


def explain_plan(
    network: arguments.NetworkName,
    input: arguments.InputShape = None,  # noqa: A002
    classes: arguments.ClassCount = None,
    batch: Annotated[int, typer.Option("--batch", "-b", min=1, help="Images at once.")] = 128,
    train: Annotated[
        bool, typer.Option("--train/--infer", help="A training step, or a forward pass.")
    ] = True,
    time: Annotated[bool, typer.Option("--time", help="Run it, and time every stage.")] = False,
    json: arguments.Json = False,
) -> None:
    """Show how the native engine computes a network: fusion, kernels, layouts, cost, times."""
    graph, task = find_graph(network, input, classes), find_task(network)
    if time and train and task is not None:
        check_row(task, "the times of a training step (--time; --infer times answers)")

    from pellucid.cores import available_threads
    from pellucid.engines.native.report import report
    from pellucid.engines.native.runtime.host.this_machine import host_target
    from pellucid.graph import is_quantised

    target = host_target(available_threads())
    if train and task is not None and task.parts:  # its body is frozen, and others are behind it
        remarks().print("the plan is that of an answer: this network learns behind its body alone")
        train = False
    if train and is_quantised(graph):
        remarks().print("the plan is that of an answer: a quantised network does not learn")
        train = False
    loss = None if task is None else task.loss()
    plan = report(graph, target, batch=batch, training=train, loss=loss)
    if time and not plan.declined:
        from pellucid.engines.native.timing import measure

        found = find_network(network, input, classes)
        plan = plan.timed(measure(found, target, batch=batch, training=train))
    print_result(plan, json=json)
