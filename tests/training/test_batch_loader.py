"""What a step learns from."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from pellucid.data.augment import Augmentation, augmented, augmented_batch
from pellucid.errors import ArgumentError
from pellucid.training import make_recipe
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.batches import automatic_batch_size, batches
from pellucid.training.recipe import balanced_weights
from tests.training.scripted import dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset

PLAN = make_recipe(batch_size=4, seed=5)


def test_pictures_with_their_labels_in_any_order_of_asking() -> None:
    data = dataset(10)
    feed = BatchLoader(data, PLAN)
    assert feed.steps == 3
    for epoch in (2, 0, 2):
        for number, indices in reversed(list(enumerate(batches(10, 4, seed=5, epoch=epoch)))):
            images, labels = feed.batch(epoch, number)
            np.testing.assert_array_equal(images, data.images[indices])
            np.testing.assert_array_equal(labels, data.places[indices])


def test_the_next_batch_is_made_while_a_step_computes() -> None:
    data, second = dataset(10), threading.Event()
    asked: list[str] = []

    class Watched:
        places = data.places
        targets = data.targets
        streamed = False
        order = staticmethod(data.order)

        def __len__(self) -> int:
            return len(data)

        @property
        def images(self) -> NDArray[np.uint8]:
            asked.append(threading.current_thread().name)
            if len(asked) == 2:
                second.set()
            return data.images

    feed = BatchLoader(cast("Dataset", Watched()), PLAN)
    feed.batch(0, 2)
    assert second.wait(60.0)  # nobody has asked for it
    feed.batch(1, 0)
    feed._thread.shutdown()
    assert len(asked) == 3  # each once, and the one after
    assert all(name.startswith("pellucid-feed") for name in asked)


def test_the_same_batch_again() -> None:
    feed = BatchLoader(dataset(10), PLAN)
    for epoch, number in ((0, 1), (0, 1), (1, 0), (1, 0)):
        (indices,) = list(batches(10, 4, seed=5, epoch=epoch))[number : number + 1]
        np.testing.assert_array_equal(feed.batch(epoch, number)[0], dataset(10).images[indices])


def test_its_thread_ends_with_it() -> None:
    others = set(threading.enumerate())  # of loaders that nobody has cleared away yet, too
    feed = BatchLoader(dataset(10), PLAN)
    feed.batch(0, 0)
    begun = set(threading.enumerate()) - others
    (thread,) = (each for each in begun if each.name.startswith("pellucid-feed"))
    del feed
    thread.join(20.0)
    assert not thread.is_alive()


def test_a_batch_that_cannot_be_made_may_be_asked_for_again() -> None:
    data, broken = dataset(10), [False]

    class Breaking:
        places = data.places
        targets = data.targets
        streamed = False
        order = staticmethod(data.order)

        def __len__(self) -> int:
            return len(data)

        @property
        def images(self) -> NDArray[np.uint8]:
            if broken[0]:
                raise OSError("the disk is gone")
            return data.images

    feed = BatchLoader(cast("Dataset", Breaking()), PLAN)
    for broken[0] in (True, True):
        with pytest.raises(OSError, match="disk"):
            feed.batch(0, 0)
    broken[0] = False
    images, _ = feed.batch(0, 0)
    assert len(images) == 4


def test_augmented_pictures_follow_from_seed_epoch_and_index() -> None:
    data, changes = dataset(10), Augmentation(brightness=0.5, horizontal_flip=True)
    feed = BatchLoader(data, replace(PLAN, augmentation=changes))
    indices = list(batches(10, 4, seed=5, epoch=3))[1]
    images, labels = feed.batch(3, 1)
    expected = augmented(data.images[indices], indices, changes, seed=5, epoch=3)
    np.testing.assert_array_equal(images, expected)
    np.testing.assert_array_equal(labels, data.places[indices])
    assert not np.array_equal(images, data.images[indices])


def test_mixed_pictures_come_with_probabilities() -> None:
    data, changes = dataset(10), Augmentation(mixup=0.8)
    feed = BatchLoader(data, replace(PLAN, augmentation=changes))
    indices = list(batches(10, 4, seed=5, epoch=0))[2]
    images, targets = feed.batch(0, 2)
    expected = augmented_batch(
        data.images, data.places, indices, changes, classes=3, seed=5, epoch=0
    )
    np.testing.assert_array_equal(images, expected[0])
    np.testing.assert_array_equal(targets, expected[1])
    assert targets.shape == (2, 3)


@pytest.mark.parametrize(
    ("pictures", "height", "width", "size"),
    [
        (60_000, 28, 28, 128),
        (6400, 90, 90, 128),
        (6399, 28, 28, 64),
        (50_000, 128, 128, 64),
        (50_000, 224, 224, 16),
        (3200, 32, 32, 64),
        (1600, 64, 64, 32),
        (1599, 64, 64, 16),
        (1, 8, 8, 16),
    ],
)
def test_automatic_batch_size(pictures: int, height: int, width: int, size: int) -> None:
    assert automatic_batch_size(pictures, height, width) == size


def test_balanced_weights_are_scikit_learn_s() -> None:
    labels = np.array([0, 0, 0, 0, 1, 2, 2, 1, 0, 0])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert balanced_weights(labels, 3) == pytest.approx(expected)
    assert balanced_weights(np.array([0, 0]), 2) == (0.5, 1.0)  # as if class 1 had a picture


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0}, "patience must be a whole number from 1"),
        ({"ema": 1.0}, "ema must be a finite number from 0.5 to 0.99999"),
        ({"augmentation": "wild"}, "unknown augmentation 'wild'; there are none, digits, photos"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make_recipe(**settings)  # type: ignore[arg-type]
