"""Steps: what learns and what does not, which statistics norms use, and several steps together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ops
from pellucid.engines import ENGINES, Step, get_engine, with_loss
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, Node, initial_weights, parameters
from pellucid.layers import (
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPool,
    Normalise,
    ReLU,
    Sequential,
    connect,
)
from pellucid.ops.types import Type
from pellucid.optimizers import SGD, Adam
from tests.engines.networks import batch
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_same_bits

if TYPE_CHECKING:
    from pellucid.engines import Program

LOSS = ops.CrossEntropy()

GRAPH = Sequential(
    [
        Normalise([120.0], [60.0]),
        Conv2D(5, 3, bias=False, name="body1"),
        BatchNorm(name="body2"),
        ReLU(),
        MaxPool(2),
        Conv2D(6, 3, bias=False, name="body3"),
        BatchNorm(name="body4"),
        ReLU(),
        Flatten(),
        Dropout(0.3),
        Dense(7, name="head1"),
        ReLU(),
        Dense(4, name="head2"),
    ]
).graph((12, 11, 1))
"""A body with two norms, and a head."""

NETWORK = Network(GRAPH, initial_weights(GRAPH, 5))

HEAD, ALL = ("head*",), ("*",)


def learn(engine: str, step: Step, steps: int = 3) -> Program:
    program = get_engine(engine).load(NETWORK, step)
    assert program.engine == engine
    for number in range(steps):
        images, labels = batch(GRAPH, 6, seed=number)
        program.train_step(images, labels, 0.05)
    return program


def changed(program: Program) -> set[str]:
    after = program.weights()
    return {name for name, before in NETWORK.weights.items() if (after[name] != before).any()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("trains", "running", "expected"),
    [
        (HEAD, ALL, {"head1", "head2"}),
        (HEAD, (), {"head1", "head2"}),
        (("body3.*", "head2.bias"), (), {"body3", "head2"}),
        (("*.gamma", "*.mean"), (), {"body2", "body4"}),
        (("body4.*",), ("body2.*",), {"body4"}),
    ],
)
def test_what_learns(
    engine: str, trains: tuple[str, ...], running: tuple[str, ...], expected: set[str]
) -> None:
    """What is not trained keeps every bit, norms' statistics included."""
    step = Step.of(GRAPH, LOSS, Adam(), trains=trains, running_statistics=running, seed=4)
    program = learn(engine, step)
    assert {name.partition(".")[0] for name in changed(program)} == expected
    assert changed(program) >= step.trained.keys()
    kept = {name.rpartition(".")[0] for name in program.state() if name != "step"}
    assert kept == step.trained.keys()


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "reference"])
@pytest.mark.parametrize("trains", [ALL, HEAD, ("body3.*", "head2.bias"), ("*.gamma", "*.mean")])
@pytest.mark.parametrize("running", [(), ALL, ("body2.*",)])
def test_engines_agree(engine: str, trains: tuple[str, ...], running: tuple[str, ...]) -> None:
    step = Step.of(GRAPH, LOSS, SGD(), trains=trains, running_statistics=running, seed=4)
    found, expected = learn(engine, step), learn("reference", step)
    tolerance = 10 * TOLERANCES["float32"]
    assert_all_close(found.weights(), expected.weights(), tolerance)
    images, _ = batch(GRAPH, 6)
    np.testing.assert_allclose(found.forward(images), expected.forward(images), 1e-3, 1e-3)


