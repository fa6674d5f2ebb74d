"""The loss of sequences: by hand, path by path, against PyTorch, on every engine; best paths."""

from __future__ import annotations

from itertools import groupby
from math import log

import numpy as np
import pytest

from pellucid.engines import Step, get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, Node, initial_weights
from pellucid.layers import Conv2D, ReLU, Sequential
from pellucid.ops import CTCLoss, PReLU
from pellucid.ops.best_path import best_path
from pellucid.ops.softmax import softmax
from pellucid.ops.types import Type
from pellucid.optimizers import SGD
from tests.ops.ctc_loss_oracle import (
    CTC,
    EXPECTED,
    LABELS,
    check_ctc_loss,
    in_torch,
    outputs,
    probability,
)
from tests.ops.tolerances import assert_close

ENGINES = ("reference", "native", "torch")


def test_one_label_in_two_steps_by_hand() -> None:
    """Of four paths, equally likely, all but that of two blanks are read as the label."""
    loss = CTCLoss(labels=1)
    value, slopes = loss.value_and_gradient(np.zeros((1, 2, 2)), np.array([[1]]))
    assert value == pytest.approx(-log(3 / 4), rel=1e-14)
    # At each step two of the three paths have the label.
    assert_close(slopes, np.array([[[1 / 6, -1 / 6]] * 2]), "float64")


def test_path_by_path() -> None:
    logits = outputs(steps=5)
    labels = np.array([(0, 2, 3, -1), (2, 2, 0, -1), (-1,) * 4, (3, 0, 3, 2), (3, 3, 3, -1)])
    expected = [
        -log(probability(softmax(z), [k for k in row if k >= 0], CTC.blank))
        for z, row in zip(logits[:5], labels.tolist(), strict=True)
    ]
    assert_close(CTC.per_image(logits[:5], labels), expected, "float64")


def test_against_pytorch() -> None:
    check_ctc_loss(CTC)
    assert_close(CTC.per_image(outputs(), LABELS), EXPECTED[0], "float64")


@pytest.mark.parametrize(("steps", "scale"), [(300, 1.0), (9, 1e4)], ids=["long", "far out"])
def test_nothing_underflows(steps: int, scale: float) -> None:
    logits = outputs(steps, scale)
    each, gradient = in_torch(logits, LABELS, CTC)
    value, slopes = CTC.value_and_gradient(logits, LABELS)
    assert value == pytest.approx(each.mean(), rel=1e-12)
    np.testing.assert_allclose(slopes, gradient, atol=1e-9)


def test_float32_is_computed_in_float64() -> None:
    logits = outputs().astype(np.float32)
    value, slopes = CTC.value_and_gradient(logits, LABELS.astype(np.float32))
    each, gradient = in_torch(logits.astype(np.float64), LABELS, CTC)
    assert value == pytest.approx(each.mean(), rel=1e-12)
    assert slopes.dtype == np.float32
    assert_close(slopes, gradient, "float32")


def test_a_map_of_one_row_or_column_is_a_sequence() -> None:
    value, slopes = CTC.value_and_gradient(outputs(), LABELS)
    for axis in (1, 2):
        CTC.check_inputs(np.expand_dims(outputs(), axis).shape[1:], (4,))
        found, of_map = CTC.value_and_gradient(np.expand_dims(outputs(), axis), LABELS)
        assert found == value
        np.testing.assert_array_equal(of_map.squeeze(axis), slopes)


def test_all_engines_learn_the_same() -> None:
    graph = Sequential([Conv2D(6, (5, 3), padding="valid"), ReLU(), Conv2D(4, (1, 1))])
    made = graph.graph((5, 9, 3))
    network = Network(made, initial_weights(made, 3))
    pixels = np.random.default_rng(1).integers(0, 256, (6, 5, 9, 3)).astype(np.uint8)
    after = {}
    for name in ENGINES:
        program = get_engine(name).load(network, Step.of(made, CTC, SGD()))
        losses = [program.train_step(pixels, LABELS, 1e-5).loss for _ in range(3)]
        assert losses[0] > losses[2]
        after[name] = (losses, program.weights())
        with pytest.raises(ArgumentError, match="sequence 0 "):
            program.train_step(pixels, np.where(LABELS == 2, 7, LABELS), 1e-5)
    for name in ENGINES[1:]:
        np.testing.assert_allclose(after[name][0], after["reference"][0], rtol=1e-4)
        for weight, array in after["reference"][1].items():
            np.testing.assert_allclose(after[name][1][weight], array, rtol=1e-3, atol=1e-5)


