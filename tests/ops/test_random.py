"""Random numbers from a counter: the published vectors, and dropout's use of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.counter_random import NOISE, philox, random_words, stream_of
from pellucid.ops import Dropout
from pellucid.ops.operation import Mode
from pellucid.training.adversarial import noise
from tests.ops.philox import philox as plain_philox
from tests.ops.philox import word

# Random123's kat_vectors, philox4x32-10: counter, key, words.
KNOWN_ANSWERS = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text: str) -> list[int]:
    return [int(part, 16) for part in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_published_vectors(counter: str, key: str, expected: str) -> None:
    c0, c1, c2, c3 = words(counter)
    k0, k1 = words(key)
    made = philox(tuple(np.array([c], np.uint64) for c in (c0, c1, c2, c3)), (k0, k1))  # type: ignore[arg-type]
    assert [int(w[0]) for w in made] == words(expected)
    assert list(plain_philox((c0, c1, c2, c3), (k0, k1))) == words(expected)


@pytest.mark.parametrize("shape", [(1,), (4,), (5,), (3, 2, 7), (2, 3, 5, 3)])
@pytest.mark.parametrize(
    ("seed", "step", "layer"), [(0, 0, 0), (1, 0, 0), (7, 3, 2), (2**32 - 1, 2**31, 99)]
)
def test_which_word_goes_where(shape: tuple[int, ...], seed: int, step: int, layer: int) -> None:
    """Against plain Python integers, element by element in row-major order."""
    found = random_words(shape, seed, step, layer)
    assert found.dtype == np.uint32
    assert found.shape == shape
    expected = [word(e, seed, step, layer) for e in range(math.prod(shape))]
    assert found.ravel().tolist() == expected


def test_every_part_of_the_counter_matters() -> None:
    base = random_words((64,), 1, 2, 3)
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4), (2, 1, 3), (1, 3, 2)):
        # Of 64 words, each equal with probability 2⁻³².
        assert (random_words((64,), *other) != base).all()


def test_an_images_mask_depends_on_its_place_in_the_batch_alone() -> None:
    """Numbers are counted through the batch: a shorter batch has the same first masks, and an image
    that moves to another place gets that place's mask. A batch cut in pieces must count on.
    """
    whole = random_words((8, 3, 5), 4, 1, 0)
    for count in (1, 3, 7):
        np.testing.assert_array_equal(random_words((count, 3, 5), 4, 1, 0), whole[:count])
    assert (whole[1] != whole[0]).any()
    assert (whole[4:] != whole[:4]).any()


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_rate_at_which_values_are_kept(rate: float, seed: int) -> None:
    """Of n values, n(1 − r) are kept, give or take √(n r (1 − r)); five of those are allowed,
    which a fair coin misses once in 1.7 million draws.
    """
    n = 200_000
    y, scale = Dropout(rate).forward([np.ones((n,))], {}, Mode(training=True, seed=seed))
    kept = int((y != 0).sum())
    assert abs(kept - n * (1 - rate)) <= 5 * math.sqrt(n * rate * (1 - rate))
    assert set(np.unique(y).tolist()) <= {0.0, 1.0 / (1.0 - rate)}
    np.testing.assert_array_equal(scale, y)


def test_neighbours_are_kept_independently() -> None:
    """Pairs of neighbours, in all the ways that words lie: both kept a quarter of the time."""
    n = 100_000
    y, _ = Dropout(0.5).forward([np.ones((n,))], {}, Mode(training=True, seed=9))
    for lag in (1, 2, 3, 4, 5, 64):
        both = int(((y[lag:] != 0) & (y[:-lag] != 0)).sum())
        # Not quite independent trials (pairs overlap): the variance is at most 3 times p(1 − p).
        assert abs(both - (n - lag) / 4) <= 5 * math.sqrt(3 * n * 0.25 * 0.75)


def test_words_are_uniform() -> None:
    """Each of the 32 bits is set half the time, within five standard deviations √n / 2."""
    n = 100_000
    drawn = random_words((n,), 5, 0, 0)
    for bit in range(32):
        ones = int(((drawn >> np.uint32(bit)) & np.uint32(1)).sum())
        assert abs(ones - n / 2) <= 5 * math.sqrt(n) / 2


@pytest.mark.parametrize(
    ("rate", "threshold"), [(0.0, 0), (0.5, 2**31), (0.25, 2**30), (0.999, 4290672329)]
)
def test_thresholds(rate: float, threshold: int) -> None:
    """round(0.999 · 2³²) = round(4290672328.704)."""
    assert Dropout(rate).threshold == threshold


def test_a_word_equal_to_the_threshold_stays() -> None:
    """With the first published word as the rate; at the next rate it goes."""
    first = 0x6627E8D5
    for more, kept in ((0, True), (1, False)):
        y, _ = Dropout((first + more) / 2**32).forward([np.ones(1)], {}, Mode(training=True))
        assert (y[0] != 0) == kept


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_mask_is_the_same_in_every_precision(dtype: str) -> None:
    mode = Mode(training=True, seed=3, step=5, stream=1)
    x = np.random.default_rng(0).normal(size=(4, 3, 3, 2)).astype(dtype)
    y, _ = Dropout(0.4).forward([x], {}, mode)
    kept = [word(e, 3, 5, 1) >= 0.4 * 2**32 for e in range(x.size)]
    assert (y != 0).ravel().tolist() == kept


@pytest.mark.parametrize("latent", [1, 3, 4])
def test_noise_of_later_pictures_is_theirs(latent: int) -> None:
    whole = noise(9, latent, seed=5, stream="samples")
    for first in range(9):
        part = noise(9 - first, latent, seed=5, stream="samples", first=first)
        np.testing.assert_array_equal(part, whole[first:])
    far = 5_000_001  # by the counters of the paper, and Box and Muller's formula
    word = far * latent
    pair = word - word % 2
    zero, stream = np.zeros(1, np.uint64), np.array([stream_of("samples")], np.uint64)
    words = []
    for w in (pair, pair + 1):
        block = np.array([w // 4], np.uint64)
        words.append(philox((block, zero, zero, stream), (5, NOISE))[w % 4][0])
    u, v = (np.array(words, np.float64) + 0.5) * 2.0**-32
    normal = np.sqrt(-2 * np.log(u)) * (np.sin if word % 2 else np.cos)(2 * np.pi * v)
    found = noise(1, latent, seed=5, stream="samples", first=far)
    np.testing.assert_allclose(found[0, 0, 0, 0], normal, rtol=1e-6)
