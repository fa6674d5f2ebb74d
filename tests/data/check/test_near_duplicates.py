"""Pictures that are nearly the same: every pair found, changed copies known, others told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
from PIL import Image, ImageEnhance

from pellucid.data.check.fingerprint import fingerprint_pixels
from pellucid.data.check.near_duplicates import (
    LEAST_CORRELATION,
    MOST_BITS,
    close_pairs,
    near_groups,
    perceptual_hashes,
)
from tests.data.made_files import encoded, noise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def scene(seed: int, side: int = 96) -> Image.Image:
    """A picture with shapes of all sizes, as photos have: noise, ever smoother, added up."""
    random = np.random.default_rng(seed)
    planes = []
    for _ in range(3):
        octaves = [
            scipy.ndimage.gaussian_filter(random.normal(size=(side, side)), 2.0**k)
            * 2.0**k
            * 1.5**k
            for k in range(5)
        ]
        plane = np.sum(octaves, axis=0)
        planes.append((plane - plane.min()) / np.ptp(plane) * 220 + 15)
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def thumbnail(picture: Image.Image) -> NDArray[np.uint8]:
    return fingerprint_pixels(np.array(picture.convert("RGB")), "", "", "all").thumbnail


def groups_of(small: Sequence[NDArray[Any]]) -> list[list[int]]:
    groups, _ = near_groups(small)
    return [list(group.positions) for group in groups]


def reread(picture: Image.Image, quality: int) -> Image.Image:
    import io

    return Image.open(io.BytesIO(encoded(picture, "JPEG", quality=quality)))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "stored with loss": lambda p: reread(p, 30),
    "made smaller": lambda p: p.resize((48, 48), Image.Resampling.LANCZOS),
    "made larger and wider": lambda p: p.resize((250, 200), Image.Resampling.BICUBIC),
    "lighter": lambda p: ImageEnhance.Brightness(p).enhance(1.1),
    "less contrast": lambda p: ImageEnhance.Contrast(p).enhance(0.6),
    "grey": lambda p: p.convert("L"),
    "a little cut off": lambda p: p.crop((1, 1, 95, 95)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_changed_copies_are_known_again(change: str, seed: int) -> None:
    others = [thumbnail(scene(1000 + 20 * seed + i)) for i in range(15)]
    picture = scene(seed)
    small = [*others, thumbnail(picture), thumbnail(CHANGES[change](picture))]
    assert groups_of(small) == [[15, 16]]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda p: p.transpose(Image.Transpose.ROTATE_90),
        lambda p: p.crop((30, 0, 96, 66)),
        lambda p: Image.eval(p, lambda value: 255 - value),
    ],
)
def test_other_pictures_are_not(change: Callable[[Image.Image], Image.Image]) -> None:
    small = [
        thumbnail(picture) for seed in range(5) for picture in (scene(seed), change(scene(seed)))
    ]
    assert groups_of(small) == []


def test_groups_are_joined_over_their_members() -> None:
    pictures = [scene(1), scene(2), scene(1), reread(scene(1), 60), reread(scene(2), 60), scene(3)]
    pictures[2] = pictures[2].resize((50, 50))
    assert groups_of([thumbnail(picture) for picture in pictures]) == [[0, 2, 3], [1, 4]]


def test_plain_pictures_are_not_compared() -> None:
    grey = [np.full((16, 16), level, np.uint8) for level in (0, 0, 7, 255)]
    assert groups_of(grey) == []
    assert groups_of([]) == []
    assert groups_of([thumbnail(scene(1))]) == []


def test_hashes_against_scipy() -> None:
    """The definition: which of the 8 × 8 lowest frequencies are above their median."""
    small = np.stack([thumbnail(scene(seed)) for seed in range(10)])
    for picture, found in zip(small, perceptual_hashes(small).tolist(), strict=True):
        # an orthonormal transform weighs frequency 0 by √½, which ours does not
        amounts = scipy.fft.dctn(picture.astype(float), type=2)[:8, :8]
        bits = amounts > np.median(amounts)
        expected = int("".join(str(int(bit)) for bit in bits.ravel()), 2)
        assert (found ^ expected).bit_count() <= 1  # float32 at the median


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [0, 1, 3, MOST_BITS, 9])
def test_every_close_pair_is_found(seed: int, most: int) -> None:
    """Against all pairs, one by one: hashes a few bits from each other, at random bits."""
    random = np.random.default_rng(seed)
    hashes: set[int] = set()
    for _ in range(12):
        base = int(random.integers(0, 2**64, dtype=np.uint64))
        hashes.add(base)
        for _ in range(10):
            bits = random.choice(64, size=int(random.integers(1, 12)), replace=False)
            hashes.add(base ^ sum(1 << int(bit) for bit in bits))
    hashes |= {0, 2**64 - 1, 1, 2**63}
    values = sorted(hashes)
    expected = {
        (i, j)
        for i in range(len(values))
        for j in range(i + 1, len(values))
        if (values[i] ^ values[j]).bit_count() <= most
    }
    one, other = close_pairs(np.array(values, np.uint64), most)
    assert set(zip(one.tolist(), other.tolist(), strict=True)) == expected
    assert len(one) == len(expected)


@pytest.mark.parametrize("count", [0, 1])
def test_no_pairs_of_few(count: int) -> None:
    one, other = close_pairs(np.arange(count, dtype=np.uint64), 6)
    assert len(one) == len(other) == 0


def test_noise_is_told_apart() -> None:
    """300 pictures of noise: no two are alike."""
    assert groups_of([thumbnail(Image.fromarray(noise(i, 32, 32))) for i in range(300)]) == []


def test_equal_hashes_do_not_suffice() -> None:
    """The same coarse shapes under two fine patterns, which the hash does not see."""
    coarse = thumbnail(scene(1)) / 2.0 + 64
    wave = np.cos(np.pi * 15 * (np.arange(16) + 0.5) / 16)  # the highest frequency
    pattern = np.outer(wave, wave)
    pattern *= coarse.std() / pattern.std() / 3  # a correlation of (1 − 1/9) / (1 + 1/9) = 0.8
    small = [(coarse + sign * pattern).round().astype(np.uint8) for sign in (1, -1)]
    first, second = perceptual_hashes(np.stack(small)).tolist()
    assert (first ^ second).bit_count() <= MOST_BITS
    assert groups_of(small) == []


def blurred_bars(count: int, seed: int) -> list[NDArray[np.float32]]:
    """Plain pictures, as handwritten ones are: a bar of random place, slant, length and width."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:16, 0:16] - 7.5
    pictures = []
    for _ in range(count):
        x, y, slant = random.normal(0, 1.2), random.normal(0, 0.6), random.normal(0.2, 0.3)
        width, length = random.uniform(1.0, 2.2), random.uniform(4, 6)
        aside = across - x - slant * (down - y)
        bar = np.exp(-((aside / width) ** 2) - ((down - y) / length) ** 6)
        pictures.append((255 * bar).astype(np.float32))
    return pictures


