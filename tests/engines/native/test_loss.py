"""The loss in native code: value and gradient, for every setting.

A network whose only weights are slopes of 1 has its pixels as logits, so that nothing but the loss
is tried; a rate of 0 leaves it so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pellucid.engines import Step, get_engine, with_loss
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.torch.losses import loss_at
from pellucid.graph import Graph, Network, Node, initial_weights
from pellucid.ops import (
    CrossEntropy,
    Dense,
    Flatten,
    Huber,
    MeanSquaredError,
    PReLU,
    SigmoidCrossEntropy,
    Softmax,
    SquaredError,
)
from pellucid.ops.loss import Loss, one_hot
from pellucid.ops.types import Type
from pellucid.optimizers import SGD
from tests.engines.native.programs import SMALL, compiled, digest, native
from tests.engines.networks import batch
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines import StepResult
    from pellucid.ops.operation import Array

    Found = tuple[StepResult, NDArray[np.float32]]


def weights(classes: int) -> tuple[float, ...]:
    return tuple(0.25 + k % 7 for k in range(classes))


def losses(classes: int) -> dict[str, Loss]:
    return {
        "cross-entropy": CrossEntropy(),
        "smoothed": CrossEntropy(label_smoothing=0.1),
        "weighted": CrossEntropy(class_weights=weights(classes)),
        "smoothed and weighted": CrossEntropy(0.2, weights(classes)),
        "squared": MeanSquaredError(),
        "huber": Huber(0.7),
        "sigmoid": SigmoidCrossEntropy(),
        "squared error": SquaredError(),
    }


NAMES = list(losses(1))
KINDS = ["labels", "one-hot", "soft", "of any sum"]


def targets(kind: str, images: int, classes: int, seed: int = 0) -> Array:
    """What is wanted: class numbers, or probabilities in which images weigh alike, or do not."""
    random = np.random.default_rng([seed, images, classes])
    if kind == "labels":
        return random.integers(0, classes, images)
    if kind == "one-hot":
        return one_hot(random.integers(0, classes, images), classes)
    shares = random.dirichlet(np.full(classes, 0.5), images)
    return shares if kind == "soft" else shares * random.uniform(0.1, 3.0, (images, 1))


def load(loss: Loss, classes: int, threads: int = 2) -> NativeProgram:
    nodes = (Node("slopes", PReLU()), Node("logits", Flatten(), ("slopes",)))
    graph, learning = Graph((1, 1, classes), nodes), Learning(loss, SGD())
    network = Network(graph, {"slopes.slope": np.ones(classes, np.float32)})
    program = NativeEngine(threads=threads).load(network, step_of(graph, learning))
    assert isinstance(program, NativeProgram), "the reference took its place"
    return program


def step(program: NativeProgram, logits: Array, wanted: Array) -> Found:
    """What a step finds, and the gradient that it leaves at the logits."""
    result = program.train_step(logits.reshape(len(logits), 1, 1, -1), wanted, 0.0)
    plan = compiled(program)._code.plan
    place = plan.gradients[plan.makers["logits"]]
    start = plan.arena.address(place.offset)
    view = place.layout.view(compiled(program)._memory, start, len(logits))
    return result, view.reshape(logits.shape).copy()


def drawn(images: int, classes: int, scale: float = 3.0, seed: int = 0) -> NDArray[np.float32]:
    random = np.random.default_rng([seed, images, classes])
    return (scale * random.normal(size=(images, classes))).astype(np.float32)


def as_shares(wanted: Array, classes: int) -> NDArray[np.float64]:
    shares = one_hot(wanted, classes) if wanted.ndim == 1 else wanted
    return shares.astype(np.float32).astype(np.float64)


def fitting(name: str, wanted: Array) -> Array:
    """Targets that a loss takes: of several labels, each has a probability of its own."""
    return wanted.clip(0, 1) if name == "sigmoid" and wanted.ndim == 2 else wanted


def check(loss: Loss, found: Found, logits: Array, wanted: Array) -> None:
    """Against the definition, in double precision."""
    result, gradient = found
    shares, z = as_shares(wanted, logits.shape[1]), logits.astype(np.float64)
    value, slope = loss.value_and_gradient(z, shares)
    assert result.loss == pytest.approx(value, rel=1e-12)
    np.testing.assert_array_equal(result.answers, logits)
    np.testing.assert_allclose(gradient, slope, rtol=3e-7, atol=1e-37)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("classes", [1, 2, 5, 8, 10, 16, 131])
@pytest.mark.parametrize("name", NAMES)
def test_every_setting(name: str, classes: int, kind: str) -> None:
    loss = losses(classes)[name]
    logits, wanted = drawn(7, classes), fitting(name, targets(kind, 7, classes))
    check(loss, step(load(loss, classes), logits, wanted), logits, wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_as_pytorch(name: str, kind: str) -> None:
    logits, wanted = drawn(9, 11), fitting(name, targets(kind, 9, 11))
    loss = losses(11)[name]
    result, gradient = step(load(loss, 11), logits, wanted)
    z = torch.tensor(logits.astype(np.float64), requires_grad=True)
    value = loss_at(loss, z, torch.tensor(as_shares(wanted, 11)))
    (slope,) = torch.autograd.grad(value, [z])
    assert result.loss == pytest.approx(float(value.detach()), rel=1e-12)
    np.testing.assert_allclose(gradient, slope.numpy(), rtol=3e-7, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 30.0, 300.0, 1e4, 1e30])
@pytest.mark.parametrize("name", NAMES)
def test_logits_of_any_size(name: str, scale: float) -> None:
    loss = losses(10)[name]
    logits, wanted = drawn(13, 10, scale), targets("labels", 13, 10)
    check(loss, step(load(loss, 10), logits, wanted), logits, wanted)


@pytest.mark.parametrize("margin", [5.0, 15.0, 25.0, 60.0])
@pytest.mark.parametrize("name", NAMES)
def test_a_network_that_is_sure_and_right(name: str, margin: float) -> None:
    """A loss of 1e-10 is not rounded to nothing, and neither is its gradient."""
    loss, wanted = losses(10)[name], targets("labels", 20, 10)
    logits = drawn(20, 10, 0.5)
    logits[np.arange(20), wanted] += np.float32(margin)
    found = step(load(loss, 10), logits, wanted)
    assert found[0].loss > 0
    assert name == "squared" or found[1].any(axis=1).all()
    value, slope = loss.value_and_gradient(logits.astype(np.float64), one_hot(wanted, 10))
    assert found[0].loss == pytest.approx(value, rel=1e-12, abs=0.0)
    np.testing.assert_allclose(found[1], slope, rtol=3e-7, atol=1.2e-38)


@pytest.mark.parametrize("kind", ["labels", "soft"])
@pytest.mark.parametrize("name", NAMES)
def test_batches_of_any_size_on_any_number_of_threads(name: str, kind: str) -> None:
    loss = losses(10)[name]
    programs = [load(loss, 10, threads) for threads in (1, 2, 3, 4)]
    for images in (1, 2, 7, 65, 13, 130, 3):  # room is made for more on the way
        logits, wanted = drawn(images, 10), targets(kind, images, 10)
        found = [step(program, logits, wanted) for program in programs]
        check(loss, found[0], logits, wanted)
        for result, gradient in found[1:]:
            assert result == found[0][0]
            assert gradient.tobytes() == found[0][1].tobytes()


def test_labels_and_probabilities_in_turn() -> None:
    """Nothing of the other kind is left from the step before."""
    loss = CrossEntropy(0.1, weights(10))
    used = load(loss, 10)
    for turn, kind in enumerate(["soft", "labels", "of any sum", "labels", "one-hot", "labels"]):
        logits, wanted = drawn(6 - turn, 10, seed=turn), targets(kind, 6 - turn, 10, seed=turn)
        check(loss, step(used, logits, wanted), logits, wanted)


def test_probabilities_of_one_are_labels() -> None:
    loss, wanted = CrossEntropy(0.1, weights(10)), targets("labels", 9, 10)
    logits = drawn(9, 10)
    found = [step(load(loss, 10), logits, w) for w in (wanted, one_hot(wanted, 10))]
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


# --------------------------------------------------------------------------- what is no number

BROKEN = {
    "NaN": [0.0, np.nan, 1.0, 2.0, 3.0],
    "infinity": [0.0, np.inf, 1.0, 2.0, 3.0],
    "two infinities": [np.inf, np.inf, 1.0, 2.0, 3.0],
    "all below everything": [-np.inf] * 5,
    "one below everything": [0.0, -np.inf, 1.0, 2.0, 3.0],
}


@pytest.mark.parametrize("label", [1, 3])
@pytest.mark.parametrize("row", BROKEN)
@pytest.mark.parametrize("name", NAMES)
def test_logits_that_are_no_numbers(name: str, row: str, label: int) -> None:
    """The loss and its gradient are as finite as the definition's, for each image by itself."""
    logits = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], BROKEN[row]], np.float32)
    loss, wanted = losses(5)[name], np.array([0, label])
    result, gradient = step(load(loss, 5), logits, wanted)
    with np.errstate(invalid="ignore"):
        value, slope = loss.value_and_gradient(logits.astype(np.float64), one_hot(wanted, 5))
    assert np.isfinite(result.loss) == np.isfinite(value)
    np.testing.assert_array_equal(np.isfinite(gradient), np.isfinite(slope))
    assert np.isfinite(gradient[0]).all()


