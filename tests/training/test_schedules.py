"""Schedules against PyTorch's own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import torch

from pellucid.errors import ArgumentError
from pellucid.training.schedules import SCHEDULES, Constant, Cosine, OneCycle, Schedule, Step

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS, EPOCHS = 7, 6


def rates_of_torch(
    make: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler], calls: int
) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(calls):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def rates_of(schedule: Schedule) -> list[float]:
    return [schedule.factor(step, STEPS, EPOCHS) for step in range(STEPS * EPOCHS)]


def test_constant_is_constant() -> None:
    assert set(rates_of(Constant())) == {1.0}


def test_step_agrees_with_torch() -> None:
    expected = rates_of_torch(lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.3), EPOCHS)
    measured = rates_of(Step(every=2, drop=0.3))
    assert measured[::STEPS] == pytest.approx(expected, rel=1e-12)
    assert measured[STEPS - 1] == measured[0]  # within an epoch nothing changes


def test_cosine_agrees_with_torch() -> None:
    total = STEPS * EPOCHS
    expected = rates_of_torch(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=total), total
    )
    assert rates_of(Cosine()) == pytest.approx(expected, rel=1e-9)


def test_cosine_warms_up_in_a_straight_line() -> None:
    rates = rates_of(Cosine(warmup=0.25))
    rising = int(0.25 * STEPS * EPOCHS)
    differences = {round(b - a, 12) for a, b in pairwise(rates[:rising])}
    assert len(differences) == 1
    assert max(rates) == pytest.approx(1.0, abs=0.1)
    assert rates[-1] < 0.01


def test_one_cycle_agrees_with_torch() -> None:
    total = STEPS * EPOCHS
    schedule = OneCycle(rise=0.3, start=0.04, end=1e-4)
    expected = rates_of_torch(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, max_lr=1.0, total_steps=total + 1, pct_start=0.3, div_factor=25,
            final_div_factor=400,
        ),
        total,
    )  # fmt: skip
    # torch counts its phases from other ends of the first and last step, by a step at most.
    assert rates_of(schedule) == pytest.approx(expected, abs=0.12)
    assert rates_of(schedule)[0] == pytest.approx(0.04)
    assert rates_of(schedule)[-1] == pytest.approx(1e-4)
    assert max(rates_of(schedule)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_one_step_in_all_is_possible(kind: str) -> None:
    assert 0.0 <= SCHEDULES[kind]().factor(0, 1, 1) <= 1.0


@pytest.mark.parametrize(
    "make",
    [lambda: Step(every=0), lambda: Step(drop=2.0), lambda: Cosine(warmup=1.0),
     lambda: OneCycle(rise=-0.1), lambda: OneCycle(end=2.0)],
)  # fmt: skip
def test_settings_out_of_range_are_refused(make: Callable[[], Schedule]) -> None:
    with pytest.raises(ArgumentError):
        make()
