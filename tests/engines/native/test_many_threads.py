"""More threads than parts of a batch: work is cut further, and every number is the same sum."""

from __future__ import annotations

from collections import Counter

from pellucid.engines.native.emit.schedule_builder import INDEPENDENT, turns_of
from pellucid.engines.native.kernels.chunks import CHUNKS
from pellucid.engines.native.kernels.parameters import PIECE
from pellucid.engines.native.report import calls, report, write_for_report
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from tests.engines.native.programs import digest, native, train
from tests.engines.native.test_memory import poison_new

WIDE = Sequential(
    [
        Conv2D(72, 5, padding="same"),
        ReLU(),
        MaxPool(2),
        Conv2D(100, 3, padding="same"),  # by Winograd's algorithm
        BatchNorm(),
        ReLU(),
        Conv2D(70, 3, stride=2),
        ReLU(),
        Flatten(),
        Dense(90),
        ReLU(),
        Dense(5),
    ]
).graph((13, 12, 3))
"""Several blocks of filters in each layer, the last of them not full."""


def test_any_number_of_threads_learns_the_same_bits() -> None:
    found = set()
    for threads in (1, 3, 16, 23, 70):
        program = native(WIDE, threads=threads)
        poison_new(program)
        train(program, 2, count=19)
        found.add(digest(program))
    assert len(found) == 1


def test_kernel_gradients_are_cut_by_parts_and_by_filters() -> None:
    code, _ = write_for_report(WIDE, host_target(2), batch=8, training=True)
    blocks = {name: kernel.packing.blocks for name, kernel in code.weighted.items()
              if hasattr(kernel, "packing")}  # fmt: skip
    shares = {
        call.name.removeprefix("kernel gradient "): call.share
        for _, call in calls(code, training=True)
        if call.name.startswith("kernel gradient ")
    }
    assert min(blocks[name] for name in ("conv1", "conv2", "conv3", "dense1")) > 1
    for name in ("conv2", "conv3"):
        assert shares[name] == CHUNKS * blocks[name]
    assert shares["dense1"] == blocks["dense1"]  # no parts of the batch: many weights, one position


def test_updates_are_cut_within_blocks() -> None:
    plan = report(WIDE, host_target(2), batch=8, training=True)
    units = {stage.name: stage.units for stage in plan.stages if stage.schedule == "update"}
    weights = 3 * 3 * 72 * 100
    assert units["update conv2"] >= 0.9 * weights / PIECE
    assert all(count > 0 for count in units.values())


def test_independent_stages_begin_with_one_thread_after_the_other() -> None:
    code, _ = write_for_report(WIDE, host_target(2), batch=8, training=True)
    step = code.plan.builder.schedules["step"]
    turns = turns_of(step)
    by_group: dict[str, list[int]] = {}
    for call, turn in zip(step, turns, strict=True):
        by_group.setdefault(call.group, []).append(turn)
    for group, found in by_group.items():
        # Image by image, a thread reads what it has written itself: always the same images.
        expected = list(range(len(found))) if group in INDEPENDENT else [0] * len(found)
        assert found == expected, group
    assert Counter(call.group for call in step)["update"] > 2
