"""Settings that an architecture brings along, and one's own, which go before them."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import Dataset, ImageClassifier, ImageRegressor
from pellucid.architectures import ARCHITECTURES, DEFAULTS, Defaults, default_settings
from pellucid.data.augment import PRESETS, get_augmentation
from pellucid.data.targets import Numbers
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.optimizers import OPTIMIZERS
from pellucid.training.batches import batches_per_epoch
from pellucid.training.recipe import LEARNING_RATES, Recipe
from tests.training.scripted import dataset


def recipe(*args: object, **settings: object) -> Recipe:
    return ImageClassifier(*args, **settings)._recipe()  # type: ignore[arg-type]


def test_names() -> None:
    assert set(DEFAULTS) <= set(ARCHITECTURES)
    assert {each.augmentation for each in DEFAULTS.values()} <= set(PRESETS)


@pytest.mark.parametrize("name", ["vgg-small", "vgg-medium", "resnet20"])
def test_networks_for_photos(name: str) -> None:
    found = recipe(name, batch_size=128)
    assert (found.epochs, found.learning_rate, found.optimizer.weight_decay) == (20, 0.1, 5e-4)
    assert found.augmentation == get_augmentation("photos")
    assert found.loss.label_smoothing == 0.1  # type: ignore[attr-defined]


def test_pictures_of_numbers_are_not_moved_unless_asked_for() -> None:
    """A mirrored or shifted road belongs to another angle."""
    numbers = Dataset(np.zeros((6, 28, 28, 3), np.uint8), targets=Numbers(np.eye(6)[:, :1], ("x",)))
    found = ImageRegressor("resnet20").planned_recipe(numbers).augmentation
    assert not found.moves
    assert found.brightness == get_augmentation("photos").brightness
    asked = ImageRegressor("resnet20", augmentation="photos").planned_recipe(numbers)
    assert asked.augmentation == get_augmentation("photos")


def test_plain_settings_for_the_others() -> None:
    own = Sequential([Flatten(), Dense(10)])
    assert recipe("lecture") == recipe(own) == recipe(lambda classes: own)
    assert recipe(own).epochs == 10
    assert recipe(own, batch_size=128).learning_rate == LEARNING_RATES["sgd"]
    assert default_settings(own) == default_settings("lecture") == Defaults()


def test_ones_own_settings_go_before() -> None:
    found = recipe(
        "vgg-small",
        epochs=3,
        learning_rate=0.02,
        weight_decay=0.0,
        label_smoothing=0.0,
        augmentation="none",
    )
    assert (found.epochs, found.learning_rate, found.optimizer.weight_decay) == (3, 0.02, 0.0)
    assert found.augmentation == get_augmentation("none")
    assert found.loss.label_smoothing == 0.0  # type: ignore[attr-defined]
    assert ImageClassifier("vgg-small", epochs=3).planned_epochs == 3
    assert ImageClassifier("vgg-small").planned_epochs == 20


def test_the_default_rate_is_that_of_sgd() -> None:
    found = recipe("vgg-small", optimizer="adam", batch_size=128)
    assert found.learning_rate == LEARNING_RATES["adam"]


@pytest.mark.parametrize(
    ("name", "pictures", "epochs"),
    [
        ("lenet5", 20, 50), ("lenet5", 60, 25), ("lenet5", 100, 15), ("lenet5", 160, 10),
        ("lenet5", 50_000, 10), ("resnet20", 20, 50), ("resnet20", 100, 20),
    ],
)  # fmt: skip
def test_few_pictures_are_seen_for_100_steps_at_least(
    name: str, pictures: int, epochs: int
) -> None:
    data = dataset(pictures)
    found = ImageClassifier(name).planned_recipe(data)
    assert found.epochs == epochs
    assert found.epochs * batches_per_epoch(pictures, found.batch_size) >= 100
    assert ImageClassifier(name, epochs=3).planned_recipe(data).epochs == 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_default_rate_goes_with_the_root_of_the_batch_size(name: str, optimizer: str) -> None:
    """A quarter of the pictures a step, half the rate; what is given is taken as it is."""
    at = {
        size: recipe(name, optimizer=optimizer, batch_size=size).learning_rate
        for size in (8, 32, 128, 512)
    }
    assert at[32] == pytest.approx(at[128] / 2, rel=0.05)  # rates have two digits
    assert at[8] == pytest.approx(at[128] / 4, rel=0.05)
    assert at[512] == pytest.approx(at[128] * 2, rel=0.05)
    given = recipe(name, optimizer=optimizer, batch_size=16, learning_rate=0.123)
    assert given.learning_rate == 0.123


def test_a_batch_has_no_more_pictures_than_there_are() -> None:
    model = ImageClassifier("lecture", batch_size=1000)
    rates = [model.planned_recipe(dataset(count)).learning_rate for count in (50, 72, 5000)]
    assert rates == [0.031, 0.038, 0.14]
    assert ImageClassifier("lecture").planned_recipe(dataset(100)).learning_rate == 0.018
