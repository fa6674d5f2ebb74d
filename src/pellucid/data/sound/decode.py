"""Open and decode recordings; say in one line what is wrong with those that cannot be.

Channels are mixed by their mean. Of a long recording only the part that is seen is kept in memory,
but all of it is decoded first: one that is cut short, or holds values that are no numbers, is found
wherever that is.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import ceil
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.data.decode import binary, source_name, unreadable
from pellucid.data.sound.formats import READABLE, START_BYTES, is_sound, unread_sound
from pellucid.data.sound.resample import reach, resampled
from pellucid.data.sound.riff import missing_bytes
from pellucid.data.sound.settings import WHOLE
from pellucid.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.data.sound.settings import Sound

_BLOCK = 1 << 18  # values that are decoded at once
_ERRORS = (RuntimeError, ValueError, TypeError, OSError, MemoryError, ArithmeticError)


class SoundHeader(NamedTuple):
    """What the header of a recording says.

    Attributes:
        rate: Samples a second.
        samples: How many there are, of each channel.
        channels: How many channels.
    """

    rate: int
    samples: int
    channels: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / self.rate


def begins_as_sound(path: Path) -> bool:
    """Return whether a file's first bytes are those of a recording; False if it cannot be read."""
    try:
        with binary(path) as stream:
            return is_sound(stream.read(START_BYTES))
    except (DataError, OSError):
        return False


def sound_header(source: Path | bytes) -> SoundHeader:
    """Return what the header of a recording says, without decoding it.

    Raises:
        DataError: There is no such file, it cannot be read, it is no recording of a kind that is
            read, it is cut short, or it has no samples.
        MissingDependencyError: The library that reads sound is not installed.
    """
    with _opened(source) as recording:
        return SoundHeader(recording.samplerate, recording.frames, recording.channels)


