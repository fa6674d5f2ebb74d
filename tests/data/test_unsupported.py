"""Valid files of kinds that are not read are called so; libtiff's lines are caught and named."""

from __future__ import annotations

import io
import os
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Preprocessing, load
from pellucid.data.libtiff import load as load_image
from pellucid.errors import DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path


def tiff(
    bits: int = 8, kind: int = 1, bands: int = 1, colours: int = 1, compression: int = 1
) -> bytes:
    """An 8×8 TIFF of zeros, by the struct module alone."""
    data = bytes(8 * 8 * bands * max(1, bits // 8))
    lists = {258: [bits] * bands, 339: [kind] * bands, 338: [0] * max(0, bands - 3)}
    blob = b""
    entries = []
    for tag, values in lists.items():
        packed = struct.pack(f"<{len(values)}H", *values)
        if not values:
            continue
        if len(packed) > 4:
            blob += packed
            packed = struct.pack("<I", 8 + len(data) + len(blob) - len(packed))
        entries.append(struct.pack("<HHI", tag, 3, len(values)) + packed.ljust(4, b"\0"))
    for tag, value in (
        (256, 8), (257, 8), (259, compression), (262, colours), (273, 8), (277, bands), (278, 8),
        (279, len(data)),
    ):  # fmt: skip
        entries.append(struct.pack("<HHII", tag, 4, 1, value))
    directory = struct.pack("<H", len(entries)) + b"".join(sorted(entries)) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(data) + len(blob)) + data + blob + directory


def twelve_bit_jpeg() -> bytes:
    content = bytearray(encoded(noise(0, 8, 8), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 1] = 0xC1
    content[frame + 4] = 12
    return bytes(content)


def lossless_jpeg() -> bytes:
    content = bytearray(encoded(noise(0, 8, 8), "JPEG"))
    content[content.index(b"\xff\xc0") + 1] = 0xC3
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "what", "tool"),
    [
        (tiff(bands=3, colours=8), "LAB", "-colorspace sRGB"),
        (tiff(16, bands=3, colours=8), "LAB", "-colorspace sRGB"),
        (tiff(bands=3, colours=9), "LAB", "-colorspace sRGB"),
        (encoded(Image.new("LAB", (8, 8)), "TIFF"), "LAB", "-colorspace sRGB"),
        (tiff(bands=5), "5 bands", "gdal_translate"),
        (tiff(bands=7, colours=2), "7 bands", "gdal_translate"),
        (tiff(16, bands=2), "2 bands", "gdal_translate"),
        (tiff(64, 3), "floats of 64 bits", "float32"),
        (tiff(16, 3), "floats of 16 bits", "float32"),
        (tiff(32, 3, bands=3, colours=2), "floats of 32 bits in 3 bands", "float32"),
        (tiff(64, 6), "complex", "float32"),
        (tiff(8, 2), "signed integers of 8 bits", "int16"),
        (tiff(compression=34712), "JPEG 2000", "tiffcp"),
        (tiff(compression=34887), "LERC", "tiffcp"),
        (tiff(compression=12345), "12345", "tiffcp"),
        (tiff(colours=32803), "sensor", "magick"),
        (twelve_bit_jpeg(), "12 bits", "magick"),
        (lossless_jpeg(), "lossless", "magick"),
    ],
)
def test_valid_files_are_not_called_damaged(
    tmp_path: Path, content: bytes, what: str, tool: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "odd.tif", content)
    with pytest.raises(DataError) as caught:
        Preprocessing(8, 8, 3).read(path)
    said = str(caught.value)
    assert "odd.tif" in said
    assert what in said
    assert tool in said
    assert "damaged" not in said
    assert capfd.readouterr() == ("", "")


def test_a_picture_in_lab_of_pillows_own() -> None:
    with pytest.raises(DataError, match="-colorspace sRGB"):
        Preprocessing(8, 8, 3).read(Image.new("LAB", (8, 8)))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "RGBX", "PA", "La", "RGBa"])
def test_other_modes_become_colours(mode: str) -> None:
    picture = Image.new(mode, (8, 8))
    assert Preprocessing(8, 8, 3).read(picture).shape == (8, 8, 3)


def broken_tiff() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(noise(0, 40, 40)).save(buffer, "TIFF", compression="tiff_adobe_deflate")
    content = bytearray(buffer.getvalue())
    content[60:160] = b"\xff\x13" * 50
    return bytes(content)


def test_lines_of_libtiff_name_the_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = picture_folder(tmp_path, {"cat": 20, "dog": 20})
    for name in ("broken", "other"):
        write(root / "cat" / f"{name}.tif", broken_tiff())
    splits = load(root, cache=False)
    assert {file.name for file in splits.quarantined} == {"cat/broken.tif", "cat/other.tif"}
    assert all("libtiff" in file.reason for file in splits.quarantined)
    assert capfd.readouterr() == ("", "")


class Interrupted:
    """An opened picture; while libtiff decodes it, another thread writes a line."""

    tile = (("libtiff", (0, 0, 8, 8), 0, "raw"),)

    def load(self) -> None:
        os.write(2, b"TIFFFillStrip: Read error at scanline 3.\n")
        other = threading.Thread(target=os.write, args=(2, b"progress\n"))
        other.start()
        other.join()
        raise OSError("decoder error -2")


def test_what_others_write_meanwhile_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match=r"^libtiff: TIFFFillStrip: Read error at scanline 3\.$"):
        load_image(Interrupted())  # type: ignore[arg-type]
    assert capfd.readouterr() == ("", "progress\n")


def test_many_threads_catch_the_lines_of_their_own_pictures(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def read(_: int) -> str:
        try:
            load_image(Image.open(io.BytesIO(broken_tiff())))
        except OSError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        said = set(pool.map(read, range(40)))
    assert len(said) == 1
    assert "libtiff" in said.pop()
    assert capfd.readouterr() == ("", "")


def test_pictures_of_libtiff_are_read_as_before() -> None:
    buffer = io.BytesIO()
    pixels = np.asarray(noise(0, 40, 40, 3))
    Image.fromarray(pixels).save(buffer, "TIFF", compression="tiff_lzw")
    np.testing.assert_array_equal(Preprocessing(40, 40, 3).read(buffer.getvalue()), pixels)
