"""Borders that are cleared whenever they are needed, and inference with memory of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.engines.native import compile as compiling
from pellucid.engines.native.emit import schedule_builder
from pellucid.engines.native.kernels import borders
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.memory.layout import Border, Layout, Place
from pellucid.engines.native.runtime.host.this_machine import host_target
from tests.engines.native.programs import LEARNING, compiled, native, train
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.native.vectors import run
from tests.engines.networks import DIFFERENT, batch
from tests.engines.tolerances import assert_same_bits
from tests.learning import step_of

if TYPE_CHECKING:
    from pellucid.graph import Graph

BORDERS = [
    Border(1, 1, 1, 1), Border(2, 1, 0, 3), Border(0, 2, 3, 1), Border(3, 0, 2, 0),
    Border(0, 0, 0, 2), Border(0, 0, 1, 0), Border(0, 1, 0, 0), Border(2, 0, 0, 0),
]  # fmt: skip


def test_nothing_but_the_border_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value stays, and whatever lies before and behind; all that a window reaches is zero."""
    lanes, count, outside = host_target().lanes, 3, 64
    monkeypatch.setattr(borders, "buffer", lambda f, _: f.at("%pixels", outside))
    monkeypatch.setattr(borders, "each_image", lambda f, body: [body(n) for n in range(count)])
    for border in BORDERS:
        for height, width, vectors in ((1, 1, 1), (3, 2, 2), (4, 5, 1)):
            pitch = vectors * lanes
            layout = Layout(height, width, pitch, pitch, border)
            place = Place(layout, 0)
            floats = layout.bytes(count) // 4
            memory = np.full(outside + floats + outside, np.nan, np.float32)
            run(partial(borders.clear_border, place=place), memory)
            inside = memory[outside:][:floats]
            padded = (
                height + border.top + border.bottom,
                width + border.left + border.right,
                pitch,
            )
            for n in range(count):
                first = n * layout.image + layout.at(-border.top, -border.left)
                steps = (layout.row * 4, pitch * 4, 4)
                seen = np.lib.stride_tricks.as_strided(inside[first:], padded, steps)
                rows = slice(border.top, border.top + height)
                columns = slice(border.left, border.left + width)
                assert np.isnan(seen[rows, columns]).all()
                around = np.ones(padded[:2], bool)
                around[rows, columns] = False
                assert not seen[around].any(), (border, layout)
            assert np.isnan(memory[:outside]).all()
            assert np.isnan(memory[outside + floats :]).all()
            assert np.isnan(inside).sum() == count * height * width * pitch


def test_poison_finds_borders_that_are_not_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = get_architecture("vgg-small")(3).graph((16, 16, 3))
    images, labels = batch(graph, 5)

    def losses() -> list[float]:
        program = native(graph)
        poison_new(program)
        found = []
        for _ in range(2):
            found.append(program.train_step(images, labels, 0.01).loss)
            poison_used(program)
        return found

    expected = losses()
    assert np.isfinite(expected).all()
    monkeypatch.setattr(schedule_builder, "_clear", lambda *_: None)
    assert not np.isfinite(losses()).all()


@pytest.mark.parametrize("graph", DIFFERENT.values(), ids=DIFFERENT)
def test_clearing_changes_no_bit_and_takes_no_more_memory(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing = native(graph, threads=3)
    monkeypatch.setattr(compiling, "clear_borders", lambda _: None)
    monkeypatch.setattr(compiling, "answer_by_image", lambda *_: None)
    kept = native(graph, threads=3)
    assert compiled(sharing)._memory.nbytes <= 1.05 * compiled(kept)._memory.nbytes
    for step, count in enumerate((9, 13, 1, 70)):
        images, labels = batch(graph, count, seed=step)
        results = [program.train_step(images, labels, 0.01) for program in (sharing, kept)]
        assert results[0] == results[1]
        np.testing.assert_array_equal(sharing.forward(images), kept.forward(images))
    assert_same_bits(sharing.weights(), kept.weights())


def test_inference_does_not_decide_on_the_memory_of_learning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deep network's values are many, and inference needs few of them at a time."""
    graph = get_architecture("efficientnet-lite0")(3).graph((64, 64, 3))
    step = step_of(graph, LEARNING)
    assert step is not None
    learning = Learning.of(step)

    def size() -> int:
        code = compiling.write(graph, host_target(2), capacity=64, learning=learning)
        return code.plan.arena.size

    ours = size()
    monkeypatch.setattr(compiling, "answer_by_image", lambda *_: None)
    assert ours < 0.8 * size()
    monkeypatch.setattr(compiling, "orders", lambda plan: [["step", "flip"]])
    assert ours < 1.15 * size()


def test_answers_between_steps_change_nothing() -> None:
    """What inference leaves where learning has its values is never read."""
    graph = DIFFERENT["resnet20"]
    answering, silent = native(graph), native(graph)
    images, _ = batch(graph, 11)
    for _ in range(3):
        train(answering, 1, 11)
        train(silent, 1, 11)
        answering.forward(images)
        poison_used(answering)
    assert_same_bits(answering.weights(), silent.weights())
