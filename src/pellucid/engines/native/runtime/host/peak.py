"""The processor's peak: multiply-adds in registers, with nothing else in the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.ir import Function, Vectors
from pellucid.engines.native.runtime.host.machine import Machine
from pellucid.engines.native.runtime.host.team import Team
from pellucid.engines.native.runtime.host.this_machine import host_target

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Index, Value
    from pellucid.engines.native.target import Target

SUMS = 12
"""Independent sums: more than the multiply-adds that any of these processors has under way."""

UNROLL = 8
"""Times that every sum goes on in one turn of the loop."""

FACTOR, SUMMAND, TOTAL, ROW = range(4)
"""Which vector of a thread's numbers is which, and how many it has."""

SECONDS = 0.02
"""What a single measurement takes: long beside the waking of threads."""


def measure_peak(threads: int, target: Target | None = None, repeats: int = 7) -> float:
    """The most that some threads multiply and add at once, in GFLOP/s; the best of several.

    A multiply-add counts as two operations. Where the processor has vectors wider than the engine
    uses, the wider ones are tried as well: the peak is the machine's, not the engine's.

    Args:
        threads: At least 1.
        target: By default the one that runs this.
        repeats: How often it is measured.
    """
    target = target or host_target()
    widths = {target.lanes, 16 if "+avx512f" in target.features else target.lanes}
    return max(_measure(lanes, threads, target, repeats) for lanes in sorted(widths))


def peak_text(lanes: int) -> str:
    """The module that is measured, in LLVM's assembly language; its function is a schedule."""
    parameters = [
        ("ptr", "numbers"), ("ptr", "pixels"), ("i64", "turns"), ("i64", "thread"),
        ("i64", "threads"), ("ptr", "barrier"),
    ]  # fmt: skip
    f = Function("multiply_add", parameters, Vectors(lanes))
    mine = f.at("%numbers", f.multiply("%thread", ROW * lanes))
    factor, summand = (f.load_vector(mine, which * lanes) for which in (FACTOR, SUMMAND))

    def turn(i: Index, sums: list[Value]) -> list[Value]:
        for _ in range(UNROLL):
            sums = [f.fma(total, factor, summand) for total in sums]
        return sums

    sums = f.loop(0, "%turns", 1, turn, [(f.vectors.float, f.zero)] * SUMS)
    total = sums[0]
    for other in sums[1:]:
        total = f.vector("fadd", total, other)
    f.store_vector(total, mine, TOTAL * lanes)  # unused sums would not be computed
    v = f.vectors.float
    return f"declare {v} @llvm.fmuladd.v{lanes}f32({v}, {v}, {v})\n{f.text()}"


def _measure(lanes: int, threads: int, target: Target, repeats: int) -> float:
    machine, team = Machine(peak_text(lanes), target), Team(threads)
    # x ← x/2 + 1 stays near 2, far from infinity and from denormal numbers.
    numbers = np.zeros((threads, ROW, lanes), np.float32)
    numbers[:, FACTOR], numbers[:, SUMMAND] = 0.5, 1.0

    def speed(turns: int) -> float:
        """Turns a second, of all threads that came."""
        numbers[:, TOTAL] = 0.0
        began = time.perf_counter()
        team.call(machine.address("multiply_add"), numbers.ctypes.data, images=turns)
        seconds = time.perf_counter() - began
        return turns * int(numbers[:, TOTAL].any(axis=1).sum()) / seconds

    try:
        speed(1000)  # wakes the threads
        turns = max(1, int(SECONDS * speed(10_000) / threads))
        best = max(speed(turns) for _ in range(repeats))
    finally:
        team.close()
    return 2 * lanes * SUMS * UNROLL * best / 1e9
