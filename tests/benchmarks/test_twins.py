"""Every task's network learns as the same network does that is written by hand in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from benchmarks.figures import Figures
from benchmarks.twins import TASKS
from benchmarks.twins.own import Own
from benchmarks.twins.peer import Peer

from benchmarks import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE = 1e-4
"""Of a gradient's norm, and of the first loss."""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def both(name: str, rule: str, seed: int = 0) -> tuple[Own, Peer]:
    task = TASKS[name]
    own = Own(task, rule, small=True, seed=seed)
    return own, Peer(task, rule, own.feeds, weights=own.weights, small=True, double=True)


def farthest(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> float:
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        assert np.linalg.norm(gradient) > 0, name
    return max(
        float(np.linalg.norm(found[name] - wanted[name]) / np.linalg.norm(wanted[name]))
        for name in wanted
    )


@pytest.mark.parametrize("name", TASKS)
def test_the_same_gradients_from_the_same_weights(name: str) -> None:
    """Of some weights: where a value lies next to a ReLU's kink, rounding decides on its side."""
    found = []
    for seed in range(4):
        own, peer = both(name, "sgd", seed)
        found.append(farthest(own.gradients(), peer.gradients()))
        if found[-1] < TOLERANCE:
            return
    raise AssertionError(found)


CASES = [(name, "sgd", 8) for name in TASKS] + [
    (name, "adam", 5)
    for name in ("sound", "transcripts")  # the rule is the same in all
]


@pytest.mark.parametrize(("name", "rule", "steps"), CASES)
def test_the_same_losses_step_by_step(name: str, rule: str, steps: int) -> None:
    own, peer = both(name, rule)
    found, wanted = ([each.step() for _ in range(steps)] for each in (own, peer))
    for row, expected in zip(found, wanted, strict=True):
        assert row.keys() == expected.keys()
        for loss, value in expected.items():
            assert abs(row[loss] - value) < TOLERANCE * wanted[0][loss]
    assert any(abs(wanted[-1][loss] / first - 1) > 1e-3 for loss, first in wanted[0].items())


def test_another_gradient_is_found() -> None:
    own, peer = both("sound", "sgd")
    right = peer.gradients()
    peer.feeds["train"]["targets"] = (peer.feeds["train"]["targets"] + 1) % 4
    assert farthest(peer.gradients(), right) > TOLERANCE
    assert farthest(own.gradients(), right) < TOLERANCE


def test_the_table_compares_with_the_best_twin() -> None:
    figures = [
        Figures("native", [300.0, 200.0, 250.0], 2**20),
        Figures("pytorch", [100.0, 100.0, 100.0], 2**21),
        Figures("pytorch-compiled", [120.0, 160.0, 125.0], 2**21),
    ]
    rows = tables.twin_rows("a network", figures)
    assert rows[0] == ["a network", "native", "250", "40%", "2.00", "1"]
    assert all(len(row) == len(tables.TWINS_HEAD) for row in rows)
    assert tables.twin_ratio(figures) == [2.0]
    assert tables.twin_ratio(figures[:1]) == []
