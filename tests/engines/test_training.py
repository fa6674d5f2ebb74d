"""Twenty steps of training: every engine takes those of the reference, and they can take turns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import ENGINES, Engine, Program, StepResult, get_engine
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, Sequential
from pellucid.ops import CrossEntropy, MeanSquaredError
from pellucid.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.graph import Graph, Weights

IN_DOUBLE = [name for name in ENGINES if name != "native"]
"""The native engine lets the reference compute in double precision, which is tried once."""

STEPS = 20
TOLERANCE = TOLERANCES["float64"]

RULES: dict[str, Optimizer] = {
    "SGD": SGD(),
    "SGD, no momentum": SGD(momentum=0.0, weight_decay=0.01, clip_norm=0.5),
    "Nesterov": SGD(nesterov=True, weight_decay=0.01, clip_norm=0.5),
    "Adam": Adam(weight_decay=0.01, clip_norm=0.5),
    "Adam, other rates": Adam(beta1=0.5, beta2=0.9, epsilon=1e-4),
    "AdamW": AdamW(weight_decay=0.1, clip_norm=0.5),
}

LOSS = CrossEntropy(label_smoothing=0.1, class_weights=(1.0, 2.0, 0.5, 1.5, 1.0))


def train(program: Program, steps: range) -> list[StepResult]:
    """Train on batches of changing size, with a learning rate that changes from step to step."""
    results = []
    for step in steps:
        images, labels = batch(program.graph, 3 + step % 3, seed=step)
        results.append(program.train_step(images, labels, 0.01 / (1 + step % 4)))
    return results


def load(
    engine: Engine | str, rule: Optimizer, seed: int = 7, graph: Graph = GRAPHS["every operation"]
) -> Program:
    if isinstance(engine, str):
        engine = get_engine(engine)
    learning = Learning(LOSS, rule, seed)
    return engine.load(network(graph), step_of(graph, learning), precision="float64")


def test_the_optimizers_are_all_here() -> None:
    assert {rule.kind for rule in RULES.values()} == OPTIMIZERS.keys()


@pytest.mark.parametrize(
    ("engine", "rule"), [*(("torch", rule) for rule in RULES), ("native", "Adam")]
)
def test_the_same_losses(engine: str, rule: str) -> None:
    expected, actual = (load(each, RULES[rule]) for each in ("reference", engine))
    theirs, ours = (train(program, range(STEPS)) for program in (expected, actual))
    assert [r.loss for r in ours] == pytest.approx([r.loss for r in theirs], rel=TOLERANCE)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.answers, other.answers, TOLERANCE, TOLERANCE)
    assert_all_close(actual.weights(), expected.weights(), TOLERANCE)
    if rule != "SGD, no momentum":  # its velocity means nothing, and need not be kept
        assert_all_close(actual.state(), expected.state(), TOLERANCE)


@pytest.mark.parametrize("name", ["lecture", "lenet5", "lenet5-original"])
def test_the_same_losses_of_an_architecture(name: str) -> None:
    graph = GRAPHS[name]
    learning = Learning(MeanSquaredError(), SGD())
    expected, actual = (
        get_engine(each).load(network(graph), step_of(graph, learning), precision="float64")
        for each in ("reference", "torch")
    )
    theirs, ours = (train(program, range(STEPS)) for program in (expected, actual))
    assert [r.loss for r in ours] == pytest.approx([r.loss for r in theirs], rel=TOLERANCE)
    assert_all_close(actual.weights(), expected.weights(), TOLERANCE)


@dataclass(frozen=True)
class Whole:
    """All steps on one engine: what there was halfway, what came after that, and the end."""

    halfway: Weights
    state: Weights
    rest: list[StepResult]
    end: Weights


@cache
def without_a_break(engine: str, rule: str) -> Whole:
    program = load(engine, RULES[rule])
    train(program, range(STEPS // 2))
    halfway, state = (
        {k: v.copy() for k, v in arrays.items()} for arrays in (program.weights(), program.state())
    )
    rest = train(program, range(STEPS // 2, STEPS))
    return Whole(halfway, state, rest, program.weights())


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        *product(IN_DOUBLE, IN_DOUBLE, RULES),
        ("native", "torch", "Adam"),
        ("torch", "native", "SGD"),
    ],
)
def test_another_engine_goes_on(first: str, second: str, rule: str) -> None:
    """Half the steps on one engine, half on another: the same as all on the first."""
    alone = without_a_break(first, rule)
    after = load(second, RULES[rule])
    after.set_weights(alone.halfway)
    after.set_state(alone.state)
    rest = train(after, range(STEPS // 2, STEPS))
    if first == second:
        assert rest == alone.rest
        assert_same_bits(after.weights(), alone.end)
    else:
        wanted = [r.loss for r in alone.rest]
        assert [r.loss for r in rest] == pytest.approx(wanted, rel=TOLERANCE)
        assert_all_close(after.weights(), alone.end, TOLERANCE)


@pytest.mark.parametrize("engine", IN_DOUBLE)
def test_each_setting_matters(engine: str) -> None:
    """Were clipping, decay, the seed or the loss's settings ignored, all of these would agree."""
    losses = [
        tuple(result.loss for result in train(program, range(3)))
        for program in (
            load(engine, SGD()),
            load(engine, SGD(), seed=8),
            load(engine, SGD(clip_norm=0.5)),
            load(engine, SGD(weight_decay=0.01)),
            load(engine, SGD(nesterov=True)),
            load(engine, Adam()),
            load(engine, Adam(weight_decay=0.1)),
            load(engine, AdamW(weight_decay=0.1)),
        )
    ]
    assert len(set(losses)) == len(losses)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_single_value_to_normalise(engine: str) -> None:
    """One image and one pixel: the batch's variance is 0, and the running one moves towards it."""
    layers = [Conv2D(4, 3), BatchNorm(momentum=0.25), Flatten(), Dense(5), BatchNorm()]
    graph = Sequential(layers).graph((3, 3, 1))
    program = load(engine, SGD(), graph=graph)
    before = program.weights()
    images, labels = batch(graph, 1)
    program.train_step(images, labels, 0.1)
    after = program.weights()
    maps = np.einsum("hwc,hwco->o", images[0], before["conv1.kernel"]) + before["conv1.bias"]
    np.testing.assert_allclose(after["norm1.mean"], 0.75 * before["norm1.mean"] + 0.25 * maps)
    np.testing.assert_allclose(after["norm1.variance"], 0.75 * before["norm1.variance"])
    # All that reaches the logits is beta, so that nothing before it can learn.
    assert_same_bits(
        {"kernel": after["conv1.kernel"], "gamma": after["norm2.gamma"]},
        {"kernel": before["conv1.kernel"], "gamma": before["norm2.gamma"]},
    )
    assert (after["norm2.beta"] != before["norm2.beta"]).all()
