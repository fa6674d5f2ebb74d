"""The log-mel spectrogram, against PyTorch's transform and torchaudio's formula of filters."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pellucid.data.sound import Sound
from pellucid.data.sound.resample import resampled
from pellucid.data.sound.settings import get_sound
from pellucid.data.sound.spectrogram import band_edges, bands, decibels, picture
from pellucid.errors import ArgumentError, FileFormatError
from tests.data.sound.tones import tone

SOUNDS = [
    Sound(8000, 0.5),
    Sound(11025, 0.4, window=0.02, hop=0.007, mels=31, low=120.0, high=5000.0, decibels=60.0),
]


def torchaudio_filters(sound: Sound) -> torch.Tensor:
    """``torchaudio.functional.melscale_fbanks``, written out: mel_scale="htk", norm=None."""
    all_freqs = torch.linspace(0, sound.rate / 2, sound.fft // 2 + 1, dtype=torch.float64)
    m_min = 2595.0 * math.log10(1.0 + sound.low / 700.0)
    m_max = 2595.0 * math.log10(1.0 + sound.top / 700.0)
    m_pts = torch.linspace(m_min, m_max, sound.mels + 2, dtype=torch.float64)
    f_pts = 700.0 * (10.0 ** (m_pts / 2595.0) - 1.0)
    f_diff = f_pts[1:] - f_pts[:-1]
    slopes = f_pts.unsqueeze(0) - all_freqs.unsqueeze(1)
    down = -slopes[:, :-2] / f_diff[:-1]
    up = slopes[:, 2:] / f_diff[1:]
    return torch.clamp(torch.minimum(down, up), min=0.0)


def by_torch(samples: np.ndarray, sound: Sound) -> torch.Tensor:
    """Power in the bands, (frames, mels)."""
    width = sound.window_samples
    window = torch.hann_window(width, periodic=True, dtype=torch.float64)
    # PyTorch puts a short window into the middle of the transform; behind it here: |X| is the same
    padded = torch.nn.functional.pad(torch.from_numpy(samples), (0, sound.fft))
    left = (sound.fft - width) // 2
    padded = torch.nn.functional.pad(padded, (left, 0))
    found = torch.stft(
        padded, sound.fft, sound.hop_samples, width, window, center=False, return_complex=True
    )
    power = found.abs() ** 2 * 4.0 / (sound.fft * (window**2).sum())
    return (power.T @ torchaudio_filters(sound))[: sound.frames]


@pytest.mark.parametrize("sound", SOUNDS)
def test_bands_and_pixels_are_those_of_torch(sound: Sound) -> None:
    samples = (
        np.random.default_rng(3).normal(0, 0.1, sound.samples)
        + tone(700, sound.seconds, sound.rate)[: sound.samples]
    )
    expected = by_torch(samples, sound)
    found = bands(samples, sound)
    assert found.shape == (sound.frames, sound.mels)
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-9, atol=1e-15)
    level = 10 * torch.log10(expected)
    grey = torch.clamp(255 * (1 + (level - level.max()) / sound.decibels), 0, 255).round()
    pixels = picture(samples, sound)
    assert pixels.shape == sound.shape
    assert pixels.dtype == np.uint8
    far = np.abs(pixels[::-1, :, 0].T.astype(int) - grey.numpy().astype(int))
    assert far.max() <= 1
    assert (far > 0).mean() < 1e-3


def test_a_tone_is_in_its_band_and_has_its_level() -> None:
    sound = Sound(8000, 0.5)
    edges = band_edges(sound)
    middle = float(edges[30])  # of band 29
    level = decibels(bands(tone(middle, 0.5, level=1.0), sound))
    assert (level.argmax(axis=1) == 29).all()
    total = bands(tone(middle, 0.5, level=1.0), sound).sum(axis=1)
    assert np.allclose(total, 1.0, atol=1e-3)  # 0 dB, some of it in neighbouring bands
    quiet = decibels(bands(tone(middle, 0.5, level=0.01), sound))
    assert np.allclose(level.max() - quiet.max(), 40.0, atol=1e-6)
    pixels = picture(tone(middle, 0.5), sound)
    assert (pixels[:, :, 0].argmax(axis=0) == 63 - 29).all()  # the highest band is on top
    assert pixels.max() == 255


def test_silence_stays_dark_and_loudness_does_not_matter() -> None:
    sound = Sound(8000, 0.5, floor=-60.0)
    assert not picture(np.zeros(4000), sound).any()
    random = np.random.default_rng(0).normal(0, 0.1, 4000)
    assert np.array_equal(picture(random, sound), picture(random / 8, sound))
    assert picture(random * 1e-6, sound).max() < 150
    later = np.concatenate([np.zeros(2000), random[:2000]])
    dark = picture(later, sound)[:, :10]
    assert not dark.any()


@pytest.mark.parametrize(
    "settings",
    [
        {"rate": 10}, {"rate": 8000.5}, {"seconds": 0.0}, {"seconds": float("nan")}, {"mels": 3},
        {"mels": 200}, {"low": 4000.0}, {"high": 5000.0}, {"hop": 0.0}, {"seconds": 0.02},
        {"seconds": 90.0}, {"seconds": 1e5}, {"floor": 3.0}, {"decibels": 1.0}, {"part": "end"},
    ],
)  # fmt: skip
def test_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(ArgumentError) as error:
        Sound(**{"rate": 8000, "seconds": 1.0, **settings})  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_settings_as_text() -> None:
    assert get_sound("rate=16000, seconds=2") == {"rate": 16000, "seconds": 2.0}
    assert get_sound("seconds=600,part=middle") == {"seconds": 600.0, "part": "middle"}
    assert get_sound({"mels": 40}) == {"mels": 40}
    assert get_sound(None) == {}
    sound = Sound(8000, 1.0)
    assert Sound(**get_sound(sound)) == sound == Sound.from_dict(sound.to_dict())
    for wrong in ("rate", "rate=x", "colour=3", 7, "mels=2.5", "seconds=-1"):
        with pytest.raises(ArgumentError):
            get_sound(wrong)
    for hostile in ({}, {**sound.to_dict(), "rate": "8000"}, {**sound.to_dict(), "x": 1}, 3):
        with pytest.raises(FileFormatError):
            Sound.from_dict(hostile)


@pytest.mark.parametrize(("rate", "wanted"), [(44100, 16000), (8000, 11025), (48000, 8000)])
def test_another_rate(rate: int, wanted: int) -> None:
    from scipy.signal import resample_poly

    low, high = 0.3 * min(rate, wanted), 0.6 * wanted
    samples = tone(low, 0.2, rate)
    found = resampled(samples, rate, wanted)
    assert len(found) == math.ceil(len(samples) * wanted / rate)
    inside = slice(len(found) // 4, -len(found) // 4)
    exact = tone(low, 1.0, wanted)[: len(found)]
    assert np.abs(found - exact)[inside].max() < 1e-4
    divisor = math.gcd(rate, wanted)
    theirs = resample_poly(samples, wanted // divisor, rate // divisor)[: len(found)]
    assert np.abs(found[: len(theirs)] - theirs)[inside].max() < 5e-3
    if wanted < rate:  # what the new rate cannot hold is gone, and not heard as another tone
        gone = resampled(tone(high, 0.2, rate), rate, wanted)
        assert np.abs(gone[inside]).max() < 1e-3
    assert np.allclose(resampled(np.ones(3000), rate, wanted)[inside.start : inside.start + 9], 1)
