"""Kernels on photographs: beside SciPy and the lecture's numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from pellucid.errors import ArgumentError, DataError
from pellucid.explain.filtering import (
    arithmetic_record,
    filter_picture,
    read_picture,
)
from pellucid.explain.gallery import GALLERY, gallery_kernel, own_kernel
from pellucid.explain.lecture import IMAGE, KERNEL
from pellucid.explain.matrix_text import parse_matrix
from pellucid.show.filtered import gallery_sheet

if TYPE_CHECKING:
    from pathlib import Path

SCIPY = {"edge": "nearest", "zeros": "constant", "reflect": "mirror"}


def photo(shape: tuple[int, ...] = (23, 31, 3), seed: int = 5) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("border", SCIPY)
@pytest.mark.parametrize("name", GALLERY)
def test_the_gallery_beside_scipy(name: str, border: Any) -> None:
    pixels, kernel = photo(), gallery_kernel(name)
    found = filter_picture(pixels, kernel, border=border)
    for channel in range(3):
        wanted = ndimage.correlate(
            pixels[:, :, channel].astype(float), kernel.weights, mode=SCIPY[border]
        )
        np.testing.assert_allclose(found.values[:, :, channel], wanted, atol=1e-9)
    rounded = np.rint(found.values)
    np.testing.assert_array_equal(found.picture, rounded.clip(0, 255))
    assert found.clipped == (rounded != rounded.clip(0, 255)).sum()


def test_even_and_oblong_matrices_beside_scipy() -> None:
    pixels = photo((9, 12))
    for matrix in (photo((2, 2)), photo((4, 1)), photo((3, 6))):
        found = filter_picture(pixels, own_kernel(matrix.astype(float)), border="zeros")
        origin = [-1 if size % 2 == 0 else 0 for size in matrix.shape]
        wanted = ndimage.correlate(
            pixels.astype(float), matrix.astype(float), mode="constant", origin=origin
        )
        np.testing.assert_allclose(found.values[:, :, 0], wanted, atol=1e-9)


def test_the_lecture_s_feature_map() -> None:
    pixels = parse_matrix(IMAGE).astype(np.uint8)
    found = filter_picture(pixels, own_kernel(KERNEL))
    wanted = [[0, 1, 0, 0, 0], [0, 1, 1, 1, 0], [1, 0, 0, 2, 1], [1, 4, 2, 1, 0], [0, 0, 1, 2, 1]]
    np.testing.assert_array_equal(found.values[1:-1, 1:-1, 0], wanted)


def test_what_the_kernels_do() -> None:
    flat = np.full((6, 6, 3), 90, np.uint8)
    for name, level in {"sharpen": 90, "blur": 90, "emboss": 90, "edge-detect": 0}.items():
        assert (filter_picture(flat, gallery_kernel(name)).picture == level).all()
    left_dark = np.zeros((5, 6), np.uint8)
    left_dark[:, 3:] = 200
    assert filter_picture(left_dark, gallery_kernel("sobel-x")).values.min() == -800
    assert not filter_picture(left_dark, gallery_kernel("sobel-y")).values.any()
    assert filter_picture(left_dark.T, gallery_kernel("sobel-y")).values.min() == -800


@pytest.mark.parametrize("place", [(0, 0), (22, 30), (11, 7)])
@pytest.mark.parametrize("name", ["emboss", "blur", "sharpen"])
def test_the_arithmetic_of_a_pixel(name: str, place: tuple[int, int]) -> None:
    pixels = photo()
    found = filter_picture(pixels, gallery_kernel(name))
    every = found.at(*place)
    assert [each.channel for each in every] == ["red", "green", "blue"]
    for channel, each in enumerate(every):
        assert len(each.products) == found.kernel.matrix.size
        assert each.sum / each.divisor == pytest.approx(found.values[(*place, channel)], abs=1e-9)
        assert each.shown == found.picture[(*place, channel)]
        for term in each.products:
            row, column = np.clip(term.row, 0, 22), np.clip(term.column, 0, 30)
            assert term.value == pixels[row, column, channel]
            assert term.inside == ((row, column) == (term.row, term.column))
    printed = arithmetic_record(every)["channels"][0]
    assert sum(each["product"] for each in printed["products"]) == pytest.approx(printed["sum"])


def test_records_and_pictures(tmp_path: Path) -> None:
    found = filter_picture(photo(), gallery_kernel("emboss"))
    printed = found.to_dict()
    assert (printed["record"], printed["shape"], printed["clipped"]) == (
        "filtered",
        [23, 31, 3],
        found.clipped,
    )
    np.testing.assert_array_equal(printed["values"], found.values)
    assert "values" not in found.to_dict(values=False)
    found.save(tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as saved:
        np.testing.assert_array_equal(np.asarray(saved), found.picture)
    assert "<svg " in found._repr_html_()
    grey = filter_picture(photo((8, 9)), gallery_kernel("blur"))
    with Image.open(io.BytesIO(grey.to_png())) as saved:
        assert saved.mode == "L"
    assert len(gallery_sheet(photo()).axes) == 8


def test_pictures_are_read_in_full_size(tmp_path: Path) -> None:
    pixels = photo((50, 70, 3))
    Image.fromarray(pixels).save(tmp_path / "colour.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "colour.png"), pixels)
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "grey.png"), pixels[:, :, :1])
    with pytest.raises(DataError, match="too many pixels"):
        read_picture(tmp_path / "grey.png", max_pixels=100)


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'emboss'"):
        gallery_kernel("embos")
    with pytest.raises(ArgumentError, match="other than 0"):
        own_kernel("1", 0.0)
    kernel = gallery_kernel("sharpen")
    with pytest.raises(ArgumentError, match="must be uint8"):
        filter_picture(photo().astype(float), kernel)
    with pytest.raises(ArgumentError, match="border must be"):
        filter_picture(photo(), kernel, border="wrap")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="too small to be reflected"):
        filter_picture(photo((2, 9)), kernel, border="reflect")
    with pytest.raises(ArgumentError, match="rows 0 to 22 and columns 0 to 30"):
        filter_picture(photo(), kernel).at(23, 0)