def seen_samples(source: Path | bytes, sound: Sound) -> NDArray[np.float64]:
    """Return the part of a recording that a network sees, as :class:`Sound` says.

    The loudest part is the stretch with the most energy, in steps of a hundredth of a second; of
    equal ones that in the middle.

    Args:
        source: Where it is, or the bytes of its file.
        sound: Rate and length, and which part.

    Returns:
        Samples of one channel, shape (``sound.samples``,), −1..1.

    Raises:
        DataError: As :func:`sound_header`; or it cannot be decoded, or holds values that are no
            numbers.
        MissingDependencyError: The library that reads sound is not installed.
    """
    name = source_name(source)
    with _opened(source) as recording:
        rate, total = recording.samplerate, recording.frames
        wanted = -(-sound.samples * rate // sound.rate)  # at the recording's own rate
        if sound.part == WHOLE and total > wanted:
            raise DataError(f"{name}: {longer_than(total / rate, sound)}")
        energies, short = _scanned(recording, name, wanted)
        if short is not None:
            mixed, before = short, 0 if sound.part == WHOLE else (wanted - total) // 2
        else:
            first = _first(energies, rate, total, wanted, sound.part)
            beyond = reach(rate, sound.rate) if rate != sound.rate else 0
            start, end = max(0, first - beyond), min(total, first + wanted + beyond)
            recording.seek(start)
            block = recording.read(end - start, dtype="float64", always_2d=True)
            mixed, before = block.mean(axis=1), start - first
    return _placed(resampled(mixed, rate, sound.rate), before * sound.rate // rate, sound.samples)


def longer_than(seconds: float, sound: Sound) -> str:
    """What is wrong with a recording of which only a part could be heard."""
    return (
        f"takes {seconds:.4g} s, and {sound.seconds:g} s are heard; cut it into pieces, or train "
        f"with a longer window (--sound seconds={ceil(seconds)})"
    )


def heard_of(samples: NDArray[np.float64], sound: Sound) -> NDArray[np.float64]:
    """Return what is heard of samples at the settings' rate: their middle, or all of them.

    Args:
        samples: (N,), no more than are heard where none may be left out.
        sound: The settings.

    Returns:
        (``sound.samples``,), with silence on both sides, or behind, where there are fewer.
    """
    before = 0 if sound.part == WHOLE else (sound.samples - len(samples)) // 2
    return _placed(samples, before, sound.samples)


def _placed(samples: NDArray[np.float64], at: int, count: int) -> NDArray[np.float64]:
    """Return ``count`` samples of silence with a signal in it that begins at a place, or before."""
    found = np.zeros(count)
    first, last = max(0, at), min(count, at + len(samples))
    found[first:last] = samples[first - at : last - at]
    return found


def _scanned(
    recording: Any, name: str, most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Decode all of a recording, and check it.

    Returns:
        The energy of each hundredth of a second; and the mean of the channels, None where there are
        more than ``most`` samples.
    """
    total, piece = recording.frames, _piece(recording.samplerate)
    energies: list[NDArray[np.float64]] = []
    kept: list[NDArray[np.float64]] = []
    read = 0
    size = max(1, _BLOCK // recording.channels // piece) * piece
    try:
        while len(block := recording.read(size, dtype="float64", always_2d=True)):
            if not np.isfinite(block).all():
                raise DataError(f"{name}: holds values that are no numbers (NaN or infinity)")
            mixed = block.mean(axis=1)
            energies.append(np.add.reduceat(mixed**2, np.arange(0, len(mixed), piece)))
            if total <= most:
                kept.append(mixed)
            read += len(block)
    except _ERRORS as error:
        if isinstance(error, DataError):
            raise
        raise _damaged(name, error) from error
    if read < total:
        raise DataError(
            f"{name}: the recording is cut short: its header says {total} samples, and there are "
            f"{read}; replace or remove it"
        )
    return np.concatenate(energies), np.concatenate(kept) if kept else None


def _piece(rate: int) -> int:
    """Samples of a hundredth of a second."""
    return max(1, rate // 100)


def _first(energies: NDArray[np.float64], rate: int, total: int, wanted: int, part: str) -> int:
    """The first sample of the part that is seen."""
    middle = (total - wanted) // 2
    if part == "middle":
        return middle
    piece = _piece(rate)
    several = max(1, wanted // piece)
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    of_part = sums[several:] - sums[:-several]
    loudest = np.flatnonzero(of_part >= of_part.max() * (1 - 1e-9))
    nearest = loudest[np.abs(loudest * piece - middle).argmin()]
    return int(min(nearest * piece, total - wanted))


@contextmanager
def _opened(source: Path | bytes) -> Iterator[Any]:
    """Open a recording, and check that there is all of it that its header says."""
    name = source_name(source)
    with binary(source) as stream:
        _check_kind(stream, name)
        soundfile = _library()
        try:
            recording = soundfile.SoundFile(stream)
        except _ERRORS as error:
            raise _damaged(name, error) from error
        with recording:
            if recording.frames <= 0:
                raise DataError(f"{name}: a recording of zero length; replace or remove it")
            yield recording


def _check_kind(stream: IO[bytes], name: str) -> None:
    try:
        start = stream.read(START_BYTES)
        missing = missing_bytes(stream, start)
        stream.seek(0)
    except OSError as error:
        raise unreadable(name, error) from error
    if not start:
        raise DataError(f"{name}: empty, 0 bytes; expected a {READABLE} recording")
    if not is_sound(start):
        what = unread_sound(start) or f"no recording (it begins with {start[:8]!r})"
        raise DataError(
            f"{name}: {what}; expected a {READABLE} recording (whatever its name ends with); "
            "convert (ffmpeg -i FILE FILE.wav), replace or remove it"
        )
    if missing:
        raise DataError(
            f"{name}: the recording is cut short: {missing} of its bytes are missing; replace or "
            "remove it"
        )


def _library() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the compiled library is not there
        raise MissingDependencyError(
            f"reading sound needs the soundfile library ({error}); install it: "
            'pip install "pellucid[sound]"'
        ) from error
    return soundfile


def _damaged(name: str, error: Exception) -> DataError:
    reason = str(getattr(error, "error_string", "")) or str(error) or type(error).__name__
    return DataError(
        f"{name}: the recording is damaged or of a kind that is not read ({reason}); replace or "
        "remove it"
    )
