"""Weights in the arena: packed as kernels read them, updated where they lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.kernel_gradient import difference
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.update import update_vector
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region

PIECE = 1024
"""Floats that a thread updates at least, so that many threads have their share of a block."""


@dataclass(frozen=True)
class Part:
    """Part of a packed parameter, every block of it: that of one array.

    Attributes:
        name: The array's own name, e.g. ``kernel``.
        start: Floats from the block's start.
        floats: How many.
        decays: Whether weight decay applies.
    """

    name: str
    start: int
    floats: int
    decays: bool


@dataclass(frozen=True)
class Parameter:
    """A packed array of weights with all that goes with it, as offsets into the arena, in bytes.

    Attributes:
        name: For people.
        blocks: How many blocks.
        block: Floats in a block.
        weights: The weights.
        gradients: Their gradient, in ``chunks`` partial sums one after the other.
        chunks: How many partial sums.
        memory: What the optimizer remembers, an offset by its slots' names.
        parts: The arrays in each block.
        trained: Those of the arrays that are updated here, by their own names: which change, and
            are not another kernel's that shares them.
    """

    name: str
    blocks: int
    block: int
    weights: int
    gradients: int
    chunks: int
    memory: dict[str, int]
    parts: tuple[Part, ...]
    trained: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Floats in all."""
        return self.blocks * self.block

    @property
    def updated(self) -> list[Part]:
        """What is updated of each block: neighbours that decay alike in one piece."""
        found: list[Part] = []
        for part in self.parts:
            if part.name not in self.trained:
                continue
            last = found[-1] if found else None
            if last and last.start + last.floats == part.start and last.decays == part.decays:
                found[-1] = replace(last, floats=last.floats + part.floats)
            else:
                found.append(part)
        return found


def place_parameter(
    plan: Plan,
    region: Region,
    blocks: int,
    block: int,
    chunks: int,
    parts: tuple[Part, ...],
    form: Hashable = None,
) -> Parameter:
    """Find room for a region's parameter.

    Regions whose weights have one store and lie alike have one array of them; each has a gradient
    of its own, see :mod:`.sharing`.

    Args:
        plan: The plan.
        region: The region.
        blocks: How many blocks.
        block: Floats in a block.
        chunks: Partial sums of the gradient.
        parts: The arrays in each block.
        form: What else decides how the arrays lie in the blocks.
    """
    name = region.name
    size = blocks * block
    place = plan.place
    gradients = 0
    if plan.wanted.weights:  # they are read after the last stage
        gradients = place(f"weight gradients {name}", size * chunks)
    elif plan.has_backward:
        gradients = plan.place_scratch(f"weight gradients {name}", size * chunks)
    own = (region.anchor.store, region.kernel, blocks, block, parts, form)
    if (first := plan.parameters.get(own)) is not None:
        return replace(
            first, name=name, gradients=gradients, chunks=chunks, memory={}, trained=frozenset()
        )
    weights = place(f"weights {name}", size)
    free = [part.name for part in parts if region.full_name(part.name) not in plan.owners]
    plan.owners.update((region.full_name(part), name) for part in free)
    trained = frozenset(part for part in free if plan.trains_array(region, part))
    slots = plan.optimizer.slots if plan.optimizer is not None and trained else ()
    memory = {slot: place(f"{slot} {name}", size) for slot in slots}
    parameter = Parameter(
        name, blocks, block, weights, gradients, chunks, memory, parts, trained
    )  # fmt: skip
    plan.parameters[own] = parameter
    return parameter


def joined_gradient(f: Function, parameter: Parameter, at: Index) -> Value:
    """The vector of a gradient at an offset: its partial sums, joined in order."""
    part = f.at(buffer(f, parameter.gradients), at)
    gradient = f.load_vector(part)
    for chunk in range(1, parameter.chunks):
        gradient = f.vector("fadd", gradient, f.load_vector(part, chunk * parameter.size))
    return gradient


def write_update(plan: Plan, parameter: Parameter) -> None:
    """Append the stage that joins the partial sums in order and takes the optimizer's step."""
    optimizer = plan.optimizer
    assert optimizer is not None
    pieces = max(1, parameter.block // PIECE)

    def body(f: Function) -> None:
        lanes = f.vectors.lanes

        def one(u: Index, _: list[Value]) -> list[Value]:
            ob = f.divide(u, pieces)
            piece = difference(f, u, f.multiply(ob, pieces))
            for part in parameter.updated:
                vectors = -(-part.floats // lanes)
                first, last = (
                    f.add(f.multiply(f.divide(f.multiply(n, vectors), pieces), lanes), part.start)
                    for n in (piece, f.add(piece, 1))
                )

                def vector(i: Index, _: list[Value], decays: bool = part.decays) -> list[Value]:
                    at = f.add(f.multiply(ob, parameter.block), i)
                    if optimizer.clip_norm is None:
                        gradient = joined_gradient(f, parameter, at)
                    else:  # clipping has joined them
                        gradient = f.load_vector(buffer(f, parameter.gradients), at)
                    weights = buffer(f, parameter.weights)
                    memory = [buffer(f, slot) for slot in parameter.memory.values()]
                    update_vector(
                        f, optimizer, weights, gradient, memory, at, plan.scalars, decays=decays
                    )
                    return []

                f.loop(first, last, lanes, vector)
            return []

        f.loop("%first", "%last", 1, one)

    size, slots = FLOAT * parameter.size, len(parameter.memory)
    about = plan.about(
        "optimizer",
        read=size * (1 + slots + parameter.chunks),
        written=size * (1 + slots),
        notes=[f"joins {parameter.chunks} partial sums"] if parameter.chunks > 1 else [],
    )
    units = parameter.blocks * pieces
    plan.stage("update", f"update {parameter.name}", units, body, about, group="update")
