"""A network as an object file: weights and code, and a self-test with answers of this engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.schedule_builder import INFER
from pellucid.engines.native.kernels.kernel import Declined
from pellucid.engines.native.memory.arena import ALIGNMENT
from pellucid.engines.native.memory.layout import FLOAT
from pellucid.engines.native.runtime.elf import ObjectFile, read_object
from pellucid.engines.native.runtime.embedded.constants import (
    Names,
    address_table,
    constant,
    zeros,
)
from pellucid.engines.native.runtime.embedded.functions import (
    SCALAR,
    probabilities_function,
    run_function,
    self_test_function,
)
from pellucid.engines.native.runtime.host.machine import SCHEDULE, Machine
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.target import X86, Target
from pellucid.errors import ArgumentError
from pellucid.graph import Graph
from pellucid.graph.fold import fold
from pellucid.memory import check_memory
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.runtime.embedded.platforms import Platform
    from pellucid.graph import Network, Weights
    from pellucid.ops.operation import Array

PixelType = Literal["uint8", "float32"]

DERIVE = "flip"
"""The schedule that makes what is derived of weights, e.g. a transposed convolution's kernels."""

MOST_BYTES = 1 << 30
"""Bytes of weights, or of values, that an object file may have: offsets stay below 2³¹."""

Meaning = Literal["scores", "labels", "numbers"]
"""What the answer is: logits of one class a picture, logits of labels each by itself, numbers."""


@short_repr
@dataclass(frozen=True, eq=False)
class Embedded:
    """An object file and what there is to know of it.

    Attributes:
        data: The file.
        described: Its sections and symbols.
        weights: Bytes of weights, as kernels read them.
        work: Bytes of memory for values.
    """

    data: bytes
    described: ObjectFile
    weights: int
    work: int


@dataclass(frozen=True)
class Answer:
    """What the function gives.

    Attributes:
        meaning: What the numbers are.
        affine: For each number a factor, and what is then added; none: they stay as they are.
    """

    meaning: Meaning = "scores"
    affine: tuple[tuple[float, float], ...] = ()


def embed(
    network: Network,
    platform: Platform,
    name: str,
    tested: tuple[Array, NDArray[np.float32]],
    *,
    dtype: PixelType = "uint8",
    answer: Answer | None = None,
) -> Embedded:
    """Compile a network of one input and one row of outputs.

    Args:
        network: Graph and weights.
        platform: What the code is for.
        name: What the functions' names begin with, an identifier of C.
        tested: Inputs of the self-test, (n, H, W, C), and the answers expected, (n, K).
        dtype: How the function takes its input.
        answer: What it gives.

    Raises:
        ArgumentError: A layer has no code of its own, or the network is too large; the message
            names what.
    """
    answer = answer or Answer()
    # The text depends on vectors, not on whose they are: so a part of it runs here as well, which
    # makes what is derived of weights.
    own = platform.target.triple.startswith(X86)
    here = replace(platform.target, linked=None, pointer_bits=64, compact=True, portable=not own)
    host = host_target(1)
    here = replace(here, triple=host.triple, cpu=host.cpu, features=host.features)
    folded = fold(network.graph, network.graph.outputs.values())
    graph = folded.graph
    nodes = graph.nodes_before(graph.outputs.values())
    try:
        code = write(Graph(graph.inputs, nodes, graph.outputs), here, capacity=1)
    except Declined as reason:
        raise ArgumentError(
            f"the network cannot be compiled for other machines: {reason}"
        ) from None
    _check(code)
    single = {key: np.asarray(array, np.float32) for key, array in network.weights.items()}
    memory = _memory(code, folded.weights(single), here)
    text = _Text(code, memory, Names(name), dtype, answer)
    module = text.module(*tested)
    if platform.target.pointer_bits == 32:
        pass
    data = object_code(module, platform.target)
    return Embedded(data, read_object(data), code.plan.arena.lasting, text.work)


def _check(code: Code) -> None:
    if code.by_reference:
        layers = ", ".join(
            f"{printable(stage.name)} ({stage.operation.kind})" for stage in code.by_reference
        )
        raise ArgumentError(
            f"there is no compiled code for {layers}, which are computed in Python; pellucid "
            "export writes an ONNX file of the network"
        )
    arena = code.plan.arena
    largest = max(arena.lasting, arena.size - arena.lasting)
    if largest > MOST_BYTES:
        raise ArgumentError(
            f"the network needs {largest:,} bytes of weights or of values; an object file holds "
            f"{MOST_BYTES:,} of either: take a smaller network, or smaller pictures"
        )
    check_memory(8 * arena.size, "the object file and its text", "compile a smaller network")


