"""The schedule of a program as it is compiled: read off the plan, with what each stage does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.schedule_builder import INFER, SINGLE, STEP, turns_of
from pellucid.engines.native.kernels.chunks import CHUNKS
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.runtime.host.compiled import group
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.step import Step
from pellucid.graph.fold import fold
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.emit.schedule_builder import Call
    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph


@dataclass(frozen=True)
class Stage:
    """A stage of a schedule, and how it is cut.

    Attributes:
        name: For people; with it costs are found.
        group: Threads meet where it changes.
        weights: What share of the work each of its units is; they add up to 1. Threads get units
            that follow each other, as many each.
        turn: With which thread it begins.
        bytes: That it reads and writes, at least.
        flops: Multiplications and additions, as textbooks count.
    """

    name: str
    group: str
    weights: tuple[float, ...]
    turn: int
    bytes: int
    flops: int


@dataclass(frozen=True)
class Schedule:
    """What threads do in one call.

    Attributes:
        stages: In order.
        images: Of the call.
        calls: How many such calls the whole batch takes; the last may be smaller.
        shared: Whether other threads than the first are called at all.
        arena: Bytes of all buffers and weights.
    """

    stages: tuple[Stage, ...]
    images: int
    calls: float
    shared: bool
    arena: int


def schedule_of(graph: Graph, target: Target, batch: int, *, training: bool) -> Schedule:
    """The schedule by which a program takes a batch.

    Args:
        graph: The network.
        target: What the code is for, with its threads.
        batch: Images; those that inference cannot take at once follow in further calls.
        training: A step with SGD and momentum, or else a forward pass.
    """
    if training:
        code = code_of(graph, target, batch, training=True)
        return _schedule(code, STEP[0], batch, 1.0, shared=True)
    if batch == 1:
        code = code_of(graph, target, 1, training=False)
        shared = target.threads > 1 and code.shares_single
        return _schedule(code, (SINGLE if shared else INFER)[0], 1, 1.0, shared=shared)
    images = together(graph, target.threads, batch)
    code = code_of(graph, target, images, training=False)
    return _schedule(code, INFER[0], images, batch / images, shared=images > 1)


def together(graph: Graph, threads: int, batch: int) -> int:
    """How many images of a batch inference takes in one call."""
    return min(batch, group(fold(graph).graph, threads))


def schedules_of(
    graph: Graph, batches: Iterable[int], threads: Iterable[int], *, training: bool
) -> Iterator[tuple[int, int, Schedule]]:
    """The schedules of all batches and numbers of threads, each with these; few are written.

    A training step is cut alike for any number of threads, and larger batches of inference take the
    same call more often.
    """
    made: dict[tuple[int, int], Schedule] = {}
    for batch in batches:
        for count in threads:
            images = batch if training else together(graph, count, batch)
            key = images, 1 if training else count
            if key not in made:
                target = host_target(key[1])
                made[key] = schedule_of(graph, target, images, training=training)
            yield batch, count, replace(made[key], calls=batch / images)


def code_of(graph: Graph, target: Target, batch: int, *, training: bool) -> Code:
    """A graph's code with room for a batch, with batch norms folded where it predicts."""
    if not training:
        return write(fold(graph).graph, target, capacity=batch)
    step = Step.of(graph, CrossEntropy(), SGD(momentum=0.9))
    return write(graph, target, capacity=batch, learning=Learning.of(step))


def _schedule(code: Code, name: str, images: int, calls: float, *, shared: bool) -> Schedule:
    found = code.plan.builder.schedules[name]
    stages = tuple(
        Stage(
            call.name,
            call.group,
            _weights(call, images),
            turn,
            call.about.work.reads + call.about.work.writes,
            call.about.work.flops,
        )
        for call, turn in zip(found, turns_of(found), strict=True)
    )
    return Schedule(stages, images, calls, shared, code.plan.arena.size)


def _weights(call: Call, images: int) -> tuple[float, ...]:
    """What share of a stage's work each unit is.

    All are alike, but for a kernel's gradient that is cut into parts of the batch: some may have an
    image more than others, or none.
    """
    if call.share == "images":
        return (1 / images,) * images
    units = call.share
    if call.about.kernel != "kernel gradient" or units % CHUNKS:
        return (1 / units,) * units
    blocks = units // CHUNKS
    parts = [images * (n + 1) // CHUNKS - images * n // CHUNKS for n in range(CHUNKS)]
    return tuple(part / (images * blocks) for part in parts for _ in range(blocks))
