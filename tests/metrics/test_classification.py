"""Metrics against scikit-learn, PyTorch, and the lecture's table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from pellucid.errors import ArgumentError, ShapeError
from pellucid.metrics import classification as metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEDS = range(6)

TRUTH = np.array([0, 1, 0])  # dog, cat, dog
NETWORK_1 = np.array([[0.9, 0.1], [0.1, 0.9], [0.4, 0.6]])
NETWORK_2 = np.array([[0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])


@pytest.mark.parametrize(
    ("judge", "first", "second"),
    [
        (metrics.classification_error, 0.33, 0.33),
        (metrics.mean_squared_error, 0.2533, 0.7067),
        (metrics.cross_entropy, 0.3757, 1.0567),
    ],
)
def test_the_lectures_table_of_two_networks(judge: Any, first: float, second: float) -> None:
    digits = 2 if first == 0.33 else 4
    assert round(judge(NETWORK_1, TRUTH), digits) == first
    assert round(judge(NETWORK_2, TRUTH), digits) == second


def draw(seed: int, ties: bool = False) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Probabilities and labels of some classes; of many, some neither present nor predicted."""
    random = np.random.default_rng(seed)
    count, classes = int(random.integers(1, 60)), int(random.integers(2, 25))
    scores = random.random((count, classes)) + 0.01
    if ties:
        scores = random.integers(1, 4, (count, classes)).astype(float)
    return scores / scores.sum(axis=1, keepdims=True), random.integers(0, classes, count), classes


@pytest.mark.parametrize("seed", SEEDS)
def test_error_and_top_k_against_scikit_learn(seed: int) -> None:
    y, labels, classes = draw(seed)
    error = 1 - sk.accuracy_score(labels, y.argmax(axis=1))
    assert metrics.classification_error(y, labels) == pytest.approx(error, abs=1e-12)
    assert metrics.top_k_accuracy(y, labels, 1) == pytest.approx(1 - error, abs=1e-12)
    if classes == 2:  # scikit-learn has another form for two
        return
    for k in range(1, classes):
        expected = sk.top_k_accuracy_score(labels, y, k=k, labels=range(classes))
        assert metrics.top_k_accuracy(y, labels, k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_among_equals_the_smaller_class_ranks_first(seed: int) -> None:
    y, labels, classes = draw(seed, ties=True)
    for row, label, rank in zip(y, labels, metrics.label_ranks(y, labels), strict=True):
        order = sorted(range(classes), key=lambda k: (-row[k], k))
        assert order.index(label) == rank
    assert metrics.top_k_accuracy(y, labels, classes) == 1.0
    assert metrics.classification_error(y, labels) == float((y.argmax(axis=1) != labels).mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_squared_error_and_cross_entropy_against_scikit_learn(seed: int) -> None:
    y, labels, classes = draw(seed)
    one_hot = np.eye(classes)[labels]
    # scikit-learn averages over classes too, where the lecture sums
    expected = sk.mean_squared_error(one_hot, y) * classes
    assert metrics.mean_squared_error(y, labels) == pytest.approx(expected, rel=1e-12)
    expected = sk.log_loss(labels, y, labels=range(classes))
    assert metrics.cross_entropy(y, labels) == pytest.approx(expected, rel=1e-12)
    logits = np.log(y) + 3.0  # the same probabilities, whatever is added
    assert metrics.cross_entropy_of_logits(logits, labels) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e2, 1e4, 1e30])
def test_cross_entropy_of_logits_of_any_size(scale: float) -> None:
    random = np.random.default_rng(1)
    logits, labels = random.normal(0, scale, (50, 7)), random.integers(0, 7, 50)
    expected = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels))
    found = metrics.cross_entropy_of_logits(logits.astype(np.float64), labels)
    assert found == pytest.approx(float(expected), rel=1e-12)


def test_cross_entropy_of_an_impossible_label_is_infinite() -> None:
    y = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert metrics.cross_entropy(y, np.array([0, 1])) == pytest.approx(math.log(2) / 2)
    assert metrics.cross_entropy(y, np.array([1, 1])) == math.inf
    logits = np.array([[1e4, -1e4]])
    assert metrics.cross_entropy_of_logits(logits, np.array([1])) == 2e4


