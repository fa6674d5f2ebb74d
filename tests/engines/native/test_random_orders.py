"""Learning and answering in random orders, other ones in each run; see ``test_random_graphs``."""

from __future__ import annotations

import os

import pytest

from tests.engines.agreement import naming
from tests.engines.native.random_orders import (
    CALLS,
    SIZES,
    differences,
    draw_orders,
    small_work_shared,
)

COUNT = 6


@pytest.mark.parametrize("number", range(COUNT))
def test_random_orders(number: int) -> None:
    seed = int(os.environ["PELLUCID_FUZZ_SEED"]) + number
    with naming(f"scripts/fuzz 1 --orders --seed {seed}"), small_work_shared():
        graph, words = differences(seed)
        assert not words, f"{words}\n{graph.nodes}"


def test_orders_are_of_all_kinds() -> None:
    drawn = [asked for seed in range(40) for asked in draw_orders(seed)[1]]
    assert {asked.call for asked in drawn} == set(CALLS)
    assert {asked.images for asked in drawn} == set(SIZES)
