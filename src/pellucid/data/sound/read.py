"""From any recording to the picture that a network takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.sound.decode import heard_of, longer_than, seen_samples
from pellucid.data.sound.settings import WHOLE
from pellucid.data.sound.spectrogram import picture
from pellucid.errors import ArgumentError, DataError
from pellucid.text import array_shape

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from pellucid.data.sound.settings import Sound


def heard(source: object, sound: Sound) -> NDArray[np.uint8]:
    """Return a recording as a network takes it, uint8 (mels, frames, 1).

    Args:
        source: The path of a recording, the bytes of its file, samples in −1..1 at the settings'
            rate as floats (N,), or pixels of the network's shape.
        sound: The settings.

    Raises:
        DataError: It cannot be used; or an array is neither samples nor such pixels.
        ArgumentError: It is none of these.
    """
    if isinstance(source, np.ndarray):
        return _of_array(source, sound)
    if isinstance(source, bytes | bytearray):
        return picture(seen_samples(bytes(source), sound), sound)
    if isinstance(source, str | os.PathLike):
        return picture(seen_samples(Path(source), sound), sound)
    raise ArgumentError(
        f"a recording is given as {type(source).__name__}; expected a path, the bytes of a WAV or "
        f"FLAC file, or samples (N,) as floats at {sound.rate} Hz"
    )


def _of_array(values: NDArray[Any], sound: Sound) -> NDArray[np.uint8]:
    if values.ndim == 1 and values.dtype.kind == "f":
        if not len(values) or not np.isfinite(values).all():
            raise DataError(
                f"samples of a recording: {len(values)}, of which "
                f"{int((~np.isfinite(values)).sum())} are no numbers; expected at least one, and "
                "finite values in −1..1"
            )
        if sound.part == WHOLE and len(values) > sound.samples:
            raise DataError(
                f"samples of a recording: {longer_than(len(values) / sound.rate, sound)}"
            )
        return picture(heard_of(values.astype(np.float64), sound), sound)
    pixels = values[..., np.newaxis] if values.ndim == 2 else values
    if pixels.dtype != np.uint8 or pixels.shape != sound.shape:
        raise DataError(
            f"an array of shape {values.shape} and type {values.dtype}, but the network takes "
            f"recordings: samples (N,) as floats at {sound.rate} Hz, or their pictures, uint8 "
            f"{array_shape(sound.shape)}"
        )
    return pixels.copy()
