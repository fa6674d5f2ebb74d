"""What the native engine makes of a network: a table a part of the step, and what slows it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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

LEGEND = (
    "tile: rows × vectors of sums that stay in registers. layout: of what is written; the pitch "
    "counts floats from one position to the next, the border zeros around (top, bottom, left, "
    "right). GFLOP: multiplications and additions of convolutions and dense layers."
)


def plan_document(plan: PlanReport) -> d.Document:
    """Stages with their kernels, layouts, cost and times."""
    step = "a training step with SGD and momentum" if plan.training else "a forward pass"
    return d.Document(
        f"{step}, {counted(plan.batch, 'image')}, {counted(plan.threads, 'thread')}",
        (
            d.Text(f"processor: {plan.processor}, vectors of {counted(plan.lanes, 'float')}"),
            *(_declined(plan) if plan.declined else _stages(plan)),
        ),
    )


def _declined(plan: PlanReport) -> Iterator[d.Part]:
    yield d.Text(f"The native engine declines this network: {plan.declined}.")
    yield d.Text("The reference engine computes it instead, slowly.")


def _stages(plan: PlanReport) -> Iterator[d.Part]:
    yield d.Text(f"memory: {plan.arena / 1e6:.1f} MB for values, gradients and weights")
    for schedule in dict.fromkeys(stage.schedule for stage in plan.stages):
        chosen = [stage for stage in plan.stages if stage.schedule == schedule]
        yield d.Section(TITLES[schedule], [_table(TITLES[schedule], chosen, plan.peak)])
    yield d.Text(LEGEND, prose=True)
    names: dict[str, list[str]] = {}
    for stage in plan.stages:
        for note in stage.description.notes:
            names.setdefault(note, []).append(stage.name)
    if names:
        lines = [f"{', '.join(stages)}: {note}" for note, stages in names.items()]
        yield d.Section("why it is not faster:", [d.Items(lines)])
    if plan.whole is not None and plan.peak is not None:
        yield d.Section("", [d.Facts(_total(plan, plan.whole, plan.peak))])


def _table(name: str, stages: Sequence[StageReport], peak: float | None) -> d.Table:
    rows = []
    for stage in stages:
        facts, work = stage.description, stage.description.work
        rows.append(
            (
                _title(stage),
                facts.kernel,
                f"{facts.tile[0]}×{facts.tile[1]}" if facts.tile else "",
                _lies(facts.layout) if facts.layout else "",
                f"{work.reads / 1e6:.2f}" if work.reads else "",
                f"{work.writes / 1e6:.2f}" if work.writes else "",
                f"{work.flops / 1e9:.3f}" if work.flops else "",
                *_times(work.flops, work.reads + work.writes, stage.seconds, peak),
            )
        )
    works = [stage.description.work for stage in stages]
    flops, read, written = (
        sum(getattr(work, what) for work in works) for what in ("flops", "reads", "writes")
    )
    seconds = None if peak is None else sum(stage.seconds or 0.0 for stage in stages)
    sums = f"{read / 1e6:.2f}", f"{written / 1e6:.2f}", f"{flops / 1e9:.3f}"
    rows.append(("total", "", "", "", *sums, *_times(flops, read + written, seconds, peak)))
    heads = ("stage", "kernel", "tile", "layout", "MB read", "written", "GFLOP")
    timed = () if peak is None else ("ms", "rate", "of peak")
    return d.Table(name, (*heads, *timed), rows, left=2, totals=1)


def _title(stage: StageReport) -> str:
    """The layers computed together; or, in the backward pass, what is done for which layer."""
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


def _total(plan: PlanReport, whole: float, peak: float) -> list[tuple[str, str, str]]:
    apart = sum(stage.seconds or 0.0 for stage in plan.stages)
    speed = plan.flops / whole / 1e9
    rate = f"{plan.batch / whole:,.0f} images/s, {speed:.0f} GFLOP/s"
    reached = f"measured; the whole reaches {speed / peak:.0%} of it"
    return [
        ("the whole, as it runs", f"{whole * 1e3:.2f} ms", rate),
        ("stages by themselves", f"{apart * 1e3:.2f} ms", ""),
        (f"peak of {counted(plan.threads, 'thread')}", f"{peak:.0f} GFLOP/s", reached),
    ]
