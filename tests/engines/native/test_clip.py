"""Clipping by norm in native code, against the rule in NumPy and the reference's steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native.emit.update import CLIP
from pellucid.engines.native.kernels.plan import SCALARS
from pellucid.engines.native.memory.arena import floats
from pellucid.graph import Network
from pellucid.layers import Conv2D, Dense, Flatten, Sequential
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD, Adam, AdamW, Optimizer, clip_by_norm
from tests.engines.native.cases import GRAPHS, WIDE, twice
from tests.engines.native.programs import compiled, native
from tests.engines.networks import GRAPHS as WHOLE
from tests.engines.networks import batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.engines.native.program import NativeProgram
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array
    from tests.ops.cases import Case


FEW = Sequential([Conv2D(4, 3, padding=1), Flatten(), Dense(5)]).graph((6, 5, 2))
"""Soon compiled, for what does not depend on the layers."""


def load(graph: Graph, rule: Optimizer, threads: int = 2) -> NativeProgram:
    return native(graph, threads=threads, learning=Learning(CrossEntropy(), rule, seed=3))


def velocities(program: NativeProgram) -> dict[str, Array]:
    """After one step of SGD: the gradient, clipped."""
    return {k: v for k, v in program.state().items() if k != "step"}


def norm(arrays: dict[str, Array]) -> float:
    squares = [np.square(array, dtype=np.float64).sum() for array in arrays.values()]
    return math.sqrt(math.fsum(squares))


def factor(program: NativeProgram) -> float:
    return float(
        floats(compiled(program)._memory, compiled(program)._code.plan.scalars, SCALARS)[CLIP]
    )


OF_ALL_KINDS = (
    "channels of flattened maps",  # batch norm and PReLU, by vectors and not
    "strides that leave positions out",  # weights that some images never reach
    "branches that lead nowhere",  # weights without a gradient
    "groups with a ReLU behind",
    "every operation",
    "lecture",
)


@pytest.mark.parametrize("name", OF_ALL_KINDS)
def test_a_long_gradient_is_shortened(name: str) -> None:
    """Whatever layers there are: each weight counts once, and what fills up vectors not at all."""
    graph = (GRAPHS | WHOLE)[name]
    images, labels = batch(graph, 5)
    whole, clipped = load(graph, SGD()), load(graph, SGD(clip_norm=0.01))
    for program in (whole, clipped):
        program.train_step(images, labels, 0.1)
    gradients = velocities(whole)
    expected = clip_by_norm(gradients.values(), 0.01)
    assert expected < 1
    assert factor(clipped) == pytest.approx(expected, rel=1e-6)
    assert norm(velocities(clipped)) == pytest.approx(0.01, rel=1e-6)
    assert_same_bits(
        velocities(clipped),
        {name: array * np.float32(factor(clipped)) for name, array in gradients.items()},
    )


SOME = [case for case in WIDE if case.operation.kind in ("conv2d", "prelu")][2::4]


@pytest.mark.parametrize("case", SOME, ids=str)
def test_layers_that_fill_no_vectors(case: Case) -> None:
    net = twice(case)
    images = np.random.default_rng(1).normal(size=(4, *net.graph.input_shape)).astype(np.float32)
    labels = np.array([0, 1, 2, 3])
    programs = [load(net.graph, rule) for rule in (SGD(), SGD(clip_norm=0.001))]
    for program in programs:
        program.set_weights(net.weights)
        program.train_step(images, labels, 0.1)
    expected = clip_by_norm(velocities(programs[0]).values(), 0.001)
    assert factor(programs[1]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("share", [0.999, 1.001])
def test_a_gradient_that_is_short_enough_stays(share: float) -> None:
    images, labels = batch(FEW, 6)
    whole = load(FEW, SGD())
    whole.train_step(images, labels, 0.1)
    limit = share * norm(velocities(whole))
    clipped = load(FEW, SGD(clip_norm=limit))
    clipped.train_step(images, labels, 0.1)
    if share < 1:
        assert factor(clipped) == pytest.approx(share, rel=1e-6)
    else:
        assert factor(clipped) == 1.0
        assert_same_bits(clipped.weights(), whole.weights())


@pytest.mark.parametrize(
    "rule",
    [
        SGD(momentum=0.0, weight_decay=0.01, clip_norm=0.5),
        SGD(nesterov=True, weight_decay=0.01, clip_norm=0.5),
        Adam(weight_decay=0.01, clip_norm=0.5, epsilon=1e-3),
        AdamW(weight_decay=0.1, clip_norm=0.5, epsilon=1e-3),
    ],
    ids=str,
)
def test_the_references_steps(rule: Optimizer) -> None:
    ours = load(FEW, rule)
    theirs = get_engine("reference").load(
        network(FEW), step_of(FEW, Learning(CrossEntropy(), rule, seed=3))
    )
    clipped = 0
    for step in range(4):
        images, labels = batch(FEW, 5 + step % 3, seed=step)
        results = [program.train_step(images, labels, 0.01) for program in (ours, theirs)]
        assert results[0].loss == pytest.approx(results[1].loss, rel=1e-4)
        clipped += factor(ours) < 1
    assert clipped > 0
    assert_all_close(ours.weights(), theirs.weights(), 10 * TOLERANCES["float32"])


@pytest.mark.parametrize("name", ["every operation", "lecture"])
def test_the_same_bits_on_any_number_of_threads(name: str) -> None:
    # The rule of the networks above, which is compiled already.
    programs = [load(WHOLE[name], SGD(clip_norm=0.01), threads) for threads in (1, 2, 3, 4)]
    for step in range(3):
        images, labels = batch(WHOLE[name], 21, seed=step)
        for program in programs:
            program.train_step(images, labels, 0.05)
        assert {factor(program) for program in programs} == {factor(programs[0])}
    for program in programs[1:]:
        assert_same_bits(program.weights(), programs[0].weights())


def test_squares_beyond_any_float32() -> None:
    """Pixels of 10²⁵: squares of such gradients are infinite in single precision."""
    graph = FEW
    images, labels = batch(graph, 3)
    kernel = "conv1.kernel"
    rule, pixels = SGD(clip_norm=1.0, momentum=0.0), 1e25 * images.astype(np.float32)
    start = network(graph)
    small = dict(start.weights)
    small[kernel] = small[kernel] * 1e-25  # so that what follows is of ordinary size
    learning = Learning(CrossEntropy(), rule)
    ours, theirs = (
        get_engine(engine).load(Network(graph, small), step_of(graph, learning))
        for engine in ("native", "reference")
    )
    for program in (ours, theirs):
        program.train_step(pixels, labels, 0.1)
    change = ours.weights()[kernel] - small[kernel].astype(np.float32)
    assert np.isfinite(change).all()
    assert np.linalg.norm(change) == pytest.approx(0.1, rel=1e-3)
    assert_all_close(ours.weights(), theirs.weights(), TOLERANCES["float32"])


def test_a_gradient_that_is_no_number() -> None:
    """It has no length, and goes on as it is."""
    program = load(FEW, SGD(clip_norm=0.1))
    images, labels = batch(FEW, 4)
    pixels = images.astype(np.float32)
    pixels[1, 2, 2, 1] = np.nan
    program.train_step(pixels, labels, 0.01)
    assert factor(program) == 1.0 == clip_by_norm([np.array([np.nan])], 0.1)
