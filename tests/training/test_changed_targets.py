"""Numbers that a mirrored picture has with the other sign."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset
from pellucid.data.augment import Augmentation
from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError
from pellucid.tasks import task_of
from pellucid.training import head
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.recipe import make_recipe
from pellucid.transfer.choice import fit_head
from pellucid.transfer.features import FeatureReader
from tests.messages import check_line
from tests.transfer.made import SIDE, body_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FLIPS = Augmentation(horizontal_flip=True, flip_negates=("angle",))


def drive(count: int = 40, side: int = 6) -> Dataset:
    """Pictures whose left column's brightness, less the right one's, is the angle."""
    random = np.random.default_rng(7)
    images = np.full((count, side, side, 3), 128, np.uint8)
    left, right = random.integers(0, 256, (2, count))
    images[:, :, 0] = left[:, None, None]
    images[:, :, -1] = right[:, None, None]
    angle = (left.astype(float) - right) / 255
    return Dataset(
        images, targets=Numbers(np.stack([angle, left + right], axis=1), ("angle", "light"), False)
    )


def seen(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Both numbers, read from the pixels."""
    left, right = images[:, 0, 0, 0].astype(float), images[:, 0, -1, 0].astype(float)
    return np.stack([(left - right) / 255, left + right], axis=1)


@pytest.mark.parametrize("mixup", [0.0, 0.5])
def test_a_batch_has_the_numbers_of_its_pictures(mixup: float) -> None:
    data = drive()
    task: Any = task_of(data.targets)
    recipe = make_recipe(batch_size=40, epochs=1, seed=3, augmentation=replace(FLIPS, mixup=mixup))
    images, wanted = BatchLoader(data, recipe).batch(0, 0)
    found = task.values(wanted)
    apart = found - seen(images)  # mixing rounds pixels, so that numbers are off by their steps
    assert np.abs(apart[:, 0]).max() < (1.01 / 255 if mixup else 1e-6)
    assert np.abs(apart[:, 1]).max() < (1.01 if mixup else 1e-4)
    unmixed, _ = BatchLoader(data, replace(recipe, augmentation=Augmentation())).batch(0, 0)
    assert (seen(images)[:, 0] != seen(unmixed)[:, 0]).sum() > 5


def test_a_head_learns_the_numbers_of_its_views(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Views are made again, and their numbers read from the pixels."""
    data = drive(24, SIDE)
    met: list[Any] = []

    def keep(features: Any, targets: Any, *rest: Any, **others: Any) -> Any:
        met.append(targets)
        return real(features, targets, *rest, **others)

    views: list[Any] = []

    def read_views(self: Any, images: Any, *rest: Any) -> Any:
        count = len(images)
        views.append([rest[0], rest[1]])
        found = real_views(self, images, *rest)
        assert len(found) > count
        return found

    real, real_views = fit_head, FeatureReader.read_views
    monkeypatch.setattr(head, "fit_head", keep)
    monkeypatch.setattr(FeatureReader, "read_views", read_views)
    model = pl.ImageRegressor(
        pretrained=body_file(tmp_path), fine_tune=1, epochs=1, augmentation=FLIPS, seed=0,
        batch_size=12, validation=0,
    )  # fmt: skip
    model.fit(data, verbose=0)
    task: Any = task_of(data.targets)
    (targets,) = met
    own = task.standardised(data.targets.array)
    numbers = task.values(targets).reshape(-1, 24, 2)
    np.testing.assert_allclose(targets[:24], own, atol=1e-6)
    signs = np.sign(numbers[:, :, 0] * data.targets.array[:, 0])
    assert (signs[1:] == -1).any()
    assert (signs[1:] == 1).any()
    augmentation, seed = views[0]
    for view in range(1, len(numbers)):
        images = pl.data.augment.augmented(
            data.images, np.arange(24), augmentation, seed=seed, epoch=view
        )
        np.testing.assert_allclose(numbers[view], seen(images), atol=1e-4)


@pytest.mark.parametrize(
    ("names", "message"), [(("wheel",), "'wheel'.*angle"), (("angle", "Light"), "'Light'.*light")]
)
def test_unknown_columns(names: tuple[str, ...], message: str) -> None:
    model = pl.ImageRegressor("lenet5", epochs=1, augmentation=replace(FLIPS, flip_negates=names))
    with pytest.raises(ArgumentError, match=message) as caught:
        model.fit(drive(side=28), verbose=0)
    check_line(caught.value, 200)


def test_classes_have_no_sign() -> None:
    images = np.zeros((4, 28, 28, 1), np.uint8)
    with pytest.raises(ArgumentError, match="flip_negates is made for numbers"):
        pl.ImageClassifier("lenet5", augmentation=FLIPS).fit(images, [0, 1, 0, 1], verbose=0)
