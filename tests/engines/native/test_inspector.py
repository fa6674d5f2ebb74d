"""Every value and every gradient from native code: the bits that prediction used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.memory.live_ranges import LiveRanges
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host import inspector
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, ReLU, Residual, Sequential
from pellucid.ops import Add, CrossEntropy, Dropout, SquaredError
from pellucid.ops import BatchNorm as BatchNormOperation
from pellucid.ops import Conv2D as Conv2DOperation
from pellucid.ops import Dense as DenseOperation
from pellucid.ops import Flatten as FlattenOperation
from pellucid.ops import ReLU as ReLUOperation
from tests.engines.native.cases import GRAPHS, WIDE, twice
from tests.engines.native.programs import SMALL, compiled, native, train
from tests.engines.native.sharing import related
from tests.engines.networks import DIFFERENT, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close, assert_same_bits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.graph import Weights
    from pellucid.ops.operation import Array
    from tests.ops.cases import Case

CHAINS = Sequential(
    [
        Conv2D(9, 3),
        ReLU(),
        MaxPool(2),
        Conv2D(11, 3, padding="same", bias=False),
        BatchNorm(),
        ReLU(),
        MaxPool((2, 3)),
        Residual([Conv2D(11, 1), BatchNorm()]),
        BatchNorm(),
        ReLU(),
        MaxPool(2),
        Residual([Conv2D(11, 3, padding="same"), MaxPool(1), ReLU()]),
        ReLU(),
        Flatten(),
        Dense(7),
        BatchNorm(),
        ReLU(),
        Dense(4),
    ]
).graph((27, 26, 2))
"""Everything that is fused, with norms that are folded and one that is not."""

NETWORKS = {"chains": CHAINS, "small": SMALL, **GRAPHS, **DIFFERENT}


def is_depthwise(case: Case) -> bool:
    operation = case.operation
    return isinstance(operation, Conv2DOperation) and operation.groups == case.shapes[0][-1]


def load(net: Network, threads: int = 2) -> NativeProgram:
    program = NativeEngine(threads=threads).load(net)
    assert isinstance(program, NativeProgram)
    return program


def backward_from(
    program: NativeProgram,
    images: Array,
    seeds: Mapping[str, Array],
    names: Sequence[str] | None = None,
    *,
    weights: bool = True,
) -> tuple[dict[str, Array], Weights]:
    """Gradients at values, by default at all, and at the trainable weights."""
    graph = program.graph
    learned = [str(name) for name, each in graph.parameters.items() if each.trainable]
    found = program.differentiate(
        graph,
        {graph.input: images},
        seeds,
        values=graph.types if names is None else names,
        weights=learned if weights else (),
    )
    return found.values, found.weights


def made_by_prediction(program: NativeProgram, images: Array) -> dict[str, Array]:
    """The values that a forward pass leaves in memory, if no buffers share their place."""
    program.forward(images)
    plan, found = compiled(program)._code.plan, {}
    for name, folded in compiled(program).folded.makers.items():
        target = plan.makers.get(folded)
        if target is not None and target not in plan.within | plan.passing:
            array = compiled(program)._loaded.view(plan.values[target], len(images))
            found[name] = array.reshape(len(images), *program.graph.shapes[name]).copy()
    return found


# ------------------------------------------------------------------------------------------ values


@pytest.mark.parametrize("name", NETWORKS)
def test_values_are_the_bits_that_predict(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch, of bytes and of floats; of one picture among many, and of the same alone."""
    net = network(NETWORKS[name])
    images = np.random.default_rng(3).integers(0, 256, (5, *net.graph.input_shape), dtype=np.uint8)
    program = load(net)
    monkeypatch.setattr(LiveRanges, "relations", related(False))
    spread = load(net)
    monkeypatch.undo()
    for pixels in (images, images + np.float32(0.25)):
        values = program.values(pixels)
        assert list(values) == [INPUT, *(node.name for node in net.graph.nodes)]
        assert values[INPUT].tobytes() == pixels.astype(np.float32).tobytes()
        assert values[net.graph.output].tobytes() == program.forward(pixels).tobytes()
        predicted = made_by_prediction(spread, pixels)
        assert not predicted.keys() & program.unpredicted
        assert_same_bits({name: values[name] for name in predicted}, predicted)
        for number, image in enumerate(pixels):
            alone = program.values(image[None])
            assert_same_bits(
                alone, {name: each[number : number + 1] for name, each in values.items()}
            )


@pytest.mark.parametrize("name", NETWORKS)
def test_values_are_the_references(name: str) -> None:
    net = network(NETWORKS[name])
    images = np.random.default_rng(4).integers(0, 256, (3, *net.graph.input_shape), dtype=np.uint8)
    expected = get_engine("reference").load(net, precision="float64").values(images)
    actual = load(net).values(images)
    assert_all_close(actual, _single(expected), TOLERANCES["float32"])


