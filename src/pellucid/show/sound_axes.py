"""Seconds and Hz beside pictures of sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.sound.spectrogram import hertz_to_mel
from pellucid.show.palette import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pellucid.data.sound import Sound
    from pellucid.explain.score import Score

MOST_TIMES = 5
"""Times that are written, at most."""

_APART = 0.06  # of the height, between two frequencies that are written
_STEPS = tuple(n * 10.0**k for k in range(-3, 4) for n in (1, 2, 5))
_OCTAVES = (62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 32000.0)


def time_ticks(sound: Sound) -> dict[float, str]:
    """Columns of a picture of sound, and the seconds that they show."""
    step = next((s for s in _STEPS if sound.seconds / s < MOST_TIMES), _STEPS[-1])
    times = np.arange(0.0, sound.seconds + step / 1e6, step)
    found = {(t - sound.window / 2) / sound.hop: f"{t:.4g} s" for t in times.tolist()}
    return {at: text for at, text in found.items() if -0.5 <= at <= sound.frames - 0.5}


def frequency_ticks(sound: Sound) -> dict[float, str]:
    """Rows of a picture of sound, and the frequencies in Hz that they show, an octave apart."""
    low, high = hertz_to_mel(np.array([sound.low, sound.top])).tolist()
    found: dict[float, str] = {}
    for hertz in _OCTAVES:
        mel = float(hertz_to_mel(np.array(hertz)))
        row = sound.mels - (mel - low) / (high - low) * (sound.mels + 1)
        apart = all(abs(row - other) >= _APART * sound.mels for other in found)
        if -0.5 <= row <= sound.mels - 0.5 and apart:
            found[row] = f"{hertz:g} Hz"
    return found


def mark_sound(axes: Axes, sound: Sound, size: float = 7.0) -> None:
    """Write times below a picture of sound, and frequencies beside it."""
    times, frequencies = time_ticks(sound), frequency_ticks(sound)
    axes.set_xticks(list(times), labels=list(times.values()), fontsize=size)
    axes.set_yticks(list(frequencies), labels=list(frequencies.values()), fontsize=size)
    axes.tick_params(length=2.0, width=0.4, pad=1.5)
    axes.set_xlim(-0.5, sound.frames - 0.5)
    axes.set_ylim(sound.mels - 0.5, -0.5)


def mark_scored(axes: Axes, scored: Score) -> None:
    """Write times and frequencies beside what a score is of, where that is a recording."""
    sound = scored.activations.model.preprocessing.sound
    if sound is not None:
        mark_sound(axes, sound)
    mark_step(axes, scored)


def mark_step(axes: Axes, scored: Score) -> None:
    """Draw lines around the step that a score is about, where it is one of a recording."""
    if not scored.activations.model.task.of_steps:
        return
    frames, steps = scored.image.shape[1], scored.graph.output_shape[-2]
    for behind in (0, 1):
        at = (scored.target[-2] + behind) * frames / steps - 0.5
        for colour, width in (("white", 1.8), (INK, 0.8)):
            axes.axvline(at, color=colour, lw=width)


def heard_words(sound: Sound) -> str:
    """How a picture of sound is read, in a sentence."""
    return (
        f"A picture shows {sound.seconds:g} s of a recording, time from left to right, and "
        f"frequencies from {sound.low:g} Hz at the bottom to {sound.top:g} Hz, spaced as people "
        "hear pitch; the brighter, the louder."
    )
