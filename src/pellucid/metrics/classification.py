"""How good probabilities are, judged by labels: the lecture's three judges, and the field's others.

Everywhere, probabilities are (N, K), rows summing to 1; logits are (N, K), any finite numbers;
labels are whole numbers (N,), 0 to K − 1. All is computed in float64. Of equal values the class
with the smaller number ranks first, in predictions (argmax) and in top-k alike.

Raises, of all functions here: ShapeError, if the shapes are not these or a label is no class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.cross_entropy import log_softmax
from pellucid.ops.loss import one_hot
from pellucid.ops.mean_squared_error import MeanSquaredError, squared_error
from pellucid.short_repr import short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]]
    Labels = NDArray[np.integer[Any]]


@short_repr
@dataclass(frozen=True, eq=False)
class ClassScores:
    """Judgements of each class, arrays (K,). What would be 0/0 is 0.

    Attributes:
        precision: Of the images predicted to be of the class, the share that is.
        recall: Of the images of the class, the share that was predicted so.
        f1: Harmonic mean of both: 2·hits / (predicted + support).
        support: How many images of the class there are.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def label_ranks(scores: Numbers, labels: Labels) -> NDArray[np.int64]:
    """How many classes rank before each label, (N,): 0 where the prediction is right.

    Args:
        scores: Probabilities or logits (N, K), which rank alike.
        labels: (N,).
    """
    _check(scores, labels)
    own = _of_labels(scores, labels)[:, np.newaxis]
    earlier = np.arange(scores.shape[1]) < labels[:, np.newaxis]
    before = (scores > own) | ((scores == own) & earlier)
    return np.asarray(before.sum(axis=1), np.int64)


def classification_error(probabilities: Numbers, labels: Labels) -> float:
    """The share of images whose largest probability is not at their label, 0 to 1."""
    return float((label_ranks(probabilities, labels) > 0).mean())


def top_k_accuracy(probabilities: Numbers, labels: Labels, k: int) -> float:
    """The share of images whose label is among the k most probable classes, 0 to 1.

    Raises:
        ArgumentError: If k is not 1 to K.
    """
    ranks = label_ranks(probabilities, labels)
    classes = probabilities.shape[1]
    if not 1 <= k <= classes:
        raise ArgumentError(f"k must be 1 to {classes}, the number of classes, got {k}")
    return float((ranks < k).mean())


def squared_errors(probabilities: Numbers, labels: Labels) -> NDArray[np.float64]:
    """Σ_k (y_k − t_k)² of each image, (N,), t being 1 at the label and 0 elsewhere; 0 to 2."""
    _check(probabilities, labels)
    targets = one_hot(labels, probabilities.shape[1])
    return squared_error(probabilities.astype(np.float64), targets)


def squared_errors_of_logits(logits: Numbers, labels: Labels) -> NDArray[np.float64]:
    """The same from logits, (N,): exact where a probability is so near 1 that it rounds to 1."""
    _check(logits, labels)
    targets = one_hot(labels, logits.shape[1])
    return np.asarray(MeanSquaredError().per_image(logits, targets), np.float64)


def mean_squared_error(probabilities: Numbers, labels: Labels) -> float:
    """Squares summed over classes, averaged over images, as in the lecture's table; 0 to 2."""
    return float(squared_errors(probabilities, labels).mean())


def cross_entropies(logits: Numbers, labels: Labels) -> NDArray[np.float64]:
    """−log softmax(z)_label of each image, (N,), in nats; exact for logits of any size."""
    _check(logits, labels)
    return np.asarray(-_of_labels(log_softmax(logits.astype(np.float64)), labels), np.float64)


def cross_entropy_of_logits(logits: Numbers, labels: Labels) -> float:
    """Cross-entropy in nats, averaged over images, from logits: finite wherever they are."""
    return float(cross_entropies(logits, labels).mean())


def cross_entropy(probabilities: Numbers, labels: Labels) -> float:
    """Cross-entropy −log y_label in nats, averaged over images; infinite if such a y is 0."""
    _check(probabilities, labels)
    with np.errstate(divide="ignore"):
        logs = np.log(_of_labels(probabilities, labels).astype(np.float64))
    return float(-logs.mean())


def confusion_matrix(predicted: Labels, labels: Labels, classes: int) -> NDArray[np.int64]:
    """How many images of each class (row) were predicted to be of each class (column), (K, K).

    Args:
        predicted: (N,), 0 to K − 1.
        labels: (N,), 0 to K − 1.
        classes: K.
    """
    for numbers in (predicted, labels):
        _check_labels(numbers, len(labels), classes)
    cells = labels.astype(np.int64) * classes + predicted
    counts = np.bincount(cells, minlength=classes * classes)
    return counts.astype(np.int64).reshape(classes, classes)


def class_scores(confusion: NDArray[np.int64]) -> ClassScores:
    """Precision, recall and F1 of each class, from a confusion matrix (K, K)."""
    hits = confusion.diagonal()
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassScores(
        precision=_ratio(hits, predicted),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + predicted),
        support=support,
    )


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _of_labels(values: Numbers, labels: Labels) -> Numbers:
    return values[np.arange(len(labels)), labels]


def _check(scores: Numbers, labels: Labels) -> None:
    if scores.ndim != 2 or 0 in scores.shape:
        raise ShapeError(
            f"expected one row of K numbers for each image, (N, K), got {scores.shape}"
        )
    _check_labels(labels, *scores.shape)


def _check_labels(labels: Labels, count: int, classes: int) -> None:
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise ShapeError(
            f"takes whole numbers ({count},) for the labels of {counted(count, 'image')}, got "
            f"{labels.dtype} {labels.shape}"
        )
    if count and (labels.min() < 0 or labels.max() >= classes):
        raise ShapeError(f"labels must be 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
