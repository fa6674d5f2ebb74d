"""Another sampling rate, by a windowed sinc.

A band-limited signal between its samples is their sum weighted by sinc functions (Shannon 1949).
Here the sinc is cut by a Kaiser window (Kaiser 1974) and lowered to what both rates can hold, so
that nothing above half of the new rate comes back as another tone. The ratio of the rates is a
fraction p/q, and so only p different sets of weights occur (Crochiere and Rabiner 1983, *Multirate
Digital Signal Processing*, section 3.3).

A page of NumPy does this as well as a further compiled library, which users of sound would have to
install; ``scipy.signal.resample_poly``, which it is tested against, comes with 35 MB.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZEROS = 32
"""Zero crossings of the sinc on each side: how sharply the filter cuts."""

_BETA = 9.0  # of the Kaiser window: what is cut off is 90 dB lower
_PASSED = 0.93  # share of the frequencies below half of the lower rate that stay as they are
_TOGETHER = 1 << 20  # products at once


def reach(rate: int, wanted: int) -> int:
    """Return how many samples before and behind a place count for its value."""
    return ceil(ZEROS * max(rate, wanted) / wanted)


def resampled(samples: NDArray[np.float64], rate: int, wanted: int) -> NDArray[np.float64]:
    """Return a signal with another number of samples a second; silence lies before and behind it.

    Args:
        samples: Shape (N,), at ``rate``.
        rate: Samples a second, at least 1.
        wanted: Samples a second that are wanted, at least 1.

    Returns:
        Shape (⌈N · wanted / rate⌉,): sample m is at the time m / wanted.
    """
    if rate == wanted:
        return samples
    divisor = gcd(rate, wanted)
    up, down = wanted // divisor, rate // divisor
    weights = _weights(up, down)
    half = weights.shape[1] // 2
    count = ceil(len(samples) * up / down)
    padded = np.concatenate([np.zeros(half), samples, np.zeros(half + 1)])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[1])
    found = np.empty(count)
    several = max(1, _TOGETHER // weights.shape[1])
    for first in range(0, count, several):
        places = np.arange(first, min(first + several, count), dtype=np.int64) * down
        some = pieces[np.minimum(places // up, len(pieces) - 1)]
        found[first : first + several] = np.einsum("nk,nk->n", some, weights[places % up])
    return found


@lru_cache(maxsize=8)
def _weights(up: int, down: int) -> NDArray[np.float64]:
    """What the samples around a place count: (p, 2·reach), a row for each fraction of a sample.

    The middle two are the samples before and behind the place. Each row adds up to 1, so that a
    constant stays what it is.
    """
    cut = min(1.0, up / down) * _PASSED
    half = reach(down, up)
    fractions = np.arange(up)[:, np.newaxis] / up
    distance = np.arange(-half, half) - fractions  # in samples of the old rate
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / half) ** 2))) / np.i0(_BETA)
    found = np.sinc(cut * distance) * window
    return np.asarray(found / found.sum(axis=1, keepdims=True))