def test_all_engines_take_steps_and_classes() -> None:
    graph = Graph({"input": Type((7, 4))}, [Node("scaled", PReLU(), ("input",))])
    network = Network(graph, initial_weights(graph, 3))
    z = outputs().astype(np.float32)
    expected = CTC.value_and_gradient(np.where(z > 0, z, 0.25 * z), LABELS)[0]
    for name in ENGINES:
        program = get_engine(name).load(network, Step.of(graph, CTC, SGD()))
        losses = [program.train_step(z, LABELS, 0.01).loss for _ in range(2)]
        assert losses[0] == pytest.approx(expected, rel=1e-5)
        assert losses[1] < losses[0]


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        (LABELS[:2], ShapeError),
        (LABELS[:, :2], ShapeError),
        (LABELS.astype(str), ShapeError),
        (np.where(LABELS == 2, np.nan, LABELS), ArgumentError),
        (np.where(LABELS == 2, 2.5, LABELS), ArgumentError),
        (np.where(LABELS == 2, -2, LABELS), ArgumentError),
        (np.where(LABELS == 0, -1, LABELS), ArgumentError),
        (np.where(LABELS == 2, CTC.blank, LABELS), ArgumentError),
    ],
    ids=["few", "short", "text", "NaN", "not whole", "below −1", "after none", "the blank"],
)
def test_refuses(labels: np.ndarray, error: type[Exception]) -> None:
    with pytest.raises(error):
        CTC.check_targets(labels, 6, (4,))
    assert CTC.check_targets(LABELS, 6, (4,)) is LABELS


@pytest.mark.parametrize(
    "shapes",
    [((7, 4),), ((4,), (4,)), ((2, 7, 4), (4,)), ((7, 1), (4,)), ((7, 4), (7, 4))],
    ids=["no labels", "no steps", "a map", "no blank", "other targets"],
)
def test_takes_nothing_else(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ShapeError):
        CTC.check_inputs(*shapes)


def test_reads_the_best_path() -> None:
    """a a - a b b - is read as a, a, b."""
    path = np.array([[0, 0, 1, 0, 2, 2, 1], [1, 1, 1, 1, 1, 1, 1]])
    logits = np.eye(3)[path]
    assert best_path(logits, blank=1) == [[0, 0, 2], []]
    assert best_path(logits[:, None], blank=1) == best_path(logits[:, :, None], blank=1)
    assert best_path(np.zeros((1, 3, 2))) == [[]]  # of equals the first: here the blank
    drawn = outputs(40)
    expected = [[k for k, _ in groupby(row) if k != 3] for row in drawn.argmax(2).tolist()]
    assert best_path(drawn, blank=3) == expected


def test_reads_what_was_learned() -> None:
    """Gradient descent on the logits themselves leads to outputs that are read as the labels."""
    logits = 0.1 * outputs()
    for _ in range(60):
        logits -= 5.0 * CTC.value_and_gradient(logits, LABELS)[1]
    assert best_path(logits, CTC.blank) == [[k for k in row if k >= 0] for row in LABELS.tolist()]


def test_refuses_to_read() -> None:
    with pytest.raises(ShapeError):
        best_path(np.zeros((5, 3)))
    with pytest.raises(ShapeError):
        best_path(np.zeros((1, 2, 5, 3)))
    with pytest.raises(ArgumentError):
        best_path(np.zeros((1, 5, 3)), blank=3)
    with pytest.raises(ArgumentError):
        best_path(np.full((1, 5, 3), np.nan))
