"""The log-mel spectrogram as a picture of bytes, by one definition.

Of samples x in −1..1, N of them at a rate r, with the settings of
:class:`pellucid.data.sound.Sound`:

1. Frame t holds w samples from t·h on, t = 0 … 1 + ⌊(N − w) / h⌋ − 1; nothing is padded. It is
   weighted by a Hann window, v_n = (1 − cos(2πn / w)) / 2, and padded with zeros behind to F.
2. Its power at frequency f·r / F, f = 0 … F/2, is p_f =
   |Σₙ v_n x_n e^(−2πi·fn/F)|² · 4 / (F · Σ v²):
   those of a sine wave of amplitude 1 add up to 1 (Parseval).
3. Band m collects Σ_f p_f · max(0, min((f − a) / (b − a), (c − f) / (c − b))), with a, b, c the
   (m)th, (m+1)th and (m+2)th of mels + 2 frequencies that are evenly spaced in mel between
   low and high, where mel(f) = 2595 log₁₀(1 + f / 700) (O'Shaughnessy 1987, *Speech Communication*;
   these are HTK's filters, and torchaudio's with ``norm=None``).
4. L = 10 log₁₀(max(band, 10⁻²⁰)), in dB. With T the larger of the loudest L and of ``floor``, its
   grey level is 255 · (1 + (L − T) / decibels), rounded, and 0 where that is less.
5. Rows are bands with the highest on top, columns are frames.

All is computed in float64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.sound.settings import Sound

VERSION = 1
"""Of this definition, for pictures that are kept on disk."""

_LEAST = 1e-20  # −200 dB
_TOGETHER = 256  # frames that are transformed at once


def hertz_to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies on the mel scale, on which steps of pitch sound alike."""
    return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))


def mel_to_hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies in Hz."""
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


def band_edges(sound: Sound) -> NDArray[np.float64]:
    """Return the mels + 2 frequencies in Hz between which the bands lie, ascending.

    Band m, from 0, rises from the m-th to the next, its middle, and falls to the one behind that.
    """
    low, high = hertz_to_mel(np.array([sound.low, sound.top]))
    return mel_to_hertz(np.linspace(low, high, sound.mels + 2))


@lru_cache(maxsize=8)
def _filters(sound: Sound) -> tuple[tuple[slice, NDArray[np.float64]], ...]:
    """Of each band the frequencies that it takes, and how much of each."""
    taken = filters(sound)
    found = []
    for band in taken.T:
        inside = np.flatnonzero(band)
        of_band = slice(int(inside[0]), int(inside[-1]) + 1)
        found.append((of_band, band[of_band].copy()))
    return tuple(found)


def filters(sound: Sound) -> NDArray[np.float64]:
    """Return what each band takes of each frequency, (F/2 + 1, mels)."""
    edges = band_edges(sound)
    frequencies = np.arange(sound.fft // 2 + 1)[:, np.newaxis] * (sound.rate / sound.fft)
    below, middle, above = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies - below) / (middle - below)
    falling = (above - frequencies) / (above - middle)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def empty_bands(sound: Sound) -> int:
    """Return how many bands hold no point of the Fourier transform."""
    edges = band_edges(sound) * (sound.fft / sound.rate)
    inside = np.ceil(edges[2:]) - np.floor(edges[:-2]) - 1  # whole numbers between the ends
    return int((inside < 1).sum())


def bands(samples: NDArray[np.floating], sound: Sound) -> NDArray[np.float64]:
    """Return the power in each band of each frame, as steps 1 to 3 define it, (frames, mels).

    Args:
        samples: Shape (N,), N at least a window's length.
        sound: The settings; of these, the length is not used.
    """
    width, hop = sound.window_samples, sound.hop_samples
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), width)[::hop]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(width) / width)
    scale = 4.0 / (sound.fft * (window**2).sum())
    found = np.empty((len(frames), sound.mels))
    for first in range(0, len(frames), _TOGETHER):
        some = np.fft.rfft(frames[first : first + _TOGETHER] * window, sound.fft, axis=1)
        power = (some.real**2 + some.imag**2) * scale
        for band, (taken, weights) in enumerate(_filters(sound)):
            # not a product of matrices: libraries for these add in orders of their own
            found[first : first + len(some), band] = np.einsum("tf,f->t", power[:, taken], weights)
    return found


def decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return power as a level in dB, at least −200."""
    return np.asarray(10.0 * np.log10(np.maximum(power, _LEAST)))


def picture(samples: NDArray[np.floating], sound: Sound) -> NDArray[np.uint8]:
    """Return a recording as a picture, uint8 (mels, frames, 1).

    Args:
        samples: Shape (N,), in −1..1 at the rate of the settings.
        sound: The settings.
    """
    level = decibels(bands(samples, sound))
    loudest = max(float(level.max()), sound.floor)
    grey = 255.0 * (1.0 + (level - loudest) / sound.decibels)
    return np.ascontiguousarray(
        np.rint(np.clip(grey, 0.0, 255.0)).astype(np.uint8).T[::-1, :, None]
    )
