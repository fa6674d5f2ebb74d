"""Seconds and Hz beside pictures of sound are those of what is there."""

from __future__ import annotations

import numpy as np

from pellucid.data.sound import Sound
from pellucid.data.sound.spectrogram import picture
from pellucid.show.sound_axes import frequency_ticks, heard_words, time_ticks
from tests.data.sound.tones import tone


def test_a_tone_is_where_its_frequency_is_written() -> None:
    for sound in (Sound(16000, 1.0, mels=128), Sound(8000, 1.0, low=100.0, high=3000.0)):
        rows = {float(text.split()[0]): row for row, text in frequency_ticks(sound).items()}
        assert {500.0, 1000.0, 2000.0} <= set(rows)
        for hertz, row in rows.items():
            if 2 * sound.low < hertz < 0.9 * sound.top:
                pixels = picture(tone(hertz, 1.0, sound.rate), sound)[..., 0].astype(int)
                loudest = float(pixels.sum(axis=1).argmax())
                assert abs(loudest - row) <= 0.75, hertz


def test_a_click_is_when_its_time_is_written() -> None:
    sound = Sound(8000, 2.0)
    columns = {float(text.split()[0]): at for at, text in time_ticks(sound).items()}
    assert 2 <= len(columns) <= 5
    for seconds, column in columns.items():
        samples = np.zeros(16000)
        samples[round(seconds * 8000)] = 0.9
        assert abs(picture(samples, sound)[..., 0].sum(axis=0).argmax() - column) <= 0.75
    assert "2 s" in heard_words(sound)
    assert "4000 Hz" in heard_words(sound)
