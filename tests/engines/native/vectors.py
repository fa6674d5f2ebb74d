"""A few instructions compiled alone, and run over arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.doubles import Doubles
from pellucid.engines.native.emit.ir import Vectors
from pellucid.engines.native.emit.schedule_builder import ScheduleBuilder
from pellucid.engines.native.emit.work import Description
from pellucid.engines.native.runtime.host.machine import SCHEDULE, load
from pellucid.engines.native.runtime.host.this_machine import host_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value


def run(body: Callable[[Function], None], memory: NDArray[np.generic]) -> None:
    """Compile a function's body and call it once; ``%pixels`` points to the memory."""
    target = host_target()
    builder = ScheduleBuilder(Vectors(target.lanes), target.pause)
    builder.stage("run", "run", 1, body, Description("run"))
    machine = load(builder.text(), target)
    schedule = SCHEDULE(machine.address("run"))
    table, barrier = np.zeros(1, np.uint64), np.zeros(32, np.int64)
    schedule(table.ctypes.data, memory.ctypes.data, 1, 0, 1, barrier.ctypes.data)


def apply(
    function: Callable[[Function, Value], Value], x: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A function of vectors at every x, (n,)."""
    lanes = host_target().lanes
    memory = np.zeros(-(-len(x) // lanes) * lanes, np.float32)
    memory[: len(x)] = x

    def body(f: Function) -> None:
        def turn(i: Index, _: list[Value]) -> list[Value]:
            f.store_vector(function(f, f.load_vector("%pixels", i)), "%pixels", i)
            return []

        f.loop(0, len(memory), lanes, turn)

    run(body, memory)
    return memory[: len(x)]


def apply_double(function: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """A function of vectors of doubles, a method of :class:`Doubles`, at every x, (n,)."""
    memory = x.astype(np.float64)

    def body(f: Function) -> None:
        double = Doubles(f)

        def turn(i: Index, _: list[Value]) -> list[Value]:
            result = getattr(double, function)(double.broadcast(double.load("%pixels", i)))
            double.store(double.first(result), "%pixels", i)
            return []

        f.loop(0, len(memory), 1, turn)

    run(body, memory)
    return memory