def test_float32_is_judged_in_float64() -> None:
    y = np.full((100_000, 2), 0.1, np.float32)
    labels = np.zeros(100_000, np.int64)
    exact = float(np.float32(0.1))
    assert metrics.cross_entropy(y, labels) == pytest.approx(-math.log(exact), rel=1e-12)
    expected = (1 - exact) ** 2 + exact**2
    assert metrics.mean_squared_error(y, labels) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_confusion_and_class_scores_against_scikit_learn(seed: int) -> None:
    y, labels, classes = draw(seed)
    predicted = y.argmax(axis=1)
    confusion = metrics.confusion_matrix(predicted, labels, classes)
    names = list(range(classes))
    np.testing.assert_array_equal(confusion, sk.confusion_matrix(labels, predicted, labels=names))
    assert confusion.dtype == np.int64
    scores = metrics.class_scores(confusion)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predicted, labels=names, zero_division=0.0
    )
    np.testing.assert_allclose(scores.precision, precision, rtol=1e-12)
    np.testing.assert_allclose(scores.recall, recall, rtol=1e-12)
    np.testing.assert_allclose(scores.f1, f1, rtol=1e-12)
    np.testing.assert_array_equal(scores.support, support)


def test_some_drawn_classes_are_absent_and_some_never_predicted() -> None:
    """The comparison above would otherwise not see what 0/0 is."""
    absent = unpredicted = 0
    for seed in SEEDS:
        y, labels, classes = draw(seed)
        absent += classes - len(set(labels))
        unpredicted += classes - len(set(y.argmax(axis=1)))
    assert absent > 0
    assert unpredicted > 0


def test_rows_are_true_and_columns_predicted() -> None:
    confusion = metrics.confusion_matrix(np.array([2, 2, 0]), np.array([1, 1, 0]), 3)
    assert confusion.tolist() == [[1, 0, 0], [0, 0, 2], [0, 0, 0]]
    scores = metrics.class_scores(confusion)
    assert scores.precision.tolist() == [1, 0, 0]
    assert scores.recall.tolist() == [1, 0, 0]
    assert scores.support.tolist() == [1, 2, 0]


def test_labels_of_small_integer_types() -> None:
    labels = np.full(5, 200, np.uint8)
    confusion = metrics.confusion_matrix(np.full(5, 199, np.uint8), labels, 201)
    assert confusion[200, 199] == 5
    assert metrics.classification_error(np.eye(201)[labels], labels) == 0.0


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (np.ones(3), np.zeros(3, int), r"\(N, K\), got \(3,\)"),
        (np.ones((0, 3)), np.zeros(0, int), r"\(N, K\), got \(0, 3\)"),
        (np.ones((2, 3)), np.zeros(3, int), r"whole numbers \(2,\) for the labels of 2 images"),
        (np.ones((2, 3)), np.zeros(2), "got float64"),
        (np.ones((2, 3)), np.array([0, 3]), "labels must be 0 to 2, got 0 to 3"),
        (np.ones((2, 3)), np.array([0, -1]), "labels must be 0 to 2, got -1 to 0"),
    ],
)
@pytest.mark.parametrize(
    "judge",
    [
        metrics.classification_error,
        metrics.mean_squared_error,
        metrics.cross_entropy,
        metrics.cross_entropy_of_logits,
        lambda y, labels: metrics.top_k_accuracy(y, labels, 1),
    ],
)
def test_wrong_shapes_and_labels(
    judge: Any, scores: NDArray[Any], labels: NDArray[Any], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        judge(scores, labels)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_k_must_be_a_number_of_classes(k: int) -> None:
    with pytest.raises(ArgumentError, match="k must be 1 to 3, the number of classes"):
        metrics.top_k_accuracy(np.ones((2, 3)) / 3, np.zeros(2, int), k)


def test_a_prediction_that_is_no_class() -> None:
    with pytest.raises(ShapeError, match="labels must be 0 to 1"):
        metrics.confusion_matrix(np.array([2]), np.array([0]), 2)
    with pytest.raises(ShapeError, match=r"whole numbers \(2,\) for the labels of 2 images"):
        metrics.confusion_matrix(np.array([0]), np.array([0, 1]), 2)


def test_judges_of_logits_keep_their_digits_near_certainty() -> None:
    """y of the label is 1 − 3e-9 and, in float64, 1: both judges still see what is left."""
    for gap in (20.0, 60.0):
        logits, labels = np.array([[gap, 0.0]]), np.array([0])
        rest = np.exp(-gap) / (1.0 + np.exp(-gap))
        squares = metrics.squared_errors_of_logits(logits, labels)
        assert squares == pytest.approx([2.0 * rest**2], rel=1e-12, abs=0.0)
        entropy = np.log1p(np.exp(-gap))
        assert metrics.cross_entropies(logits, labels) == pytest.approx([entropy], abs=0.0)
