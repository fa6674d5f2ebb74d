"""What an idle engine's thread decodes by itself: files that are small, unpacked too."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pellucid.serving.quick import MOST_BYTES, TINY_BYTES, is_quick, is_tiny


def file(size: tuple[int, int], kind: str) -> bytes:
    """A flat picture, which takes hardly any bytes."""
    content = io.BytesIO()
    Image.new("L", size, 128).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures(kind: str) -> None:
    assert is_quick(file((300, 200), kind))
    large = file((1500, 1500), kind)
    assert len(large) < MOST_BYTES
    assert not is_quick(large)
    assert not is_quick(file((300, 200), kind) + bytes(MOST_BYTES))


def test_other_bytes() -> None:
    assert not is_quick(b"")
    assert not is_quick(file((30, 20), "TIFF"))
    assert is_quick(b"RIFF\x00\x00\x00\x00WAVEfmt ")
    assert not is_quick(b"RIFF\x00\x00\x00\x00WEBPVP8 ")
    for cut in range(40):
        assert is_quick(file((30, 20), "PNG")[:cut]) in (True, False)


def test_what_holds_up_nobody_is_smaller_still() -> None:
    small = file((28, 28), "PNG")
    assert is_tiny(small)
    assert not is_tiny(small + bytes(TINY_BYTES))
    assert not is_tiny(file((200, 200), "PNG"))
    assert not is_tiny(b"RIFF\x00\x00\x00\x00WAVEfmt ")
