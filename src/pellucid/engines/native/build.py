"""From a graph to machine code: lower, plan, emit, compile."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.engines.native.ir import Vectors
from pellucid.engines.native.lower import lower
from pellucid.engines.native.plan import Plan
from pellucid.engines.native.stages.activation import write_activation, write_activation_backward
from pellucid.engines.native.stages.average import write_average, write_average_backward
from pellucid.engines.native.stages.convolve import Convolve
from pellucid.engines.native.stages.join import write_add, write_add_backward
from pellucid.engines.native.stages.norm import Norm
from pellucid.engines.native.stages.normalise import write_normalise
from pellucid.engines.native.stages.pool import Pool
from pellucid.engines.native.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.lower import Stage
    from pellucid.engines.native.processor import Processor
    from pellucid.graph import Graph
    from pellucid.optimizers import Optimizer

SIGNATURE = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_void_p,
)
"""Of every schedule: memory, pixels, images, thread, threads, barrier."""


@dataclass(frozen=True, eq=False)
class Code:
    """A program's text and where everything lies.

    Attributes:
        plan: Layouts and places.
        stages: The stages that have weights, by the name of their node.
        text: The module in LLVM's assembly language.
    """

    plan: Plan
    weighted: dict[str, Convolve | Norm]
    text: str


def write(
    graph: Graph, processor: Processor, *, capacity: int, threads: int, optimizer: Optimizer | None
) -> Code:
    """Write a graph's code.

    Raises:
        Declined: If a layer has no kernel.
    """
    stages = lower(graph)
    writer = Writer(Vectors(processor.lanes), processor.pause)
    plan = Plan(graph, stages, processor.lanes, capacity, threads, optimizer, writer)
    weighted: list[Convolve | Norm] = []
    made: Convolve | Norm | Pool
    backward: list[Callable[[], None]] = []
    for stage in stages:
        if stage.kind == "normalise":
            write_normalise(plan, stage)
        elif stage.kind in WEIGHTED:
            made = WEIGHTED[stage.kind](plan, stage)
            made.write_forward()
            weighted.append(made)
            backward.append(made.write_backward)
        elif stage.kind == "pool":
            made = Pool(plan, stage)
            made.write_forward()
            backward.append(made.write_backward)
        else:
            forward, back = PLAIN[stage.kind]
            forward(plan, stage)
            backward.append(partial(back, plan, stage))
    if optimizer is not None:
        convolutions = [made for made in weighted if isinstance(made, Convolve)]
        for write_backward in reversed(backward):
            write_backward()
        for convolve in reversed(convolutions):
            convolve.write_kernel_gradient()
        for made in weighted:
            made.write_update()
        for convolve in convolutions:
            convolve.write_turn()
    return Code(plan, {made.name: made for made in weighted}, writer.text())


WEIGHTED: dict[str, Callable[[Plan, Stage], Convolve | Norm]] = {
    "convolve": Convolve,
    "norm": Norm,
}
"""Stages that have weights."""

PLAIN = {
    "activate": (write_activation, write_activation_backward),
    "add": (write_add, write_add_backward),
    "average": (write_average, write_average_backward),
}
"""Stages that have none: how they are written, forward and backward."""


class Machine:
    """A module compiled for this processor, ready to be called."""

    def __init__(self, text: str, processor: Processor) -> None:
        from llvmlite import binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        module = llvm.parse_assembly(text)
        target = llvm.Target.from_triple(processor.triple).create_target_machine(
            cpu=processor.name, features=processor.features, opt=3
        )
        # No optimisation passes: the text is already in the form they would bring it to.
        self._engine: Any = llvm.create_mcjit_compiler(module, target)
        self._engine.finalize_object()

    def schedule(self, name: str) -> Any:
        """The compiled schedule of that name."""
        return SIGNATURE(self._engine.get_function_address(name))
