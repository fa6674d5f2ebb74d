"""Batches of any size, of bytes or floats, larger after smaller and smaller after larger."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import ARCHITECTURES
from pellucid.engines.engine import TRAIN
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.runtime.host import compiled as compiled_code
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.state import state_shapes
from pellucid.graph.fold import fold
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Normalise,
    ReLU,
    Sequential,
)
from tests.engines.native.programs import LEARNING, SMALL, compiled, digest, native, train
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close, assert_same_bits
from tests.golden.cases import SEPARABLE
from tests.learning import step_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines import Program
    from pellucid.graph import Graph

SIZES = [1, 2, 5, 12, 13, 64, 65, 128, 129]
NETWORKS = {"small": SMALL, "lecture": GRAPHS["lecture"]}

LARGE = Sequential([Conv2D(8, 3), ReLU(), MaxPool(8), Flatten(), Dense(3)]).graph((192, 192, 1))
"""Of which 64 images take more memory than a program has room for by itself."""


@pytest.mark.parametrize("floats", [False, True], ids=["bytes", "floats"])
@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS)
def test_an_image_gets_the_same_bits_in_any_company(graph: Graph, floats: bool) -> None:
    program = native(graph, learning=None)
    images, _ = batch(graph, max(SIZES))
    pixels = images.astype(np.float64) + 0.25 if floats else images
    alone = np.concatenate([program.forward(one[None]) for one in pixels])
    for size in SIZES:
        np.testing.assert_array_equal(program.forward(pixels[:size]), alone[:size], str(size))
    some = slice(0, 7)
    expected = ReferenceEngine().load(network(graph)).forward(pixels[some])
    assert_close("answer", alone[some], expected, TOLERANCES["float32"])


def test_parts_of_any_size_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Depthwise kernels, sums and strides among them."""
    first = Normalise([120.0] * 3, [70.0] * 3)
    graph = Sequential([first, *SEPARABLE]).graph((19, 17, 3))
    images, _ = batch(graph, 7)
    whole = native(graph, learning=None).forward(images)
    monkeypatch.setattr(compiled_code, "group", lambda graph, threads: 3)
    parts = native(graph, learning=None)
    assert compiled(parts)._loaded.capacity == 3
    np.testing.assert_array_equal(parts.forward(images), whole)


@pytest.mark.parametrize("threads", [1, 2, 5, 16, 100])
def test_the_parts_fit_into_caches(threads: int) -> None:
    """20 MiB for what a layer gives, or one image a thread; no more than fill a gigabyte."""
    lite = ARCHITECTURES["efficientnet-lite0"](1000).graph((224, 224, 3))
    found = compiled_code.group(fold(lite).graph, threads)
    values = 7 * 7 * 1152  # block 13 widens its input; before, images go one by one
    assert 4 * found * values <= 20 << 20
    assert found == {1: 55, 2: 54, 5: 55, 16: 48, 100: 55}[threads]
    assert compiled_code.group(GRAPHS["lecture"], 2) == 64
    huge = Sequential([Conv2D(2, 1), Flatten(), Dense(2)]).graph((4000, 4000, 3))
    assert compiled_code.group(huge, 2) == 1


@pytest.mark.parametrize("learns", [False, True], ids=["inference", "learning"])
def test_bytes_and_the_same_numbers_as_floats(learns: bool) -> None:
    program = native(learning=LEARNING if learns else None)
    images, _ = batch(SMALL, 13)
    answers = [program.forward(images.astype(kind)) for kind in (np.uint8, np.float32, np.int64)]
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])


def test_pixels_that_do_not_lie_together() -> None:
    program = native(learning=None)
    images, _ = batch(SMALL, 12)
    for part in (images[::2], images[:, ::-1], np.asfortranarray(images)):
        np.testing.assert_array_equal(program.forward(part), program.forward(part.copy("C")))


@pytest.mark.parametrize("threads", [1, 3])
def test_training_on_batches_that_grow_and_shrink(threads: int) -> None:
    """Room for more images is made on the way; nothing that was learned is lost."""
    ours = native(threads=threads)
    theirs = ReferenceEngine().load(network(SMALL), step_of(SMALL, LEARNING))
    for step, size in enumerate([5, 13, 65, 12, 129, 1, 2, 64, 128]):
        images, labels = batch(SMALL, size, seed=step)
        pixels = images.astype(np.float32) if step % 2 else images
        actual, expected = (p.train_step(pixels, labels, 1e-3) for p in (ours, theirs))
        assert actual.loss == pytest.approx(expected.loss, rel=1e-4), size
        assert actual.answers.shape == expected.answers.shape == (size, 5)
    # Nine steps of Adam, which gives rounding in a small gradient the weight of a large one.
    assert_all_close(ours.weights(), theirs.weights(), 2e-4)
    assert int(ours.state()["step"]) == 9


