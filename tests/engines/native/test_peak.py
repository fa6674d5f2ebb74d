"""The code that the peak is measured with computes, and nothing but multiply-adds costs in it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pellucid.engines.native.runtime.host.machine import Machine
from pellucid.engines.native.runtime.host.peak import (
    ROW,
    SUMS,
    TOTAL,
    UNROLL,
    measure_peak,
    peak_text,
)
from pellucid.engines.native.runtime.host.team import Team
from pellucid.engines.native.runtime.host.this_machine import host_target


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_thread_computes_its_sums(threads: int) -> None:
    target = host_target()
    machine, team = Machine(peak_text(target.lanes), target), Team(threads)
    numbers = np.zeros((threads, ROW, target.lanes), np.float32)
    numbers[:, 0], numbers[:, 1] = 0.5, 1.0
    team.call(machine.address("multiply_add"), numbers.ctypes.data, images=1)
    team.close()
    # x ← x/2 + 1, several times from 0: 2 − 2^(1 − times), exact in binary
    np.testing.assert_array_equal(numbers[:, TOTAL], SUMS * (2 - 2.0 ** (1 - UNROLL)))


@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_the_loop_only_multiplies_and_adds(lanes: int) -> None:
    (loop,) = re.findall(r"\nloop1:\n(.*?)\nafter1:", peak_text(lanes), re.DOTALL)
    lines = loop.splitlines()
    assert sum("@llvm.fmuladd" in line for line in lines) == SUMS * UNROLL
    assert len(lines) == SUMS * UNROLL + 2  # the counter, and the jump back


def test_a_peak_is_found() -> None:
    one = measure_peak(1, repeats=2)
    assert 0.1 < one < 1e5