# --------------------------------------------------------------------------------- the program


def test_a_step_is_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    program = native()
    images, labels = batch(SMALL, 6)
    called: list[int] = []
    call = compiled(program)._loaded._team.call

    def counted(function: int, *arguments: int, **named: Any) -> None:
        called.append(function)
        call(function, *arguments, **named)

    monkeypatch.setattr(compiled(program)._loaded._team, "call", counted)
    for pixels in (images, images.astype(np.float32)):
        program.train_step(pixels, labels, 0.01)
    assert called == [
        compiled(program)._loaded.schedules["step"],
        compiled(program)._loaded.schedules["step_floats"],
    ]


def test_labels_of_any_kind_of_whole_number() -> None:
    images, labels = batch(SMALL, 6)
    expected = native()
    expected.train_step(images, labels, 0.01)
    for kind in (np.int8, np.uint8, np.int16, np.int32, np.uint64):
        program = native()
        program.train_step(images, labels.astype(kind), 0.01)
        assert digest(program) == digest(expected), kind


class Hinge(Loss):
    """A loss that nobody has written native code for."""

    kind = "hinge"

    def per_image(self, logits: Array, targets: Array) -> Array:
        right = (logits * targets).sum(axis=1, keepdims=True)
        return np.asarray((np.maximum(0.0, 1.0 + logits - right) * (1 - targets)).sum(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        right = (logits * targets).sum(axis=1, keepdims=True)
        alive = (1.0 + logits - right > 0) * (1 - targets)
        gradient = alive - targets * alive.sum(axis=1, keepdims=True)
        return float(self.per_image(logits, targets).mean()), gradient / len(logits)


def hinged(against: str | None = None) -> tuple[Network, Step]:
    """A step of two losses of one value, of which the second has no kernel."""
    nodes = [Node("answer", Dense(4)), Node("softmax", Softmax(), ("answer",))]
    graph = Graph({"input": Type((5,))}, nodes, {"answer": "answer"})
    net = Network(graph, initial_weights(graph, 2))
    learned = with_loss(graph, SquaredError())
    learned = with_loss(learned, Hinge(), name="hinge", of="answer", against=against)
    return net, Step(learned, SGD(momentum=0.0), {"loss": 1.0, "hinge": 0.3})


@pytest.mark.parametrize("against", ["targets", "softmax", None])
@pytest.mark.parametrize("kind", ["labels", "soft"])
def test_a_loss_without_a_kernel_is_computed_by_its_definition(
    kind: str, against: str | None
) -> None:
    """Between native stages, as layers without kernels are."""
    net, step = hinged(against)
    program = NativeEngine(threads=2).load(net, step)
    expected = get_engine("reference").load(net, step)
    assert isinstance(program, NativeProgram)
    for seed in range(3):
        random = np.random.default_rng(seed)
        feeds: dict[str, Array] = {"input": random.normal(size=(7 + seed, 5)).astype(np.float32)}
        for name in step.graph.inputs.keys() - {"input"}:
            feeds[name] = targets(kind, 7 + seed, 4, seed)
        found, wanted = (each.step(feeds, 0.1) for each in (program, expected))
        for name, array in wanted.items():
            np.testing.assert_allclose(found[name], array, 1e-5, 1e-6)
    assert_all_close(program.weights(), expected.weights(), TOLERANCES["float32"])


def test_a_loss_that_fails_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    net, step = hinged("targets")
    program = NativeEngine(threads=2).load(net, step)
    feeds: dict[str, Array] = {
        "input": np.ones((3, 5), np.float32), "targets": np.array([0, 1, 2])
    }  # fmt: skip
    program.step(feeds, 0.1)
    before = program.weights() | program.state()

    def fails(self: Hinge, logits: Array, targets: Array) -> tuple[float, Array]:
        raise RuntimeError("no loss today")

    with monkeypatch.context() as patched:
        patched.setattr(Hinge, "value_and_gradient", fails)
        with pytest.raises(RuntimeError, match="today"):
            program.step(feeds, 0.1)
    assert_same_bits(program.weights() | program.state(), before)
    program.step(feeds, 0.1)
    assert int(program.state()["step"]) == 2


def test_a_step_that_finds_no_number_still_ends() -> None:
    """NaN goes where it goes in the reference; the state stays readable."""
    program = native()
    images, labels = batch(SMALL, 6)
    pixels = images.astype(np.float32)
    pixels[2, 3, 3, 0] = np.nan
    result = program.train_step(pixels, labels, 0.01)
    assert np.isnan(result.loss)
    assert np.isnan(program.weights()["conv1.kernel"]).any()
    assert int(program.state()["step"]) == 1
    fresh = native()
    program.set_weights(fresh.weights())
    program.set_state(fresh.state())
    for each in (program, fresh):
        each.train_step(images, labels, 0.01)
    assert_same_bits(program.weights(), fresh.weights())
