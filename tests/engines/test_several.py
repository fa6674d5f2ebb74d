"""Steps with several inputs, several losses, shared weights and frozen arrays, beside PyTorch.

Each is written once more by hand in PyTorch, in float64, and differentiated by autograd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid import ops
from pellucid.engines import ENGINES, Step, get_engine, with_loss
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.program import NativeProgram
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, Node
from pellucid.ops.types import Type
from pellucid.optimizers import SGD, Adam
from tests.engines.by_hand import (
    RATE,
    TOLERANCE,
    by_hand,
    check,
    convolved,
    dense,
    feeds,
    start,
)
from tests.engines.tolerances import assert_all_close, assert_same_bits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from tests.engines.by_hand import Tensors

# ------------------------------------------------------------------------- several losses

SIDES = Graph({"x": Type((7, 6, 2))}, [
    Node("conv1", ops.Conv2D(5, (3, 3)), ("x",)),
    Node("relu1", ops.ReLU(), ("conv1",)),
    Node("flat1", ops.Flatten(), ("relu1",)),
    Node("side1", ops.Dense(4), ("flat1",)),
    Node("conv2", ops.Conv2D(3, (3, 3)), ("relu1",)),
    Node("relu2", ops.ReLU(), ("conv2",)),
    Node("flat2", ops.Flatten(), ("relu2",)),
    Node("side2", ops.Dense(4), ("flat2",)),
    Node("main", ops.Dense(4), ("flat2",)),
], {"main": "main", "side1": "side1", "side2": "side2"})  # fmt: skip
"""A body with an answer and two side outputs, as GoogLeNet has them in training."""


def with_sides(weights: Mapping[str, float]) -> Step:
    """Three losses of the same labels."""
    graph = with_loss(SIDES, ops.CrossEntropy(), of="main")
    for name in ("side1", "side2"):
        graph = with_loss(
            graph, ops.CrossEntropy(), name=f"loss of {name}", of=name, against="targets"
        )
    return Step(graph, SGD(momentum=0.0), weights)


def sides(weights: Tensors, x: Tensor) -> dict[str, Tensor]:
    first = torch.relu(convolved(x, weights, "conv1"))
    second = torch.relu(convolved(first, weights, "conv2"))
    ends = {"main": second, "side1": first, "side2": second}
    return {name: dense(maps, weights, name) for name, maps in ends.items()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("share", [0.3, -0.5])
def test_side_outputs(engine: str, share: float) -> None:
    losses = {"loss": 1.0, "loss of side1": share, "loss of side2": 2 * share}
    step = with_sides(losses)

    def score(weights: Tensors, given: Tensors) -> Tensor:
        found = sides(weights, given["x"])
        entropy = {n: functional.cross_entropy(z, given["targets"]) for n, z in found.items()}
        return entropy["main"] + share * entropy["side1"] + 2 * share * entropy["side2"]

    program = check(engine, SIDES, step, score)
    batch = feeds(step.graph, 4)
    weights = {name: torch.tensor(array) for name, array in program.weights().items()}
    expected = sides(weights, torch.tensor(batch["x"]))
    outputs = program.step(batch, 0.0)
    for name in ("main", "side1", "side2"):
        np.testing.assert_allclose(outputs[name], expected[name], 1e-4, 1e-5)
        loss = outputs["loss" if name == "main" else f"loss of {name}"]
        known = functional.cross_entropy(expected[name], torch.tensor(batch["targets"]))
        assert float(loss) == pytest.approx(float(known), rel=1e-5)
    total = sum(weight * float(outputs[name]) for name, weight in losses.items())
    assert step.total(outputs) == pytest.approx(total)
    result = program.train_step(batch["x"], batch["targets"], 0.0)
    assert result.loss == pytest.approx(total)
    np.testing.assert_array_equal(result.answers, outputs["main"])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_may_be_measured_alone(engine: str) -> None:
    def score(weights: Tensors, given: Tensors) -> Tensor:
        return functional.cross_entropy(sides(weights, given["x"])["side1"], given["targets"])

    measured = with_sides({"loss of side1": 1.0})
    program = check(engine, SIDES, measured, score)
    assert {"loss", "loss of side2"} < program.step(feeds(measured.graph, 3), 0.0).keys()
    kept = program.weights()
    for name in ("conv2.kernel", "main.kernel", "side2.bias"):  # nothing leads from them to it
        np.testing.assert_array_equal(kept[name], start(SIDES).weights[name])


def test_weights_of_losses_that_are_refused() -> None:
    graph = with_sides({"loss": 1.0}).graph
    faults: dict[str, dict[str, object]] = {
        "at least one": {},
        "finite number, got nan": {"loss": float("nan")},
        "finite number, got True": {"loss": True},
        "finite number, got '1'": {"loss": "1"},
        "'lost' is not among": {"lost": 1.0},
        "number for the batch, 'main'": {"loss": 1.0, "main": 1.0},
    }
    for words, losses in faults.items():
        with pytest.raises(ArgumentError, match=words):
            Step(graph, SGD(), losses)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="targets"):
        with_loss(graph, ops.SquaredError(), of="main", against="flat1")
    given = {"loss": 1.0}
    step = Step(graph, SGD(), given)
    given["loss"] = 7.0
    assert step.losses == {"loss": 1.0}
    assert hash(step) == hash(Step(graph, SGD(), {"loss": 1.0}))


# ------------------------------------------------------------- several inputs, shared weights

TWINS = Graph({"left": Type((5, 6, 2)), "right": Type((5, 6, 2)), "extra": Type((3,))}, [
    Node("conv", ops.Conv2D(4, (3, 3)), ("left",)),
    Node("conv'", ops.Conv2D(4, (3, 3)), ("right",), "conv"),
    Node("tanh", ops.Tanh(), ("conv",)),
    Node("tanh'", ops.Tanh(), ("conv'",)),
    Node("flat", ops.Flatten(), ("tanh",)),
    Node("flat'", ops.Flatten(), ("tanh'",)),
    Node("code", ops.Dense(9), ("flat",)),
    Node("code'", ops.Dense(9), ("flat'",), "code"),
    Node("product", ops.Multiply(), ("code", "code'")),
    Node("joined", ops.Concatenate(), ("product", "extra")),
    Node("answer", ops.Dense(3), ("joined",)),
], {"answer": "answer"})  # fmt: skip
"""Two pictures through the same layers (Bromley et al. 1993), and a vector."""


def twins(weights: Tensors, given: Tensors) -> Tensor:
    codes = [
        dense(torch.tanh(convolved(given[side], weights, "conv")), weights, "code")
        for side in ("left", "right")
    ]
    answer = dense(torch.cat([codes[0] * codes[1], given["extra"]], 1), weights, "answer")
    return functional.cross_entropy(answer, given["targets"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("trains", [("*",), ("conv.*",), ("code.*", "answer.bias")])
def test_twins(engine: str, trains: tuple[str, ...]) -> None:
    graph = with_loss(TWINS, ops.CrossEntropy())
    check(engine, TWINS, Step(graph, SGD(momentum=0.0), trains=trains), twins)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_shared_gradient_is_clipped_as_a_whole(engine: str) -> None:
    step = Step(with_loss(TWINS, ops.CrossEntropy()), SGD(momentum=0.0, clip_norm=0.05))
    network, batch = start(TWINS), feeds(step.graph, 6)
    program = get_engine(engine).load(network, step)
    program.step(batch, RATE)
    plain = Step(step.graph, SGD(momentum=0.0))
    moved = by_hand(network, plain, twins, [batch])
    changes = {name: moved[name] - array for name, array in network.weights.items()}
    norm = np.sqrt(sum(float((change**2).sum()) for change in changes.values())) / RATE
    assert norm > 0.1
    for name, array in program.weights().items():
        expected = network.weights[name] + changes[name] * 0.05 / norm
        np.testing.assert_allclose(array, expected, 1e-4, 1e-6)


TIED = Graph({"x": Type((6,)), "y": Type((6,))}, [
    Node("first", ops.Dense(11, bias=False), ("x",)),
    Node("second", ops.Dense(11), ("y",), "first"),
    Node("relu", ops.ReLU(), ("second",)),
    Node("third", ops.Dense(11), ("x",), "first"),
    Node("sum", ops.Add(), ("first", "relu", "third")),
    Node("answer", ops.Dense(2), ("sum",)),
])  # fmt: skip
"""One kernel with three users, of which two share biases too: their weights lie differently."""


def tied(weights: Tensors, given: Tensors) -> Tensor:
    both = dense(given["x"], weights, "first") + torch.relu(dense(given["y"], weights, "first"))
    total = both + given["x"] @ weights["first.kernel"]
    return ((dense(total, weights, "answer") - given["targets"]) ** 2).mean()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("trains", [("*",), ("first.kernel",), ("first.bias",)])
def test_a_kernel_shared_with_and_without_biases(engine: str, trains: tuple[str, ...]) -> None:
    step = Step(with_loss(TIED, ops.SquaredError()), SGD(momentum=0.0), trains=trains)
    check(engine, TIED, step, tied)


def test_what_is_shared_predicts_after_learning() -> None:
    """Copies of weights that lie differently are renewed."""
    step = Step(with_loss(TIED, ops.SquaredError()), SGD())
    program = NativeEngine(threads=2).load(start(TIED), step)
    batch = feeds(step.graph, 70)
    program.step(batch, RATE)
    given = {name: batch[name] for name in TIED.inputs}
    fresh = NativeEngine(threads=2).load(Network(TIED, program.weights()), step)
    assert_same_bits(program.run(TIED, given), fresh.run(TIED, given))
    assert_same_bits(program.step(batch, RATE), fresh.step(batch, RATE))


# ------------------------------------------------------------ targets that the network computes


STUDENT = Graph({"x": Type((6,)), "mask": Type((6,))}, [
    Node("masked", ops.Multiply(), ("x", "mask")),
    Node("teacher", ops.Dense(5), ("x",)),
    Node("softmax", ops.Softmax(), ("teacher",)),
    Node("student", ops.Dense(5), ("masked",)),
    Node("back", ops.Dense(6), ("student",)),
], {"student": "student"})  # fmt: skip


def taught(trains: tuple[str, ...], *, clip_norm: float | None = None) -> Step:
    """A student learns from its teacher, in two ways, and to rebuild its input (a third loss)."""
    graph = with_loss(STUDENT, ops.CrossEntropy(), of="student", against="softmax")
    graph = with_loss(graph, ops.SquaredError(), name="near", of="student", against="teacher")
    graph = with_loss(graph, ops.SquaredError(), name="rebuilt", of="back", against="x")
    weights = {"loss": 1.0, "near": 0.2, "rebuilt": 0.7}
    return Step(graph, SGD(momentum=0.0, clip_norm=clip_norm), weights, trains)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_student_learns_from_its_teacher(engine: str) -> None:
    """The teacher's answer is the target, and gets no gradient, though it may learn."""

    def score(weights: Tensors, given: Tensors) -> Tensor:
        teacher = dense(given["x"], weights, "teacher").detach()
        student = dense(given["x"] * given["mask"], weights, "student")
        back = dense(student, weights, "back")
        entropy = functional.cross_entropy(student, torch.softmax(teacher, 1))
        near, rebuilt = ((student - teacher) ** 2).mean(), ((back - given["x"]) ** 2).mean()
        return entropy + 0.2 * near + 0.7 * rebuilt

    program = check(engine, STUDENT, taught(("*",)), score)
    check(engine, STUDENT, taught(("back.*", "s*.bias")), score)
    before = start(STUDENT).weights["teacher.kernel"]
    np.testing.assert_array_equal(program.weights()["teacher.kernel"], before)


