"""What a program keeps: weights and state, which go out as copies and come in checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import ENGINES, get_engine
from pellucid.errors import ShapeError
from pellucid.graph import INPUT
from pellucid.optimizers import Adam
from tests.engines.networks import batch, network
from tests.engines.test_protocol import GRAPH, LEARNING, LOSS, everything, load, trained
from tests.engines.tolerances import assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def test_weights_are_copies(engine: str) -> None:
    program = trained(engine)
    images, _ = batch(GRAPH, 2)
    before, answer = everything(program), program.forward(images)
    for array in everything(program).values():
        array[...] = 1e3
    assert_same_bits(everything(program), before)
    np.testing.assert_array_equal(program.forward(images), answer)


def test_what_was_read_stays_as_it_was_read(engine: str) -> None:
    program = trained(engine)
    read = everything(program)
    kept = {name: array.copy() for name, array in read.items()}
    program.train_step(*batch(GRAPH, 4), 0.1)
    assert_same_bits(read, kept)


def test_arrays_that_came_in_are_left_alone(engine: str) -> None:
    net = network(GRAPH)
    kept = {name: array.copy() for name, array in net.weights.items()}
    program = get_engine(engine).load(net, step_of(net, LEARNING), precision="float64")
    images, labels = batch(GRAPH, 4)
    x = images.astype(np.float64)
    program.train_step(x, labels, 0.1)
    program.gradients(x, labels, LOSS)
    np.testing.assert_array_equal(x, images)
    assert_same_bits(dict(net.weights), kept)

    given = {name: array.copy() for name, array in program.weights().items()}
    state = program.state()
    program.set_weights(given)
    program.set_state(state)
    before = everything(program)
    values = program.values(x)
    for array in (*given.values(), *state.values(), x):
        array[...] = 0
    assert_same_bits(everything(program), before)
    np.testing.assert_array_equal(values[INPUT], images)


def test_training_changes_every_weight(engine: str) -> None:
    program = load(engine)
    before = program.weights()
    program.train_step(*batch(GRAPH, 8), 0.1)
    after = program.weights()
    assert not [name for name in before if (before[name] == after[name]).all()]


def test_set_weights(engine: str) -> None:
    first, second = trained(engine), load(engine)
    images, _ = batch(GRAPH, 2)
    second.set_weights(first.weights())
    assert_same_bits(second.weights(), first.weights())
    np.testing.assert_array_equal(second.forward(images), first.forward(images))


def test_set_weights_that_do_not_fit(engine: str) -> None:
    program = trained(engine)
    before = everything(program)
    good = program.weights()
    lacking = {name: array for name, array in good.items() if name != "conv1.kernel"}
    turned = {**good, "conv1.kernel": good["conv1.kernel"].transpose(3, 2, 0, 1)}
    wrong: list[tuple[dict[str, Array], str]] = [
        (lacking, "weight 'conv1.kernel' is missing"),
        (turned, "'conv1.kernel' must have the shape (3, 2, 3, 6), got (6, 3, 3, 2)"),
        ({**good, "conv9.kernel": good["conv1.kernel"]}, "has no weight 'conv9.kernel'"),
    ]
    for weights, message in wrong:
        with pytest.raises(ShapeError, match=re.escape(message)):
            program.set_weights(weights)
    assert_same_bits(everything(program), before)


def test_the_state_by_name(engine: str) -> None:
    program = load(engine, learning=Learning(LOSS, Adam()))
    parameters = GRAPH.parameters.items()
    shapes = {
        f"{name}.{slot}": parameter.shape
        for name, parameter in parameters
        if parameter.trainable
        for slot in ("mean", "square")
    }
    fresh = program.state()
    assert {name: array.shape for name, array in fresh.items()} == {"step": (), **shapes}
    assert not any(array.any() for array in fresh.values())
    program.train_step(*batch(GRAPH, 3), 0.1)
    program.train_step(*batch(GRAPH, 3), 0.1)
    later = program.state()
    assert later["step"] == 2
    assert all(array.any() for array in later.values())


def test_a_state_that_does_not_fit(engine: str) -> None:
    program = trained(engine)
    before = everything(program)
    good = program.state()
    velocity = good["conv1.kernel.velocity"]
    lacking = {name: array for name, array in good.items() if name != "conv1.kernel.velocity"}
    wrong: list[tuple[dict[str, Array], str]] = [
        (lacking, "lacks 'conv1.kernel.velocity'"),
        ({**good, "conv1.kernel.velocity": velocity[0]}, "(3, 2, 3, 6), got (2, 3, 6)"),
        ({**good, "conv1.kernel.square": velocity}, "remembers no 'conv1.kernel.square'"),
        ({**good, "step": np.array([1, 2])}, "'step' must have the shape (), got (2,)"),
    ]
    for state, message in wrong:
        with pytest.raises(ShapeError, match=re.escape(message)):
            program.set_state(state)
    assert_same_bits(everything(program), before)
