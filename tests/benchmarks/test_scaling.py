"""Schedules on many threads, simulated: worked examples, and whether they are the compiled ones."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from benchmarks.large_pictures import MB, planned, rows
from benchmarks.scaling.__main__ import Row, table_rows, validated_rows
from benchmarks.scaling.costs import cost, measure_costs
from benchmarks.scaling.machine_model import MachineModel
from benchmarks.scaling.picture import draw
from benchmarks.scaling.schedule import Schedule, Stage, schedule_of, schedules_of
from benchmarks.scaling.simulate import (
    ALONE,
    BANDWIDTH,
    MEETING,
    UNEVEN,
    Simulated,
    part,
    simulate,
)
from benchmarks.workloads import WORKLOADS
from PIL import Image

from pellucid.engines.native.runtime.host.this_machine import host_target

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph

FREE = MachineModel(1e11, {1: 1e15, 2: 1e15}, {1: 0.0, 2: 0.0}, {1: 0.0, 2: 0.0}, most=1e18)
"""Meetings and memory that cost nothing."""


def stage(name: str, units: int, group: str = "by image", turn: int = 0, size: int = 0) -> Stage:
    return Stage(name, group, (1 / units,) * units, turn, size, 0)


def schedule(*stages: Stage, images: int = 4, calls: float = 1.0) -> Schedule:
    return Schedule(stages, images, calls, shared=True, arena=0)


def test_threads_share_units_as_compiled_code_does() -> None:
    for units in (0, 1, 3, 16, 37):
        for threads in (1, 2, 5, 64):
            ends = [part(units, number, threads) for number in range(threads + 1)]
            assert (ends[0], ends[-1]) == (0, units)
            assert ends == sorted(ends)
            assert max(b - a for a, b in itertools.pairwise(ends)) == -(-units // threads)


def test_what_does_not_divide_evenly_waits_for_the_largest_share() -> None:
    found = simulate(schedule(stage("a", 3)), {"a": 6.0}, FREE, 2)
    assert found.seconds == pytest.approx(4.0)  # two of three units
    assert found.limit == pytest.approx(3.0)
    assert found.lost[UNEVEN] == pytest.approx(1.0)
    assert found.worst[0][0] == "a"
    assert found.worst[0][1] == pytest.approx(1.0)


def test_without_a_meeting_one_stage_makes_up_for_another() -> None:
    together = [stage("a", 1, "update", 0), stage("b", 1, "update", 1)]
    costs = {"a": 3.0, "b": 3.0}
    assert simulate(schedule(*together), costs, FREE, 2).seconds == pytest.approx(3.0)
    first = [replace(each, turn=0) for each in together]
    assert simulate(schedule(*first), costs, FREE, 2).seconds == pytest.approx(6.0)
    apart = [stage("a", 1, "one"), stage("b", 1, "two")]
    found = simulate(schedule(*apart), costs, FREE, 2)
    assert found.seconds == pytest.approx(6.0)
    assert found.lost[ALONE] == pytest.approx(3.0)


def test_meetings_are_counted_between_groups() -> None:
    machine = replace(FREE, meetings={1: 0.0, 2: 0.5}, calls={1: 0.0, 2: 2.0})
    stages = [stage("a", 8, "one"), stage("b", 8, "one"), stage("c", 8, "two")]
    found = simulate(schedule(*stages), dict.fromkeys("abc", 8.0), machine, 8)
    assert found.lost[MEETING] == pytest.approx(4 * (2.0 + 0.5))  # four times as many threads
    assert found.seconds == pytest.approx(3.0 + 10.0)


def test_memory_holds_up_many_threads() -> None:
    machine = replace(FREE, streams={1: 10.0, 2: 20.0}, most=40.0)
    assert [machine.bandwidth(n) for n in (1, 2, 3, 8)] == [10.0, 20.0, 30.0, 40.0]
    found = simulate(schedule(stage("a", 8, size=80)), {"a": 8.0}, machine, 8)
    assert found.seconds == found.limit == pytest.approx(2.0)
    assert found.lost[BANDWIDTH] == pytest.approx(1.0)
    # What one thread touches faster than memory gives it, it found in caches.
    assert simulate(schedule(stage("a", 8, size=8000)), {"a": 8.0}, machine, 8).seconds == 2.0


def test_further_calls_cost_as_much_again() -> None:
    once = simulate(schedule(stage("a", 4)), {"a": 4.0}, FREE, 2)
    twice = simulate(schedule(stage("a", 4), calls=2.0), {"a": 4.0}, FREE, 2)
    assert twice.seconds == 2 * once.seconds
    assert twice.efficiency == once.efficiency == 1.0


@pytest.mark.parametrize("training", [True, False], ids=["train", "forward"])
def test_every_stage_of_a_compiled_schedule_has_a_cost(training: bool) -> None:
    graph = WORKLOADS["lecture28"].graph
    lines = measure_costs(graph, (1, 3), training=training, repeats=1)
    assert sum(cost(line, 3) for line in lines.values()) > 0
    for threads in (1, 8, 40):
        for batch in (1, 19):
            found = schedule_of(graph, host_target(threads), batch, training=training)
            assert {each.name for each in found.stages} <= lines.keys()
            assert all(sum(each.weights) == pytest.approx(1.0) for each in found.stages)
            assert sum(each.flops for each in found.stages) > 0


def test_parts_of_a_batch_may_have_nothing_to_do() -> None:
    graph, target = WORKLOADS["lecture28"].graph, host_target(2)
    found = schedule_of(graph, target, 3, training=True)
    (gradient,) = [each for each in found.stages if each.name == "kernel gradient conv2"]
    assert sum(weight > 0 for weight in gradient.weights) == 3 * len(gradient.weights) // 16


def test_inference_takes_groups_of_images() -> None:
    found = schedule_of(WORKLOADS["lecture28"].graph, host_target(2), 160, training=False)
    assert (found.images, found.calls) == (64, 2.5)


def test_few_schedules_are_written_for_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, asked = WORKLOADS["lenet5"].graph, []

    def remembered(graph: Graph, target: Target, batch: int, *, training: bool) -> Schedule:
        asked.append((target.threads, batch))
        return schedule_of(graph, target, batch, training=training)

    monkeypatch.setattr("benchmarks.scaling.schedule.schedule_of", remembered)
    found = list(schedules_of(graph, (64, 256), (1, 2), training=False))
    assert [(batch, threads, s.calls) for batch, threads, s in found] == [
        (64, 1, 1.0), (64, 2, 1.0), (256, 1, 4.0), (256, 2, 4.0),
    ]  # fmt: skip
    assert asked == [(1, 64), (2, 64)]
    assert all(s == schedule_of(graph, host_target(t), b, training=False) for b, t, s in found)


def test_a_step_is_cut_alike_for_any_number_of_threads() -> None:
    graph = WORKLOADS["lecture28"].graph
    one, many = (schedule_of(graph, host_target(n), 32, training=True) for n in (1, 64))
    assert one.stages == many.stages


def test_tables_and_picture(tmp_path: Path) -> None:
    found = [
        Row("a network", task, batch, threads,
            Simulated(8.0 / threads + 1, 8.0 / threads, {UNEVEN: 1.0, MEETING: 0.1},
                      [("a", 0.9), ("b", 0.1)]))
        for task in ("train", "forward") for batch in (1, 16) for threads in (1, 2, 64)
    ]  # fmt: skip
    first = table_rows(found)[0]
    assert first[:4] == ["a network", "train", "1", "9,000,000"]
    assert first[4:6] == ["1.8", "8.0"]  # 9 / 5 and 9 / 1.125
    assert UNEVEN in first[6]
    assert first[7] == "a, b"
    draw(found, tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as picture:
        assert min(picture.size) > 200
    measured = {"case": "a", "task": "train", "batch": 1, "measured": {1: 10.0, 2: 6.0},
                "simulated": {1: 9.0, 2: 5.0}}  # fmt: skip
    assert validated_rows([measured])[0][3:] == ["1.80", "1.67", "+8%", "0.90"]


def test_memory_of_large_pictures() -> None:
    one, four = (planned(batch, "train", 2) for batch in (1, 4))
    assert one < four
    assert planned(4, "forward", 2) < four
    found = [{"task": "train", "batch": 4, "plan": 400 * MB,
              "held": {"native": 500 * MB, "pytorch": 1000 * MB,
                       "pytorch-channels-last": 2000 * MB}}]  # fmt: skip
    assert rows(found)[0] == ["training", "4", "400", "100.0", "500", "1,000", "2,000", "0.50"]
    unmeasured = rows([{"task": "forward", "batch": 64, "plan": MB, "held": {}}])[0]
    assert unmeasured[4:] == ["–", "–", "–", "–"]
