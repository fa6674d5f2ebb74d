"""What the compiler made of a network, stage by stage, and why it was not made faster."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.schedule_builder import AFTERWARDS, LEARN
from pellucid.engines.native.kernels.kernel import Declined
from pellucid.engines.native.kernels.pointwise import POINTWISE, why_not_fusable
from pellucid.engines.native.kernels.registry import declined
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.step import Step
from pellucid.graph.fold import Folded, fold
from pellucid.ops import CrossEntropy, MaxPool
from pellucid.optimizers import SGD
from pellucid.record import Record

if TYPE_CHECKING:
    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.emit.schedule_builder import Call
    from pellucid.engines.native.emit.work import Description
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph, Node
    from pellucid.ops.loss import Loss

INFERENCE_PASS = ("forward",)
TRAINING_STEP = (LEARN[0], *AFTERWARDS)
"""The parts of a step, in order."""


@dataclass(frozen=True)
class StageReport:
    """A stage of a plan.

    Attributes:
        schedule: ``forward``; or the part of a step, ``learn`` (forward in training), ``loss``,
            ``backward``, ``clip`` or ``update``.
        name: The layer's, with what is done for it.
        operations: The layers that are computed together, each with its kind.
        units: How many pieces the work is split into.
        description: What it does, with its work, its tile and its layout.
        computed_by: The kernel.
        declined: Why kernels that come before it in the list did not take it, by their names.
        seconds: Of one run by itself, on all threads; none before it was timed.
    """

    schedule: str
    name: str
    operations: tuple[str, ...]
    units: int
    description: Description
    computed_by: str = ""
    declined: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Timing:
    """What a timed run found.

    Attributes:
        stages: Seconds of each stage by itself, the threads starting together.
        whole: Seconds of a whole step or pass as a program runs it, loss and Python included.
        peak: GFLOP/s of multiply-adds in registers, all threads.
    """

    stages: list[float]
    whole: float
    peak: float


@dataclass(frozen=True)
class PlanReport(Record):
    """A plan.

    Attributes:
        processor: The one the code is for, as LLVM names it.
        lanes: Floats in a vector.
        threads: Threads that it runs on.
        batch: Images that it computes at once.
        training: Whether it is a training step, else a forward pass.
        declined: Why there is no plan; empty where there is one.
        arena: Bytes for all values, gradients and weights.
        stages: In the order in which they run.
        whole: Seconds of a whole step or pass; none before it was timed.
        peak: GFLOP/s of multiply-adds in registers, all threads; none before it was measured.
    """

    record_kind: ClassVar[str] = "plan"
    processor: str
    lanes: int
    threads: int
    batch: int
    training: bool
    declined: str = ""
    arena: int = 0
    stages: tuple[StageReport, ...] = ()
    whole: float | None = None
    peak: float | None = None

    @property
    def flops(self) -> int:
        """Multiplications and additions of a step or pass."""
        return sum(stage.description.work.flops for stage in self.stages)

    def timed(self, timing: Timing) -> PlanReport:
        """The same with times."""
        stages = tuple(
            replace(stage, seconds=seconds)
            for stage, seconds in zip(self.stages, timing.stages, strict=True)
        )
        return replace(self, stages=stages, whole=timing.whole, peak=timing.peak)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; a stage's description is given beside its name."""
        values = asdict(self)
        values["flops"] = self.flops
        for stage in values["stages"]:
            stage |= stage.pop("description")
            work = stage.pop("work")
            stage["flops"] = work["flops"]
            stage["bytes_read"], stage["bytes_written"] = work["reads"], work["writes"]
        return values


