"""JPEG files decoded reduced: the same picture, at the same place, as decoded whole."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import sklearn
from PIL import Image, ImageDraw

from pellucid.data import Preprocessing
from pellucid.data.decode import opened
from pellucid.data.jpeg_scaling import reduce_decoding
from tests.data.made_files import encoded

_SKLEARN = Path(sklearn.__file__).parent / "datasets/images"
PHOTOGRAPHS = (
    _SKLEARN / "china.jpg",
    _SKLEARN / "flower.jpg",
    Path(mpl.get_data_path()) / "sample_data/grace_hopper.jpg",
)  # fmt: skip


def read(content: bytes | Path, decoding: Any, *shape: Any) -> np.ndarray:
    return replace(Preprocessing(*shape), decoding=decoding).read(content).astype(int)


@pytest.mark.parametrize("resize", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("side", [32, 64, 100])
@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_photographs_look_the_same(path: Path, side: int, resize: str) -> None:
    whole, reduced = (read(path, how, side, side, 3, resize) for how in ("whole", "reduced"))
    differences = np.abs(whole - reduced)
    assert differences.mean() < 1.5
    assert np.quantile(differences, 0.99) < 10
    assert abs((whole - reduced).mean()) < 0.5


@pytest.mark.parametrize("resize", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("size", [(633, 421), (640, 480), (329, 251), (251, 329)])
@pytest.mark.parametrize("turned", range(1, 9))
def test_nothing_is_shifted(turned: int, size: tuple[int, int], resize: str) -> None:
    """A slope that rises by about 10 a pixel shows a shift of a twentieth of a pixel."""
    x, y = np.meshgrid(np.linspace(20, 230, size[0]), np.linspace(20, 230, size[1]))
    picture = Image.fromarray(np.stack([x, y, (x + y) / 2], -1).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = turned
    content = encoded(picture, "JPEG", quality=98, subsampling=0, exif=exif)
    with opened(content) as image:
        assert reduce_decoding(image, 20, 24, both=resize != "pad") is not None
    whole, reduced = (read(content, how, 24, 20, 3, resize) for how in ("whole", "reduced"))
    assert np.abs(whole - reduced).max() <= 3  # from pixel to pixel it rises by 9 or more
    assert np.abs((whole - reduced).mean(axis=(0, 1))).max() < 0.25


@pytest.mark.parametrize(
    ("size", "wanted", "both", "by"),
    [
        ((640, 480), (64, 64), False, 4),
        ((640, 480), (40, 40), False, 8),
        ((640, 480), (41, 41), False, 4),
        ((640, 480), (40, 40), True, 4),
        ((640, 480), (40, 30), True, 8),
        ((128, 96), (32, 32), False, 2),
        ((127, 95), (32, 32), False, None),
        ((640, 10), (32, 32), False, 8),
        ((640, 10), (32, 32), True, None),
        ((2000, 1), (32, 32), False, None),
        ((2000, 7), (32, 32), False, 4),
        ((3, 2000), (32, 32), False, 2),
        ((32, 32), (32, 32), False, None),
    ],
)
def test_the_rule(
    size: tuple[int, int], wanted: tuple[int, int], both: bool, by: int | None
) -> None:
    content = encoded(Image.new("RGB", size, "red"), "JPEG")
    with opened(content) as image:
        found = reduce_decoding(image, *wanted, both=both)
        assert (found and found.by) == by
        image.load()
        assert image.size == tuple(-(-side // (by or 1)) for side in size)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_kind_of_jpeg(mode: str, progressive: bool) -> None:
    picture = Image.open(PHOTOGRAPHS[0]).convert(mode)
    content = encoded(picture, "JPEG", progressive=progressive)
    channels = 1 if mode == "L" else 3
    whole, reduced = (read(content, how, 40, 60, channels) for how in ("whole", "reduced"))
    assert 0 < np.abs(whole - reduced).mean() < 1.5


def test_the_first_picture_of_several() -> None:
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("red", "lime")]
    ImageDraw.Draw(frames[0]).rectangle((0, 0, 200, 300), "blue")
    buffer = io.BytesIO()
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    whole, reduced = (read(buffer.getvalue(), how, 30, 40, 3) for how in ("whole", "reduced"))
    assert np.abs(whole - reduced).max() <= 8
    assert (reduced[15, [5, 35]].argmax(axis=-1) == [2, 0]).all()


def test_other_formats_and_pixels_are_never_reduced() -> None:
    picture = Image.open(PHOTOGRAPHS[1]).convert("RGB")
    for source in (encoded(picture), picture, np.asarray(picture)):
        found = Preprocessing(32, 32, 3).read(source)
        np.testing.assert_array_equal(
            found, Preprocessing(32, 32, 3, decoding="whole").read(source)
        )


def test_a_pillow_image_of_a_jpeg_is_not_changed() -> None:
    image = Image.open(PHOTOGRAPHS[1])
    size = image.size
    Preprocessing(32, 32, 3).read(image)
    assert image.size == size
