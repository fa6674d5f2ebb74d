"""What is done to pictures of sound: masks of time and frequency, shifts in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.augment import Augmentation, augmented, get_augmentation
from pellucid.data.augment.settings import PRESETS
from pellucid.errors import ArgumentError

IMAGES = np.random.default_rng(5).integers(1, 255, (200, 20, 30, 1)).astype(np.uint8)
INDICES = np.arange(200)


def changed(augmentation: Augmentation, epoch: int = 0) -> np.ndarray:
    return augmented(IMAGES, INDICES, augmentation, seed=7, epoch=epoch)


@pytest.mark.parametrize(
    ("name", "axis", "size"), [("time_mask", 2, 30), ("frequency_mask", 1, 20)]
)
def test_masks_cover_two_stretches_with_the_mean(name: str, axis: int, size: int) -> None:
    augmentation = replace(Augmentation(), **{name: 0.3})  # type: ignore[arg-type]
    found = changed(augmentation)
    means = (IMAGES.mean(axis=(1, 2, 3)) + 0.5).astype(np.uint8)
    other = 3 - axis
    touched = (found != IMAGES).any(axis=other)[..., 0]
    covered = (found == means[:, None, None, None]).all(axis=other)[..., 0]
    assert (covered | ~touched).all()
    counts = covered.sum(axis=1)
    most = round(0.3 * size)
    assert counts.max() <= 2 * most
    assert 0.7 * most < counts.mean() < 1.05 * most  # two of half the most, some overlap
    assert covered.any(axis=0).all()  # every place can be covered
    runs = (np.diff(np.pad(covered, ((0, 0), (1, 1))).astype(int), axis=1) == 1).sum(axis=1)
    assert runs.max() == 2
    assert not np.array_equal(found, changed(augmentation, epoch=1))
    some = augmented(IMAGES[40:50], INDICES[40:50], augmentation, seed=7, epoch=0)
    assert np.array_equal(some, found[40:50])


def test_a_shift_in_time_moves_columns_alone() -> None:
    found = changed(Augmentation(time_shift=0.2, border=0))
    moves = set()
    for before, after in zip(IMAGES, found, strict=True):
        move = next(
            m for m in range(-6, 7)
            if np.array_equal(
                after[:, max(0, m) : 30 + min(0, m)], before[:, max(0, -m) : 30 - max(0, m)]
            )
        )  # fmt: skip
        moves.add(move)
        assert not after[:, : max(0, move)].any()
    assert moves == set(range(-6, 7))
    # of pictures that move both ways, a shift in time does not change the rows
    both = changed(Augmentation(shift=0.2, time_shift=0.1))
    assert np.array_equal(both, changed(Augmentation(shift=0.2)))


def test_nothing_else_draws_otherwise() -> None:
    plain = Augmentation(horizontal_flip=True, brightness=0.3, cutout=0.2)
    masked = changed(replace(plain, time_mask=0.1))
    before = changed(plain)
    assert ((masked == before).all(axis=1)[..., 0].sum(axis=1) >= 24).all()


def test_settings() -> None:
    assert get_augmentation("sound") == PRESETS["sound"]
    assert get_augmentation("sound,time_mask=0.3").time_mask == 0.3
    assert PRESETS["sound"].changes_pixels
    for augmentation in PRESETS.values():
        assert Augmentation.from_dict(augmentation.to_dict()) == augmentation
    assert "time_mask" not in PRESETS["photos"].to_dict()
    PRESETS["sound"].check_suits(sound=True)
    PRESETS["photos"].check_suits(sound=False)
    PRESETS["none"].check_suits(sound=True)
    for name, sound in (("photos", True), ("digits", True), ("sound", False)):
        with pytest.raises(ArgumentError):
            PRESETS[name].check_suits(sound=sound)
    with pytest.raises(ArgumentError):
        Augmentation(time_mask=1.5)
