"""Hostile and odd picture files, each with what must become of it."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from tests.data.made_files import encoded, noise, png_by_hand, png_chunks, write

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = noise(0, 40, 30, 3)
TOO_MANY = "too many pixels to be opened safely"
DAMAGED = "damaged or cut short"


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Files that must be refused, by name: their content and what the refusal says."""
    page = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>"
    return {
        "empty.png": (b"", "empty, 0 bytes"),
        "page.jpg": (page, "a text with markup, such as a web page"),
        "zeros.gif": (bytes(300), "no picture"),
        "film.webp": (b"RIFF\x24\0\0\0AVI LIST" + bytes(60), "no picture"),
        "telephone.jpg": (b"\0\0\0\x18ftypheic" + bytes(60), "a HEIC picture"),
        "bad crc.png": (_wrong_checksum(), DAMAGED),
        "text bomb.png": (_text_bomb(), DAMAGED),
        "bomb.png": (_png_claiming(50_000, 50_000), TOO_MANY),
        "bomb.jpg": (_jpeg_claiming(65_000, 65_000), TOO_MANY),
        "bomb.gif": (_gif_claiming(65_535, 65_535), TOO_MANY),
        "bomb.webp": (webp_claiming(16_384, 16_384), TOO_MANY),
        "bomb.bmp": (_bmp_claiming(50_000, 50_000), TOO_MANY),
        "bomb.tif": (_tiff_claiming(50_000, 50_000), TOO_MANY),
        "fractions.tif": (encoded(Image.new("F", (5, 4), 200.0), "TIFF"), "with a fraction"),
        "signed.tif": (encoded(Image.new("I", (5, 4), 200), "TIFF"), "signed or 32-bit integers"),
        "lab.tif": (encoded(Image.new("LAB", (5, 4)), "TIFF"), "colours in LAB"),
    } | {
        f"cut at {tenths} tenths.{kind.lower()}": (content[: len(content) * tenths // 10], DAMAGED)
        for kind in ("PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF")
        for content in (encoded(PIXELS, kind),)
        for tenths in range(1, 10)
    }


def good_files() -> dict[str, bytes]:
    """Files that are odd, but must be read, by name."""
    frames = [Image.new("RGB", (30, 40), colour) for colour in ("red", "lime", "blue")]
    animated = {
        f"animated.{kind.lower()}": encoded(
            frames[0], kind, save_all=True, append_images=frames[1:], duration=100
        )
        for kind in ("GIF", "WebP", "PNG", "TIFF")
    }
    inks = encoded(Image.new("CMYK", (30, 40), (0, 255, 0, 20)), "JPEG")
    return animated | {
        "inks.jpg": inks,
        "inks without Adobe's mark.jpg": without_adobe_mark(inks),
        "inks.tif": encoded(Image.new("CMYK", (30, 40), (0, 255, 0, 20)), "TIFF"),
        "16 bits.png": png_by_hand(noise(1, 9, 7, 3).astype("u2") * 257, 16, 2),
        "16 bits.tif": encoded(Image.new("I;16", (7, 9), 40_000), "TIFF"),
        "palette with alpha.png": png_by_hand(
            noise(2, 9, 7) % 4,
            8,
            3,
            (b"PLTE", noise(3, 4, 3).tobytes()),
            (b"tRNS", bytes([0, 9, 99])),
        ),
        "one pixel.png": encoded(noise(4, 1, 1, 3)),
        "a line.png": encoded(noise(5, 1, 30_000, 3)),
        "a column.jpg": encoded(noise(6, 30_000, 1, 3), "JPEG"),
        "no suffix": encoded(noise(7, 9, 7, 3), "WebP", lossless=True),
        "another suffix.PNG": encoded(noise(8, 9, 7, 3), "BMP"),
    }


def write_corpus(folder: Path) -> None:
    """Write all of them into a folder."""
    for name, (content, _) in bad_files().items():
        write(folder / name, content)
    for name, content in good_files().items():
        write(folder / name, content)


def without_adobe_mark(jpeg: bytes) -> bytes:
    """A JPEG file without its APP14 segment, in which Adobe tells how inks are written."""
    start = jpeg.index(b"\xff\xee")
    (length,) = struct.unpack(">H", jpeg[start + 2 : start + 4])
    return jpeg[:start] + jpeg[start + 2 + length :]


def webp_claiming(width: int, height: int) -> bytes:
    """An extended WebP file (with an alpha channel) that claims a large canvas."""
    content = bytearray(encoded(noise(0, 40, 30, 4), "WebP", exif=b"Exif\0\0"))
    assert content[12:16] == b"VP8X"
    content[24:27] = (width - 1).to_bytes(3, "little")
    content[27:30] = (height - 1).to_bytes(3, "little")
    return bytes(content)


def _wrong_checksum() -> bytes:
    content = bytearray(encoded(PIXELS))
    content[17] ^= 1  # within the width
    return bytes(content)


def _text_bomb() -> bytes:
    text = b"comment\0\0" + zlib.compress(bytes(PngImagePlugin.MAX_TEXT_CHUNK * 40), 9)
    return png_by_hand(PIXELS, 8, 2, (b"zTXt", text))


def _png_claiming(width: int, height: int) -> bytes:
    size = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return png_chunks((b"IHDR", size), (b"IDAT", zlib.compress(bytes(10**6))), (b"IEND", b""))


def _jpeg_claiming(width: int, height: int) -> bytes:
    content = bytearray(encoded(PIXELS, "JPEG"))
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def _gif_claiming(width: int, height: int) -> bytes:
    content = bytearray(encoded(PIXELS, "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def _bmp_claiming(width: int, height: int) -> bytes:
    content = bytearray(encoded(PIXELS, "BMP"))
    content[18:26] = struct.pack("<ii", width, height)
    return bytes(content)


def _tiff_claiming(width: int, height: int) -> bytes:
    content = encoded(PIXELS, "TIFF", compression="tiff_lzw")
    for tag, old, new in ((256, 30, width), (257, 40, height)):
        as_short, as_long = (struct.pack("<HHII", tag, kind, 1, old) for kind in (3, 4))
        entry = as_short if as_short in content else as_long
        assert content.count(entry) == 1
        content = content.replace(entry, struct.pack("<HHII", tag, 4, 1, new))
    return content
