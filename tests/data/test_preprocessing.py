from __future__ import annotations

import io
import json
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from PIL import Image, ImageOps

from pellucid.data import Preprocessing
from pellucid.data.preprocessing import Resize
from pellucid.errors import ArgumentError, DataError, FileFormatError
from tests.data.made_files import encoded, noise, write

if TYPE_CHECKING:
    from pathlib import Path

BILINEAR = Image.Resampling.BILINEAR


def photograph(width: int, height: int) -> Image.Image:
    """A smooth picture with colour, brightness and edges."""
    y, x = np.mgrid[:height, :width]
    bands = [np.sin(x / 5), np.cos(y / 7), ((x // 9 + y // 11) % 2) * 2 - 1]
    return Image.fromarray((np.stack(bands, -1) * 127 + 128).astype(np.uint8))


def test_every_kind_of_source_gives_the_same(tmp_path: Path) -> None:
    picture = photograph(40, 30)
    content = encoded(picture)
    path = write(tmp_path / "a b\n고양이.png", content)
    preprocessing = Preprocessing(12, 16, 3)
    expected = preprocessing.read(content)
    assert expected.shape == preprocessing.shape == (12, 16, 3)
    assert expected.dtype == np.uint8
    opened = Image.open(io.BytesIO(content))
    for source in (path, str(path), bytearray(content), picture, opened, np.asarray(picture)):
        np.testing.assert_array_equal(preprocessing.read(source), expected)


def test_pixels_of_the_right_size_stay_and_are_copied() -> None:
    for shape in ((5, 4), (5, 4, 1), (5, 4, 3)):
        pixels = noise(0, *shape)
        before = pixels.copy()
        preprocessing = Preprocessing(5, 4, shape[2] if len(shape) == 3 else 1)
        found = preprocessing.read(pixels)
        np.testing.assert_array_equal(found, pixels.reshape(preprocessing.shape))
        found[:] = 0
        np.testing.assert_array_equal(pixels, before)
    for resize in get_args(Resize):
        kept = Preprocessing(5, 4, 3, resize).read(encoded(noise(1, 5, 4, 3)))
        np.testing.assert_array_equal(kept, noise(1, 5, 4, 3))


def test_a_pillow_image_is_not_changed() -> None:
    picture = photograph(40, 30)
    before = picture.tobytes()
    Preprocessing(12, 16, 1, "crop").read(picture)
    assert picture.size == (40, 30)
    assert picture.tobytes() == before


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(40, 30), (30, 40), (64, 8), (7, 5), (24, 18)])
def test_resizing_is_pillows(size: tuple[int, int], channels: int) -> None:
    picture = photograph(*size)
    plain = picture.convert("L" if channels == 1 else "RGB")
    goal = (16, 12)
    expected = {
        "stretch": plain.resize(goal, BILINEAR),
        "crop": ImageOps.fit(plain, goal, BILINEAR),
    }
    for resize, image in expected.items():
        found = Preprocessing(12, 16, channels, resize).read(picture)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, np.asarray(image).reshape(found.shape))


@pytest.mark.parametrize("border", [0, 200])
@pytest.mark.parametrize("size", [(40, 30), (30, 60), (64, 8), (60, 15), (8, 6)])
def test_padding_is_pillows(size: tuple[int, int], border: int) -> None:
    picture = photograph(*size)
    colour = (border, border, border)
    expected = ImageOps.pad(picture, (16, 12), BILINEAR, color=colour)
    found = Preprocessing(12, 16, 3, border=border).read(picture)
    np.testing.assert_array_equal(found, np.asarray(expected))


