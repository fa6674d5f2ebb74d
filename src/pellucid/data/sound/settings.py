"""How a recording becomes a picture: one frozen value, which model files keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pellucid import checks
from pellucid.data.sound.spectrogram import empty_bands
from pellucid.errors import ArgumentError, FileFormatError
from pellucid.known_names import find_name
from pellucid.text import counted

MOST_SAMPLES = 1 << 24
"""Samples of a recording that a network takes, at most: 17 minutes at 16 kHz."""

MOST_FRAMES = 4096
"""Columns of a picture, at most, as of any other."""

WHOLE = "whole"
"""No part: a recording must not be longer than what is seen, and begins on the left."""

PARTS = ("loudest", "middle", WHOLE)
"""Which part of a longer recording is seen."""

_WHOLE = ("rate", "mels")


@dataclass(frozen=True)
class Sound:
    """How a recording becomes a log-mel spectrogram.

    The recording is mixed to one channel, resampled to ``rate``, and cut to ``seconds``, or padded
    with silence on both sides alike; where no part is left out, behind it. What sounds in each
    short window is measured in bands that are spaced as people hear pitch, and the level in
    decibels becomes a grey level: see :mod:`pellucid.data.sound.spectrogram`.

    Attributes:
        rate: Samples a second, 1 000..192 000. What is higher than half of it is not seen.
        seconds: Length that is seen, more than 0; at most 2²⁴ samples, and 4 096 columns.
        window: Length of the piece that one column shows, in seconds.
        hop: From one column to the next, in seconds.
        mels: Bands, which are the rows, 4..512.
        low: Lower end of the lowest band in Hz.
        high: Upper end of the highest in Hz; None for half of the rate.
        decibels: How far below the loudest place of the recording a grey level of 0 is, 10..200.
        part: What of a longer recording is seen: the ``"loudest"`` stretch, or its ``"middle"``;
            ``"whole"`` refuses longer ones, and begins with the recording's first sample.
        floor: The level in dB that the loudest place counts as at least, so that silence stays
            dark, −200..0. A sine wave of full amplitude has 0 dB.

    Raises:
        ArgumentError: A setting is outside its range, or a band would be narrower than what the
            window resolves.
    """

    rate: int
    seconds: float
    window: float = 0.032
    hop: float = 0.016
    mels: int = 64
    low: float = 50.0
    high: float | None = None
    decibels: float = 80.0
    floor: float = -60.0
    part: str = "loudest"

    def __post_init__(self) -> None:
        checks.whole("rate", self.rate, 1_000, 192_000)
        checks.whole("mels", self.mels, 4, 512)
        checks.choice("part", self.part, PARTS)
        for name, least, most in (
            ("seconds", 0.01, 1e5),
            ("window", 0.001, 1.0),
            ("hop", 0.001, 1.0),
            ("decibels", 10.0, 200.0),
            ("floor", -200.0, 0.0),
        ):
            checks.number(name, getattr(self, name), least, most)
            object.__setattr__(self, name, float(getattr(self, name)))
        checks.number("low", self.low, 0.0, self.rate / 2)
        object.__setattr__(self, "low", float(self.low))
        if self.high is not None:
            checks.number("high", self.high, 0.0, self.rate / 2)
            object.__setattr__(self, "high", float(self.high))
        if self.samples > MOST_SAMPLES or self.samples < self.window_samples:
            raise ArgumentError(
                f"seconds is {self.seconds:g}, {counted(self.samples, 'sample')} of {self.rate} a "
                f"second; expected those of one window ({self.window:g} s) at least, and "
                f"{MOST_SAMPLES} at most"
            )
        if self.frames > MOST_FRAMES:
            raise ArgumentError(
                f"seconds is {self.seconds:g} with a hop of {self.hop:g}, a picture of "
                f"{self.frames} columns; expected at most {MOST_FRAMES}: take a longer hop"
            )
        if self.top <= self.low:
            raise ArgumentError(f"high is {self.top:g} Hz; expected more than low, {self.low:g} Hz")
        empty = empty_bands(self)
        if empty:
            raise ArgumentError(
                f"mels is {self.mels}, of which {empty} would be narrower than what a window of "
                f"{self.window:g} s at {self.rate} Hz resolves; take fewer, or a longer window"
            )

    @property
    def samples(self) -> int:
        """Samples of what is seen."""
        return round(self.seconds * self.rate)

    @property
    def window_samples(self) -> int:
        """Samples of a window, at least 1."""
        return max(1, round(self.window * self.rate))

    @property
    def hop_samples(self) -> int:
        """Samples from one window to the next, at least 1."""
        return max(1, round(self.hop * self.rate))

    @property
    def fft(self) -> int:
        """Points of the Fourier transform: the power of two from twice the window on.

        The window is padded with zeros, so that low bands, which are narrow, have points.
        """
        return int(2 ** math.ceil(math.log2(2 * self.window_samples)))

    @property
    def top(self) -> float:
        """Upper end of the highest band in Hz."""
        return self.rate / 2 if self.high is None else self.high

    @property
    def frames(self) -> int:
        """Columns: as many windows as fit."""
        return 1 + (self.samples - self.window_samples) // self.hop_samples

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the picture."""
        return self.mels, self.frames, 1

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> Sound:
        """Return what :meth:`to_dict` described.

        Raises:
            FileFormatError: A setting is missing, unknown, of another type or outside its range.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or values.keys() != known:
            raise FileFormatError(
                f"sound is {values!r:.200}; expected exactly the settings "
                f"{', '.join(sorted(known))}"
            )
        try:
            return cls(**values)
        except ArgumentError as error:
            raise FileFormatError(f"sound: {error}") from error


def get_sound(given: object) -> dict[str, Any]:
    """Return the settings of sound that are given, by name; nothing is left out that is given.

    Args:
        given: A text such as ``rate=16000,seconds=2``; a mapping; a :class:`Sound`; or None.

    Raises:
        ArgumentError: A setting is unknown, or no number.
    """
    if given is None:
        return {}
    if isinstance(given, Sound):
        return given.to_dict()
    known = [field.name for field in fields(Sound)]
    if isinstance(given, str):
        given = dict(_setting(part, known) for part in given.split(","))
    if not isinstance(given, Mapping):
        raise ArgumentError(
            f"sound is {given!r:.100}; expected settings such as rate=16000,seconds=2: "
            f"{', '.join(known)}"
        )
    found = {find_name("setting of sound", str(name), known): each for name, each in given.items()}
    # where the data decide, what refuses nothing that could be right
    seconds = found.get("seconds", 1.0)
    most = MOST_SAMPLES / seconds if isinstance(seconds, float | int) and seconds > 0 else 192_000
    completed({"seconds": 1.0, **found}, rate=int(min(192_000, max(1_000, most))))
    return found


def completed(given: Mapping[str, Any], rate: int) -> Sound:
    """Return settings with what follows from others: a hop that suits a long recording.

    Args:
        given: By name, ``seconds`` among them.
        rate: Where none is given.

    Raises:
        ArgumentError: They do not go together.
    """
    found = {"rate": rate, **given}
    seconds = found["seconds"]
    if "hop" not in found and isinstance(seconds, float | int):
        shortest = (seconds - Sound.window) / (MOST_FRAMES - 2)
        found["hop"] = max(Sound.hop, math.ceil(shortest * 1000) / 1000)
    return Sound(**found)


def _setting(text: str, known: list[str]) -> tuple[str, float | int | str]:
    """``seconds=2`` as a name and a value."""
    name, _, value = (part.strip() for part in text.partition("="))
    name = find_name("setting of sound", name, known)
    if name == "part":
        return name, find_name("part of recordings", value, PARTS)
    try:
        return name, int(value) if name in _WHOLE else float(value)
    except ValueError as error:
        raise ArgumentError(
            f"{name} must be a {'whole number' if name in _WHOLE else 'number'}, got "
            f"{checks.brief(value)}; such as {name}={16000 if name == 'rate' else 2}"
        ) from error