# -------------------------------------------------------------------- what a step and a run give


STEPS = {
    "twins": (TWINS, Step(with_loss(TWINS, ops.CrossEntropy()), Adam(clip_norm=0.5))),
    "tied": (TIED, Step(with_loss(TIED, ops.SquaredError()), Adam(), trains=("first.*",))),
    "sides": (SIDES, with_sides({"loss": 1.0, "loss of side1": 0.3})),
    "student": (STUDENT, taught(("*.kernel",), clip_norm=0.1)),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_same_bits_for_any_number_of_threads(name: str) -> None:
    """Also from a state that was kept."""
    graph, step = STEPS[name]
    programs = [NativeEngine(threads=n).load(start(graph), step) for n in (1, 2, 3)]
    for each in programs:
        for number, count in enumerate((5, 2, 9)):
            each.step(feeds(step.graph, count, seed=number), RATE)
    for each in programs[1:]:
        assert_same_bits(each.weights() | each.state(), programs[0].weights() | programs[0].state())
    again = NativeEngine(threads=2).load(Network(graph, programs[0].weights()), step)
    again.set_state(programs[0].state())
    for each in (again, programs[0]):
        each.step(feeds(step.graph, 4), RATE)
    assert_same_bits(again.weights() | again.state(), programs[0].weights() | programs[0].state())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_gives_any_values(engine: str) -> None:
    """Values from within, one that is fused elsewhere, a flattened one and an input."""
    names = ("conv1", "relu1", "flat1", "conv2", "x", "main")
    graph = SIDES.extend(outputs={name: name for name in names})
    step = Step(with_loss(graph, ops.CrossEntropy(), of="main"), SGD())
    program = get_engine(engine).load(start(SIDES), step)
    batch = feeds(step.graph, 5)
    expected = program.run(graph, {"x": batch["x"]})
    found = program.step(batch, RATE)
    assert found.keys() == {*names, "loss"}
    found.pop("loss")
    assert_all_close(found, expected, 1e-6)
    after = program.run(graph, {"x": batch["x"]})
    assert (after["conv1"] != found["conv1"]).any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("output", ["conv", "relu", "pool"])
def test_a_value_from_within_what_is_fused(engine: str, output: str) -> None:
    graph = Graph({"x": Type((8, 6, 2))}, [
        Node("conv", ops.Conv2D(5, (3, 3)), ("x",)),
        Node("relu", ops.ReLU(), ("conv",)),
        Node("pool", ops.MaxPool((2, 2), (2, 2)), ("relu",)),
        Node("flat", ops.Flatten(), ("pool",)),
        Node("answer", ops.Dense(3), ("flat",)),
    ], {"answer": "answer", output: output})  # fmt: skip

    def score(weights: Tensors, given: Tensors) -> Tensor:
        maps = torch.relu(convolved(given["x"], weights, "conv")).permute(0, 3, 1, 2)
        pooled = functional.max_pool2d(maps, 2).permute(0, 2, 3, 1)
        return functional.cross_entropy(dense(pooled, weights, "answer"), given["targets"])

    step = Step(with_loss(graph, ops.CrossEntropy(), of="answer"), SGD(momentum=0.0))
    program = check(engine, graph, step, score)
    batch = feeds(step.graph, 3)
    expected = program.run(graph, {"x": batch["x"]})[output]
    np.testing.assert_allclose(program.step(batch, RATE)[output], expected, 1e-5, 1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_answers_that_are_losses_or_inputs(engine: str) -> None:
    """Networks of one input and one output, which no layer makes."""
    nodes = [Node("a", ops.Dense(3), ("x",)), Node("b", ops.Dense(3), ("x",))]
    body = Graph({"x": Type((4,))}, nodes, {"a": "a"})
    graph = with_loss(body, ops.SquaredError(), of="a", against="b").select("loss")
    x = feeds(body, 5)["x"]
    values = get_engine("reference").load(start(body)).run(body.select("a", "b"), {"x": x})
    found = get_engine(engine).load(start(graph)).forward(x)
    assert float(found) == pytest.approx(float(((values["a"] - values["b"]) ** 2).mean()), 1e-5)
    same = Graph(body.inputs, nodes, {"same": "x"})
    np.testing.assert_array_equal(get_engine(engine).load(start(same)).forward(x), x)
    alone = Graph({"x": Type((3,)), "t": Type((3,))}, [Node("far", ops.Huber(), ("x", "t"))])
    given = {"x": x[:, :3], "t": x[:, 1:]}
    slopes = (
        get_engine(engine)
        .load(start(alone))
        .differentiate(alone, given, {"far": np.ones(())}, values=["x", "t"])
    )
    value, slope = ops.Huber().value_and_gradient(given["x"], given["t"])
    assert float(slopes.outputs["far"]) == pytest.approx(value, 1e-5)
    np.testing.assert_allclose(slopes.values["x"], slope, 1e-5, 1e-7)
    assert not slopes.values["t"].any()


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_folded_in_a_network_of_several_outputs(engine: str) -> None:
    """An output before its norm is predicted, what only the norm reads is not."""
    graph = Graph({"x": Type((6, 5, 2)), "y": Type((6, 5, 2))}, [
        Node("conv1", ops.Conv2D(3, (3, 3)), ("x",)),
        Node("norm1", ops.BatchNorm(), ("conv1",)),
        Node("conv2", ops.Conv2D(3, (3, 3)), ("y",)),
        Node("norm2", ops.BatchNorm(), ("conv2",)),
        Node("sum", ops.Add(), ("norm1", "norm2")),
    ], {"conv1": "conv1", "sum": "sum"})  # fmt: skip
    net, given = start(graph), feeds(graph, 3)
    program, expected = (get_engine(each).load(net) for each in (engine, "reference"))
    assert program.unpredicted == ({"conv2"} if engine == "native" else set())
    every = program.run(graph.select(*graph.types), given)
    assert_all_close(every, expected.run(graph.select(*graph.types), given), TOLERANCE)
    assert_same_bits({n: every[n] for n in graph.outputs}, program.run(graph, given))


def test_several_inputs_predict_with_the_bits_that_are_shown() -> None:
    program = NativeEngine(threads=2).load(start(TWINS))
    assert isinstance(program, NativeProgram)
    given = feeds(TWINS, 70)
    every = program.run(TWINS.select(*TWINS.types), given)
    assert_same_bits({"answer": every["answer"]}, program.run(TWINS, given))
    one = {name: array[:1] for name, array in given.items()}
    np.testing.assert_array_equal(program.run(TWINS, one)["answer"], every["answer"][:1])
    part = program.run(TWINS.select("tanh'"), {"right": given["right"]})
    np.testing.assert_array_equal(part["tanh'"], every["tanh'"])


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "reference"])
def test_gradients_at_any_value(engine: str) -> None:
    """At inputs, losses, targets, shared weights, and where a score reads an input itself."""
    graph = with_loss(TWINS, ops.CrossEntropy())
    graph = with_loss(graph, ops.SquaredError(), name="far", of="extra", against=None)
    given = feeds(graph, 4)
    net = start(TWINS)
    at = {
        "loss": np.ones(()),
        "far": np.full((), 0.5),
        "extra": np.ones((4, 3), np.float32),
        "tanh": np.ones((4, 3, 4, 4), np.float32),
    }
    wanted = [*graph.types]
    learned = [str(name) for name in graph.parameters]
    found, expected = (
        get_engine(each).load(net).differentiate(graph, given, at, values=wanted, weights=learned)
        for each in (engine, "reference")
    )
    for name, array in expected.values.items():
        np.testing.assert_allclose(found.values[name], array, 1e-4, 1e-6, err_msg=name)
    assert_all_close(found.weights, expected.weights, TOLERANCE)
    for name, array in expected.outputs.items():
        np.testing.assert_allclose(found.outputs[name], array, 1e-5, 1e-6, err_msg=name)
    nothing = (
        get_engine(engine)
        .load(net)
        .differentiate(graph, given, {}, values=["left", "loss"], weights=["conv.kernel"])
    )
    for array in (*nothing.values.values(), *nothing.weights.values()):
        assert not array.any()


