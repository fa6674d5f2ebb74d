"""WebP, BMP, GIF and TIFF end as the documented 8-bit pixels, and odd PNG and JPEG files too."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from pellucid.data import Preprocessing
from pellucid.data.decode import header
from pellucid.errors import DataError
from tests.data.corpus import without_adobe_mark
from tests.data.made_files import encoded, noise, write

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GREY = noise(0, 5, 4)
COLOUR = noise(1, 5, 4, 3)


def read(content: bytes | Image.Image, channels: int, **settings: Any) -> NDArray[np.uint8]:
    return Preprocessing(5, 4, channels, **settings).read(content)


def tiff(
    values: NDArray[Any], bits: int, sample_format: int, photometric: int, order: str = "<"
) -> bytes:
    """An uncompressed grey TIFF file, written out by hand; the values as they are to be stored."""
    height, width = values.shape
    data = values.tobytes()
    if bits == 12:  # two values in three bytes, each row in whole bytes
        rows = ["".join(f"{value:012b}" for value in row).ljust(-(-width * 12 // 8) * 8, "0")
                for row in values.tolist()]  # fmt: skip
        data = b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
    entries = [
        (256, width), (257, height), (258, bits), (259, 1), (262, photometric), (273, 8),
        (277, 1), (278, height), (279, len(data)), (339, sample_format),
    ]  # fmt: skip
    mark = b"II*\0" if order == "<" else b"MM\0*"
    content = mark + struct.pack(f"{order}I", 8 + len(data)) + data
    content += struct.pack(f"{order}H", len(entries))
    for tag, value in entries:
        content += struct.pack(f"{order}HHII", tag, 4, 1, value)
    return content + bytes(4)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        *(
            ("TIFF", {"compression": f"tiff_{compression}"})
            for compression in ("lzw", "deflate", "adobe_deflate")
        ),
        ("TIFF", {"compression": "packbits"}),
        ("TIFF", {"big_tiff": True}),
    ],
)
def test_pixels_are_kept(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    content = encoded(COLOUR, kind, **options)
    np.testing.assert_array_equal(read(content, 3), COLOUR)
    assert header(write(tmp_path / "a", content))[:3] == (5, 4, False)
    if kind != "WEBP":
        grey = encoded(GREY, kind, **options)
        np.testing.assert_array_equal(read(grey, 1)[..., 0], GREY)
        assert header(write(tmp_path / "b", grey))[:3] == (5, 4, True)


def test_lossy_webp_is_decoded_as_pillow_does() -> None:
    content = encoded(Image.radial_gradient("L").resize((4, 5)).convert("RGB"), "WEBP")
    np.testing.assert_array_equal(read(content, 3), np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize("kind", ["WEBP", "TIFF"])
def test_alpha(kind: str) -> None:
    values = noise(2, 5, 4, 4)
    values[0, 0, 3], values[0, 1, 3] = 0, 255
    content = encoded(values, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    share = values[..., 3:] / 255
    exact = values[..., :3] * share + 100 * (1 - share)
    assert np.abs(read(content, 3, background=100) - exact).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "PNG"])
def test_black_and_white(tmp_path: Path, kind: str) -> None:
    bits = GREY > 127
    content = encoded(Image.fromarray(bits), kind)
    np.testing.assert_array_equal(read(content, 1)[..., 0], np.where(bits, 255, 0))
    assert header(write(tmp_path / "a", content))[:3] == (5, 4, True)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "PNG"])
@pytest.mark.parametrize("grey", [False, True])
def test_palette(tmp_path: Path, kind: str, grey: bool) -> None:
    colours = np.repeat(noise(3, 256, 1), 3, axis=1) if grey else noise(3, 256, 3)
    indices = noise(4, 5, 4)
    picture = Image.frombytes("P", (4, 5), indices.tobytes())
    picture.putpalette(colours.tobytes())
    content = encoded(picture, kind)
    np.testing.assert_array_equal(read(content, 3), colours[indices])
    assert header(write(tmp_path / "a", content))[:3] == (5, 4, grey)


def test_a_transparent_colour_of_gif() -> None:
    picture = Image.frombytes("P", (4, 5), (noise(4, 5, 4) % 4).tobytes())
    picture.putpalette(noise(3, 4, 3).tobytes())
    found = read(encoded(picture, "GIF", transparency=2), 3, background=9)
    expected = noise(3, 4, 3)[noise(4, 5, 4) % 4]
    expected[noise(4, 5, 4) % 4 == 2] = 9
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bits_keep_their_high_byte(order: str) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (5, 4), np.uint16)
    values[0] = 0x00FF, 0xFF00, 0x80FF, 0xFFFF
    content = tiff(values.astype(f"{order}u2"), 16, 1, 1, order)
    np.testing.assert_array_equal(read(content, 1)[..., 0], values >> 8)


def test_twelve_bits_keep_their_highest_eight() -> None:
    values = np.random.default_rng(0).integers(0, 2**12, (5, 4), np.uint16)
    found = read(tiff(values, 12, 1, 1), 1)
    np.testing.assert_array_equal(found[..., 0], values >> 4)


@pytest.mark.parametrize(
    ("kind", "bits", "sample_format"), [("u1", 8, 1), ("<u2", 16, 1), ("<f4", 32, 3)]
)
def test_where_the_smallest_value_is_white(kind: str, bits: int, sample_format: int) -> None:
    values = noise(0, 5, 4)
    stored = (
        values / np.float32(255) if bits == 32 else values.astype(int) * (257 if bits == 16 else 1)
    )
    upright, inverted = (
        read(tiff(stored.astype(kind), bits, sample_format, photometric), 1)[..., 0]
        for photometric in (1, 0)
    )
    np.testing.assert_array_equal(upright, values)
    np.testing.assert_array_equal(inverted, 255 - values)


def test_fractions_are_zero_to_one() -> None:
    values = np.random.default_rng(0).random((5, 4), np.float32)
    values[0] = 0, 1, 0.5, 1 / 255
    for source in (encoded(Image.fromarray(values), "TIFF"), Image.fromarray(values)):
        found = read(source, 1)[..., 0]
        assert found[0].tolist() == [0, 255, 128, 1]
        assert np.abs(found / 255 - values).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("value", [-0.001, 1.001, 255, np.nan, np.inf])
def test_other_fractions_are_refused(value: float) -> None:
    values = np.full((5, 4), 0.5, np.float32)
    values[4, 3] = value
    with pytest.raises(DataError, match=r"values with a fraction that are not 0 to 1, such as"):
        read(encoded(Image.fromarray(values), "TIFF"), 1)


@pytest.mark.parametrize(
    ("kind", "bits", "sample_format"), [("<i4", 32, 2), ("<u4", 32, 1), ("<i2", 16, 2)]
)
def test_integers_without_a_known_white_are_refused(
    kind: str, bits: int, sample_format: int
) -> None:
    content = tiff(np.full((5, 4), 200).astype(kind), bits, sample_format, 1)
    with pytest.raises(DataError, match=r"signed or 32-bit integers, .* convert it to 8 or 16"):
        read(content, 1)


def test_conversion_in_bands_is_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pictures are converted some rows at a time: the same as all at once."""
    sixteen = np.random.default_rng(0).integers(0, 2**16, (50, 40), np.uint16)
    sources = [
        encoded(noise(0, 50, 40, 4)),
        encoded(Image.fromarray(sixteen)),
        encoded(Image.fromarray(sixteen / np.float32(65535)), "TIFF"),
    ]
    whole = [Preprocessing(50, 40, 3).read(source) for source in sources]
    monkeypatch.setattr("pellucid.data.deep._PIXELS_AT_ONCE", 130)
    for source, expected in zip(sources, whole, strict=True):
        np.testing.assert_array_equal(Preprocessing(50, 40, 3).read(source), expected)


