"""What every engine promises: each test runs for all of ENGINES."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import engines
from pellucid.engines import ENGINES, Precision, Program, get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.layers import Conv2D, Sequential
from pellucid.ops import CrossEntropy, Flatten
from pellucid.ops.loss import one_hot
from pellucid.optimizers import SGD
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_close, assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.ops.operation import Array

GRAPH = GRAPHS["every operation"]
LOSS = CrossEntropy(label_smoothing=0.1)
LEARNING = Learning(LOSS, SGD(weight_decay=0.01), seed=5)

pytestmark = pytest.mark.parametrize("engine", ENGINES)


def load(
    engine: str,
    graph: Graph = GRAPH,
    learning: Learning | None = LEARNING,
    precision: Precision = "float32",
) -> Program:
    return get_engine(engine).load(network(graph), step_of(graph, learning), precision=precision)


def trained(engine: str) -> Program:
    """A program with a past: a step taken, and so something remembered."""
    program = load(engine)
    program.train_step(*batch(GRAPH, 4), 0.1)
    return program


def everything(program: Program) -> dict[str, Array]:
    return {**program.weights(), **program.state()}


WRONG_IMAGES = {
    "no batch axis": (11, 9, 3),
    "another size": (2, 9, 11, 3),
    "other channels": (2, 11, 9, 1),
    "none": (0, 11, 9, 3),
}


@pytest.mark.parametrize("shape", WRONG_IMAGES.values(), ids=WRONG_IMAGES)
def test_images_of_a_wrong_shape(engine: str, shape: tuple[int, ...]) -> None:
    program = trained(engine)
    before = everything(program)
    images, labels = np.zeros(shape, np.uint8), np.zeros(len(np.zeros(shape)), np.int64)
    came = "×".join(map(str, shape))
    calls: list[Callable[[], object]] = [
        lambda: program.forward(images),
        lambda: program.values(images),
        lambda: program.gradients(images, labels, LOSS),
        lambda: program.train_step(images, labels, 0.1),
    ]
    for call in calls:
        with pytest.raises(ShapeError, match=f"takes images N×11×9×3 .* got an array {came}$"):
            call()
    assert_same_bits(everything(program), before)


WRONG_LABELS: dict[str, tuple[Array, str]] = {
    "too large": (np.array([0, 5, 1]), r"labels must be 0 to 4, got 0 to 5"),
    "negative": (np.array([0, -1, 1]), r"labels must be 0 to 4, got -1 to 1"),
    "too few": (np.array([0, 1]), r"3 images need labels \(3,\) or .* got int64 \(2,\)"),
    "broken": (np.array([0.0, 1.0, 2.0]), r"need labels \(3,\) or .* got float64 \(3,\)"),
    "other classes": (np.full((3, 4), 0.25), r"or probabilities \(3, 5\), got float64 \(3, 4\)"),
}


@pytest.mark.parametrize(("labels", "message"), WRONG_LABELS.values(), ids=WRONG_LABELS)
def test_wrong_labels(engine: str, labels: Array, message: str) -> None:
    program = trained(engine)
    before = everything(program)
    images, _ = batch(GRAPH, 3)
    for call in (
        lambda: program.gradients(images, labels, LOSS),
        lambda: program.train_step(images, labels, 0.1),
    ):
        with pytest.raises(ShapeError, match=message):
            call()
    assert_same_bits(everything(program), before)


WRONG_PROBABILITIES: dict[str, tuple[float, str]] = {
    "NaN": (np.nan, "hold NaN or infinity"),
    "infinity": (np.inf, "hold NaN or infinity"),
    "beyond any float32": (1e300, "hold NaN or infinity"),
    "negative": (-0.1, "hold a negative one"),
    "none": (0.0, "are all zero"),
}


@pytest.mark.parametrize(("value", "fault"), WRONG_PROBABILITIES.values(), ids=WRONG_PROBABILITIES)
def test_wrong_probabilities(engine: str, value: float, fault: str) -> None:
    program = trained(engine)
    before = everything(program)
    images, labels = batch(GRAPH, 3)
    wanted = one_hot(labels, 5)
    wanted[1] = 0
    wanted[1, 2] = value
    message = f"finite, none negative and not all zero, but those of image 1 {fault}$"
    for call in (
        lambda: program.gradients(images, wanted, LOSS),
        lambda: program.train_step(images, wanted, 0.1),
    ):
        with pytest.raises(ArgumentError, match=message):
            call()
    assert_same_bits(everything(program), before)


MAPS = Sequential([Conv2D(4, 3)]).graph((7, 6, 1))
"""A network that ends in feature maps."""


def test_feature_maps_as_the_answer(engine: str) -> None:
    images = np.zeros((2, 7, 6, 1), np.uint8)
    assert load(engine, MAPS, learning=None).forward(images).shape == (2, 5, 4, 4)


def test_labels_for_feature_maps(engine: str) -> None:
    program = load(engine, MAPS, learning=None)
    images = np.zeros((2, 7, 6, 1), np.uint8)
    for call in (
        lambda: program.gradients(images, np.array([0, 1]), LOSS),
        lambda: load(engine, MAPS),
    ):
        with pytest.raises(ShapeError, match=r"got 5×4×4 .*; end the network with Flatten\(\)"):
            call()


def test_an_unknown_precision(engine: str) -> None:
    for precision in ("float16", "", None):
        with pytest.raises(ArgumentError, match="precision must be one of float32, float64, got"):
            load(engine, precision=precision)  # type: ignore[arg-type]


def test_class_weights_of_other_classes(engine: str) -> None:
    learning = Learning(CrossEntropy(class_weights=(1.0, 2.0)), SGD())
    program = load(engine)
    before = everything(program)
    images, labels = batch(GRAPH, 3)
    for call in (
        lambda: program.gradients(images, labels, learning.loss),
        lambda: load(engine, learning=learning),
    ):
        with pytest.raises(ArgumentError, match="5 classes, 2 weights"):
            call()
    assert_same_bits(everything(program), before)


def test_training_needs_learning(engine: str) -> None:
    program = load(engine, learning=None)
    with pytest.raises(ArgumentError, match="does not learn; load the network with steps="):
        program.train_step(*batch(GRAPH, 2), 0.1)
    assert everything(program).keys() == {*map(str, GRAPH.parameters), "step"}


@pytest.mark.parametrize("precision", TOLERANCES)
def test_every_value_by_name(engine: str, precision: Precision) -> None:
    program = load(engine, precision=precision)
    images, labels = batch(GRAPH, 2)
    values = program.values(images)
    gradients = program.gradients(images, labels, LOSS)
    shapes = {name: (2, *shape) for name, shape in GRAPH.shapes.items()}
    for found in (values, gradients.values):
        assert {name: array.shape for name, array in found.items()} == shapes
        assert {array.dtype for array in found.values()} == {np.dtype(precision)}
    np.testing.assert_array_equal(values[INPUT], images)
    answer = program.forward(images)
    assert_close("answer", values[GRAPH.output], answer, TOLERANCES[precision])
    parameters = GRAPH.parameters.items()
    trainable = {
        str(name): parameter.shape for name, parameter in parameters if parameter.trainable
    }
    assert {name: array.shape for name, array in gradients.weights.items()} == trainable
    assert {str(name): p.shape for name, p in parameters} == {
        name: array.shape for name, array in program.weights().items()
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_are_slopes(engine: str, seed: int) -> None:
    """Along a random direction of the images and of each weight: central differences, float64."""
    program = load(engine, precision="float64")
    images, labels = batch(GRAPH, 3, seed)
    x = images.astype(np.float64)
    found = program.gradients(x, labels, LOSS)
    weights = program.weights()
    targets = one_hot(labels, 5)

    def loss(**changed: Array) -> float:
        program.set_weights({**weights, **{k: v for k, v in changed.items() if k != INPUT}})
        return LOSS.value_and_gradient(program.forward(changed.get(INPUT, x)), targets)[0]

    assert found.loss == pytest.approx(loss(), rel=1e-12)
    random = np.random.default_rng(seed)
    for name, gradient in {INPUT: found.values[INPUT], **found.weights}.items():
        start = x if name == INPUT else weights[name]
        direction = random.normal(size=start.shape)
        step = 1e-4 if name == INPUT else 1e-6
        ahead, behind = (
            loss(**{name: start + step * direction}),
            loss(**{name: start - step * direction}),
        )
        slope = float((gradient * direction).sum())
        assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=1e-5, abs=1e-8), name


def test_a_step_returns_what_it_found_before(engine: str) -> None:
    """A network without dropout or batch norm is the same in training."""
    graph = GRAPHS["lenet5"]
    program = load(engine, graph, precision="float64")
    images, labels = batch(graph, 16)
    logits = program.forward(images)
    result = program.train_step(images, labels, 0.1)
    loss, _ = LOSS.value_and_gradient(logits, one_hot(labels, 10))
    assert result.loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(result.answers, logits, rtol=1e-12)
    assert type(result.loss) is float


def test_inference_changes_nothing(engine: str) -> None:
    program = trained(engine)
    before = everything(program)
    images, labels = batch(GRAPH, 3)
    program.forward(images)
    program.values(images)
    program.gradients(images, labels, LOSS)
    assert_same_bits(everything(program), before)


@pytest.mark.parametrize("precision", TOLERANCES)
def test_one_image_or_many(engine: str, precision: Precision) -> None:
    program = load(engine, precision=precision)
    images, labels = batch(GRAPH, 8)
    together = program.forward(images)
    for size in (1, 3):
        parts = [program.forward(images[i : i + size]) for i in range(0, 8, size)]
        apart = np.concatenate(parts)
        assert np.linalg.norm(apart - together) <= TOLERANCES[precision] * np.linalg.norm(together)
    for size in (8, 3, 1, 8):  # the last batch of an epoch is often smaller
        result = program.train_step(images[:size], labels[:size], 0.01)
        assert np.isfinite(result.loss)
        assert result.answers.shape == (size, 5)
    assert np.isfinite(program.forward(images)).all()


def test_bytes_and_floats(engine: str) -> None:
    images, labels = batch(GRAPH, 3)
    ours, theirs = load(engine), load(engine)
    for kind in (np.float32, np.float64, np.int64):
        other = images.astype(kind)
        np.testing.assert_array_equal(ours.forward(images), theirs.forward(other))
        assert ours.train_step(images, labels, 0.1) == theirs.train_step(other, labels, 0.1)
    assert_same_bits(everything(ours), everything(theirs))


def test_arrays_as_they_come(engine: str) -> None:
    """Read-only arrays, mirrored ones and slices of larger ones are arrays like any other."""
    program = load(engine)
    wide, _ = batch(GRAPH, 6)
    views = [wide[::2], wide[:, ::-1], wide[:, :, ::-1], wide[::-1]]
    wide.flags.writeable = False
    for images in [wide, *views, *(view.astype(np.float32) for view in views)]:
        expected = program.forward(np.array(images, order="C"))
        np.testing.assert_array_equal(program.forward(images), expected)
    weights = {name: np.asfortranarray(array) for name, array in program.weights().items()}
    for array in weights.values():
        array.flags.writeable = False
    expected = program.forward(wide)
    program.set_weights(weights)
    np.testing.assert_array_equal(program.forward(wide), expected)


def test_labels_as_probabilities(engine: str) -> None:
    images, labels = batch(GRAPH, 4)
    ours, theirs = load(engine), load(engine)
    wanted = one_hot(labels, 5)
    hard, soft = (ours.gradients(images, t, LOSS) for t in (labels, wanted))
    assert hard.loss == soft.loss
    assert_same_bits(hard.weights, soft.weights)
    for kind in (np.uint8, np.int32):
        one = ours.train_step(images, labels.astype(kind), 0.1)
        other = theirs.train_step(images, wanted, 0.1)
        assert one.loss == other.loss
        assert_same_bits({"": one.answers}, {"": other.answers})
    assert_same_bits(everything(ours), everything(theirs))


def test_a_network_without_weights(engine: str) -> None:
    graph = Graph((1, 1, 3), (Node("logits", Flatten()),))
    program = get_engine(engine).load(Network(graph, {}), step_of(graph, LEARNING))
    images, labels = np.array([0, 1, 5, 1, 1, 1]).reshape(2, 1, 1, 3), np.array([2, 1])
    results = [program.train_step(images, labels, 0.1) for _ in range(2)]
    assert results[0].loss == results[1].loss
    loss, _ = LOSS.value_and_gradient(images.reshape(2, 3).astype(np.float64), one_hot(labels, 3))
    assert results[0].loss == pytest.approx(loss, rel=TOLERANCES["float32"])
    np.testing.assert_array_equal(results[0].answers, images.reshape(2, 3))
    assert program.weights() == {}
    assert program.state() == {"step": np.array(2)}


def test_old_names_go_on_working(engine: str) -> None:
    """What learned by ``learning=``, and gave its ``optimizer_state``, warns and does the same."""
    net, old = network(GRAPH), engines.Learning(LOSS, SGD(weight_decay=0.01), 5)
    with pytest.warns(DeprecationWarning, match="steps=Step"):
        program = get_engine(engine).load(net, learning=old)
    images, labels = batch(GRAPH, 4)
    result, new = program.train_step(images, labels, 0.1), load(engine)
    assert result == new.train_step(images, labels, 0.1)
    assert result.correct == int((result.answers.argmax(axis=1) == labels).sum())
    with pytest.warns(DeprecationWarning, match="state"):
        state = program.optimizer_state()
    assert_same_bits(state, new.state())


@pytest.mark.parametrize("at", [("pool1",), ("flatten1",)])
def test_a_graph_in_two_parts(engine: str, at: tuple[str, ...]) -> None:
    """What the first gives and the second takes makes the answer; gradients come back to there."""
    graph = GRAPHS["lecture"]
    program = load(engine, graph, learning=None)
    images, _ = batch(graph, 3)
    body, head = graph.split(*at)
    middle = program.run(body, {graph.input: images})
    (answers,) = program.run(head, middle).values()
    np.testing.assert_allclose(answers, program.forward(images), rtol=1e-4, atol=1e-5)
    origin = {graph.output: np.eye(10)[[1, 4, 7]]}
    behind = program.differentiate(head, middle, origin, values=at)
    whole = program.differentiate(graph, {graph.input: images}, origin, values=at)
    for name in at:
        size = np.abs(whole.values[name]).max()
        np.testing.assert_allclose(behind.values[name], whole.values[name], atol=1e-5 * size)


def test_who_computes(engine: str) -> None:
    graph = GRAPHS["lecture"]
    assert load(engine, graph, learning=None).made_by() == f"{engine}, float32"
    exact = load(engine, graph, learning=None, precision="float64")
    computes = "reference" if engine == "native" else engine
    assert exact.made_by() == f"{computes}, float64"
