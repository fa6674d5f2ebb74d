"""Judging a network: every image of a data set is answered, and the answers are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.engines.batches import images_at_once, parts
from pellucid.errors import DataError
from pellucid.evaluation.calibration import calibrate
from pellucid.evaluation.report import ClassRow, Report, Wrong
from pellucid.metrics import classification as metrics
from pellucid.ops.softmax import probabilities
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program

TOP = (1, 3, 5)
"""The k for which reports have a top-k accuracy."""


def evaluate(
    program: Program,
    dataset: Dataset,
    *,
    classes: Sequence[str] | None = None,
    batch_size: int | None = None,
) -> Report:
    """Judge a network on labelled images.

    Args:
        program: The network, loaded by an engine; it gives K logits.
        dataset: The images and their labels.
        classes: The network's class names, which must be the data's, in the same order; by default
            they are taken to be.
        batch_size: Images computed at once; none: as many as bounded memory allows, see
            :mod:`pellucid.engines.batches`.

    Raises:
        DataError: The data's classes or image shape are not the network's, or the network answers
            an image with NaN or infinity.
        ArgumentError: The batch size is not a positive whole number.
    """
    if batch_size is not None:
        checks.whole("batch_size", batch_size)
    _check_classes(dataset, dataset.classes if classes is None else tuple(classes))
    _check_shapes(program, dataset)

    count = len(dataset)
    ranks, predicted = np.empty(count, np.int64), np.empty(count, np.int64)
    confidence, squared, entropy = np.empty(count), np.empty(count), np.empty(count)
    for batch in parts(count, batch_size or images_at_once(program.forward_bytes)):
        logits = program.forward(dataset.images[batch]).astype(np.float64)
        _check_finite(logits, dataset, batch.start)
        labels = dataset.places[batch]
        # Ranked by logits: large ones can differ where their probabilities are all 0 or 1.
        ranks[batch] = metrics.label_ranks(logits, labels)
        predicted[batch] = logits.argmax(axis=1)
        confidence[batch] = probabilities(logits).max(axis=1)
        squared[batch] = metrics.squared_errors_of_logits(logits, labels)
        entropy[batch] = metrics.cross_entropies(logits, labels)

    confusion = metrics.confusion_matrix(predicted, dataset.places, len(dataset.classes))
    accuracy = float((ranks == 0).mean())
    return Report(
        classes=dataset.classes,
        count=count,
        noun=dataset.noun,
        accuracy=accuracy,
        error=float((ranks > 0).mean()),
        top_k={k: float((ranks < k).mean()) for k in TOP if k <= len(dataset.classes)},
        mean_squared_error=float(squared.mean()),
        cross_entropy=float(entropy.mean()),
        confusion=confusion,
        per_class=_rows(dataset.classes, metrics.class_scores(confusion)),
        wrong=_wrong(dataset, predicted, confidence),
        calibration=calibrate(confidence, ranks == 0),
    )


def _rows(classes: tuple[str, ...], scores: metrics.ClassScores) -> tuple[ClassRow, ...]:
    columns = scores.precision, scores.recall, scores.f1, scores.support
    values = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(ClassRow(name, *row) for name, row in zip(classes, values, strict=True))


def _wrong(
    dataset: Dataset, predicted: NDArray[np.int64], confidence: NDArray[np.float64]
) -> tuple[Wrong, ...]:
    """The mistakes, most confident first; equally confident ones in the order of the data."""
    mistakes = np.flatnonzero(predicted != dataset.places)
    order = mistakes[np.argsort(-confidence[mistakes], kind="stable")]
    return tuple(
        Wrong(
            index=i,
            name=dataset.picture_name(i),
            true=dataset.classes[dataset.places[i]],
            predicted=dataset.classes[predicted[i]],
            confidence=float(confidence[i]),
        )
        for i in order.tolist()
    )


def _check_classes(dataset: Dataset, wanted: tuple[str, ...]) -> None:
    came = dataset.classes
    if came == wanted:
        return
    missing = [name for name in wanted if name not in came]
    unknown = [name for name in came if name not in wanted]
    difference = []
    if unknown:
        difference.append(f"the network does not know {listed(unknown)}")
    if missing:
        difference.append(f"the data lack {listed(missing)}")
    if not difference:
        at = next(
            i for i, (one, other) in enumerate(zip(came, wanted, strict=True)) if one != other
        )
        difference.append(
            f"class {at} is {printable(came[at])} in the data and {printable(wanted[at])} for the "
            "network"
        )
    raise DataError(
        f"{printable(dataset.name)}: its classes are not the network's: {'; '.join(difference)}; "
        "give data with the network's classes in the network's order"
    )


def _check_shapes(program: Program, dataset: Dataset) -> None:
    graph = program.graph
    if dataset.image_shape != graph.input_shape:
        raise DataError(
            f"{printable(dataset.name)}: has images {dataset.image_shape}, but the network takes "
            f"{graph.input_shape}; read the data with the network's preprocessing"
        )
    if graph.output_shape != (len(dataset.classes),):
        raise DataError(
            f"{printable(dataset.name)}: has {counted(len(dataset.classes), 'class')}, but the "
            f"network's answer is of the shape {graph.output_shape}; expected one logit a class"
        )


def _check_finite(logits: NDArray[np.float64], dataset: Dataset, start: int) -> None:
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(bad):
        name = printable(dataset.picture_name(start + int(bad[0])))
        raise DataError(
            f"{name}: the network answers with NaN or infinity; its training diverged: train with "
            "a lower learning rate"
        )
