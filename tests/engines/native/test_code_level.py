"""Code that LLVM makes with less work computes the same bits: most tests of engines run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines.native import NativeEngine, assemble
from pellucid.engines.native.runtime.host.machine import key_of
from pellucid.engines.native.runtime.host.this_machine import host_target
from tests.code_level import TESTS, choose_level
from tests.engines.native.programs import LEARNING, SMALL
from tests.engines.native.test_inspector import CHAINS
from tests.engines.native.test_winograd import every_kind
from tests.engines.networks import (
    GRAPHS,
    batch,
    network,
    region_operations,
    sequence_operations,
    words,
)
from tests.learning import step_of

if TYPE_CHECKING:
    from pellucid.graph import Graph

ALL_KERNELS = {
    "small": SMALL,
    "chains": CHAINS,
    "by tiles": every_kind(),
    "words": words(),
    "sequences": sequence_operations(),
    "regions": region_operations(),
    **{name: graph for name, graph in GRAPHS.items() if name.endswith("operations")},
}


def computed(graph: Graph) -> list[bytes]:
    """Two steps, what they lead to, every value and every gradient."""
    learns = NativeEngine(threads=2).load(network(graph), step_of(graph, LEARNING))
    images, labels = batch(graph, 5)
    losses = [learns.train_step(images, labels, 0.01).loss for _ in range(2)]
    arrays = {**learns.weights(), **learns.values(images)}
    return [np.array(losses).tobytes(), *(array.tobytes() for array in arrays.values())]


@pytest.mark.parametrize("name", ALL_KERNELS)
def test_levels_give_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, keys = [], set()
    for level in (0, 1):
        monkeypatch.setattr(assemble, "LEVEL", level)
        found.append(computed(ALL_KERNELS[name]))
        keys.add(key_of("", host_target()))  # neither takes the other's code from the cache
    assert found[0] == found[1]
    assert len(keys) == 2


def test_what_is_learned_at_length_is_compiled_as_for_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assemble, "LEVEL", assemble.LEVEL)  # is put back
    levels = {}
    for file in ("golden/test_golden.py", "engines/native/test_machine.py", "ops/test_values.py"):
        choose_level(TESTS / file)
        levels[file] = assemble.LEVEL
    assert [*levels.values()] == [1, 1, 0]