@pytest.mark.parametrize("engine", ENGINES)
def test_values_of_any_number_of_axes(engine: str) -> None:
    """Rows of features, and a number for each example, as inputs and outputs."""
    graph = Graph({"rows": Type((3, 5)), "number": Type(()), "x": Type((15,))}, [
        Node("tanh", ops.Tanh(), ("rows",)),
        Node("flat", ops.Flatten(), ("tanh",)),
        Node("sigmoid", ops.Sigmoid(), ("number",)),
        Node("sum", ops.Add(), ("flat", "x")),
        Node("answer", ops.Dense(2), ("sum",)),
    ], {"answer": "answer", "tanh": "tanh", "sigmoid": "sigmoid"})  # fmt: skip

    def score(weights: Tensors, given: Tensors) -> Tensor:
        z = dense(torch.tanh(given["rows"]).flatten(1) + given["x"], weights, "answer")
        return functional.cross_entropy(z, given["targets"])

    step = Step(with_loss(graph, ops.CrossEntropy(), of="answer"), SGD(momentum=0.0))
    program = check(engine, graph, step, score)
    given = feeds(graph, 4)
    found = program.run(graph, given)
    np.testing.assert_allclose(found["tanh"], np.tanh(given["rows"]), 1e-5, 1e-6)
    np.testing.assert_allclose(found["sigmoid"], 1 / (1 + np.exp(-given["number"])), 1e-5, 1e-6)
