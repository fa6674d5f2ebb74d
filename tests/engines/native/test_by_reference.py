"""Operations without a kernel: their own code computes them, between compiled stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines.native.kernels.pointwise import POINTWISE
from pellucid.engines.native.kernels.registry import KERNELS
from pellucid.engines.native.report import report
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.ops import (
    QUANTISED,
    BatchNorm,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    LocalResponseNorm,
    MaxPool,
    Normalise,
    PReLU,
    Propose,
    ReLU,
    SquaredError,
)
from pellucid.optimizers import Adam
from tests.engines.native.cases import GRAPHS, WIDE, twice
from tests.engines.native.programs import LEARNING, SMALL, compiled, native
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.native.test_operations import compare, compare_twice, load
from tests.engines.networks import GRAPHS as WHOLE
from tests.engines.networks import batch, network
from tests.engines.tolerances import assert_same_bits
from tests.learning import Learning
from tests.ops.cases import SMOOTH

if TYPE_CHECKING:
    from pellucid.engines.native.program import NativeProgram
    from pellucid.graph import Graph
    from pellucid.ops.operation import Operation
    from tests.ops.cases import Case

EVERY = WHOLE["every operation"]
REMOVED = (BatchNorm, Dropout, LocalResponseNorm, PReLU, MaxPool)


COMPILED = [*dict.fromkeys(each for kernel in KERNELS[:-1] for each in kernel.operations)]
COMPILED += POINTWISE
COMPILED.remove(Propose)  # through which nothing is learned: test_propose
for _quantised in QUANTISED.values():
    COMPILED.remove(_quantised)  # nor through these: test_whole_numbers


def without(monkeypatch: pytest.MonkeyPatch, *kinds: type[Operation]) -> None:
    """As if there were no kernels for some operations."""
    for kernel in KERNELS[:-1]:
        left = tuple(each for each in kernel.operations if each not in kinds)
        monkeypatch.setattr(kernel, "operations", left)
    for kind in kinds:
        monkeypatch.delitem(POINTWISE, kind, raising=False)


def a_case_of(kind: type[Operation]) -> Case:
    """The first that fills vectors and a part of one, where there is such a case."""
    return next(case for case in (*WIDE, *SMOOTH) if isinstance(case.operation, kind))


@pytest.mark.parametrize("kind", COMPILED, ids=lambda kind: kind.kind)
def test_any_operation(kind: type[Operation], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by itself, between compiled layers that learn: answer, gradients, two steps."""
    case = a_case_of(kind)
    without(monkeypatch, kind)
    compare_twice(case)
    called = compiled(load(twice(case), loss=SquaredError()))._code.by_reference
    # These are everywhere part of something else, or only another name.
    assert called or kind in (ReLU, Flatten, Normalise)
    assert all(isinstance(stage.operation, kind) for stage in called)


def test_several_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among all the others, compiled."""
    without(monkeypatch, *REMOVED)
    images, labels = batch(EVERY, 7)
    compare(network(EVERY), images, labels, precision="float64")


@pytest.mark.parametrize("name", GRAPHS)
def test_all_operations(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, *COMPILED)
    images, labels = batch(GRAPHS[name], 7)
    # Softmax of scores far below zero leaves float32 no more than that.
    compare(network(GRAPHS[name]), images, labels, factor=3.0, precision="float64")


CLIPPED = Learning(CrossEntropy(), Adam(clip_norm=0.1), 4)


@pytest.mark.parametrize(
    ("graph", "learning"), [(SMALL, LEARNING), (EVERY, CLIPPED)], ids=["small", "every, clipped"]
)
def test_any_number_of_threads(
    graph: Graph, learning: Learning, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, *REMOVED)
    programs = [native(graph, threads=threads, learning=learning) for threads in (1, 2, 3)]
    poison_new(programs[-1])
    for step, count in enumerate((21, 70, 3)):  # more than there is room for at first
        images, labels = batch(graph, count, seed=step)
        results = [program.train_step(images, labels, 0.05) for program in programs]
        assert len({result.loss for result in results}) == 1
        assert len({result.answers.tobytes() for result in results}) == 1
        poison_used(programs[-1])
        answers = [program.forward(images) for program in programs]
        for answer in answers[1:]:
            np.testing.assert_array_equal(answer, answers[0])
    for program in programs[1:]:
        assert_same_bits(program.weights(), programs[0].weights())
        assert_same_bits(program.state(), programs[0].state())


def test_one_image_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, BatchNorm, MaxPool)
    program = native(EVERY, learning=None)
    images, _ = batch(EVERY, 3)
    alone = np.concatenate([program.forward(image[None]) for image in images])
    np.testing.assert_array_equal(alone, program.forward(images))


@pytest.mark.parametrize("where", ["forward", "backward"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_step_that_fails_was_never_taken(
    where: str, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, Dense)
    learning = Learning(CrossEntropy(), Adam(), 3)
    failing, other = native(SMALL, learning=learning), native(SMALL, learning=learning)
    images, labels = batch(SMALL, 9)
    for program in (failing, other):
        program.train_step(images, labels, 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(Dense, where, lambda *_: (_ for _ in ()).throw(error("now")))
        with pytest.raises(error, match="now"):
            failing.train_step(images, labels, 0.01)
    assert_same_bits(failing.weights(), other.weights())
    assert_same_bits(failing.state(), other.state())
    assert failing.train_step(images, labels, 0.01) == other.train_step(images, labels, 0.01)
    assert_same_bits(failing.weights(), other.weights())


def test_an_answer_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, Dense)
    program: NativeProgram = native(SMALL, learning=None)
    images, _ = batch(SMALL, 2)
    expected = program.forward(images)
    with monkeypatch.context() as broken:
        broken.setattr(Dense, "forward", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            program.forward(images)
    np.testing.assert_array_equal(program.forward(images), expected)


@pytest.mark.parametrize("training", [False, True])
def test_the_report_says_so(training: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, LocalResponseNorm)
    found = report(EVERY, host_target(2), batch=8, training=training)
    assert not found.declined
    printed = [stage for stage in found.stages if stage.description.kernel == "reference"]
    assert [stage.schedule for stage in printed] == (
        ["learn", "backward"] if training else ["forward"]
    )
    for stage in printed:
        assert stage.description.notes[0] == (
            "there is no kernel for local_response_norm: one thread computes it in NumPy"
        )
