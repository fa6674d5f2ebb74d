"""What operations say of what they read, against what moves their outputs and their gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.ops import OPERATIONS
from pellucid.ops.operation import INFERENCE
from pellucid.ops.pointwise import Pointwise
from pellucid.ops.reads import Axis, Follow, Reads
from tests.ops.cases import CASES, Case, Drawn
from tests.ops.examples import EXAMPLES
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

MOST = 10
"""Positions of an input that are tried."""


def normal(case: Case) -> Drawn:
    """A case at inference with values of all sizes, none of them alike."""
    return replace(case, mode=INFERENCE).draw()


def some(random: np.random.Generator, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Random positions, the corners among them."""
    places = {(0,) * len(shape), tuple(n - 1 for n in shape)}
    places |= {tuple(int(random.integers(n)) for n in shape) for _ in range(MOST - 2)}
    return sorted(places)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_reads_a_value_is_what_it_moves(case: Case) -> None:
    """And nothing else: each output that says so changes with it, and no other."""
    random = np.random.default_rng(case.seed)
    reads = case.operation.reads(*case.shapes)
    assert reads.output == case.operation.output_shape(*case.shapes)
    images = [random.normal(1.0, 2.0, (1, *shape)) for shape in case.shapes]
    weights = case.draw().weights
    far: tuple[float, ...] = (-60.0, 60.0)  # enough to win any maximum, and to pass any kink
    if reads.located:
        images, far = [x[:1] for x in case.draw().inputs], (-60.0, 60.0, -0.3, 0.3)
        reads = reads.given([x[0] for x in images])
    before, _ = case.operation.forward(images, weights)
    for branch, shape in enumerate(case.shapes):
        for at in some(random, shape):
            moved = np.zeros(reads.output, bool)
            for step in far:
                changed = [x.copy() for x in images]
                changed[branch][(0, *at)] += step
                moved |= (case.operation.forward(changed, weights)[0] != before)[0]
            found = list(map(tuple, np.argwhere(moved).tolist()))
            if branch in case.operation.constant_inputs:  # what it finds may be what it was
                assert set(found) <= set(reads.dependents(branch, at))
                continue
            assert reads.dependents(branch, at) == found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sources_and_dependents_are_each_others_inverse(case: Case) -> None:
    random = np.random.default_rng(case.seed)
    reads = case.operation.reads(*case.shapes).given(case.draw().image(0))
    for output in some(random, reads.output):
        for branch, *place in reads.sources(output).table.tolist()[:20]:
            at = tuple(n for n in place if n >= 0)
            assert output in reads.dependents(branch, at)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivatives_are_those_of_backward(case: Case) -> None:
    drawn, random = normal(case), np.random.default_rng(case.seed)
    operation, image = case.operation, drawn.image(0)
    reads = operation.reads(*case.shapes).given(image)
    _, saved = operation.forward([x[None] for x in image], drawn.weights)
    for output in some(random, reads.output):
        at_output = np.zeros((1, *reads.output))
        at_output[(0, *output)] = 1.0
        exact = operation.input_gradients(at_output, saved, drawn.weights)
        sources = reads.sources(output).table.tolist()
        for k in random.permutation(len(sources))[:5].tolist():
            branch, *place = sources[k]
            at = tuple(n for n in place if n >= 0)
            found = operation.derivative_at(image, drawn.weights, output, branch, at)
            assert_close(found, exact[branch][(0, *at)], "float64")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_offsets_are_what_is_left_of_an_affine_map(case: Case) -> None:
    """⟨g, y⟩ = ⟨Jᵀg, x⟩ + ⟨g, c⟩ for any g, with J from backward and c from the page."""
    drawn = normal(case)
    y, saved = drawn.forward(INFERENCE)
    offset = case.operation.offset(drawn.weights, y)
    assert (offset is None) == case.operation.bends
    if offset is None:
        assert case.operation.rule != "sum"
        return
    gradient = drawn.cotangent
    back = case.operation.input_gradients(gradient, saved, drawn.weights)
    slopes = sum(float((g * x).sum()) for g, x in zip(back, drawn.inputs, strict=True))
    own = float((gradient * np.broadcast_to(offset, y.shape)).sum())
    assert_close(
        slopes + own,
        float((gradient * y).sum()),
        "float64",
        scale=float(np.abs(gradient * y).sum()),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_decisions_mean_the_same_affine_map(case: Case) -> None:
    """Where no decision changes, a piecewise linear operation is linear."""
    drawn = normal(case)
    random = np.random.default_rng(case.seed)
    step = [1e-3 * random.normal(size=x.shape) for x in drawn.inputs]
    ends = []
    for sign in (-1.0, 0.0, 1.0):
        inputs = [x + sign * d for x, d in zip(drawn.inputs, step, strict=True)]
        y, _ = case.operation.forward(inputs, drawn.weights)
        ends.append((y, case.operation.decisions(inputs)))
    (low, left), (middle, here), (high, right) = ends
    same = np.ones(middle.shape, bool)
    for a, b, c in zip(left, here, right, strict=True):
        changed = (a != b) | (b != c)
        if changed.shape != same.shape:
            return  # decisions of another shape than the output's are compared as a whole
        same &= ~changed
    if case.operation.offset(drawn.weights, middle) is not None:
        assert_close((low + high)[same], 2 * middle[same], "float64")


def pointwise() -> list[Pointwise]:
    return [c.operation for c in CASES if isinstance(c.operation, Pointwise)]


@pytest.mark.parametrize("operation", pointwise(), ids=repr)
def test_kinks_are_where_the_derivative_jumps(operation: Pointwise) -> None:
    def slope(x: Array) -> Array:
        return operation.derivative(x, operation.function(x))

    near = 1e-9
    grid = np.setdiff1d(np.linspace(-8.0, 8.0, 641), operation.kinks())
    assert np.abs(slope(grid + near) - slope(grid - near)).max() < 1e-6
    for kink in operation.kinks():
        at = np.array([kink])
        assert np.abs(slope(at + near) - slope(at - near)).max() > 1e-6
    assert operation.words


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_operation_says_what_it_is(kind: str) -> None:
    made = OPERATIONS[kind]
    assert made.title
    assert made.family
    assert made.rule in ("sum", "maximum", "share", "product", "function", "sampled")
    examples = [each for each in EXAMPLES if each.operation.kind == kind]
    assert examples, "work one by hand in tests/ops/examples.py"


def test_positions_that_do_not_divide_are_not_read() -> None:
    """A transposed window: kernel 3, stride 2, padding 1, on 3 positions that become 5."""
    axis = Axis(3, (Follow(0),), taps=3, dilation=-1, before=-1, divisor=2)
    reads = Reads(((axis,),), (5,))
    spread = {at: [row[1] for row in reads.sources((at,)).table.tolist()] for at in range(5)}
    expected: dict[int, set[int]] = {at: set() for at in range(5)}
    for position in range(3):
        for tap in range(3):
            if 0 <= 2 * position + tap - 1 < 5:
                expected[2 * position + tap - 1].add(position)
    assert {at: set(found) for at, found in spread.items()} == expected
    for position in range(3):
        readers = {at for at in range(5) if position in expected[at]}
        assert {at for (at,) in reads.dependents(0, (position,))} == readers