def _memory(code: Code, weights: Weights, here: Target) -> NDArray[np.uint8]:
    """An arena with all weights in it, and what is derived of them."""
    memory, builder = code.plan.arena.make(), code.plan.builder
    code.prepare(memory)
    code.write_weights(memory, weights)
    if DERIVE in builder.schedules:
        machine = Machine(builder.text(DERIVE), here)
        table = code.table() + np.uint64(memory.ctypes.data)
        derive = SCHEDULE(machine.address(DERIVE))
        derive(table.ctypes.data, None, 1, 0, 1, None)  # the first thread of one
    return memory


class _Text:
    """The module of a program.

    Args:
        code: The code.
        memory: Its arena, with weights in it.
        names: What everything is called.
        dtype: How the function takes its input.
        answer: What it gives.
    """

    def __init__(
        self,
        code: Code,
        memory: NDArray[np.uint8],
        names: Names,
        dtype: PixelType,
        answer: Answer,
    ) -> None:
        self.plan, self.memory, self.names, self.answer = code.plan, memory, names, answer
        self.schedule = INFER[0] if dtype == "uint8" else INFER[1]
        self.kind = np.uint8 if dtype == "uint8" else np.float32
        (output,) = self.plan.graph.outputs.values()
        self.result = self.plan.values[self.plan.makers[output]]
        (self.count,) = self.plan.graph.shapes[output]
        # What is written lies behind the values, which share what is left of the arena.
        arena = self.plan.arena
        self.written = -(-(arena.size - arena.lasting) // ALIGNMENT) * ALIGNMENT
        self.written_size = self.plan.room(self.result.layout)
        self.work = self.written + self.written_size

    def module(self, inputs: Array, expected: NDArray[np.float32]) -> str:
        """All of it.

        Args:
            inputs: Of the self-test, (n, H, W, C).
            expected: Its answers, (n, K).
        """
        names, plan = self.names, self.plan
        calls = plan.builder.schedules[self.schedule]
        start = self._place(self.result.offset)[1] + FLOAT * self.result.layout.at(0, 0)
        pixels = prod(plan.graph.inputs[plan.pixels].shape) * np.dtype(self.kind).itemsize
        parts = [
            *self._declarations(),
            constant(names.data("weights"), self.memory[: plan.arena.lasting]),
            zeros(names.data("work"), self.work),
            address_table(names.data("table"), [self._place(p) for p in plan.builder.places]),
            constant(names.data("inputs"), np.asarray(inputs, self.kind)),
            constant(names.data("expected"), np.asarray(expected, np.float32)),
            zeros(names.data("found"), FLOAT * self.count),
            *(_internal(stage) for stage in plan.builder.stages(self.schedule)),
            run_function(
                names, calls, start, self.count, self.answer.affine,
                chooses=self.answer.meaning == "scores",
            ),
            self_test_function(names, len(inputs), pixels, self.count),
        ]  # fmt: skip
        if self.answer.meaning != "numbers":
            alone = self.answer.meaning == "labels"
            parts.append(probabilities_function(names, self.count, alone=alone))
        return "\n".join(parts)

    def _declarations(self) -> Iterator[str]:
        own = self.plan.builder.declarations()
        yield from own
        single = f"declare <1 x float> @llvm.fmuladd.v1f32({', '.join(['<1 x float>'] * 3)})"
        if self.plan.vectors.lanes != SCALAR.lanes:
            yield single

    def _place(self, place: int) -> tuple[str, int]:
        """What a place of the arena is part of, weights or work, and where it lies there."""
        arena = self.plan.arena
        address = arena.address(place)
        if 0 <= place - self.result.offset < self.written_size:
            return self.names.data("work"), self.written + place - self.result.offset
        if address < arena.lasting:
            return self.names.data("weights"), address
        return self.names.data("work"), address - arena.lasting


def _internal(function: str) -> str:
    """A function that other files do not see, and that needs no tables for exceptions."""
    head, brace, rest = function.partition(" {\n")
    return f"{head.replace('define', 'define internal', 1)} nounwind{brace}{rest}"
