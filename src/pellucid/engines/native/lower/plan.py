"""Where everything lies: layouts of values and gradients, and their places in the arena."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.schedule_builder import INFER, LEARN
from pellucid.engines.native.lower.stages import NOTHING
from pellucid.engines.native.memory.arena import Arena
from pellucid.engines.native.memory.layout import Border, Layout, whole_vectors
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.engines.native.emit.ir import Vectors
    from pellucid.engines.native.emit.schedule_builder import ScheduleBuilder
    from pellucid.engines.native.lower.stages import Stage
    from pellucid.engines.native.lower.wanted import Wanted
    from pellucid.graph import Graph
    from pellucid.ops.operation import Shape
    from pellucid.optimizers import Optimizer


@dataclass(frozen=True)
class Place:
    """A buffer of images in the arena."""

    layout: Layout
    offset: int


@short_repr
@dataclass
class Plan:
    """Everything that stages need to know of each other while their code is written.

    Attributes:
        graph: The graph.
        vectors: The processor's registers.
        capacity: Images that the buffers hold.
        threads: Threads that the scratch buffers are for.
        optimizer: The update rule; none for inference.
        wanted: What is read besides the answer.
        makers: The stage target that holds each node's value.
        builder: Collects the code.
        arena: Collects the buffers.
        values: Where each value lies, by the name of its node.
        gradients: Where the loss's gradient at each value lies.
        written: Gradients that the backward code has written already; what comes next adds.
        scalars: Offset of the numbers that change from step to step.
        shapes: Every value's shape, as it lies in memory.
    """

    graph: Graph
    stages: list[Stage]
    vectors: Vectors
    capacity: int
    threads: int
    optimizer: Optimizer | None
    builder: ScheduleBuilder
    wanted: Wanted = NOTHING
    makers: dict[str, str] = field(default_factory=dict)
    arena: Arena = field(default_factory=Arena)
    values: dict[str, Place] = field(default_factory=dict)
    gradients: dict[str, Place] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    scalars: int = 0
    shapes: dict[str, Shape] = field(default_factory=dict)
    _read_later: tuple[set[str], set[str]] = (set(), set())

    def __post_init__(self) -> None:
        self.shapes = {stage.target: stage.shape for stage in self.stages}
        self.scalars = self.arena.place("scalars", SCALARS)
        self._read_later = (
            self._targets(self.wanted.values),
            self._targets(self.wanted.seeds | self.wanted.gradients),
        )
        differentiated = self._differentiated()
        for stage in self.stages:
            self.values[stage.target] = self._value(stage, differentiated)
        for stage in self.stages:
            if stage.target in differentiated:
                self.gradients[stage.target] = self._gradient(stage)
        self.written |= self._targets(self.wanted.seeds)

    @property
    def forward(self) -> tuple[str, ...]:
        """The schedules of the forward pass that a stage belongs to which is the same in all."""
        return (*INFER, *LEARN) if self.training else INFER

    @property
    def lanes(self) -> int:
        """Floats in a vector."""
        return self.vectors.lanes

    @property
    def training(self) -> bool:
        """Whether the program learns."""
        return self.optimizer is not None

    @property
    def backward(self) -> bool:
        """Whether the program has a backward pass."""
        return self.training or self.wanted.backward

    def _targets(self, names: Iterable[str]) -> set[str]:
        """The stage targets that hold some nodes' values, of those that are made."""
        return {self.makers[name] for name in names if name in self.makers}

    def _differentiated(self) -> set[str]:
        """The values at which gradients are needed."""
        if self.training:
            return {stage.target for stage in self.stages[1:]}
        if not self.wanted.backward:
            return set()
        found = set(self._read_later[1])
        for stage in self.stages:
            learns = self.wanted.weights and stage.node.operation.parameters(
                *self.graph.inputs_of(stage.node) if stage.sources else ()
            )
            if learns or found.intersection(stage.sources):
                found.add(stage.target)
        return found

    def shape(self, name: str) -> tuple[int, int, int]:
        """A value's (height, width, channels); a flat vector is one position."""
        return as_image(self.shapes[name])

    def _value(self, stage: Stage, differentiated: set[str]) -> Place:
        height, width, channels = self.shape(stage.target)
        readers = [reader for reader in self.stages if stage.target in reader.sources]
        # Pixels that only convolutions read are read one by one, and need not fill whole vectors.
        one_by_one = stage.kind == "normalise" and all(r.kind == "convolve" for r in readers)
        pitch = channels if one_by_one else whole_vectors(channels, self.lanes)
        border = Border()
        for reader in readers:
            border = border.around(_reads_past_the_edge(reader, (height, width)))
        if stage.target in differentiated and [reader.kind for reader in readers] == ["norm"]:
            border = self._gradient_border(stage)  # its gradient will lie over it
        layout = Layout(height, width, channels, pitch, border)
        # Tiles may load a whole vector at the very last position.
        floats = layout.floats(self.capacity) + self.lanes
        name = f"value {stage.target}"
        # The answer, and what is wanted, is read after the last stage.
        if stage is self.stages[-1] or stage.target in self._read_later[0]:
            return Place(layout, self.arena.place(name, floats))
        return Place(layout, self.arena.place_images(name, layout, floats))

    def _gradient(self, stage: Stage) -> Place:
        height, width, channels = self.shape(stage.target)
        border = self._gradient_border(stage)
        layout = Layout(height, width, channels, whole_vectors(channels, self.lanes), border)
        floats = layout.floats(self.capacity) + self.lanes
        name = f"gradient {stage.target}"
        # The loss, or the caller, writes before the first stage of the backward pass.
        if stage.target in self._read_later[1] or (self.training and stage is self.stages[-1]):
            return Place(layout, self.arena.place(name, floats))
        return Place(layout, self.arena.place_images(name, layout, floats))

    def _gradient_border(self, stage: Stage) -> Border:
        if stage.pool is not None or not stage.sources:
            return Border()
        height, width, _ = self.shape(stage.target)
        return gradient_border(stage, self.shape(stage.sources[0]), (height, width))

    def adds(self, name: str) -> bool:
        """Whether a gradient was written before, so that now it is added to; notes the writing."""
        before = name in self.written
        self.written.add(name)
        return before

    def takes_over(self, gradient: str, other: Place) -> None:
        """Let a value's gradient lie over a buffer that the stage which makes it reads last.

        The stage must read each position before it writes it. Nothing comes of it where images lie
        differently in the two, or something else needs what was there.
        """
        self.arena.over(self.gradients[gradient].offset, other.offset)

    def wants_gradient(self, name: str) -> bool:
        """Whether anything learns before a value, so that its gradient is needed."""
        return name in self.gradients


