"""From a graph to text: lower, plan, emit."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from pellucid.engines.native.by_name import by_node, of_node
from pellucid.engines.native.emit.ir import Vectors
from pellucid.engines.native.emit.schedule_builder import (
    GRADIENTS,
    INFER,
    SINGLE,
    STEP,
    ScheduleBuilder,
)
from pellucid.engines.native.emit.single_image import worth_waking
from pellucid.engines.native.kernels.answers import answer_by_image
from pellucid.engines.native.kernels.borders import clear_borders
from pellucid.engines.native.kernels.by_reference import ByReference
from pellucid.engines.native.kernels.clip import write_clip
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.loss import Loss
from pellucid.engines.native.kernels.loss_by_reference import LossByReference
from pellucid.engines.native.kernels.norm import Norm
from pellucid.engines.native.kernels.parameters import write_update
from pellucid.engines.native.kernels.plan import Plan
from pellucid.engines.native.kernels.sequence_loss import SequenceLoss
from pellucid.engines.native.kernels.sharing import Sharing
from pellucid.engines.native.kernels.targets import Computed, Given
from pellucid.engines.native.lower.depth_first import light, passing, regions_one_by_one
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.wanted import NOTHING
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.kernels.kernel import Kernel
    from pellucid.engines.native.kernels.targets import Targets
    from pellucid.engines.native.lower.learning import Learning
    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.target import Target
    from pellucid.engines.native.wanted import Wanted
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer


@short_repr
@dataclass(frozen=True, eq=False)
class Code:
    """A program's text and where everything lies.

    Attributes:
        plan: Layouts and places.
        weighted: The kernels that have weights, by the name of their node.
        losses: By name; none where nothing is learned.
        targets: What is given for losses to compare with, by the name of the input.
        sharing: Who shares weights.
    """

    plan: Plan
    weighted: dict[str, Weighted]
    losses: dict[str, Loss | LossByReference]
    targets: dict[str, Given]
    sharing: Sharing

    @property
    def text(self) -> str:
        """The module in LLVM's assembly language; none once it was released."""
        return self.plan.builder.text()

    def release_text(self) -> str:
        """The text, and forget it: once it is compiled, all that is needed is where things lie."""
        text = self.text
        self.plan.builder.release_text()
        return text

    def prepare(self, memory: NDArray[np.uint8]) -> None:
        """Write what stays the same from run to run into new memory."""
        for loss in self.losses.values():
            loss.prepare(memory)
        for loan in self.sharing.loans:
            loan.prepare(memory)

    def write_weights(self, memory: NDArray[np.uint8], weights: Mapping[str, Array]) -> None:
        """Write all weights and statistics, of the graph that is computed, in float32.

        What is derived of them, by the schedule ``flip``, is not written.
        """
        arrays = by_node(weights)
        for stage in self.weighted.values():
            own = of_node(arrays, stage.region.anchor.store)
            stage.write(memory, stage.parameter.weights, own)
            stage.write_statistics(memory, own)

    def place_of(self, value: str) -> Place:
        """Where the value of a node or an input lies."""
        return self.plan.values[self.plan.makers[value]]

    def table(self) -> NDArray[np.uint64]:
        """The table that schedules take: addresses, in bytes from the arena's beginning."""
        arena, places = self.plan.arena, self.plan.builder.places
        return np.array([arena.address(place) for place in places], np.uint64)

    @property
    def by_reference(self) -> list[ByReference | LossByReference]:
        """The stages that Python computes."""
        every = (*self.weighted.values(), *self.losses.values())
        return [made for made in every if isinstance(made, ByReference | LossByReference)]

    @property
    def shares_single(self) -> bool:
        """Whether threads share the work for a single image."""
        return worth_waking(call.single for call in self.plan.builder.calls.get(SINGLE[0], []))


