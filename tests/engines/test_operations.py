"""Every operation alone, in every case of the battery, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import ENGINES, Precision, get_engine
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.ops import OPERATIONS, Flatten, SquaredError
from pellucid.optimizers import SGD
from tests.engines.networks import made, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close
from tests.learning import Learning, step_of
from tests.ops.cases import CASES, SWEEP, Case

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

COMPUTED: list[tuple[str, Precision]] = [
    ("native", "float32"),
    ("torch", "float64"),
    ("torch", "float32"),
]
"""Engines beside the reference, with the precisions in which they compute by themselves: the native
engine leaves float64 to the reference."""

LOOSER = {("tanh", "float32"): 10.0}
"""Factors on the tolerance. Where tanh saturates, its slope 1 − y² is what rounding left of y."""


def test_every_engine_is_here() -> None:
    assert {engine for engine, _ in COMPUTED} == set(ENGINES) - {"reference"}


def test_every_operation_has_a_case() -> None:
    assert {case.operation.kind for case in CASES} == OPERATIONS.keys()


def build(case: Case) -> tuple[Network, Array, Array]:
    """A network around one operation, a batch of images, and what it shall answer.

    An operation that takes one stack of feature maps takes the images themselves; for others, each
    input is made from the images by a convolution or a dense layer of its own, rows by a reshaping
    too. Its values are the answer, and are drawn to any numbers: the gradients of a softmax sum to
    zero, and a dense layer before it took longer to compile than most operations.
    """
    drawn = case.draw()
    images = drawn.inputs[0]
    nodes, names = [], [INPUT]
    if len(case.shapes[0]) != 3:
        images = images.reshape(case.batch, 1, 1, -1)
    if len(case.shapes) > 1 or images is not drawn.inputs[0]:
        names = [f"input {i}" for i in range(len(case.shapes))]
        nodes = [Node("flat", Flatten())]
        for name, shape in zip(names, case.shapes, strict=True):
            nodes += made(name, shape, "flat")
    nodes += [
        Node("operation", case.operation, tuple(names)),
        Node("answer", Flatten(), ("operation",)),
    ]
    graph = Graph(images.shape[1:], tuple(nodes))
    weights = dict(network(graph, case.seed).weights)
    weights.update({f"operation.{name}": array for name, array in drawn.weights.items()})
    wanted = np.random.default_rng(case.seed).normal(size=(case.batch, *graph.output_shape))
    return Network(graph, weights), images, wanted


def compare(engine: str, case: Case, precision: Precision) -> None:
    net, images, wanted = build(case)
    loss = SquaredError()
    tolerance = TOLERANCES[precision] * LOOSER.get((case.operation.kind, precision), 1.0)
    learning = Learning(loss, SGD(), seed=case.seed)
    expected, actual = (
        get_engine(each).load(net, step_of(net, learning), precision=precision)
        for each in ("reference", engine)
    )
    assert_all_close(actual.values(images), expected.values(images), tolerance)
    ours, theirs = (p.gradients(images, wanted, loss) for p in (actual, expected))
    assert_all_close(ours.values, theirs.values, tolerance)
    assert_all_close(ours.weights, theirs.weights, tolerance)
    for _ in range(2):
        steps = [p.train_step(images, wanted, 0.1) for p in (actual, expected)]
        assert steps[0].loss == pytest.approx(steps[1].loss, rel=tolerance)
        assert_close("answers", steps[0].answers, steps[1].answers, tolerance)
    assert_all_close(actual.weights(), expected.weights(), tolerance)


@pytest.mark.parametrize(("engine", "precision"), COMPUTED)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(engine: str, case: Case, precision: Precision) -> None:
    compare(engine, case, precision)


@pytest.mark.parametrize("case", SWEEP, ids=str)
def test_sweep(case: Case) -> None:
    compare("torch", case, "float64")
