"""Poisoned memory: wherever NaN lies before a call, no number that is read was not written first.

Two kinds of poison. Before the first call, in all that the code is to fill: values and gradients
(not their borders where these are zero for good), partial sums, scratch. Between calls, wherever a
number other than zero lies that is neither weight nor state: whatever earlier calls left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import FLOAT
from pellucid.ops import Conv2D
from tests.engines.native.programs import LEARNING, SMALL, compiled, native
from tests.engines.networks import DIFFERENT, batch
from tests.engines.tolerances import assert_same_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines.native.program import NativeProgram
    from pellucid.graph import Graph

LASTING = (
    "weights ",
    "statistics ",
    "flipped ",
    "scattered ",
    "transformed ",
    "scattered ",
    "calls ",
    *(f"{slot} " for slot in ("mean", "square")),
)
"""Buffers that are to be read again: weights, copies of them, what the optimizer remembers."""

FILLED = (
    "weight gradients ",
    "gathered gradients ",
    "batch statistics ",
    "image sums ",
    "scratch ",
    "masks ",
    "winners ",
)
"""Buffers without a border, or lanes that stay zero, which a call fills before it reads them."""

NETWORKS = {"small": SMALL, **DIFFERENT}


def buffers(program: NativeProgram) -> dict[str, NDArray[np.float32]]:
    """Every buffer in a program's memory, by name."""
    names = compiled(program)._code.plan.arena.names
    memory = compiled(program)._memory
    return {name: floats(memory, at, size // FLOAT) for name, (at, size) in names.items()}


def poison_new(program: NativeProgram) -> int:
    """Poison a program that has computed nothing yet; how many numbers."""
    plan, count = compiled(program)._code.plan, 0
    for name, buffer in buffers(program).items():
        kind, _, value = name.partition(" ")
        place = {"value": plan.values, "gradient": plan.gradients}.get(kind, {}).get(value)
        if place is not None and plan.arena.is_cleared(place.offset):
            inside = buffer
        elif place is not None:
            images = plan.images_in(value) if kind == "value" else plan.capacity
            inside = place.layout.view(buffer.view(np.uint8), 0, images)
        elif name.startswith(FILLED):
            inside = buffer
        else:
            continue
        inside[:] = np.nan
        count += inside.size
    return count


def poison_used(program: NativeProgram) -> int:
    """Poison what a program's calls have left behind; how many numbers."""
    count = 0
    for name, buffer in buffers(program).items():
        if not name.startswith(LASTING):
            left = buffer != 0
            buffer[left] = np.nan
            count += int(left.sum())
    return count


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS)
def test_training(graph: Graph, threads: int) -> None:
    clean, poisoned = (native(graph, threads=threads) for _ in range(2))
    assert poison_new(poisoned) > 1000
    for step, count in enumerate((9, 9, 4, 13, 1)):
        images, labels = batch(graph, count, seed=step)
        pixels = images.astype(np.float32) if step == 2 else images
        results = [program.train_step(pixels, labels, 0.01) for program in (clean, poisoned)]
        assert np.isfinite(results[0].loss)
        assert results[0] == results[1]
        assert poison_used(poisoned) > 1000
        np.testing.assert_array_equal(poisoned.forward(pixels), clean.forward(pixels))
        assert poison_used(poisoned) > 100
    assert_same_bits(poisoned.weights(), clean.weights())
    assert_same_bits(poisoned.state(), clean.state())


@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS)
def test_inference(graph: Graph) -> None:
    clean, poisoned = (native(graph, learning=None) for _ in range(2))
    assert poison_new(poisoned) > 1000
    for step, count in enumerate((9, 4, 70, 1)):
        images, _ = batch(graph, count, seed=step)
        pixels = images.astype(np.float32) if step == 2 else images
        np.testing.assert_array_equal(poisoned.forward(pixels), clean.forward(pixels))
        assert poison_used(poisoned) > 100


def test_room_for_more_images() -> None:
    """What is moved over when a program grows is all that there is to be read."""
    clean, poisoned = native(), native()
    for step, count in enumerate((5, 80, 3)):
        poison_used(poisoned)
        images, labels = batch(SMALL, count, seed=step)
        results = [program.train_step(images, labels, 0.01) for program in (clean, poisoned)]
        assert results[0] == results[1]
    assert_same_bits(poisoned.weights(), clean.weights())


def test_the_names_are_still_those(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poison that finds no buffer proves nothing."""
    names = {name for graph in NETWORKS.values() for name in buffers(native(graph))}
    monkeypatch.setattr(Convolve, "operations", (Conv2D,))  # there are calls then, of dense layers
    names |= set(buffers(native()))
    for start in (*LASTING, *FILLED, "value ", "gradient "):
        assert any(name.startswith(start) for name in names), start
    assert LEARNING.optimizer.slots == ("mean", "square")
