"""Brightness, contrast and saturation, against Pillow's ImageEnhance and by their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from pellucid.data.augment import Augmentation, augmented
from pellucid.data.augment.colour import recoloured
from tests.data.made_files import noise


def middling(seed: int, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Pictures of which nothing is cut off at 0 or 255."""
    return (100 + noise(seed, *shape) // 6).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [0.6, 0.9, 1.0, 1.3])
@pytest.mark.parametrize("which", ["Brightness", "Contrast", "Color"])
def test_each_against_pillow(channels: int, factor: float, which: str) -> None:
    """Equal to a grey level: Pillow rounds the grey, the mean and its values down."""
    images = middling(1, 5, 9, 7, channels)
    factors = [
        np.full(5, factor if which == name else 1.0) for name in ("Brightness", "Contrast", "Color")
    ]
    made = recoloured(images, *factors)
    for i in range(5):
        plain = Image.fromarray(images[i] if channels == 3 else images[i, ..., 0])
        expected = np.asarray(getattr(ImageEnhance, which)(plain).enhance(factor))
        difference = made[i].astype(int) - expected.reshape(9, 7, channels)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("seed", range(3))
def test_all_together_in_floats(seed: int) -> None:
    """One after the other as the formula says, in float64, rounded once."""
    random = np.random.default_rng(seed)
    images = noise(seed, 6, 5, 8, 3)
    b, c, s = random.uniform(0.3, 1.7, (3, 6))
    made = recoloured(images, b, c, s)
    for i in range(6):
        v = images[i] * b[i]
        mean = (v @ [0.299, 0.587, 0.114]).mean()
        v = mean + c[i] * (v - mean)
        grey = (v @ [0.299, 0.587, 0.114])[..., np.newaxis]
        v = grey + s[i] * (v - grey)
        assert np.abs(np.clip(v, 0, 255) - made[i]).max() <= 0.501


def test_saturation_leaves_grey_as_it_is() -> None:
    grey = np.repeat(noise(2, 6, 5, 4, 1), 3, axis=3)
    strong = Augmentation(saturation=1.0)
    for images in (grey, grey[..., :1]):
        made = augmented(images, np.arange(6), strong, seed=0, epoch=0)
        np.testing.assert_array_equal(made, images)


def test_bounds_of_brightness() -> None:
    """Factors 0.6 to 1.4: of a grey of 100 become 60 to 140, each as often, none beyond."""
    images = np.full((4000, 1, 1, 3), 100, np.uint8)
    made = augmented(images, np.arange(4000), Augmentation(brightness=0.4), seed=3, epoch=0)[
        :, 0, 0, 0
    ]
    assert made.min() == 60
    assert made.max() == 140
    assert abs(made.mean() - 100) <= 5 * (80 / 12**0.5) / 4000**0.5


def test_bounds_of_contrast() -> None:
    """The mean stays, the distance from it is multiplied by 0.5 to 1.5."""
    images = np.full((2000, 1, 2, 1), 80, np.uint8)
    images[:, 0, 1] = 120
    made = augmented(images, np.arange(2000), Augmentation(contrast=0.5), seed=4, epoch=0)
    low, high = made[:, 0, 0, 0].astype(int), made[:, 0, 1, 0].astype(int)
    np.testing.assert_array_less(np.abs(low + high - 200), 2)
    assert (high - 100).min() == 10
    assert (high - 100).max() == 30


def test_values_end_at_black_and_white() -> None:
    images = np.array([[[[0], [128], [255]]]], np.uint8)
    one = np.ones(1)
    assert recoloured(images, 3.0 * one, one, one).ravel().tolist() == [0, 255, 255]
    # the mean is 383 / 3: (0 − 127.67) · 2 + 127.67 < 0, (128 − 127.67) · 2 + 127.67 = 128.33
    assert recoloured(images, one, 2.0 * one, one).ravel().tolist() == [0, 128, 255]


def test_the_mean_of_a_large_white_picture_does_not_overflow() -> None:
    images = np.full((1, 4096, 4200, 1), 255, np.uint8)
    made = recoloured(images, np.ones(1), np.full(1, 0.5), np.ones(1))
    assert made.min() == made.max() == 255
