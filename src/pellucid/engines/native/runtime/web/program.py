"""A graph compiled for browsers: modules, the memory that they begin with, and where all lies.

The text is the one that every processor's code is made from, for one thread and vectors of four
floats; sums are in the same order, and so results are those of the native engine to the last bit
wherever both fuse multiplications with additions, or neither does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.schedule_builder import GRADIENTS, INFER, STEP
from pellucid.engines.native.inspected import write_inspected
from pellucid.engines.native.kernels.plan import SCALARS
from pellucid.engines.native.memory.arena import ALIGNMENT
from pellucid.engines.native.memory.layout import FLOAT
from pellucid.engines.native.runtime.host.machine import code_of
from pellucid.engines.native.runtime.web.module import module_of
from pellucid.engines.native.target import Target
from pellucid.errors import ArgumentError
from pellucid.graph.fold import Folded
from pellucid.memory import check_memory
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.lower.learning import Learning
    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.wanted import Wanted
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array

Variant = Literal["plain", "fused"]

PLAIN = Target("wasm32-unknown-unknown", "generic", "+simd128", 4, 16, pointer_bits=32)
TARGETS: dict[Variant, Target] = {
    "plain": PLAIN,
    "fused": replace(PLAIN, features="+simd128,+relaxed-simd"),
}
"""SIMD of four floats; and with relaxed instructions, which fuse where the processor does."""

START = 1024
"""Where the arena begins: nothing lies at address 0, so that a null pointer is seen."""

PAGE = 65536
"""Bytes of a page of WebAssembly's memory."""

MOST_PAGES = 65536
"""Pages that 32 bits can address."""


