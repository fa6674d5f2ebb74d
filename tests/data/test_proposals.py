"""Selective search: what it proposes in drawn pictures, and that it is searched once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pellucid.box_geometry import intersection_over_union
from pellucid.data import proposals
from pellucid.data.proposals import kept, kept_proposals, selective_search
from pellucid.data.proposals.regions import segments
from pellucid.errors import ArgumentError, MissingDependencyError, ShapeError

if TYPE_CHECKING:
    from pathlib import Path

THINGS = np.array([[8, 10, 30, 34], [50, 6, 74, 26], [44, 36, 70, 58]], np.float64)


def picture(seed: int = 3, *, grey: bool = False) -> np.ndarray:
    """Three discs of other colours before noise, 64×80."""
    image = Image.new("L" if grey else "RGB", (80, 64), 90 if grey else (90, 120, 100))
    draw = ImageDraw.Draw(image)
    colours: tuple[object, ...] = ((200, 40, 50), (40, 60, 220), (230, 220, 60))
    for (x0, y0, x1, y1), colour in zip(
        THINGS.tolist(), (160, 30, 220) if grey else colours, strict=True
    ):
        draw.ellipse((x0, y0, x1 - 1, y1 - 1), fill=colour)  # type: ignore[arg-type]
    pixels = np.asarray(image).reshape(64, 80, -1).astype(np.float64)
    noisy = pixels + np.random.default_rng(seed).normal(scale=4.0, size=pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("grey", [False, True])
def test_things_are_proposed(grey: bool) -> None:
    pixels = picture(grey=grey)
    found = selective_search(pixels, 60)
    assert found.dtype == np.float32
    assert len(np.unique(found, axis=0)) == len(found) <= 60
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2:] <= (80, 64)).all()
    assert ((found[:, 2:] - found[:, :2]) >= 4).all()
    assert (found == (0, 0, 80, 64)).all(axis=1).any()  # all merged
    best = intersection_over_union(THINGS, found.astype(np.float64)).max(axis=1)
    assert best.min() > 0.8, best
    np.testing.assert_array_equal(found, selective_search(pixels, 60))
    np.testing.assert_array_equal(found[:9], selective_search(pixels, 9))


def test_a_larger_picture_has_boxes_in_its_own_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("pellucid.data.proposals.selective_search")
    monkeypatch.setattr(module, "LONGEST", 80)
    large = np.kron(picture(), np.ones((3, 3, 1), np.uint8))
    found = selective_search(large, 100).astype(np.float64)
    assert intersection_over_union(3 * THINGS, found).max(axis=1).min() > 0.75


def test_segments_tile_the_picture() -> None:
    cut = segments(picture() / 255.0, 50.0)
    n = cut.count
    assert cut.sizes[:n].sum() == 64 * 80
    np.testing.assert_allclose(cut.colours[:n].sum(axis=1), 1.0)
    np.testing.assert_allclose(cut.textures[:n].sum(axis=1), 1.0)
    first, second = cut.neighbours.T
    likeness = cut.likeness(first, second, colour=True)
    np.testing.assert_allclose(likeness, cut.likeness(second, first, colour=True))
    cut.merge(first[0], second[0], n)
    assert cut.sizes[n] == cut.sizes[first[0]] + cut.sizes[second[0]]
    np.testing.assert_allclose(cut.colours[n].sum(), 1.0)


def test_a_picture_is_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "cache"))
    pixels = picture()
    found = kept_proposals(pixels, 20)
    np.testing.assert_array_equal(found, selective_search(pixels, 20))
    (path,) = (tmp_path / "cache" / kept.FOLDER).glob("*.boxes")
    searched: list[int] = []

    def counted(pixels: np.ndarray, most: int) -> np.ndarray:
        searched.append(most)
        return selective_search(pixels, most)

    monkeypatch.setattr(kept, "selective_search", counted)
    np.testing.assert_array_equal(kept_proposals(pixels, 20), found)
    assert not searched
    data = bytearray(path.read_bytes())
    data[5] ^= 1
    path.write_bytes(bytes(data))  # damaged: searched again
    np.testing.assert_array_equal(kept_proposals(pixels, 20), found)
    assert len(searched) == 1
    monkeypatch.setenv("PELLUCID_CACHE", "off")
    np.testing.assert_array_equal(kept_proposals(pixels, 20), found)
    assert searched == [kept.KEPT, 20]


@pytest.mark.parametrize("shape", [(64, 80), (64, 80, 4), (1, 80, 3)])
def test_what_is_no_picture(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"\(H, W, 3\)"):
        selective_search(np.zeros(shape, np.uint8))


def test_pixels_of_another_kind() -> None:
    with pytest.raises(ShapeError, match="uint8 from 0 to 255, got float64"):
        selective_search(picture() / 255.0)  # type: ignore[arg-type]


def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="most must be a whole number from 1"):
        proposals.selective_search(picture(), 0)
    with pytest.raises(ArgumentError, match="most must be"):
        kept_proposals(picture(), kept.KEPT + 1)  # fewer would be found than are asked for
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingDependencyError, match=r"pellucid\[proposals\]"):
        selective_search(picture())