SCALARS = 16
"""Room for the numbers that change from step to step: the learning rate and what goes with it."""


def as_image(shape: Shape) -> tuple[int, int, int]:
    """A shape as (height, width, channels)."""
    if len(shape) == 1:
        return 1, 1, shape[0]
    height, width, channels = shape
    return height, width, channels


def _reads_past_the_edge(reader: Stage, size: tuple[int, int]) -> Border:
    """The zeros that a stage wants around a value that it reads."""
    operation = reader.node.operation
    if not isinstance(operation, ops.Conv2D):
        return Border()
    sides = []
    for axis in (0, 1):
        span = operation.window.along(axis, size[axis])
        reach = (span.output - 1) * operation.stride[axis] + operation.window.extent(axis)
        sides += [span.before, max(0, reach - span.before - size[axis])]
    return Border(*sides)


def gradient_border(stage: Stage, source: tuple[int, int, int], outputs: tuple[int, int]) -> Border:
    """The zeros that a convolution's output gradient wants around it, to be convolved back.

    Input position y sees outputs (y + before − tap·dilation) / stride, for all taps.
    """
    operation = stage.node.operation
    if not isinstance(operation, ops.Conv2D):
        return Border()
    sides = []
    for axis in (0, 1):
        before = operation.window.along(axis, source[axis]).before
        furthest = operation.window.extent(axis) - 1
        stride = operation.stride[axis]
        first = -((furthest - before) // stride)
        last = (source[axis] - 1 + before) // stride
        sides += [max(0, -first), max(0, last - (outputs[axis] - 1))]
    return Border(*sides)
