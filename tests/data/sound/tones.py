"""Recordings that tests make themselves, with the standard library's writer of WAV files."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 8000


def tone(hertz: float, seconds: float = 0.5, rate: int = RATE, level: float = 0.5) -> Samples:
    """A sine wave."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def sweep(low: float, high: float, seconds: float = 0.5, rate: int = RATE) -> Samples:
    """A tone that rises, or falls, from one frequency to another."""
    time = np.arange(round(seconds * rate)) / rate
    phase = low * time + (high - low) * time**2 / (2 * seconds)
    return np.asarray(0.5 * np.sin(2 * np.pi * phase))


def wav(samples: Samples, rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV file of 16 bits; of several channels, samples are (N, channels)."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())
    return content.getvalue()


def sweeps(
    root: Path, each: int = 12, rate: int = RATE, names: tuple[str, str] = ("up", "down")
) -> Path:
    """Rising and falling tones, ``root/<class>/<k>_s<k mod 4>.wav``."""
    random = np.random.default_rng(1)
    for name, ends in zip(names, ((400, 1600), (1600, 400)), strict=True):
        for k in range(each):
            low, high = np.array(ends) * random.uniform(0.8, 1.2, 2)
            samples = sweep(low, high, random.uniform(0.3, 0.5), rate)
            samples += random.normal(0, 0.01, len(samples))
            place = root / name / f"{k}_s{k % 4}.wav"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(wav(samples, rate))
    return root


if TYPE_CHECKING:
    Samples = NDArray[np.float64]
