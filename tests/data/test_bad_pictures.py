"""Files that are no pictures, or no longer: one line that names the file."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from pellucid.data import Preprocessing
from pellucid.data.decode import header
from pellucid.data.formats import READABLE
from pellucid.errors import DataError
from pellucid.text import counted
from tests.data.made_files import encoded, noise, png_by_hand, png_chunks, write

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = noise(0, 40, 30, 3)


def refusal(path: Path) -> str:
    """The error for a file; the same for its bytes, which have no name."""
    with pytest.raises(DataError) as caught:
        Preprocessing(8, 8, 3).read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    if path.is_file():
        with pytest.raises(DataError) as again:
            Preprocessing(8, 8, 3).read(path.read_bytes())
        said = str(again.value)
        assert said == message.replace(
            str(path), f"picture of {counted(path.stat().st_size, 'byte')}"
        )
    return message


@pytest.mark.parametrize("tenths", range(1, 10))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "JPEG progressive", "JPEG grey"])
def test_cut_short(tmp_path: Path, kind: str, tenths: int) -> None:
    name, _, variant = kind.partition(" ")
    pixels = PIXELS[..., 0] if variant == "grey" else PIXELS
    content = encoded(pixels, name, progressive=variant == "progressive")
    message = refusal(write(tmp_path / "cut.png", content[: len(content) * tenths // 10]))
    assert "damaged or cut short" in message
    assert message.endswith("replace or remove it")


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9, 20, 33])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_cut_in_the_header(tmp_path: Path, kind: str, length: int) -> None:
    path = write(tmp_path / "stump.jpg", encoded(PIXELS, kind)[:length])
    refusal(path)
    with pytest.raises(DataError, match=r"stump\.jpg"):
        header(path)


def test_empty(tmp_path: Path) -> None:
    assert "empty, 0 bytes" in refusal(write(tmp_path / "empty.png", b""))


@pytest.mark.parametrize(
    ("content", "printed"),
    [
        (encoded(PIXELS, "TGA"), "no picture (it begins with b'"),
        (b"Pf\n5 4\n-1.0\n" + bytes(80), "no picture (it begins with b'Pf"),
        (b"\0\0\0\x20ftypisom" + bytes(50), "a film or sound"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "a JPEG XL picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\3\4" + bytes(50), "a ZIP archive"),
        (b"\n <!DOCTYPE html><html>", "a text with markup, such as a web page"),
        (b"hello, world", "no picture (it begins with b'hello, w')"),
        (bytes(100), r"no picture (it begins with b'\x00"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_something_else_named_as_a_picture(tmp_path: Path, content: bytes, printed: str) -> None:
    message = refusal(write(tmp_path / "named.jpg", content))
    assert f"named.jpg: {printed}" in message
    assert f"expected a {READABLE} picture" in message


def test_content_counts_not_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "really a png.jpg", encoded(PIXELS, "PNG"))
    np.testing.assert_array_equal(Preprocessing(40, 30, 3).read(path), PIXELS)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.png")
    assert "a folder; expected a file" in refusal(tmp_path)
    with pytest.raises(DataError, match=r"x\\x00y: cannot be read \(.*embedded null"):
        Preprocessing(8, 8, 3).read("x\0y")


def test_a_name_that_would_break_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a\nb\x1b[31m 고양이.png", b"")
    with pytest.raises(DataError) as caught:
        Preprocessing(8, 8, 3).read(path)
    assert str(caught.value).endswith(
        r"a\nb\x1b[31m 고양이.png: empty, 0 bytes; expected a "
        f"{READABLE} picture"
    )


def test_damaged_in_the_middle(tmp_path: Path) -> None:
    content = bytearray(encoded(PIXELS))
    content[len(content) // 2] ^= 0xFF
    assert "damaged" in refusal(write(tmp_path / "flipped.png", bytes(content)))


def test_a_header_with_a_wrong_checksum(tmp_path: Path) -> None:
    content = bytearray(encoded(PIXELS))
    content[17] ^= 1  # within the width
    assert "damaged" in refusal(write(tmp_path / "crc.png", bytes(content)))


def test_a_png_without_pixels(tmp_path: Path) -> None:
    size = struct.pack(">IIBBBBB", 3, 3, 8, 2, 0, 0, 0)
    content = png_chunks((b"IHDR", size), (b"IEND", b""))
    assert "damaged" in refusal(write(tmp_path / "none.png", content))


def bomb(width: int, height: int) -> bytes:
    """A small file that says it holds many pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png_chunks((b"IHDR", size), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 1), (10_000, 9_000)])
def test_too_many_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    """The last is between Pillow's warning and its error."""
    path = write(tmp_path / "bomb.png", bomb(*size))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        message = refusal(path)
    assert f"too many pixels to be opened safely, at most {Image.MAX_IMAGE_PIXELS} are" in message
    with pytest.raises(DataError, match="too many pixels"):
        header(path)


def test_the_filters_of_warnings_stay_as_they_were(tmp_path: Path) -> None:
    before = list(warnings.filters)
    refusal(write(tmp_path / "bomb.png", bomb(10_000, 9_000)))
    Preprocessing(8, 8, 3).read(encoded(PIXELS))
    assert list(warnings.filters) == before


def test_a_text_that_unpacks_without_end(tmp_path: Path) -> None:
    text = b"comment\0\0" + zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK * 2))
    content = png_by_hand(PIXELS, 8, 2, (b"zTXt", text))
    assert "damaged" in refusal(write(tmp_path / "text.png", content))


def test_a_picture_that_somebody_closed() -> None:
    picture = Image.fromarray(PIXELS)
    picture.close()
    with pytest.raises(DataError, match="damaged or cut short"):
        Preprocessing(8, 8, 3).read(picture)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert refusal(tmp_path / "pipe.png").endswith("a pipe or a device; expected a file")
