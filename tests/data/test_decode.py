"""Every kind of PNG and JPEG ends as the documented 8-bit pixels."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from pellucid.data import Preprocessing
from tests.data.made_files import encoded, noise, png_by_hand, png_chunks

GREY = noise(0, 5, 4)
COLOUR = noise(1, 5, 4, 3)


def read(content: bytes, channels: int, **settings: Any) -> np.ndarray:
    return Preprocessing(5, 4, channels, **settings).read(content)


def as_grey(colour: np.ndarray) -> np.ndarray:
    """ITU-R BT.601, in floating point."""
    grey: np.ndarray = colour @ np.array([0.299, 0.587, 0.114])
    return grey


@pytest.mark.parametrize("seed", range(3))
def test_colour_becomes_grey_by_bt_601(seed: int) -> None:
    colour = noise(seed, 5, 4, 3)
    found = read(encoded(colour), 1)[..., 0]
    assert np.abs(found - as_grey(colour)).max() <= 0.51
    red, green, blue = np.moveaxis(colour.astype(np.uint32), 2, 0)
    documented = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
    np.testing.assert_array_equal(found, documented)


def test_grey_stays_grey_and_is_repeated_as_colour() -> None:
    np.testing.assert_array_equal(read(encoded(GREY), 1)[..., 0], GREY)
    np.testing.assert_array_equal(read(encoded(GREY), 3), np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(read(encoded(COLOUR), 3), COLOUR)


def test_black_and_white() -> None:
    bits = GREY > 127
    content = encoded(Image.fromarray(bits))
    assert Image.open(io.BytesIO(content)).mode == "1"
    np.testing.assert_array_equal(read(content, 1)[..., 0], np.where(bits, 255, 0))


@pytest.mark.parametrize("depth", [2, 4])
def test_grey_of_few_levels(depth: int) -> None:
    width, levels = 8 // depth, 2**depth - 1
    content = png_chunks(
        (b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes([0, 0b00011011]))),
        (b"IEND", b""),
    )
    values = [0b00, 0b01, 0b10, 0b11] if depth == 2 else [0b0001, 0b1011]
    found = Preprocessing(1, width, 1).read(content)
    assert found.ravel().tolist() == [value * 255 // levels for value in values]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("samples", "colour_type"), [(1, 0), (3, 2)])
def test_sixteen_bits_keep_their_high_byte(samples: int, colour_type: int, channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (5, 4, samples), np.uint16)
    values[0, 0], values[0, 1], values[0, 2] = 0x00FF, 0xFF00, 0x80FF
    found = read(png_by_hand(values, 16, colour_type), channels)
    high = (values >> 8).astype(np.uint8)
    if samples == channels:
        np.testing.assert_array_equal(found, high)
    elif channels == 3:
        np.testing.assert_array_equal(found, np.repeat(high, 3, axis=2))
    else:
        assert np.abs(found[..., 0] - as_grey(high)).max() <= 0.51


@pytest.mark.parametrize("background", [0, 255, 100])
@pytest.mark.parametrize("samples", [2, 4])
def test_alpha_is_composited_over_the_background(samples: int, background: int) -> None:
    values = noise(2, 5, 4, samples)
    values[0, 0, -1], values[0, 1, -1] = 0, 255
    channels = 1 if samples == 2 else 3
    found = read(encoded(values), channels, background=background).astype(int)
    assert (found[0, 0] == background).all()
    np.testing.assert_array_equal(found[0, 1], values[0, 1, :-1])
    share = values[..., -1:] / 255
    exact = values[..., :-1] * share + background * (1 - share)
    assert np.abs(found - exact).max() <= 0.5 + 1e-9


def test_white_is_the_background_unless_said() -> None:
    clear = np.zeros((5, 4, 4), np.uint8)
    assert (read(encoded(clear), 3) == 255).all()


def test_sixteen_bits_with_alpha() -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (5, 4, 4), np.uint16)
    found = read(png_by_hand(values, 16, 6), 3, background=9)
    np.testing.assert_array_equal(
        found, read(encoded((values >> 8).astype(np.uint8)), 3, background=9)
    )


def test_a_transparent_grey_level() -> None:
    key = (b"tRNS", struct.pack(">H", GREY[2, 3]))
    found = read(png_by_hand(GREY, 8, 0, key), 1, background=77)[..., 0]
    np.testing.assert_array_equal(found, np.where(GREY[2, 3] == GREY, 77, GREY))


def test_a_transparent_grey_level_of_sixteen_bits() -> None:
    values = np.array([[0x1234, 0x1235], [0x8000, 0x1234]], np.uint16)
    key = (b"tRNS", struct.pack(">H", 0x1234))
    found = Preprocessing(2, 2, 1, background=77).read(png_by_hand(values, 16, 0, key))
    assert found[..., 0].tolist() == [[77, 0x12], [0x80, 77]]


def test_a_transparent_colour() -> None:
    key = (b"tRNS", struct.pack(">HHH", *COLOUR[2, 3]))
    found = read(png_by_hand(COLOUR, 8, 2, key), 3, background=77)
    expected = COLOUR.copy()
    expected[2, 3] = 77
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("transparent", [False, True])
def test_palette(transparent: bool) -> None:
    colours = noise(3, 16, 3)
    indices = noise(4, 5, 4) % 16
    chunks = [(b"PLTE", colours.tobytes())]
    alpha = np.full(16, 255, np.uint8)
    if transparent:
        alpha[:8] = [0, 10, 100, 255, 0, 200, 30, 40]
        chunks.append((b"tRNS", alpha[:8].tobytes()))
    found = read(png_by_hand(indices, 8, 3, *chunks), 3, background=50)
    share = alpha[indices][..., None] / 255
    exact = colours[indices] * share + 50 * (1 - share)
    assert np.abs(found - exact).max() <= 0.5 + 1e-9


def test_cmyk_jpeg() -> None:
    inks = {
        (0, 0, 0, 0): (255, 255, 255),
        (255, 0, 0, 0): (0, 255, 255),
        (0, 255, 0, 0): (255, 0, 255),
        (0, 0, 255, 0): (255, 255, 0),
        (0, 0, 0, 255): (0, 0, 0),
        (0, 0, 0, 128): (127, 127, 127),
    }
    for ink, colour in inks.items():
        picture = Image.new("CMYK", (4, 5), ink)
        found = read(encoded(picture, "JPEG", quality=100), 3)
        assert np.abs(found.astype(int) - colour).max() <= 2, ink


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_is_decoded_as_pillow_does(mode: str) -> None:
    smooth = Image.radial_gradient("L").resize((4, 5)).convert(mode)
    content = encoded(smooth, "JPEG")
    found = read(content, 1 if mode == "L" else 3)
    decoded = np.asarray(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(found, decoded.reshape(found.shape))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(10))
def test_exif_orientation(orientation: int, kind: str) -> None:
    picture = Image.fromarray(COLOUR)
    exif = picture.getexif()
    exif[0x0112] = orientation
    content = encoded(picture, kind, exif=exif)
    opened = Image.open(io.BytesIO(content))
    upright = np.asarray(ImageOps.exif_transpose(opened))
    assert upright.shape == ((4, 5, 3) if orientation in (5, 6, 7, 8) else (5, 4, 3))
    found = Preprocessing(*upright.shape).read(content)
    np.testing.assert_array_equal(found, upright)


def test_orientation_of_every_kind_of_picture() -> None:
    """Turning comes after conversion, so that no mode is left out."""
    values = np.random.default_rng(0).integers(0, 2**16, (5, 4), np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    chunk = (b"eXIf", exif.tobytes()[6:])
    found = Preprocessing(4, 5, 1).read(png_by_hand(values, 16, 0, chunk))
    np.testing.assert_array_equal(found[..., 0], np.rot90(values >> 8, -1))


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"x" * 40]
)
def test_broken_exif_turns_nothing(exif: bytes) -> None:
    found = read(encoded(COLOUR, "PNG", exif=exif), 3)
    np.testing.assert_array_equal(found, COLOUR)


def test_a_photograph_of_several_frames_gives_the_first() -> None:
    """Telephones write such files (MPO) and name them .jpg."""
    first, second = Image.new("RGB", (4, 5), "red"), Image.new("RGB", (4, 5), "blue")
    content = encoded(first, "MPO", save_all=True, append_images=[second])
    assert read(content, 3)[..., 0].min() > 200