def write(
    graph: Graph,
    target: Target,
    *,
    capacity: int,
    learning: Learning | None = None,
    wanted: Wanted = NOTHING,
    apart: bool = False,
) -> Code:
    """Write a graph's code.

    Args:
        graph: The graph, as it is computed.
        target: What the code is for.
        capacity: Images that it has room for.
        learning: How it learns; none for inference.
        wanted: What is read besides the outputs; only where nothing is learned.
        apart: Whether each stage is called by itself, for all images: they go through it together.
    """
    optimizer = learning.optimizer if learning is not None else None
    compared = learning.compared if learning is not None else ()
    lowered = lower(graph, target, training=optimizer is not None, wanted=wanted, compared=compared)
    single = target.threads > 1 and optimizer is None and not wanted.backward
    vectors = Vectors(
        target.lanes, target.registers, target.products, target.bfloat16, target.folds
    )
    builder = ScheduleBuilder(vectors, target.pause, single=single, backward=wanted.backward)
    keeps = optimizer is not None or wanted != NOTHING or capacity <= target.threads
    first = 0 if keeps or apart else regions_one_by_one(graph, lowered.regions)
    alone = light(graph, lowered.regions)
    if not keeps or apart:
        alone = frozenset(region.target for region in lowered.regions[:first])
    plan = Plan(
        graph, lowered.regions, vectors, capacity, target.threads, learning, builder, wanted,
        lowered.makers, passing=passing(lowered.regions, first),
    )  # fmt: skip
    for region in plan.regions:
        plan.kernels[region.target] = region.kernel(plan, region)
    kernels = [*plan.kernels.values()]
    weighted = [kernel for kernel in kernels if isinstance(kernel, Weighted)]
    sharing = Sharing(plan, weighted)
    for kernel in kernels:
        builder.origin = kernel.region.target
        builder.one_by_one = kernel.region.target in alone
        if kernel.region.target not in plan.within:
            kernel.forward()
    builder.one_by_one = False
    targets: dict[str, Given] = {}
    losses = _losses(plan, targets)
    for loss in losses.values():
        builder.origin = loss.origin
        loss.write()
    if plan.has_backward:
        _write_backward(plan, kernels, sharing, alone)
    for loss in losses.values():
        builder.origin = loss.origin
        loss.write_sum()
    if optimizer is not None:
        _write_update(plan, sharing, optimizer)
    for each in weighted:
        if not plan.has_backward and not each.flips_forward:
            continue
        builder.origin = each.region.target
        each.flip()
    if optimizer is not None:
        if not apart and target.has_stack:
            answer_by_image(plan, regions_one_by_one(graph, lowered.regions))
        clear_borders(plan)
    plan.arena.settle(builder.accesses(order) for order in orders(plan))
    builder.slots = [plan.arena.slot(place) for place in builder.places]
    by_name = {kernel.name: kernel for kernel in weighted}
    return Code(plan, by_name, losses, targets, sharing)


def _losses(plan: Plan, targets: dict[str, Given]) -> dict[str, Loss | LossByReference]:
    """The losses of a step, by name; what they are given to compare with is noted."""
    found: dict[str, Loss | LossByReference] = {}
    for name, node in plan.learning.losses.items() if plan.learning is not None else ():
        wanted: Targets
        if node.targets in plan.makers:
            place = plan.values[plan.makers[node.targets]]
            wanted = Computed(node.targets, place)
        else:
            if node.targets not in targets:
                outputs = plan.shapes[plan.makers[node.value]]
                numbers = prod(node.operation.target_shape(outputs))
                targets[node.targets] = Given(plan, node.targets, numbers)
            wanted = targets[node.targets]
        kinds = (SequenceLoss, Loss)
        made = next((kind for kind in kinds if kind.computes(node.operation)), LossByReference)
        found[name] = made(plan, name, node, wanted)
    return found


def _write_update(plan: Plan, sharing: Sharing, optimizer: Optimizer) -> None:
    """Append the optimizer's step on all weights that change."""
    targets = {region.name: region.target for region in plan.regions}
    if optimizer.clip_norm is not None:
        write_clip(plan, sharing.updated, optimizer.clip_norm)
    for parameter in sharing.updated:
        plan.builder.origin = targets[parameter.name]
        write_update(plan, parameter)
    sharing.hand_on()


def _write_backward(
    plan: Plan, kernels: list[Kernel], sharing: Sharing, alone: Collection[str]
) -> None:
    """Append the backward pass, from what has a gradient already to all that needs one.

    Args:
        plan: The plan.
        kernels: In the forward pass's order.
        sharing: Who shares weights.
        alone: The regions that images go through one by one, by their targets.
    """
    again = {kernel.region.target: kernel for kernel in kernels if _recomputed(kernel, plan)}
    for kernel in reversed(kernels):
        region = kernel.region
        if not region.sources or not plan.wants_gradient(region.target):
            continue
        plan.builder.origin = region.target
        plan.builder.one_by_one = region.target in alone
        for source in region.sources:
            if source in again and kernel.reads_input_backward:
                again.pop(source).recompute()
        if region.target not in plan.written:  # nothing leads from it to the answer
            plan.clear(f"clear {region.name}", plan.gradients[region.target])
        learns = plan.trains(region) or plan.wanted.weights
        # Both at once, so that neither what came in nor its gradient need be kept for long; and
        # the input's gradient last where it is the larger, for the layer before to read it.
        larger = prod(region.shape) < sum(map(prod, region.inputs))
        order = [kernel.backward, *([kernel.weight_gradient] if learns else [])]
        for append in reversed(order) if larger and kernel.in_any_order else order:
            append()
        if learns and plan.training and isinstance(kernel, Weighted):
            sharing.add(kernel)
    plan.builder.one_by_one = False


def orders(plan: Plan) -> list[list[str]]:
    """The schedules that follow each other with buffers of one still in use in the next."""
    schedules = plan.builder.schedules
    step = [name for name in (STEP[0], "flip") if name in schedules]
    alone = [[name] for name in (INFER[0], SINGLE[0]) if name in schedules]
    if plan.wanted.backward:
        return [[name for name in (GRADIENTS[0], "flip") if name in schedules]]
    return [step, *alone] if plan.training else alone


def _recomputed(kernel: Kernel, plan: Plan) -> TypeGuard[Norm]:
    """Whether a value is recomputed in the backward pass instead of kept: that of a batch norm."""
    whole = kernel.region.pool is None and kernel.region.target not in plan.kept
    return isinstance(kernel, Norm) and whole and plan.training