@short_repr
@dataclass(frozen=True, eq=False)
class WebProgram:
    """A program for a page.

    Attributes:
        code: The text and where everything lies in the arena.
        folded: The graph that is computed, and which of its nodes makes each value.

    Raises:
        ArgumentError: A layer has no code of its own, or memory would be beyond 32 bits; the
            message names the layer.
    """

    code: Code
    folded: Folded

    def __post_init__(self) -> None:
        if self.code.by_reference:
            layers = ", ".join(
                f"{printable(stage.name)} ({stage.operation.kind})"
                for stage in self.code.by_reference
            )
            raise ArgumentError(f"a page cannot compute {layers}: there is no compiled code for it")
        if self.pages > MOST_PAGES:
            raise ArgumentError(
                f"a page would need {self.pages * PAGE / 2**30:.1f} GiB of memory, and has at most "
                "4 GiB; take fewer or smaller images, or a smaller network"
            )

    @cached_property
    def modules(self) -> dict[Variant, bytes]:
        """The module of each variant; a browser takes the fused one if it validates.

        Code is kept in the user's cache, as machine code is: it depends on the graph alone, so that
        another page of the same architecture costs no compilation.
        """
        names = list(self.code.plan.builder.schedules)
        return {
            variant: module_of(code_of(self.code.text, target), names)
            for variant, target in TARGETS.items()
        }

    # ------------------------------------------------------------------------------- addresses

    @property
    def table_address(self) -> int:
        """Where the table of addresses lies, the first argument of every schedule."""
        return START + _aligned(self.code.plan.arena.size)

    @property
    def pixels_address(self) -> int:
        """Where the pixels of a batch go, the second argument: bytes, or floats."""
        return self.table_address + _aligned(4 * len(self.code.plan.builder.places))

    @property
    def pages(self) -> int:
        """Pages of memory that the program needs."""
        plan = self.code.plan
        pixels = FLOAT * plan.capacity * prod(plan.graph.inputs[plan.pixels].shape)
        return -(-(self.pixels_address + pixels) // PAGE)

    def memory(self, weights: Mapping[str, Array]) -> NDArray[np.uint8]:
        """What memory holds before the first call, from address 0 on; behind it are zeros.

        Args:
            weights: Of the whole network.
        """
        arena = self.code.plan.arena
        check_memory(arena.size, "the page's values, gradients and weights", "take fewer images")
        found = np.zeros(self.table_address + 4 * len(self.code.plan.builder.places), np.uint8)
        own = found[START : START + arena.size]
        single = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self.code.write_weights(own, self.folded.weights(single))
        self.code.prepare(own)
        table = self.code.table() + np.uint64(START)
        found[self.table_address :] = table.astype("<u4").view(np.uint8)
        return found

    # ------------------------------------------------------------------------------- manifest

    def to_dict(self) -> dict[str, Any]:
        """What a page must know, in JSON values; addresses in bytes, strides in floats."""
        plan = self.code.plan
        named = plan.builder.schedules
        return {
            "pages": self.pages,
            "capacity": plan.capacity,
            "input": list(plan.graph.inputs[plan.pixels].shape),
            "table": self.table_address,
            "pixels": self.pixels_address,
            "flips": "flip" in named,
            "schedules": [name for name in (*INFER, *GRADIENTS, *STEP) if name in named],
            "values": self._places(plan.values, self.folded.makers),
            "gradients": self._places(plan.gradients, {name: name for name in plan.makers}),
            "weights": self._weights(),
            **self._weight_gradients(),
            "scalars": {"address": START + plan.scalars, "count": SCALARS},
            **self._feeds(),
            **self._loss(),
        }

    def _places(self, places: Mapping[str, Place], nodes: Mapping[str, str]) -> dict[str, Any]:
        plan = self.code.plan
        made = {name: plan.makers[node] for name, node in nodes.items() if node in plan.makers}
        return {
            name: self._place(places[target])
            for name, target in made.items()
            if target in places and target not in plan.within
        }

    def _place(self, place: Place) -> dict[str, Any]:
        layout = place.layout
        address = self.code.plan.arena.address(place.offset) + FLOAT * layout.at(0, 0)
        return {
            "address": START + address,
            "shape": [layout.height, layout.width, layout.channels],
            "strides": [layout.image, layout.row, layout.pitch],
        }

    def _weights(self) -> dict[str, Any]:
        """Where each float of each weight lies, by full name, in the order of its array.

        Of what several layers share, the first is where it learns; ``copies`` are read by others.
        """
        size = self.code.plan.arena.size
        numbers = np.arange(size // FLOAT, dtype=np.uint32)
        places = (START + FLOAT * numbers).view(np.uint8)
        found: dict[str, Any] = {}
        copies: dict[str, list[Any]] = {}
        for stage in self.code.weighted.values():
            arrays = stage.read(places, stage.parameter.weights) | stage.read_statistics(places)
            for part, array in arrays.items():
                owner = self.code.plan.owners.get(stage.region.full_name(part), stage.name)
                name = f"{stage.region.anchor.store}.{part}"
                addresses = np.ascontiguousarray(array).view(np.uint32)
                if owner != stage.name:
                    copies.setdefault(name, []).append(addresses)
                else:
                    found[name] = {"shape": list(array.shape), "addresses": addresses}
        return {name: {**about, "copies": copies.get(name, [])} for name, about in found.items()}

    def _weight_gradients(self) -> dict[str, Any]:
        """Where gradients of weights are found, by full name: what adds up to them.

        Each of these is several partial sums, a ``step`` of bytes apart, the first of which lies
        ``shift`` bytes behind one of the weight's arrays: its own, or one of the copies of it.
        """
        if not self.code.plan.wanted.weights:
            return {}
        found: dict[str, list[dict[str, int]]] = {}
        copies: Counter[str] = Counter()
        for stage in self.code.weighted.values():
            parameter = stage.parameter
            for part in stage.read(np.zeros(FLOAT * parameter.size, np.uint8), 0):
                owner = self.code.plan.owners.get(stage.region.full_name(part), stage.name)
                name = f"{stage.region.anchor.store}.{part}"
                if owner != stage.name:
                    copies[name] += 1
                found.setdefault(name, []).append(
                    {
                        "copy": copies[name] if owner != stage.name else 0,
                        "shift": parameter.gradients - parameter.weights,
                        "chunks": parameter.chunks,
                        "step": FLOAT * parameter.size,
                    }
                )
        return {"weight_gradients": found}

    def _loss(self) -> dict[str, Any]:
        """Where labels go and the loss is found; of several, by name."""
        losses = {name: START + each.result for name, each in self.code.losses.items()}
        labels = {name: START + each.labels for name, each in self.code.targets.items()}
        if len(losses) == len(labels) == 1:
            return {"labels": next(iter(labels.values())), "loss": next(iter(losses.values()))}
        return {"labels": labels, "loss": losses} if losses else {}

    def _feeds(self) -> dict[str, Any]:
        """Where floats for the other inputs go, by name."""
        feeds = {name: START + offset for name, offset in self.code.plan.feeds.items()}
        return {"feeds": feeds} if feeds else {}


def inspecting_program(
    graph: Graph, wanted: Wanted, *, capacity: int = 1, folds: bool = True
) -> WebProgram:
    """A program that gives values, or gradients, as the native engine's inspector does.

    Args:
        graph: The network's.
        wanted: What is read besides the answer.
        capacity: Images that there is room for.
        folds: Whether batch norms are folded, as in prediction; gradients are of the graph as it
            is.
    """
    return WebProgram(*write_inspected(graph, wanted, PLAIN, capacity=capacity, folds=folds))


def training_program(learning: Learning, *, capacity: int) -> WebProgram:
    """A program that learns.

    Args:
        learning: How, and which graph.
        capacity: Images of a batch, at most.

    Raises:
        ArgumentError: If a layer or a loss has no kernel.
    """
    graph = learning.graph
    code = write(graph, PLAIN, capacity=capacity, learning=learning)
    return WebProgram(code, Folded.nothing(graph))


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
