"""Small judgements that the pages' tests draw."""

from __future__ import annotations

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.engines import get_engine
from pellucid.evaluation import Report, evaluate
from pellucid.graph import Network
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training.history import Epoch


def judged(
    classes: tuple[str, ...],
    count: int = 60,
    *,
    names: tuple[str, ...] | None = None,
    seed: int = 5,
) -> tuple[Report, Dataset]:
    """Random answers to random 4×3 pictures in colour."""
    random = np.random.default_rng(seed)
    k = len(classes)
    graph = Sequential([Flatten(), Dense(k)]).graph((4, 3, 3))
    weights = {
        "dense1.kernel": random.normal(0, 0.01, (36, k)),
        "dense1.bias": random.normal(0, 0.5, k),
    }
    images = random.integers(0, 256, (count, 4, 3, 3), np.uint8)
    data = Dataset(images, random.integers(0, k, count), classes, names, name="made")
    return evaluate(get_engine("reference").load(Network(graph, weights)), data), data


def all_right(classes: tuple[str, ...]) -> tuple[Report, Dataset]:
    """Answers that are right by construction: each picture's brightest pixel is its class."""
    k = len(classes)
    images = np.zeros((k, 1, k, 1), np.uint8)
    images[range(k), 0, range(k), 0] = 255
    graph = Sequential([Flatten(), Dense(k)]).graph((1, k, 1))
    weights = {"dense1.kernel": np.eye(k), "dense1.bias": np.zeros(k)}
    data = Dataset(images, np.arange(k), classes, name="made")
    return evaluate(get_engine("reference").load(Network(graph, weights)), data), data


def epoch(number: int, loss: float, judged_loss: float | None = None) -> Epoch:
    """A row of history, whose accuracies follow from the losses."""
    return Epoch(
        epoch=number,
        loss=loss,
        accuracy=1.0 / (1.0 + loss),
        validation_loss=judged_loss,
        validation_accuracy=None if judged_loss is None else 1.0 / (1.0 + judged_loss),
        learning_rate=0.1 / number,
        images_per_second=1234.5,
        seconds=0.25,
    )
