"""What is noted about each recording, and what can be wrong with recordings alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.check.fingerprint import Fingerprint, HeardFacts, file_digest, image_of
from pellucid.data.check.report import found
from pellucid.data.decoded import bad_file, reason_of
from pellucid.data.sound.decode import seen_samples, sound_header
from pellucid.data.sound.spectrogram import bands, decibels, picture
from pellucid.errors import DataError
from pellucid.numerals import figure as written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from pellucid.data.check.report import Finding
    from pellucid.data.decoded import PictureFile
    from pellucid.data.quarantine import BadFile
    from pellucid.data.sound import Sound

SIDE = 16
"""Height and width of the small copies by which recordings are compared."""


def fingerprint_recording(file: PictureFile, sound: Sound) -> Fingerprint | BadFile:
    """Decode a recording and note what it is; or why it cannot be used.

    Two recordings are the same if all samples that are seen are, and their length and rate.

    Args:
        file: The file.
        sound: How recordings become pictures.
    """
    from PIL import Image

    try:
        header = sound_header(file.path)
        samples = seen_samples(file.path, sound)
        digest = hashlib.sha256(f"{header.rate} {header.samples} ".encode())
        digest.update(np.ascontiguousarray(samples, "<f8").data)
        seen = Image.fromarray(picture(samples, sound)[..., 0])
        small = seen.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=3.0)
        level = float(decibels(bands(samples, sound)).max())
        return Fingerprint(
            name=file.name,
            class_name=file.class_name,
            part=file.part,
            height=1,
            width=round(header.seconds * 1000),
            pixels=digest.digest(),
            thumbnail=np.array(small),
            file=file_digest(file.path),
            heard=HeardFacts(header.seconds, level),
        )
    except DataError as error:
        reason = reason_of(file.path, error)
        return bad_file(file, reason)


def preview_of(file: PictureFile, sound: Sound) -> Image.Image | None:
    """A recording's picture; None where it cannot be used."""
    try:
        return image_of(picture(seen_samples(file.path, sound), sound))
    except DataError:
        return None


def recording_findings(fingerprints: Sequence[Fingerprint], sound: Sound) -> list[Finding]:
    """Return which recordings are silent.

    Args:
        fingerprints: All recordings that can be used.
        sound: How recordings become pictures.
    """
    silent = tuple(
        each.name for each in fingerprints if each.heard and each.heard.level < sound.floor
    )
    if not silent:
        return []
    words = (
        f"nothing is louder than {written(sound.floor)} dB (a sine wave of full amplitude has 0) "
        f"in what is seen of {'it' if len(silent) == 1 else 'each of them'}"
    )
    return [found("silent", silent, words, floor=written(sound.floor))]