@pytest.mark.parametrize("name", ["triangle", "bicubic"])
@pytest.mark.parametrize("size", [(60, 45), (45, 60), (200, 40), (16, 12), (7, 5)])
def test_a_margin_is_cut_off_after_resizing(size: tuple[int, int], name: Any) -> None:
    """As Pillow fits the picture to 24×20, of which the 16×12 in the middle are kept."""
    picture = photograph(*size)
    resampling = {"triangle": BILINEAR, "bicubic": Image.Resampling.BICUBIC}[name]
    expected = ImageOps.fit(picture, (24, 20), resampling).crop((4, 4, 20, 16))
    preprocessing = Preprocessing(12, 16, 3, "crop", filter=name, margin=8)
    sources: list[Any] = [picture, encoded(picture)]
    if size != (16, 12):
        sources.append(np.asarray(picture))
    for source in sources:
        found = preprocessing.read(source)
        np.testing.assert_array_equal(preprocessing.read(found), found)  # it is ready
        difference = np.abs(found.astype(int) - np.asarray(expected).astype(int))
        assert difference.max() <= 1  # the same sums, whose weights are rounded


@pytest.mark.parametrize("resize", get_args(Resize))
def test_bicubic_is_pillows(resize: Any) -> None:
    picture, bicubic = photograph(40, 31), Image.Resampling.BICUBIC
    expected = {
        "pad": ImageOps.pad(picture, (16, 12), bicubic),
        "crop": ImageOps.fit(picture, (16, 12), bicubic),
        "stretch": picture.resize((16, 12), bicubic),
    }[resize]
    found = Preprocessing(12, 16, 3, resize, filter="bicubic").read(picture)
    np.testing.assert_array_equal(found, np.asarray(expected))
    assert not np.array_equal(found, Preprocessing(12, 16, 3, resize).read(picture))


def test_a_jpeg_is_decoded_as_large_as_the_margin_needs() -> None:
    """250×190 may be halved for 60×45 and more; with a margin, for 92×77, it may not."""
    content = encoded(photograph(250, 190), "JPEG")
    for margin, reduced in ((0, True), (32, False)):
        settings = Preprocessing(45, 60, 3, "crop", margin=margin)
        whole = replace(settings, decoding="whole").read(content)
        assert np.array_equal(settings.read(content), whole) != reduced


