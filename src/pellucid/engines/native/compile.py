"""From a graph to text: lower, plan, emit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from pellucid.engines.native.emit.images import clear
from pellucid.engines.native.emit.ir import Vectors
from pellucid.engines.native.emit.schedule_builder import (
    GRADIENTS,
    INFER,
    SINGLE,
    STEP,
    ScheduleBuilder,
)
from pellucid.engines.native.kernels.activation import write_activation, write_activation_backward
from pellucid.engines.native.kernels.average import write_average, write_average_backward
from pellucid.engines.native.kernels.by_reference import ByReference
from pellucid.engines.native.kernels.clip import write_clip
from pellucid.engines.native.kernels.convolve import Convolve
from pellucid.engines.native.kernels.depthwise import Depthwise
from pellucid.engines.native.kernels.dropout import Dropout
from pellucid.engines.native.kernels.flatten import write_flatten, write_flatten_backward
from pellucid.engines.native.kernels.grouped import Grouped
from pellucid.engines.native.kernels.join import (
    write_add,
    write_add_backward,
    write_concatenate,
    write_concatenate_backward,
)
from pellucid.engines.native.kernels.local_response import LocalResponse
from pellucid.engines.native.kernels.loss import Loss, fits
from pellucid.engines.native.kernels.norm import Norm
from pellucid.engines.native.kernels.normalise import write_normalise
from pellucid.engines.native.kernels.pool import Pool
from pellucid.engines.native.kernels.prelu import Slopes
from pellucid.engines.native.kernels.rescale import write_rescale, write_rescale_backward
from pellucid.engines.native.kernels.softmax import write_softmax, write_softmax_backward
from pellucid.engines.native.kernels.subsample import Subsample
from pellucid.engines.native.lower.plan import Plan
from pellucid.engines.native.lower.single_image import worth_waking
from pellucid.engines.native.lower.stages import NOTHING, lower
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.native.kernels.weighted import Weighted
    from pellucid.engines.native.lower.learning import Learning
    from pellucid.engines.native.lower.stages import Stage
    from pellucid.engines.native.lower.wanted import Wanted
    from pellucid.engines.native.processor import Processor
    from pellucid.graph import Graph


@short_repr
@dataclass(frozen=True, eq=False)
class Code:
    """A program's text and where everything lies.

    Attributes:
        plan: Layouts and places.
        weighted: The stages that have weights, by the name of their node.
        loss: The loss; none where nothing is learned, or labels do not fit the answer.
        text: The module in LLVM's assembly language.
    """

    plan: Plan
    weighted: dict[str, Weighted]
    loss: Loss | None
    text: str

    def addresses(self) -> NDArray[np.uint64]:
        """The table of addresses that schedules take, in floats from the arena's beginning."""
        arena = self.plan.arena
        return np.array([arena.address(place) for place in self.plan.builder.places], np.uint64)

    @property
    def by_reference(self) -> list[ByReference]:
        """The stages that Python computes."""
        return [made for made in self.weighted.values() if isinstance(made, ByReference)]

    @property
    def shares_single(self) -> bool:
        """Whether threads share the work for a single image."""
        return worth_waking(call.single for call in self.plan.builder.calls.get(SINGLE[0], []))


def write(
    graph: Graph,
    processor: Processor,
    *,
    capacity: int,
    threads: int,
    learning: Learning | None = None,
    wanted: Wanted = NOTHING,
) -> Code:
    """Write a graph's code.

    Args:
        graph: The graph, as it is computed.
        processor: Whom the code is for.
        capacity: Images that it has room for.
        threads: Who share the work.
        learning: How it learns; none for inference.
        wanted: What is read besides the answer; only where nothing is learned.

    Raises:
        Declined: If the loss has no kernel.
    """
    optimizer = learning.optimizer if learning is not None else None
    lowered = lower(graph, training=optimizer is not None, wanted=wanted)
    single = threads > 1 and optimizer is None and not wanted.backward
    vectors = Vectors(processor.lanes, processor.registers)
    builder = ScheduleBuilder(vectors, processor.pause, single=single, backward=wanted.backward)
    plan = Plan(
        graph,
        lowered.stages,
        vectors,
        capacity,
        threads,
        optimizer,
        builder,
        wanted,
        lowered.makers,
    )
    weighted, backward = _write_forward(plan)
    loss: Loss | None = None
    if learning is not None and optimizer is not None:
        builder.origin = answer = plan.stages[-1].target
        if len(graph.output_shape) == 1 and fits(learning.loss, *graph.output_shape):
            loss = Loss(plan, learning.loss)
            loss.write()
        _write_backward(plan, weighted, backward)
        if loss is not None:
            builder.origin = answer
            loss.write_sum()
        if optimizer.clip_norm is not None:
            write_clip(plan, weighted, optimizer.clip_norm)
        for made in weighted:
            builder.origin = made.stage.target
            made.write_update()
    elif wanted.backward:
        _write_backward(plan, weighted, backward)
    for made in weighted if plan.backward else ():
        builder.origin = made.stage.target
        made.write_flip()
    plan.arena.settle(builder.accesses(order) for order in orders(plan))
    return Code(plan, {made.name: made for made in weighted}, loss, builder.text())