def test_plain_pictures_are_withheld_and_counted() -> None:
    """Of 2 000 bars many are alike, and no two are copies; a copy among them is found."""
    bars = blurred_bars(2000, seed=1)
    groups, withheld = near_groups(bars)
    assert groups == []
    points = np.stack([bar.ravel() for bar in bars])
    correlation = np.asarray(np.corrcoef(points))
    correlation[np.diag_indices(len(bars))] = 0
    assert withheld.pairs > 500
    assert withheld.pairs <= (correlation >= LEAST_CORRELATION).sum() / 2
    i, j = withheld.closest
    assert withheld.correlation == pytest.approx(correlation[i, j], abs=1e-4)
    assert withheld.correlation == pytest.approx(
        correlation[list(withheld.pictures)].max(), abs=1e-4
    )
    noisy = bars[7] * 0.8 + 10 + np.random.default_rng(0).normal(0, 0.02, (16, 16))
    groups, _ = near_groups([*bars, noisy.astype(np.float32)])
    assert [group.positions for group in groups] == [(7, 2000)]
    assert groups[0].correlation > 0.9999


def test_groups_are_alike_pair_by_pair() -> None:
    """A chain of pictures, each like the next, is no group."""
    start, end = (thumbnail(scene(seed)).astype(np.float64) for seed in (1, 2))
    chain = [(start * (1 - t) + end * t).astype(np.float32) for t in np.linspace(0, 1, 15)]
    others = [thumbnail(scene(1000 + i)).astype(np.float32) for i in range(30)]
    groups, withheld = near_groups([*chain, *others])
    assert groups or withheld.pairs
    rows = np.stack([picture.ravel() for picture in [*chain, *others]])
    correlation = np.asarray(np.corrcoef(rows))
    for group in groups:
        least = correlation[np.ix_(group.positions, group.positions)].min()
        assert least >= LEAST_CORRELATION - 1e-5
        assert group.correlation == pytest.approx(least, abs=1e-4)
    together = [position for group in groups for position in group.positions]
    assert len(together) == len(set(together))


def test_many_copies_of_many_pictures_are_groups() -> None:
    """Copies do not hide each other: ten of each of forty pictures."""
    random = np.random.default_rng(0)
    originals = [thumbnail(scene(seed, 32)) for seed in range(40)]
    small = [
        (picture + random.normal(0, 0.3, (16, 16))).astype(np.float32)
        for picture in originals
        for _ in range(10)
    ]
    assert groups_of(small) == [list(range(10 * k, 10 * k + 10)) for k in range(40)]