def not_compiled(graph: Graph = SMALL) -> Program:
    """A program as it is loaded, before its first step."""
    return NativeEngine(threads=2).load(network(graph), step_of(graph, LEARNING))


def test_the_first_batch_decides_on_the_room() -> None:
    """Images that never come would only lie between those that do."""
    values = sum(math.prod(LARGE.shapes[node.name]) for node in LARGE.nodes)
    assert values * 32 * 4 > 64 << 20
    for count, room in ((70, 70), (32, 32), (3, (16 << 20) // values)):
        program = not_compiled(LARGE)
        train(program, 1, count=count)
        assert compiled(program)._loaded.capacity == room
    program = not_compiled()
    train(program, 1, count=3)
    assert compiled(program)._loaded.capacity == 64  # which take little
    huge = Sequential([Conv2D(32, 1), GlobalAveragePool()]).graph((1024, 1024, 1))
    assert compiled(not_compiled(huge))._least_room() == 2  # one for each thread


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_looking_at_a_program_leaves_the_room_open(graph: Graph) -> None:
    """A training looks at weights and state before it begins: nothing is compiled for that."""
    program = not_compiled(graph)
    state = program.state()
    assert {n: a.shape for n, a in state.items()} == state_shapes(program.steps[TRAIN])
    assert not any(array.any() for array in state.values())
    state["step"][...] = 3
    for number, array in enumerate(state.values()):
        array += number
    program.set_state(state)
    assert_same_bits(program.state(), state)
    weights = network(graph).weights.items()
    assert_same_bits(program.weights(), {n: a.astype(np.float32) for n, a in weights})
    assert compiled(program)._built is None


def test_what_is_set_before_the_first_step() -> None:
    """Weights and the optimizer's memory come with the first batch, whatever its size."""
    learned, later = native(), not_compiled()
    train(learned, 3)
    later.set_weights(learned.weights())
    assert_same_bits(later.weights(), learned.weights())
    later.set_state(learned.state())
    assert_same_bits(later.state(), learned.state())
    for program in (learned, later):
        train(program, 2, count=70, first=3)
    assert digest(later) == digest(learned)
    answering = not_compiled()
    answering.set_weights(learned.weights())
    answering.set_state(learned.state())
    images, _ = batch(SMALL, 5)
    np.testing.assert_array_equal(answering.forward(images), learned.forward(images))
    assert digest(answering) == digest(learned)


@pytest.mark.parametrize("place", ["_build", "set_weights", "set_state"])
def test_the_first_step_is_broken_off(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    program, undisturbed = not_compiled(), not_compiled()
    learned = native()
    train(learned, 2)
    for each in (program, undisturbed):
        each.set_weights(learned.weights())
        each.set_state(learned.state())
    with monkeypatch.context() as patch:
        code = compiled(program)
        patch.setattr(code, place, interrupted(getattr(code, place)))
        with pytest.raises(KeyboardInterrupt):
            train(program, 1)
    assert_same_bits(program.weights(), learned.weights())
    for each in (program, undisturbed):
        train(each, 2, first=2)
    assert digest(program) == digest(undisturbed)


def test_making_room_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is, the program is as it was, and goes on with smaller batches or larger."""
    program, undisturbed = native(), native()
    images, labels = batch(SMALL, 70)
    for each in (program, undisturbed):
        train(each, 2)
    before = digest(program)
    for place in ("_build", "set_weights", "set_state"):
        with monkeypatch.context() as patch:
            code = compiled(program)
            patch.setattr(code, place, interrupted(getattr(code, place)))
            with pytest.raises(KeyboardInterrupt):
                program.train_step(images, labels, 0.01)
        assert digest(program) == before, place
        assert compiled(program)._loaded.capacity == 64
    for each in (program, undisturbed):
        train(each, 1, count=13)
        each.train_step(images, labels, 0.01)
    assert digest(program) == digest(undisturbed)


def interrupted(call: Callable[..., object]) -> Callable[..., object]:
    """The same call, with an interruption from the keyboard at its end."""

    def called(*arguments: object, **named: object) -> object:
        call(*arguments, **named)
        raise KeyboardInterrupt

    return called


def test_the_last_smaller_batch() -> None:
    """A step's bits do not depend on what lies in memory from a larger batch before."""
    large, small = batch(SMALL, 65), batch(SMALL, 13, seed=1)
    fresh, used = native(), native()
    used.forward(large[0])
    used.train_step(*large, 0.0)
    used.set_weights(fresh.weights())
    used.set_state(fresh.state())
    results = [program.train_step(*small, 0.01) for program in (fresh, used)]
    assert results[0] == results[1]
    for name, array in fresh.weights().items():
        np.testing.assert_array_equal(used.weights()[name], array, name)