def test_inks_are_inverted_with_and_without_adobes_mark() -> None:
    inks = {(0, 0, 0, 0): (255, 255, 255), (255, 0, 0, 0): (0, 255, 255), (0, 0, 0, 255): (0, 0, 0)}
    for ink, colour in inks.items():
        content = encoded(Image.new("CMYK", (4, 5), ink), "JPEG", quality=100)
        for jpeg in (content, without_adobe_mark(content)):
            assert np.abs(read(jpeg, 3).astype(int) - colour).max() <= 2
        found = read(encoded(Image.new("CMYK", (4, 5), ink), "TIFF"), 3)
        assert np.abs(found.astype(int) - colour).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_frames_the_first_counts(kind: str) -> None:
    first, *others = (Image.new("RGB", (4, 5), colour) for colour in ("red", "lime", "blue"))
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(first, kind, save_all=True, append_images=others, **options)
    with Image.open(io.BytesIO(content)) as opened:
        assert getattr(opened, "n_frames", 1) == 3
    np.testing.assert_array_equal(read(content, 3), np.asarray(first))


def upright_by_hand(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture that is meant, by the EXIF standard: where row 0 and column 0 are."""
    turns = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.swapaxes(0, 1),
        6: stored[::-1].swapaxes(0, 1),
        7: stored[::-1, ::-1].swapaxes(0, 1),
        8: stored[:, ::-1].swapaxes(0, 1),
    }
    return turns[orientation]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "TIFF packed"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif}
    if kind == "WEBP":
        options["lossless"] = True
    if kind == "TIFF packed":
        options["compression"] = "tiff_lzw"
    pixels = COLOUR if kind != "JPEG" else np.repeat(np.repeat(COLOUR, 8, 0), 8, 1)
    content = encoded(pixels, kind.split()[0], **options)
    if kind == "JPEG":
        pixels = np.asarray(Image.open(io.BytesIO(content)))
    expected = upright_by_hand(pixels, orientation)
    path = write(tmp_path / "a", content)
    assert header(path)[:3] == (*expected.shape[:2], False)
    np.testing.assert_array_equal(Preprocessing(*expected.shape).read(path), expected)
    with Image.open(path) as opened:
        np.testing.assert_array_equal(ImageOps.exif_transpose(opened), expected)