def test_a_frozen_first_part_is_not_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the way backward nothing is computed before the first weight that changes."""
    swept: list[str] = []
    for kind in (ops.Conv2D, ops.Dense, ops.ReLU, ops.MaxPool, ops.BatchNorm):
        backward = kind.backward

        def noted(self, *arguments, _call=backward, **named):  # type: ignore[no-untyped-def]
            swept.append(self.kind)
            return _call(self, *arguments, **named)

        monkeypatch.setattr(kind, "backward", noted)
    learn("reference", Step.of(GRAPH, LOSS, SGD(), trains=("head2.*",)), steps=1)
    assert swept == ["dense"]
    swept.clear()
    learn("reference", Step.of(GRAPH, LOSS, SGD(), trains=HEAD), steps=1)
    assert swept == ["dense", "relu", "dense"]


@pytest.mark.parametrize("engine", ENGINES)
def test_running_statistics_are_used(engine: str) -> None:
    """With all of them, a step sees what inference sees: no dropout here."""
    graph = GRAPH.select("body4")
    flat = graph.extend(
        [Node("flat", ops.Flatten(), ("body4",)), Node("end", ops.Dense(3), ("flat",))],
        {"end": "end"},
    )
    net = Network(flat, initial_weights(flat, 2))
    images, labels = batch(flat, 5)
    step = Step.of(flat, LOSS, SGD(), running_statistics=ALL)
    program = get_engine(engine).load(net, step)
    answers = program.forward(images)
    result = program.train_step(images, labels, 0.0)
    np.testing.assert_allclose(result.answers, answers, 1e-5, 1e-5)
    batch_step = Step.of(flat, LOSS, SGD())
    other = get_engine(engine).load(net, batch_step).train_step(images, labels, 0.0)
    assert np.abs(other.answers - answers).max() > 1e-3


# --------------------------------------------------------------------- two steps, one store

NOISE = Graph({"noise": Type((3,))}, [
    Node("g1", ops.Dense(8), ("noise",)),
    Node("g2", ops.ReLU(), ("g1",)),
    Node("g3", ops.Dense(5), ("g2",)),
])  # fmt: skip
JUDGE = Graph({"sample": Type((5,))}, [
    Node("d1", ops.Dense(6), ("sample",)),
    Node("d2", ops.LeakyReLU(0.2), ("d1",)),
    Node("d3", ops.Dense(2), ("d2",)),
])  # fmt: skip


def adversaries() -> dict[str, Step]:
    """A judge learns to tell what is made from what is real, and the maker to deceive it."""
    judging = JUDGE.rename("made/", values={"sample": "g3"}, weights=False)
    fake = NOISE.extend(judging.nodes, {"verdict": "made/d3"})
    deceive = with_loss(fake, ops.CrossEntropy())
    return {
        "judge": Step.of(JUDGE, ops.CrossEntropy(), SGD(momentum=0.5)),
        "maker": Step(deceive, Adam(), trains=("g*",)),
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_two_steps_share_one_store(engine: str) -> None:
    steps, random = adversaries(), np.random.default_rng(0)
    graphs = {"judge": JUDGE}
    store = {
        name: initial_weights(graph, 1)[name]
        for graph in (NOISE, JUDGE)
        for name in map(str, graph.parameters)
    }
    net = Network(NOISE, store, graphs)
    program = get_engine(engine).load(net, steps)
    assert program.engine == engine
    expected = get_engine("reference").load(net, steps, precision="float64")
    labels = np.array([0, 1, 0, 1, 1, 0])
    noise = {"noise": random.normal(size=(6, 3)).astype(np.float32)}
    for _ in range(3):
        real = {"sample": random.normal(size=(6, 5)).astype(np.float32)}
        before = program.weights()
        for each in (program, expected):
            each.step({**real, "targets": labels}, 0.1, "judge")
        middle = program.weights()
        assert {n[0] for n in middle if (middle[n] != before[n]).any()} == {"d"}
        for each in (program, expected):
            each.step({**noise, "targets": labels}, 0.01, "maker")
        after = program.weights()
        assert {n[0] for n in after if (after[n] != middle[n]).any()} == {"g"}
        made = program.run(NOISE, noise)["g3"]
        np.testing.assert_allclose(made, expected.run(NOISE, noise)["g3"], 1e-3, 1e-3)
    single = {name: array.astype(np.float32) for name, array in expected.weights().items()}
    assert_all_close(program.weights(), single, 1e-3)
    assert {name.partition(".")[0] for name in program.state("maker")} == {"step", "g1", "g3"}
    states = {name: program.state(name) for name in steps}
    again = get_engine(engine).load(Network(NOISE, program.weights(), graphs), steps)
    for name, state in states.items():
        again.set_state(state, name)
    for each in (program, again):
        each.step({**noise, "targets": labels}, 0.01, "maker")
    assert_same_bits(again.weights(), program.weights())


def test_steps_that_are_refused() -> None:
    graph = with_loss(GRAPH, LOSS)
    with pytest.raises(ArgumentError, match="not among"):
        Step(graph, SGD(), loss="lost")
    with pytest.raises(ArgumentError, match="one number for the batch"):
        Step(graph, SGD(), loss="head2")
    with pytest.raises(ArgumentError, match=r"no weight .* 'heads"):
        Step(graph, SGD(), trains=("heads.*",))
    other = Sequential([Flatten(), Dense(4, name="elsewhere")]).graph((12, 11, 1))
    with pytest.raises(ShapeError, match=r"'elsewhere\.kernel' is missing"):
        get_engine("reference").load(NETWORK, Step.of(other, LOSS, SGD()))
    program = get_engine("reference").load(NETWORK, Step.of(GRAPH, LOSS, SGD()))
    with pytest.raises(ArgumentError, match="train"):
        program.step({}, 0.1, "trian")


def test_weights_of_two_graphs_must_agree() -> None:
    wide = Sequential([Flatten(), Dense(9, name="head2")]).graph((12, 11, 1))
    with pytest.raises(ShapeError, match=r"'head2\.kernel' is of shape .* rename one"):
        parameters([GRAPH, wide])


@pytest.mark.parametrize("engine", ENGINES)
def test_feeds_that_are_refused(engine: str) -> None:
    program = get_engine(engine).load(NETWORK)
    images, _ = batch(GRAPH, 2)
    with pytest.raises(ArgumentError, match="'input' is missing"):
        program.run(GRAPH, {})
    with pytest.raises(ArgumentError, match="'other' is unknown"):
        program.run(GRAPH, {"input": images, "other": images})
    with pytest.raises(ShapeError, match="takes images N×12×11×1"):
        program.run(GRAPH, {"input": images[:, 1:]})
    with pytest.raises(ShapeError, match="must be"):
        program.differentiate(GRAPH, {"input": images}, {"head2": np.zeros((2, 3), np.float32)})


@pytest.mark.parametrize("engine", ENGINES)
def test_networks_of_several_inputs_and_outputs(engine: str) -> None:
    """Loaded by any engine, run and differentiated; what needs one of each says so."""
    left, right = Input((6, 5, 1)), Input((3,))
    features = Flatten()(Conv2D(2, 3)(left))
    joined = Concatenate()(features, right)
    two = connect({"left": left, "right": right}, {"y": Dense(2)(joined)})
    many = connect({"left": left}, {"y": Dense(2)(features), "features": features})
    random = np.random.default_rng(3)
    every = {
        "left": random.normal(size=(4, 6, 5, 1)).astype(np.float32),
        "right": random.normal(size=(4, 3)).astype(np.float32),
    }
    for graph in (two, many):
        net = Network(graph, initial_weights(graph, 0))
        program, expected = (get_engine(e).load(net) for e in (engine, "reference"))
        feeds = {name: every[name] for name in graph.inputs}
        found, wanted = program.run(graph, feeds), expected.run(graph, feeds)
        assert_all_close(found, wanted, TOLERANCES["float32"])
        at = {"y": np.ones((4, 2), np.float32)}
        slopes = [
            each.differentiate(graph, feeds, at, values=["left"]) for each in (program, expected)
        ]
        assert_all_close(slopes[0].values, slopes[1].values, TOLERANCES["float32"])
        with pytest.raises(ArgumentError, match="a network with one"):
            program.forward(every["left"])
