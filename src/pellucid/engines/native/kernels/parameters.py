"""Weights in the arena: packed as kernels read them, updated where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.update import update_vector
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region


@dataclass(frozen=True)
class Part:
    """Part of a packed parameter, every block of it, that decays or does not.

    Attributes:
        start: Floats from the block's start.
        floats: How many.
        decays: Whether weight decay applies.
    """

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
        parts: What in each block is updated.
    """

    name: str
    blocks: int
    block: int
    weights: int
    gradients: int
    chunks: int
    memory: dict[str, int]
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Floats in all."""
        return self.blocks * self.block


def place_parameter(
    plan: Plan, region: Region, blocks: int, block: int, chunks: int, parts: tuple[Part, ...]
) -> Parameter:
    """Find room for a region's parameter."""
    name = region.name
    size = blocks * block
    place = plan.place
    weights = place(f"weights {name}", size)
    trains = plan.optimizer is not None and plan.trains(region)
    gradients, slots = 0, plan.optimizer.slots if plan.optimizer is not None and trains else ()
    if plan.wanted.weights:  # they are read after the last stage
        gradients = place(f"weight gradients {name}", size * chunks)
    elif plan.has_backward:
        gradients = plan.place_scratch(f"weight gradients {name}", size * chunks)
    memory = {slot: place(f"{slot} {name}", size) for slot in slots}
    return Parameter(name, blocks, block, weights, gradients, chunks, memory, parts)


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

    def body(f: Function) -> None:
        lanes = f.vectors.lanes

        def one(ob: Index, _: list[Value]) -> list[Value]:
            for part in parameter.parts:

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

                f.loop(part.start, part.start + part.floats, lanes, vector)
            return []

        f.loop("%first", "%last", 1, one)

    size, slots = FLOAT * parameter.size, len(parameter.memory)
    about = plan.about(
        "optimizer",
        read=size * (1 + slots + parameter.chunks),
        written=size * (1 + slots),
        notes=[f"joins {parameter.chunks} partial sums"] if parameter.chunks > 1 else [],
    )
    plan.stage("update", f"update {parameter.name}", parameter.blocks, body, about, group="update")
