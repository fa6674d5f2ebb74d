"""Which pictures are decoded in so little time that an idle engine's own thread may do it."""

from __future__ import annotations

from pellucid.data.plain_jpeg import plain_jpeg

MOST_BYTES = 100_000
MOST_PIXELS = 1 << 19
"""Decoded in about 5 ms."""

TINY_BYTES = 16_000
TINY_PIXELS = 1 << 14
"""Decoded in about 0.2 ms."""

_PNG = b"\x89PNG\r\n\x1a\n"
_RIFF = b"RIFF"  # recordings without compression


def is_tiny(content: bytes) -> bool:
    """Whether a picture is so small that decoding it holds up nobody, not even an event loop."""
    return not content.startswith(_RIFF) and is_quick(content, TINY_BYTES, TINY_PIXELS)


def is_quick(content: bytes, size: int = MOST_BYTES, pixels: int = MOST_PIXELS) -> bool:
    """Whether a file is small, and says so at its beginning; a few bytes can be many pixels.

    Args:
        content: The file.
        size: Bytes that it may have.
        pixels: Pixels that a picture may have.
    """
    if len(content) > size:
        return False
    if content.startswith(_PNG):
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        return width * height <= pixels
    found = plain_jpeg(content)
    if found is not None:
        return found[0] * found[1] <= pixels
    return content.startswith(_RIFF) and content[8:12] == b"WAVE"
