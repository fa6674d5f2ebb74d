"""Which settings of sound suit some recordings, as far as none are given."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.decode import begins_as_picture
from pellucid.data.decoded import bad_file, named_in, reason_of
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.quarantine import nothing_left
from pellucid.data.sound.decode import begins_as_sound, sound_header
from pellucid.data.sound.settings import WHOLE, Sound, completed
from pellucid.data.transcripts import Transcripts
from pellucid.errors import ArgumentError, DataError
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.data.decoded import PictureFile
    from pellucid.data.quarantine import Bad, BadFile
    from pellucid.data.sound.decode import SoundHeader
    from pellucid.data.target import Targets

DEFAULT_RATE = 16_000
"""Highest rate that is taken by default: speech and most other sound has little above 8 kHz."""

MOST_SECONDS = 10.0
"""Longest that is seen by default."""

MOST_WHOLE = 30.0
"""The same where longer recordings are refused."""

_SEEN = 0.98  # share of the recordings that are seen whole by default
_LOOKED_AT = 25


def are_recordings(files: Sequence[PictureFile]) -> bool:
    """Return whether most of some files are recordings, by the first bytes of a few of them."""
    some = (
        [files[i] for i in np.linspace(0, len(files) - 1, _LOOKED_AT).astype(int)] if files else ()
    )
    sounds = sum(begins_as_sound(file.path) for file in some)
    if not sounds:
        return False
    return 2 * sounds > len(some) or sounds > sum(begins_as_picture(file.path) for file in some)


def sound_of(targets: Targets, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings that are given for data, by name, with what their targets ask for.

    Of a recording with a transcript all is heard.

    Raises:
        ArgumentError: If a part of such recordings is to be left out.
    """
    found = dict(given or {})
    if targets.kind != Transcripts.kind:
        return found
    if found.setdefault("part", WHOLE) != WHOLE:
        raise ArgumentError(
            f"part is {found['part']!r}, but of a recording with a transcript all must be heard; "
            "leave it out"
        )
    return found


def check_kind(
    name: str,
    given: Mapping[str, Any] | None,
    image_size: tuple[int, int] | None,
    like: Preprocessing | None,
    *,
    recordings: bool,
) -> None:
    """Check that what is asked for suits data that are recordings, or pictures.

    Args:
        name: What the data are called in messages.
        given: Settings of sound that are given, by name.
        image_size: What pictures are to be resized to.
        like: The preprocessing of a model to start from, or to judge.
        recordings: Whether the data are recordings.

    Raises:
        ArgumentError: A size is given for recordings, settings of sound for pictures or others than
            the model's; or the model learned from the other of the two.
    """
    if like is not None and like.sound is not None:
        own = like.sound.to_dict()
        other = next((key for key, value in (given or {}).items() if own[key] != value), None)
        if other is not None:
            raise ArgumentError(
                f"{name}: {other} is given, and the model to start from hears with {other} "
                f"{own[other]}; leave sound out"
            )
        return
    if like is not None and recordings:
        raise ArgumentError(
            f"{name}: recordings, and the model learned from pictures; give a model that learned "
            "from recordings, or, to train, none"
        )
    if recordings and image_size is not None:
        raise ArgumentError(
            f"{name}: holds recordings, and an image size is given, or the model to start from "
            "learned from pictures; leave it out, or say how they become pictures: --sound "
            "mels=64,hop=0.016 (in Python, sound)"
        )
    if given and not recordings:
        raise ArgumentError(
            f"{name}: settings of sound are given ({next(iter(given))}), and it holds pictures; "
            "leave sound out"
        )


def recording_preprocessing(
    files: Sequence[PictureFile],
    given: Mapping[str, Any],
    *,
    name: str,
    bad: Bad,
) -> tuple[Preprocessing, tuple[str, ...]]:
    """Decide how recordings become pictures, from their headers.

    Args:
        files: The recordings, at least one.
        given: Settings of sound that are given, by name.
        name: What the data are called in messages.
        bad: ``"error"`` to raise at the first that cannot be opened, ``"quarantine"`` to pass over
            such files.

    Raises:
        DataError: A file cannot be read or is no recording; or none can be used.
        ArgumentError: The settings do not go together.
    """
    headers: list[SoundHeader] = []
    failed: list[BadFile] = []
    for file in files:
        try:
            headers.append(sound_header(file.path))
        except DataError as error:
            if bad == "error":
                raise DataError(f"{error}{named_in(file)}") from error
            failed.append(bad_file(file, reason_of(file.path, error)))
    if not headers:
        raise nothing_left(name, failed, "recording")
    sound, notes = chosen_sound(headers, given)
    return Preprocessing(*sound.shape, sound=sound), notes


def chosen_sound(
    headers: Sequence[SoundHeader], given: Mapping[str, Any]
) -> tuple[Sound, tuple[str, ...]]:
    """Return the settings for some recordings, and remarks on them.

    Where none is given, the rate is that of most recordings, at most :data:`DEFAULT_RATE`, and the
    length such that 98 % of them are seen whole, up to :data:`MOST_SECONDS`, in tenths of a second;
    where longer ones are refused such that none is, up to :data:`MOST_WHOLE`.

    Args:
        headers: Of the recordings that can be opened, at least one.
        given: Settings that are given, by name.

    Raises:
        ArgumentError: The settings do not go together.
    """
    rates = Counter(header.rate for header in headers)
    rate = min(DEFAULT_RATE, rates.most_common(1)[0][0])
    lengths = np.sort([header.seconds for header in headers])
    whole = given.get("part") == WHOLE
    usual = float(lengths[-1 if whole else ceil(_SEEN * len(lengths)) - 1])
    most = MOST_WHOLE if whole else MOST_SECONDS
    seconds = given.get("seconds", min(most, max(0.1, ceil(usual * 10) / 10)))
    sound = completed({**given, "seconds": seconds}, rate=max(1_000, rate))
    return sound, (_described(sound), *_notes(sound, rates, lengths))


def _described(sound: Sound) -> str:
    return (
        f"recordings of {sound.seconds:g} s at {sound.rate} Hz, seen as pictures of "
        f"{sound.frames}×{sound.mels}: columns of {sound.window * 1000:g} ms every "
        f"{sound.hop * 1000:g} ms, bands from {sound.low:g} to {sound.top:g} Hz (other settings: "
        "--sound, in Python sound)"
    )


def _notes(sound: Sound, rates: Counter[int], lengths: Any) -> tuple[str, ...]:
    notes = []
    count = rates.total()
    others = {rate: number for rate, number in rates.items() if rate != sound.rate}
    if others:
        of = ", ".join(f"{rate} Hz" for rate in sorted(others)[:4])
        number = counted(sum(others.values()), "recording")
        notes.append(f"{number} of {count} are resampled, from {of}")
    lower = sum(number for rate, number in rates.items() if rate < 2 * sound.top * 0.99)
    if lower:
        notes.append(
            f"{counted(lower, 'recording')} of {count} cannot hold what the highest bands show: "
            "their rate is too low; if classes differ in it, that is what is learned"
        )
    longer = int((lengths > sound.seconds + 0.5 / sound.rate).sum())
    if longer:
        what = {
            "middle": "their middle is seen",
            WHOLE: "they are left out; to hear them: --sound seconds=… (in Python, sound)",
        }.get(sound.part, "the loudest part is seen")
        notes.append(
            f"{counted(longer, 'recording')} of {count} are longer than {sound.seconds:g} s, the "
            f"longest {lengths[-1]:.4g} s: {what}"
        )
    return tuple(notes)