def test_an_odd_margin_has_its_extra_row_below() -> None:
    found = Preprocessing(7, 8, 1, border=9).read(np.full((2, 4), 100, np.uint8))
    assert (found[..., 0] == 100).all(axis=1).tolist() == [
        False,
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert (found[[0, 5, 6]] == 9).all()


def test_reduction_is_antialiased() -> None:
    """Lines of one pixel become even grey; picking single pixels would give black or white."""
    lines = np.zeros((64, 64), np.uint8)
    lines[:, ::2] = 255
    found = Preprocessing(16, 16, 1).read(lines)[2:-2, 2:-2]
    assert np.abs(found.astype(int) - 127).max() <= 2


@pytest.mark.parametrize("resize", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 4096)])
def test_extreme_shapes(shape: tuple[int, int], resize: Any) -> None:
    found = Preprocessing(12, 16, 1, resize).read(np.full(shape, 80, np.uint8))
    assert found.shape == (12, 16, 1)
    assert (found == 80).any()
    assert resize == "pad" or (found == 80).all()


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (noise(0, 5, 4) / 255, "pixels are float64; expected uint8"),
        (noise(0, 5, 4) > 100, "pixels are bool"),
        (noise(0, 5, 4).astype(np.int64), "pixels are int64"),
        (noise(0, 5), r"picture array of shape \(5,\); expected \(H, W\)"),
        (noise(0, 5, 4, 2), r"shape \(5, 4, 2\)"),
        (noise(0, 5, 4, 4), r"shape \(5, 4, 4\)"),
        (noise(0, 1, 5, 4, 3), r"shape \(1, 5, 4, 3\)"),
        (noise(0, 0, 4), r"shape \(0, 4\); .*at least one pixel"),
    ],
)
def test_other_arrays(pixels: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Preprocessing(5, 4, 3).read(pixels)


@pytest.mark.parametrize("source", [None, 7, [[1, 2]], io.BytesIO(b"")])
def test_other_sources(source: Any) -> None:
    with pytest.raises(ArgumentError, match="a picture is given as"):
        Preprocessing(5, 4, 3).read(source)


def test_a_pillow_image_without_pixels() -> None:
    with pytest.raises(DataError, match="without pixels, 0×3"):
        Preprocessing(5, 4, 3).read(Image.new("RGB", (0, 3)))


SETTINGS: dict[str, Any] = {
    "height": 12, "width": 16, "channels": 3, "resize": "crop", "background": 7, "border": 9,
    "decoding": "reduced",
}  # fmt: skip


def test_settings_come_back() -> None:
    preprocessing = Preprocessing(12, 16, 3, "crop", background=7, border=9)
    assert preprocessing.to_dict() == SETTINGS
    stored = json.loads(json.dumps(preprocessing.to_dict()))
    assert Preprocessing.from_dict(stored) == preprocessing
    assert pickle.loads(pickle.dumps(preprocessing)) == preprocessing  # noqa: S301
    assert len({preprocessing, Preprocessing.from_dict(stored)}) == 1
    settings = replace(preprocessing, filter="bicubic", margin=5)
    assert settings.to_dict() == SETTINGS | {"filter": "bicubic", "margin": 5}
    assert Preprocessing.from_dict(settings.to_dict()) == settings
    del stored["decoding"]  # as files of earlier versions
    assert Preprocessing.from_dict(stored) == replace(preprocessing, decoding="whole")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 0}, "height is 0; expected an integer 1..4096"),
        ({"height": -1}, "height is -1"),
        ({"width": 4097}, "width is 4097; expected an integer 1..4096"),
        ({"width": 10**30}, "width is 1000"),
        ({"width": 16.0}, "width is 16.0"),
        ({"width": "16"}, "width is '16'"),
        ({"height": True}, "height is True"),
        ({"height": None}, "height is None"),
        ({"channels": 2}, "channels is 2; expected 1"),
        ({"channels": 4}, "channels is 4; expected an integer 1..3"),
        ({"resize": "zoom"}, "resize is 'zoom'; expected one of pad, crop, stretch"),
        ({"resize": None}, "resize is None"),
        ({"resize": ["pad"]}, r"resize is \['pad'\]"),
        ({"decoding": "fast"}, "decoding is 'fast'; expected one of reduced, whole"),
        ({"decoding": None}, "decoding is None"),
        ({"filter": "lanczos"}, "filter is 'lanczos'; expected one of triangle, bicubic"),
        ({"margin": -1}, "margin is -1; expected an integer 0..4096"),
        ({"margin": 2.0}, "margin is 2.0"),
        ({"margin": 1, "resize": "pad"}, "margin is 1 with resize 'pad'; expected 0, or resize"),
        ({"background": 256}, "background is 256; expected an integer 0..255"),
        ({"border": -1}, "border is -1"),
    ],
)
def test_settings_outside_their_range(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FileFormatError, match=f"^preprocessing: {message}") as caught:
        Preprocessing.from_dict(SETTINGS | change)
    assert "\n" not in str(caught.value)
    with pytest.raises(ArgumentError, match=f"^{message}"):
        Preprocessing(**(SETTINGS | change))


@pytest.mark.parametrize(
    "settings",
    [
        None,
        [],
        "pad",
        {},
        {key: value for key, value in SETTINGS.items() if key != "border"},
        SETTINGS | {"__class__": "os.system"},
        SETTINGS | {f"key {i}": "x" * 1000 for i in range(1000)},
        {"\n": 1},
    ],
)
def test_settings_of_another_kind(settings: Any) -> None:
    with pytest.raises(FileFormatError, match="expected exactly the settings background, b") as e:
        Preprocessing.from_dict(settings)
    assert len(str(e.value)) < 400
    assert "\n" not in str(e.value)
