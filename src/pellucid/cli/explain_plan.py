"""``pellucid explain-plan``: what the native engine makes of a network, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.architectures import ARCHITECTURES
from pellucid.cli import arguments
from pellucid.cli.networks import find_network
from pellucid.cli.terminal import print_json, results
from pellucid.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from pellucid.engines.native.memory.layout import Layout
    from pellucid.engines.native.report import PlanReport, StageReport

TITLES = {
    "forward": "forward",
    "learn": "forward, in training",
    "loss": "the loss",
    "backward": "the backward pass",
    "clip": "clipping of the gradient",
    "update": "update of the weights",
}


def explain_plan(
    network: Annotated[
        str, typer.Argument(help=f"{', '.join(ARCHITECTURES)}; or a model file or a run's folder.")
    ],
    input: Annotated[str, typer.Option(help="HEIGHTxWIDTHxCHANNELS, for an architecture.")] =  # noqa: A002
    "28x28x1",
    classes: Annotated[int, typer.Option(min=2, help="Classes, for an architecture.")] = 10,
    batch: Annotated[int, typer.Option("--batch", "-b", min=1, help="Images at once.")] = 128,
    train: Annotated[
        bool, typer.Option("--train/--infer", help="A training step, or a forward pass.")
    ] = True,
    time: Annotated[bool, typer.Option("--time", help="Run it, and time every stage.")] = False,
    json: arguments.Json = False,
) -> None:
    """Show how the native engine computes a network: fusion, kernels, layouts, cost, times."""
    shape = arguments.input_shape(input)
    found = find_network(network, shape, classes)

    from pellucid.cores import available_threads
    from pellucid.engines.native.report import report
    from pellucid.engines.native.runtime.host.this_machine import host_target

    target = host_target(available_threads())
    plan = report(found.graph, target, batch=batch, training=train)
    if time and not plan.declined:
        from pellucid.engines.native.timing import measure

        plan = plan.timed(measure(found, target, batch=batch, training=train))
    if json:
        print_json(plan.to_dict())
    else:
        print_plan(plan)


def print_plan(plan: PlanReport) -> None:
    """Print a plan as tables, with what slows it down."""
    console = results()
    step = "a training step with SGD and momentum" if plan.training else "a forward pass"
    console.print(f"{step}, {plan.batch} images, {plan.threads} threads")
    console.print(f"processor: {plan.processor}, vectors of {plan.lanes} floats")
    if plan.declined:
        console.print(f"The native engine declines this network: {printable(plan.declined)}.")
        console.print("The reference engine computes it instead, slowly.")
        return
    console.print(f"memory: {plan.arena / 1e6:.1f} MB for values, gradients and weights")
    for schedule in dict.fromkeys(stage.schedule for stage in plan.stages):
        console.print(f"\n{TITLES[schedule]}")
        console.print(_table([s for s in plan.stages if s.schedule == schedule], plan.peak))
    console.print(
        "tile: rows × vectors of sums that stay in registers. layout: of what is written; the\n"
        "pitch counts floats from one position to the next, the border zeros around (top, bottom,\n"
        "left, right). GFLOP: multiplications and additions of convolutions and dense layers."
    )
    _print_notes(console, plan)
    _print_total(console, plan)


def _table(stages: list[StageReport], peak: float | None) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("stage", "kernel")
    for name in ("tile", "layout", "MB read", "written", "GFLOP"):
        table.add_column(name, justify="right")
    if peak is not None:
        for name in ("ms", "rate", "of peak"):
            table.add_column(name, justify="right", no_wrap=True)
    for stage in stages:
        d = stage.description
        work = d.work
        row = [
            printable(_title(stage)),
            d.kernel,
            f"{d.tile[0]}×{d.tile[1]}" if d.tile else "",
            _lies(d.layout) if d.layout else "",
            f"{work.reads / 1e6:.2f}" if work.reads else "",
            f"{work.writes / 1e6:.2f}" if work.writes else "",
            f"{work.flops / 1e9:.3f}" if work.flops else "",
        ]
        table.add_row(
            *map(Text, row), *_times(work.flops, work.reads + work.writes, stage.seconds, peak)
        )
    table.add_section()
    flops = sum(stage.description.work.flops for stage in stages)
    read = sum(stage.description.work.reads for stage in stages)
    written = sum(stage.description.work.writes for stage in stages)
    seconds = None if peak is None else sum(stage.seconds or 0.0 for stage in stages)
    table.add_row(
        "total", "", "", "", f"{read / 1e6:.2f}", f"{written / 1e6:.2f}", f"{flops / 1e9:.3f}",
        *_times(flops, read + written, seconds, peak),
    )  # fmt: skip
    return table


def _title(stage: StageReport) -> str:
    """The layers computed together; or, on the way back, what is done for which layer."""
    if stage.schedule in ("forward", "learn") and len(stage.operations) > 1:
        layers = [operation.partition(":")[0] for operation in stage.operations]
        return stage.name.replace(layers[0], " + ".join(layers))
    return stage.name


def _lies(layout: Layout) -> str:
    border = layout.border
    sides = (border.top, border.bottom, border.left, border.right)
    text = f"{layout.height}×{layout.width}×{layout.channels}"
    if layout.pitch != layout.channels:
        text += f" pitch {layout.pitch}"
    if any(sides):
        text += f" border {sides[0] if len(set(sides)) == 1 else ','.join(map(str, sides))}"
    return text


def _times(flops: int, size: int, seconds: float | None, peak: float | None) -> list[str]:
    """Milliseconds; GFLOP/s, or GB/s of what only moves numbers; the share of the peak."""
    if seconds is None or peak is None:
        return []
    if not flops:
        return [f"{seconds * 1e3:.3f}", f"{size / seconds / 1e9:.0f} GB/s", ""]
    speed = flops / seconds / 1e9
    return [f"{seconds * 1e3:.3f}", f"{speed:.0f} GFLOP/s", f"{speed / peak:.0%}"]


def _print_notes(console: Console, plan: PlanReport) -> None:
    """What slows stages down; those with the same reason together."""
    names: dict[str, list[str]] = {}
    for stage in plan.stages:
        for note in stage.description.notes:
            names.setdefault(note, []).append(stage.name)
    if names:
        console.print("\nwhy it is not faster:")
    for note, stages in names.items():
        console.print(f"  {printable(', '.join(stages))}: {printable(note)}")


def _print_total(console: Console, plan: PlanReport) -> None:
    if plan.whole is None or plan.peak is None:
        return
    apart = sum(stage.seconds or 0.0 for stage in plan.stages)
    speed = plan.flops / plan.whole / 1e9
    console.print(
        f"\nthe whole, as it runs: {plan.whole * 1e3:.2f} ms, {plan.batch / plan.whole:,.0f} "
        f"images/s, {speed:.0f} GFLOP/s\n"
        f"stages by themselves:  {apart * 1e3:.2f} ms\n"
        f"peak of {plan.threads} threads:     {plan.peak:.0f} GFLOP/s, measured; the whole reaches "
        f"{speed / plan.peak:.0%} of it"
    )