def report(
    graph: Graph, target: Target, *, batch: int, training: bool, loss: Loss | None = None
) -> PlanReport:
    """Plan a network and report the plan.

    Args:
        graph: The network.
        target: What the code is for.
        batch: Images at once.
        training: A step with SGD and momentum, or else a forward pass.
        loss: What a step minimises; none: the cross-entropy.
    """
    plain = PlanReport(target.cpu, target.lanes, target.threads, batch, training)
    try:
        code, folded = write_for_report(graph, target, batch=batch, training=training, loss=loss)
    except Declined as reason:
        return replace(plain, declined=str(reason))
    stages = tuple(
        _stage(code, folded, target, schedule, call)
        for schedule, call in calls(code, training=training)
    )
    return replace(plain, arena=code.plan.arena.size, stages=stages)


def write_for_report(
    graph: Graph,
    target: Target,
    *,
    batch: int,
    training: bool,
    apart: bool = False,
    loss: Loss | None = None,
) -> tuple[Code, Folded]:
    """The code that is reported on, and the graph that it is of: with batch norms folded, or not.

    Args:
        graph: The network.
        target: What the code is for.
        batch: Images at once.
        training: A step with SGD and momentum, or else a forward pass.
        apart: Whether each stage is called by itself.
        loss: What a step minimises; none: the cross-entropy.

    Raises:
        Declined: If a layer has no kernel.
    """
    folded = Folded.nothing(graph) if training else fold(graph)
    step = Step.of(graph, loss or CrossEntropy(), SGD(momentum=0.9)) if training else None
    learning = Learning.of(step) if step else None
    code = write(folded.graph, target, capacity=batch, learning=learning, apart=apart)
    return code, folded


def calls(code: Code, *, training: bool) -> list[tuple[str, Call]]:
    """The stages of a step or pass in their order, each with its schedule."""
    schedules = TRAINING_STEP if training else INFERENCE_PASS
    return [(name, call) for name in schedules for call in code.plan.builder.calls.get(name, [])]


def _stage(code: Code, folded: Folded, target: Target, schedule: str, call: Call) -> StageReport:
    plan = code.plan
    region = next((each for each in plan.regions if each.target == call.origin), None)
    nodes: list[Node] = []
    notes = list(call.about.notes)
    if region is not None:
        for node in (node for each in _together(region) for node in each):
            if node.name not in plan.graph.inputs:
                nodes += [node, *filter(None, [folded.norms.get(node.name)])]
        if schedule in TRAINING_STEP[:1] + INFERENCE_PASS:
            notes += filter(None, [why_alone(plan, region, target)])
    units = plan.capacity if call.share == "images" else call.share
    if units < plan.threads:
        notes.append(f"cut into {units}, so that {units} of {plan.threads} threads work")
    return StageReport(
        schedule,
        call.name,
        tuple(f"{node.name}: {node.operation.kind}" for node in nodes),
        units,
        replace(call.about, notes=tuple(notes)),
        region.kernel.__name__ if region is not None else "",
        declined(region, target) if region is not None else {},
    )


def _together(region: Region) -> list[tuple[Node, ...]]:
    """The nodes that are computed with a region, those of what it makes to read before its own."""
    own = (region.anchor, *region.epilogue)
    made = region.maker if region.kernel.makes_source else None
    return [*(_together(made) if made is not None else []), own]


def why_alone(plan: Plan, region: Region, target: Target) -> str:
    """Why what others could have fused is a region of its own; empty for other regions."""
    operation, graph = region.operation, plan.graph
    pools = isinstance(operation, MaxPool)
    if type(operation) not in POINTWISE and not pools:
        return ""
    (source,) = region.anchor.inputs
    readers = sum(source in node.inputs for node in graph.nodes)
    maker = next((each for each in plan.regions if source in each.nodes), None)
    if isinstance(operation, MaxPool) and (reason := why_not_fusable(operation)):
        pass
    elif source in plan.graph.inputs:
        reason = "nothing comes before it"
    elif readers > 1:
        reason = f"{readers} layers read {source!r}"
    elif maker is None:
        kind = graph[source].operation.kind
        reason = f"a kernel for {kind} takes no {operation.kind} along"
    else:
        reason = maker.kernel.declines(maker.followed_by(region.anchor, region.shape), target)
    return f"not fused: {reason}" if reason else ""