def test_a_zero_keeps_its_sign_through_relu_and_pooling() -> None:
    """Prediction takes the largest before the ReLU, where −0 after −1 stays −0."""
    graph = Sequential([Conv2D(1, 1), ReLU(), MaxPool((1, 2))]).graph((1, 2, 1))
    kernel = np.ones((1, 1, 1, 1))
    program = load(Network(graph, {"conv1.kernel": kernel, "conv1.bias": np.full(1, -0.0)}))
    for pair in ([-1.0, -0.0], [-0.0, -1.0], [0.0, -0.0], [-0.0, 0.0], [np.nan, 1.0]):
        image = np.array(pair, np.float32).reshape(1, 1, 2, 1)
        assert program.values(image)["pool1"].tobytes() == program.forward(image).tobytes()


def test_what_prediction_never_makes() -> None:
    program = load(network(CHAINS))
    norms = [node for node in CHAINS.nodes if isinstance(node.operation, BatchNormOperation)]
    folded = {node.inputs[0] for node in norms if node.inputs[0].startswith(("conv", "dense"))}
    assert program.unpredicted == folded
    assert len(folded) < len(norms)
    assert native(CHAINS).unpredicted == frozenset()  # what learns folds nothing


def test_values_of_a_program_that_learns_follow_its_weights() -> None:
    program = native(SMALL)
    images, _ = batch(SMALL, 4)
    before = program.values(images)
    train(program, 2)
    after = program.values(images)
    assert after[SMALL.output].tobytes() == program.forward(images).tobytes()
    assert after[SMALL.output].tobytes() != before[SMALL.output].tobytes()
    program.set_weights(network(SMALL).weights)
    assert_same_bits(program.values(images), before)


def test_batches_are_cut_where_values_take_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    program, (images, labels) = load(network(SMALL)), batch(SMALL, 7)
    whole, gradients = program.values(images), program.gradients(images, labels, CrossEntropy())
    monkeypatch.setattr(inspector, "images_at_once", lambda _: 2)
    parts = load(network(SMALL))
    assert_same_bits(parts.values(images), whole)
    found = parts.gradients(images, labels, CrossEntropy())
    assert_same_bits(found.values, gradients.values)
    assert_all_close(found.weights, gradients.weights, TOLERANCES["float32"])
    for program_ in parts._inspector(SMALL)._programs.values():
        assert program_.loaded.capacity == 2


def test_values_that_are_held_stay_as_they_are() -> None:
    """Memory is used again only once nobody holds a value in it, nor a part of one."""
    program, (images, _) = load(network(SMALL)), batch(SMALL, 3)
    first = program.values(images)
    before = {name: array.copy() for name, array in first.items()}
    corner = first[SMALL.nodes[1].name][:, 0]
    wanted = corner.copy()
    program.values(255 - images)
    assert_same_bits(first, before)
    del first
    program.values(255 - images)
    assert corner.tobytes() == wanted.tobytes()


def test_few_programs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "MOST_PROGRAMS", 3)
    graph = Sequential([Flatten(), *(Dense(3) for _ in range(5))]).graph((1, 2, 1))
    program, (images, _) = load(network(graph)), batch(graph, 2)
    counts = []
    for node in graph.nodes:
        backward_from(program, images, {node.name: program.values(images)[node.name]}, [INPUT])
        counts.append(len(program._inspector(graph)._programs))
    assert max(counts) == counts[-1] == 3


# --------------------------------------------------------------------------------------- gradients


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_the_references(name: str) -> None:
    net = network(NETWORKS[name])
    if len(net.graph.output_shape) != 1:
        return
    images, labels = batch(net.graph, 5)
    expected = get_engine("reference").load(net, precision="float64")
    program = load(net)
    for pixels in (images, images[:2] + np.float32(0.25)):
        labels = labels[: len(pixels)]
        found = program.gradients(pixels, labels, CrossEntropy(0.1))
        wanted = expected.gradients(pixels, labels, CrossEntropy(0.1))
        assert found.loss == pytest.approx(wanted.loss, rel=TOLERANCES["float32"])
        assert found.values.keys() == wanted.values.keys()
        assert_all_close(found.values, _single(wanted.values), TOLERANCES["float32"])
        factor = 2.0 if name.startswith("softmax") else 1.0  # whose gradients nearly cancel
        assert_all_close(found.weights, _single(wanted.weights), factor * TOLERANCES["float32"])


OF_EACH_KIND = {(case.operation.kind, is_depthwise(case)): case for case in reversed(WIDE)}
"""One case each: how kernels do in all others is tried where they are trained."""


