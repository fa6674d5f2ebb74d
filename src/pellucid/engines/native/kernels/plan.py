"""Where everything lies: layouts of values and gradients, and their places in the arena."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import clear
from pellucid.engines.native.emit.narrow import narrow_dtype
from pellucid.engines.native.emit.schedule_builder import BY_IMAGE, INFER, LEARN
from pellucid.engines.native.emit.single_image import Split
from pellucid.engines.native.emit.whole_sums import numbers_in_word
from pellucid.engines.native.emit.work import Description, Work
from pellucid.engines.native.memory.arena import Arena
from pellucid.engines.native.memory.layout import FLOAT, Border, Layout, Place, whole_vectors
from pellucid.engines.native.wanted import NOTHING
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Vectors
    from pellucid.engines.native.emit.schedule_builder import ScheduleBuilder, Share
    from pellucid.engines.native.kernels.kernel import Kernel
    from pellucid.engines.native.kernels.parameters import Parameter
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.lower.learning import Learning
    from pellucid.engines.native.memory.layout import DType
    from pellucid.engines.native.wanted import Wanted
    from pellucid.graph import Graph
    from pellucid.ops.operation import Shape
    from pellucid.optimizers import Optimizer


@short_repr
@dataclass
class Plan:
    """Everything that kernels need to know of each other while their code is written.

    Attributes:
        graph: The graph.
        regions: What is computed in one go, in order.
        vectors: The processor's registers.
        capacity: Images that the buffers hold.
        threads: Threads that the scratch buffers are for.
        learning: How the program learns; none for inference.
        builder: Collects the code.
        wanted: What is read besides the outputs.
        makers: The region target that holds each node's value, and each input's.
        arena: Collects the buffers.
        kernels: The kernels that were made, by the target of their region.
        pixels: The input that the call itself brings, as bytes or floats: the largest.
        feeds: Where each other input lies, floats one after the other, by its name.
        values: Where each value lies, by the name of its node.
        gradients: Where the loss's gradient at each value lies.
        written: Gradients that the backward code has written already; what comes next adds.
        scalars: Offset of the numbers that change from step to step.
        shapes: Every value's shape, as it lies in memory.
        parameters: The weights that were placed, by store and how they lie.
        owners: The parameter by which each weight is updated, the first that was placed with it,
            by the weight's full name.
        statistics: Where the running statistics of each store lie.
        kept: The region targets whose values are read where they were made: outputs, and what
            losses compare.
        within: The region targets whose values are made by the stage that reads them, and lie
            nowhere as a whole.
        passing: The region targets that each thread holds for one image at a time: what images
            make that go one by one through the network's beginning, and no others read.
        side_by_side: The region targets whose positions lie side by side, not filled up to vectors.
    """

    graph: Graph
    regions: list[Region]
    vectors: Vectors
    capacity: int
    threads: int
    learning: Learning | None
    builder: ScheduleBuilder
    wanted: Wanted = NOTHING
    makers: dict[str, str] = field(default_factory=dict)
    arena: Arena = field(default_factory=Arena)
    kernels: dict[str, Kernel] = field(default_factory=dict)
    pixels: str = ""
    feeds: dict[str, int] = field(default_factory=dict)
    values: dict[str, Place] = field(default_factory=dict)
    gradients: dict[str, Place] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    scalars: int = 0
    shapes: dict[str, Shape] = field(default_factory=dict)
    parameters: dict[Hashable, Parameter] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    statistics: dict[str, int] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    side_by_side: set[str] = field(default_factory=set)
    _read_later: tuple[set[str], set[str]] = (set(), set())
    _band: int = 0

    def __post_init__(self) -> None:
        self.shapes = {region.target: region.shape for region in self.regions}
        self.within = frozenset(r.sources[0] for r in self.regions if r.kernel.makes_source)
        self.scalars = self.place("scalars", SCALARS)
        compared = self.learning.compared if self.learning is not None else frozenset[str]()
        outputs = self._targets(self.wanted.values.union(self.graph.outputs.values()))
        self.passing -= outputs
        self.kept = frozenset(outputs | self._targets(compared))
        self._read_later = (
            outputs,
            # The loss, or the caller, writes before the first stage of the backward pass.
            self._targets(self.wanted.seeds | self.wanted.gradients | compared),
        )
        self._place_feeds()
        differentiated = self._differentiated()
        readers: dict[str, list[Region]] = {region.target: [] for region in self.regions}
        for region in self.regions:
            for source in dict.fromkeys(region.sources):
                readers[source].append(region)
        for region in self.regions:
            self.values[region.target] = self._value(
                region, readers[region.target], differentiates=region.target in differentiated
            )
        for region in self.regions:
            if region.target in differentiated:
                self.gradients[region.target] = self._gradient(region)
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
        return self.learning is not None

    @property
    def optimizer(self) -> Optimizer | None:
        """The update rule; none for inference."""
        return self.learning.optimizer if self.learning is not None else None

    def trains(self, region: Region) -> bool:
        """Whether any of a region's weights change."""
        return any(self.trains_array(region, name) for name in region.parameters)

    def trains_array(self, region: Region, name: str) -> bool:
        """Whether one of a region's weights changes, by its own name."""
        return self.learning is not None and region.full_name(name) in self.learning.trained

    def uses_running(self, region: Region) -> bool:
        """Whether a norm uses its running statistics wherever a batch has its own."""
        return self.learning is None or region.name in self.learning.running

    @property
    def has_backward(self) -> bool:
        """Whether the program has a backward pass."""
        return self.training or self.wanted.backward

    def shape(self, name: str) -> tuple[int, int, int]:
        """A value's (height, width, channels); a flat vector is one position."""
        return as_image(self.shapes[name])

    # ----------------------------------------------------------------------------------- stages

    def stage(
        self,
        schedules: str | tuple[str, ...],
        name: str,
        share: Share,
        body: Callable[[Function], None],
        about: Description,
        *,
        group: str = BY_IMAGE,
        single: Split | None = None,
        again: tuple[int, ...] = (),
    ) -> None:
        """Append a stage: see :meth:`~.schedule_builder.ScheduleBuilder.stage`."""
        self.builder.stage(
            schedules, name, share, body, about, group=group, single=single, again=again
        )

    def clear(self, name: str, place: Place) -> None:
        """Append the stage that makes a gradient zero, where later only some positions are set."""
        about = self.about("rows of zeros", writes=[place])
        self.stage("backward", name, "images", lambda f: clear(f, place), about)

    def about(
        self,
        kernel: str,
        reads: Iterable[Place] = (),
        writes: Sequence[Place] = (),
        *,
        flops: int = 0,
        read: int = 0,
        written: int = 0,
        tile: tuple[int, int] | None = None,
        notes: Iterable[str] = (),
    ) -> Description:
        """A stage's description.

        Args:
            kernel: The family that its code belongs to.
            reads: Buffers of images that it reads.
            writes: Buffers of images that it writes, the first is the one reported.
            flops: Of an image.
            read: Bytes that it reads besides.
            written: Bytes that it writes besides.
            tile: (rows, vectors) of sums in registers.
            notes: Why it is not faster.
        """
        work = Work(
            self.capacity * flops,
            sum(map(self.bytes_of, reads)) + read,
            sum(map(self.bytes_of, writes)) + written,
        )
        return Description(kernel, work, tile, writes[0].layout if writes else None, tuple(notes))

    def view(self, place: Place, memory: NDArray[np.uint8], images: int) -> NDArray[np.float32]:
        """The first images of a buffer in the settled arena, (N, height, width, channels)."""
        return place.layout.view(memory, self.arena.address(place.offset), images)

    def bytes_of(self, place: Place) -> int:
        """Bytes of a batch in a buffer of images, without its border."""
        layout = place.layout
        numbers = self.capacity * layout.height * layout.width * layout.pitch
        return layout.itemsize * numbers

    def read_by(self, region: Region) -> list[Place]:
        """The buffers of images that a region reads, each once."""
        return [self.values[source] for source in dict.fromkeys(region.sources)]

    def by_rows(self, target: str) -> Split:
        """The split of a stage that makes each value from those at the same position."""
        shape = self.shape(target)
        return Split("rows", shape[0], prod(shape), local=True)

    # ----------------------------------------------------------------------------------- places

    def place(self, name: str, floats: int) -> int:
        """A place for floats that nothing else will overwrite."""
        return self.arena.place(name, FLOAT * floats)

    def place_scratch(self, name: str, floats: int) -> int:
        """A place for floats that are needed between some stages only."""
        return self.arena.place_scratch(name, FLOAT * floats)

    def reserve_band(self, floats: int) -> None:
        """Note how many floats a stage will need for each thread, until it ends."""
        self._band = max(self._band, floats)

    @cached_property
    def band(self) -> tuple[int, int]:
        """The one buffer for all that was so noted, and how many floats each thread has of it.

        What a thread leaves there no other stage reads; so it stays in that thread's caches.
        """
        return self.place_scratch("scratch bands", self.threads * self._band), self._band

    def place_statistics(self, region: Region, floats: int) -> int:
        """The place of a region's running statistics: one for all that share them."""
        store = region.anchor.store
        if store not in self.statistics:
            self.statistics[store] = self.place(f"statistics {region.name}", floats)
        return self.statistics[store]

    def room(self, layout: Layout, images: int = 0) -> int:
        """Bytes for images, by default for all: a tile may load a vector at the last position."""
        return layout.bytes(images or self.capacity) + layout.itemsize * self.lanes

    def images_in(self, target: str) -> int:
        """How many images the value of a region has room for."""
        return self.threads if target in self.passing else self.capacity

    def place_winners(self, region: Region, dtype: DType = "uint8") -> Place:
        """Where the number of the position that won lies, for each value of a region."""
        layout = replace(self.values[region.target].layout, dtype=dtype)
        place = self.arena.place_scratch(f"winners {region.name}", self.room(layout))
        return Place(layout, place)

    def _place_feeds(self) -> None:
        """Find room for all inputs but the largest."""
        read = {region.source_input for region in self.regions if not region.sources}
        sizes = {name: prod(self.graph.inputs[name].shape) for name in sorted(read)}
        self.pixels = max(sizes, key=sizes.__getitem__)
        for name, size in sizes.items():
            if name != self.pixels:
                self.feeds[name] = self.place(f"input {name}", self.capacity * size)

    def _targets(self, names: Iterable[str]) -> set[str]:
        """The region targets that hold some nodes' values, of those that are made."""
        return {self.makers[name] for name in names if name in self.makers}

    def _differentiated(self) -> set[str]:
        """The values at which gradients are needed."""
        if not self.has_backward:
            return set()
        found = set() if self.training else set(self._read_later[1])
        for region in self.regions:
            learns = self.trains(region) or (self.wanted.weights and region.parameters)
            if learns or found.intersection(region.sources):
                found.add(region.target)
        return found

    def _value(self, region: Region, readers: list[Region], *, differentiates: bool) -> Place:
        height, width, channels = self.shape(region.target)
        # Pixels that are read one by one need not fill whole vectors.
        numbers = all(r.kernel.reads_numbers and r.addend != region.target for r in readers)
        one_by_one = not region.sources and numbers
        if one_by_one:
            self.side_by_side.add(region.target)
        pitch = channels if one_by_one else whole_vectors(channels, self.lanes)
        border = Border()
        for reader in readers:
            if region.target in reader.own_sources:
                border = border.around(reader.kernel.border(reader, (height, width)))
        if differentiates and len(readers) == 1 and readers[0].kernel.gradient_over_input:
            border = self._gradient_border(region)  # its gradient will lie over it
        dtype: DType = "float32"
        if region.whole is not None:
            dtype = narrow_dtype(self.vectors, region.whole)
            pitch = whole_vectors(pitch, numbers_in_word(self.vectors))
        layout = Layout(height, width, channels, pitch, border, dtype)
        name, size = f"value {region.target}", self.room(layout)
        if region.target in self._read_later[0]:
            return Place(layout, self.arena.place(name, size))
        if region.target in self.passing:
            size, slot = self.room(layout, self.threads), layout.itemsize * layout.image
            return Place(layout, self.arena.place_images(name, layout, size, slot))
        return Place(layout, self.arena.place_images(name, layout, size))

    def _gradient(self, region: Region) -> Place:
        height, width, channels = self.shape(region.target)
        border = self._gradient_border(region)
        layout = Layout(height, width, channels, whole_vectors(channels, self.lanes), border)
        name, size = f"gradient {region.target}", self.room(layout)
        if region.target in self._read_later[1]:
            return Place(layout, self.arena.place(name, size))
        return Place(layout, self.arena.place_images(name, layout, size))

    def _gradient_border(self, region: Region) -> Border:
        if region.pool is not None or not region.sources:
            return Border()
        height, width, _ = self.shape(region.target)
        return region.kernel.gradient_border(region, self.shape(region.sources[0]), (height, width))

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
    """A shape of any number of axes as (height, width, channels), the last of which is its last."""
    height, width, channels = (1, 1, 1, *shape)[-3:]
    return prod(shape[:-3]) * height, width, channels
