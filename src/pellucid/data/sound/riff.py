"""Whether a WAV file holds all bytes that it says it does; libsndfile does not look."""

from __future__ import annotations

import io
from typing import IO

_UNKNOWN = (0, 0xFFFFFFFF)
"""Sizes that programs write that could not go back to the beginning of what they wrote."""

_MOST_CHUNKS = 1000


def missing_bytes(stream: IO[bytes], start: bytes) -> int:
    """Return how many bytes of a WAV file's samples are not there; 0 of any other file.

    Args:
        stream: The file; it is read from anywhere.
        start: Its first 12 bytes.
    """
    if start[:4] not in (b"RIFF", b"RIFX") or start[8:12] != b"WAVE":
        return 0
    order = "little" if start[:4] == b"RIFF" else "big"
    end = stream.seek(0, io.SEEK_END)
    at = 12
    for _ in range(_MOST_CHUNKS):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            return 0
        size = int.from_bytes(head[4:], order)  # type: ignore[arg-type]
        if head[:4] == b"data":
            return 0 if size in _UNKNOWN else max(0, at + 8 + size - end)
        at += 8 + size + size % 2
    return 0
