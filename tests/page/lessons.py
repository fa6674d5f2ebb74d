"""Small lessons for pages, and what Python learns of them.

``python -m tests.page.lessons NAME FILE`` compares a file that a page saved with that, and
``python -m tests.page.lessons FILE OTHER`` two files of networks.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ImageClassifier
from pellucid.data.dataset import Dataset, Splits
from pellucid.files import load_model
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    ReLU,
    Sequential,
)
from pellucid.training.provenance import history_of
from tests.engines.native.web.fusing import fuses
from tests.engines.tolerances import TOLERANCES, assert_close

if TYPE_CHECKING:
    from pellucid.files import Model
    from pellucid.page import Page

CLASSES = ("cat <b>", "dog \u202e 숫자", "third")


PLAIN = ("epochs", "batch_size", "seed", "learning_rate")


@dataclass(frozen=True)
class Case:
    """A network, how it learns, and the shape of its pictures."""

    layers: tuple[Any, ...]
    shape: tuple[int, int, int]
    settings: dict[str, Any]

    def data(self) -> Splits:
        """Pictures that can be told apart, with noise; 83 to learn, 20 to judge by."""
        random = np.random.default_rng(5)
        places = np.arange(103) % 3
        images = random.integers(0, 160, (103, *self.shape))
        for image, place in zip(images, places, strict=True):
            image[2 * place : 2 * place + 3] += 90
        sets = [
            Dataset(images[part].astype(np.uint8), places[part], CLASSES, name=name)
            for part, name in ((slice(83), "train"), (slice(83, None), "test"))
        ]
        return Splits(sets[0], None, sets[1])

    def fitted(self) -> ImageClassifier:
        """What Python learns; without validation pictures the last epoch is kept."""
        made = ImageClassifier(Sequential(list(self.layers)), validation=0, **self.settings)
        return made.fit(self.data().train)

    def page(self) -> Page:
        """The page of what Python learned, in which the same can be learned."""
        return self.fitted().page(self.data(), learn=True, title="A lesson")


CASES = {
    "sgd": Case(
        (Conv2D(5, (3, 2)), BatchNorm(), ReLU(), MaxPool(2), Dropout(0.3), Flatten(), Dense(3)),
        (9, 8, 1),
        {"epochs": 5, "batch_size": 8, "seed": 11},
    ),
    "adam": Case(
        (Conv2D(6, 3, padding="same"), ReLU(), Flatten(), Dense(10), Dropout(0.2), Dense(3)),
        (7, 8, 3),
        {"epochs": 6, "batch_size": 9, "seed": 2**32 - 1, "optimizer": "adam", "weight_decay": 0.1},
    ),
}  # fmt: skip
"""Each takes more than 50 steps; among them are statistics of norms, masks of dropout, decay."""


def compare(name: str, file: Path) -> None:
    """Check that a file that a page saved is what Python learns, bit by bit."""
    found, case = load_model(file), CASES[name]
    fitted = case.fitted()
    assert_same_weights(found, fitted.model_)
    rows = history_of(found)
    losses = [row.loss for row in fitted.history_]
    np.testing.assert_allclose([row.loss for row in rows], losses, rtol=1e-12 if fuses() else 1e-3)
    test = case.data().test
    assert test is not None
    answers = fitted.predict(test.images)
    np.testing.assert_array_equal(ImageClassifier.load(file).predict(test.images), answers)
    assert rows[-1].validation_accuracy == fitted.evaluate(test).score
    assert found.classes == CLASSES
    rate = fitted.planned_recipe(case.data().train).learning_rate
    recipe = case.settings | {"learning_rate": rate}
    assert {key: found.provenance["recipe"][key] for key in PLAIN} == {k: recipe[k] for k in PLAIN}


def assert_same_weights(found: Model, expected: Model) -> None:
    """The same graphs, and bits where the processor fuses, else within rounding."""
    assert found.network.graph == expected.network.graph
    assert found.classes == expected.classes
    weights = expected.network.weights
    assert found.network.weights.keys() == weights.keys()
    for name, array in weights.items():
        if fuses():
            np.testing.assert_array_equal(found.network.weights[name], array, err_msg=name)
        else:
            assert_close(name, found.network.weights[name], array, TOLERANCES["float32"])


if __name__ == "__main__":
    first, second = sys.argv[1:]
    if first in CASES:
        compare(first, Path(second))
    else:
        assert_same_weights(load_model(first), load_model(second))