def _write_forward(plan: Plan) -> tuple[list[Weighted], list[tuple[Stage, Callable[[], None]]]]:
    """Append the forward pass; the stages with weights, and what appends each backward stage."""
    weighted: list[Weighted] = []
    backward: list[tuple[Stage, Callable[[], None]]] = []
    for stage in plan.stages:
        plan.builder.origin = stage.target
        if stage.kind == "normalise":
            write_normalise(plan, stage)
        elif stage.kind in WEIGHTED:
            made = WEIGHTED[stage.kind](plan, stage)
            made.write_forward()
            weighted.append(made)
            backward.append((stage, made.write_backward))
        elif stage.kind in KEEPING:
            keeping = KEEPING[stage.kind](plan, stage)
            keeping.write_forward()
            backward.append((stage, keeping.write_backward))
        else:
            forward, back = PLAIN[stage.kind]
            forward(plan, stage)
            backward.append((stage, partial(back, plan, stage)))
    return weighted, backward


def _write_backward(
    plan: Plan, weighted: list[Weighted], backward: list[tuple[Stage, Callable[[], None]]]
) -> None:
    """Append the backward pass, from what has a gradient already to all that needs one."""
    learns = plan.training or plan.wanted.weights
    kernels = {made.stage.target: made.write_kernel_gradient for made in weighted if learns}
    again = {made.stage.target: made for made in weighted if _recomputed(made, plan)}
    for stage, write_backward in reversed(backward):
        if not plan.wants_gradient(stage.target):
            continue
        plan.builder.origin = stage.target
        for source in stage.sources:
            if source in again and stage.kind not in FORGETFUL:
                again.pop(source).write_recompute()
        if stage.target not in plan.written:  # nothing leads from it to the answer
            _write_zeros(plan, stage)
        write_backward()
        # At once, so that neither what came in nor its gradient need be kept for long.
        kernels.get(stage.target, _nothing)()


def orders(plan: Plan) -> list[list[str]]:
    """The schedules that follow each other with buffers of one still in use in the next."""
    schedules = plan.builder.schedules
    step = [name for name in (STEP[0], "flip") if name in schedules]
    alone = [[name] for name in (INFER[0], SINGLE[0]) if name in schedules]
    if plan.wanted.backward:
        return [[name for name in (GRADIENTS[0], "flip") if name in schedules]]
    return [step, *alone] if plan.training else alone


def _recomputed(made: Weighted, plan: Plan) -> TypeGuard[Norm]:
    """Whether a value is recomputed in the backward pass instead of kept: that of a batch norm."""
    whole = made.stage.pool is None and made.stage is not plan.stages[-1]
    return isinstance(made, Norm) and whole and plan.training


def _write_zeros(plan: Plan, stage: Stage) -> None:
    """Append the stage that makes the gradient at a value zero."""
    place = plan.gradients[stage.target]
    name = f"clear {stage.node.name}"
    plan.builder.stage("backward", name, "images", lambda f: clear(f, place))


def _nothing() -> None:
    """A stage without weights has no kernel gradient."""


WEIGHTED: dict[str, Callable[[Plan, Stage], Weighted]] = {
    "convolve": Convolve,
    "by reference": ByReference,
    "depthwise": Depthwise,
    "grouped": Grouped,
    "norm": Norm,
    "prelu": Slopes,
    "subsample": Subsample,
}
"""Stages that have weights."""

KEEPING: dict[str, Callable[[Plan, Stage], Pool | Dropout | LocalResponse]] = {
    "pool": Pool,
    "dropout": Dropout,
    "local response": LocalResponse,
}
"""Stages that have none, but buffers of their own."""

FORGETFUL = ("add", "average", "concatenate", "dropout", "flatten", "pool", "rescale", "softmax")
"""Stages whose backward pass asks nothing of what came in."""

PLAIN = {
    "activate": (write_activation, write_activation_backward),
    "add": (write_add, write_add_backward),
    "average": (write_average, write_average_backward),
    "concatenate": (write_concatenate, write_concatenate_backward),
    "flatten": (write_flatten, write_flatten_backward),
    "rescale": (write_rescale, write_rescale_backward),
    "softmax": (write_softmax, write_softmax_backward),
}
"""Stages that have neither: how they are written, forward and backward."""
