"""Recognise recordings by their first bytes."""

from __future__ import annotations

READABLE = "WAV, FLAC or Ogg"
"""What is read, in words."""

SUFFIXES = frozenset({".wav", ".wave", ".flac", ".ogg", ".oga"})
"""Endings, in lower case, by which recordings are found in a folder."""

START_BYTES = 12
"""How much of a file is looked at."""

_FOREIGN = (
    (b"ID3", "an MP3 recording"),
    (b"\xff\xfb", "an MP3 recording"),
    (b"\xff\xf3", "an MP3 recording"),
    (b"\xff\xf1", "an AAC recording"),
    (b"\xff\xf9", "an AAC recording"),
    (b"FORM", "an AIFF recording"),
    (b".snd", "an AU recording"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"\x30\x26\xb2\x75", "a WMA recording"),
)


def is_sound(start: bytes) -> bool:
    """Return whether a file that begins so is a recording of a kind that is read."""
    wave = start[:4] in (b"RIFF", b"RIFX", b"RF64") and start[8:12] == b"WAVE"
    return wave or start[:4] in (b"fLaC", b"OggS")


def unread_sound(start: bytes) -> str:
    """Say which other kind of recording begins so; empty where none is known to."""
    what = next((name for signature, name in _FOREIGN if start.startswith(signature)), "")
    if start[4:8] == b"ftyp" and start[8:11] == b"M4A":
        what = "an M4A recording"
    return what