@pytest.mark.parametrize("case", OF_EACH_KIND.values(), ids=str)
def test_values_and_gradients_of_every_operation(case: Case) -> None:
    net = twice(case)
    images = np.random.default_rng(case.seed).normal(size=(3, *net.graph.input_shape))
    pixels, loss = images.astype(np.float32), SquaredError()
    answers = np.random.default_rng(case.seed + 1).normal(size=(3, *net.graph.output_shape))
    program = load(net)
    values = program.values(pixels)
    assert values[net.graph.output].tobytes() == program.forward(pixels).tobytes()
    reference = get_engine("reference").load(net, precision="float64")
    expected = reference.values(pixels)
    assert_all_close(values, _single(expected), 10 * TOLERANCES["float32"])
    found = program.gradients(pixels, answers, loss)
    wanted = reference.gradients(pixels, answers, loss)
    assert_all_close(found.values, _single(wanted.values), 10 * TOLERANCES["float32"])
    assert_all_close(found.weights, _single(wanted.weights), 10 * TOLERANCES["float32"])


def test_gradients_of_a_program_that_learns() -> None:
    """At inference: running statistics, no dropout."""
    program, (images, labels) = native(SMALL), batch(SMALL, 4)
    train(program, 3)
    net = Network(SMALL, program.weights())
    reference = get_engine("reference").load(net, precision="float64")
    wanted = reference.gradients(images, labels, CrossEntropy())
    found = program.gradients(images, labels, CrossEntropy())
    assert_all_close(found.values, _single(wanted.values), TOLERANCES["float32"])
    assert_all_close(found.weights, _single(wanted.weights), TOLERANCES["float32"])


def test_seeds_at_several_values_add_up() -> None:
    """Also where one is only another name for the other."""
    nodes = (
        Node("conv", Conv2DOperation(5, (2, 2))),
        Node("drop", Dropout(0.5), ("conv",)),
        Node("flat", FlattenOperation(), ("drop",)),
        Node("more", ReLUOperation(), ("conv",)),
        Node("both", Add(), ("more", "drop")),
        Node("flat too", FlattenOperation(), ("both",)),
        Node("dense", DenseOperation(3), ("flat",)),
        Node("other", DenseOperation(3), ("flat too",)),
        Node("answer", Add(), ("dense", "other")),
    )
    graph = Graph((3, 4, 2), nodes)
    program, (images, _) = load(network(graph)), batch(graph, 3)
    random = np.random.default_rng(0)
    seeds = {
        name: random.normal(size=(3, *graph.shapes[name])).astype(np.float32)
        for name in ("answer", "drop", "flat", "conv", "more")
    }
    together, weights = backward_from(program, images, seeds)
    one_by_one = [backward_from(program, images, {name: seed}) for name, seed in seeds.items()]
    for name, gradient in together.items():
        total = sum(values[name] for values, _ in one_by_one)
        assert_close(name, gradient, np.asarray(total), TOLERANCES["float32"])
    for name, gradient in weights.items():
        total = sum(found[name] for _, found in one_by_one)
        assert_close(name, gradient, np.asarray(total), TOLERANCES["float32"])
    # What reads a value under another name has no part in the gradient at that name.
    assert not np.allclose(together["flat"].reshape(together["drop"].shape), together["drop"])


@pytest.mark.parametrize("name", ["chains", "every operation"])
def test_a_few_gradients_of_one_logit(name: str) -> None:
    """As heatmaps ask for them: the same numbers as among all."""
    graph = NETWORKS[name]
    program, (images, _) = load(network(graph)), batch(graph, 2)
    seed = np.zeros((2, *graph.output_shape), np.float32)
    seed[:, 1] = 1.0
    everything, _ = backward_from(program, images, {graph.output: seed})
    for wanted in ([INPUT], [graph.nodes[len(graph.nodes) // 2].name], [graph.output]):
        found, weights = backward_from(program, images, {graph.output: seed}, wanted, weights=False)
        assert weights == {}
        expected = {name: everything[name] for name in wanted}
        assert_all_close(found, expected, TOLERANCES["float32"])


def test_gradients_where_nothing_leads() -> None:
    program, (images, _) = load(network(SMALL)), batch(SMALL, 2)
    first, last = SMALL.nodes[1].name, SMALL.output
    seed = program.values(images)[first]
    found, weights = backward_from(program, images, {first: seed}, [last])
    assert not found[last].any()
    assert weights[f"{first}.kernel"].any()
    assert not weights[f"{last}.kernel"].any()


def test_seeds_that_do_not_fit() -> None:
    program, (images, _) = load(network(SMALL)), batch(SMALL, 2)
    with pytest.raises(ShapeError, match=r"\(2, 5\).*\(2, 4\)"):
        backward_from(program, images, {SMALL.output: np.zeros((2, 4), np.float32)})
    with pytest.raises(ArgumentError, match="no layer 'nowhere'"):
        backward_from(program, images, {"nowhere": np.zeros((2, 4), np.float32)})
    seed = np.zeros((2, 5), np.float32)
    with pytest.raises(ArgumentError, match="no layer 'nowhere'"):
        backward_from(program, images, {SMALL.output: seed}, ["nowhere"])


def _single(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: array.astype(np.float32) for name, array in arrays.items()}
