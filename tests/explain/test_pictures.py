"""Marks and scales of figures: a mark is on its pixel, and one bright pixel hides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from pellucid.explain.filtering import filter_picture
from pellucid.explain.gallery import GALLERY
from pellucid.show.drawing import MARKED_FROM, draw_map, mark_signs, new_figure, strongest_pixels
from pellucid.show.filtered import gallery_sheet
from pellucid.show.palette import limit_of as percentile_limit


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", [(28, 28), (7, 40), (1, 1), (3, 2)])
def test_marks_are_on_the_strongest_pixels_with_their_own_signs(
    shape: tuple[int, int], seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=shape) ** 3
    found = strongest_pixels(values)
    (first, _), *_ = found
    assert abs(values[first]) == np.abs(values).max()
    for at, sign in found:
        assert np.sign(values[at]) == sign
        assert abs(values[at]) >= MARKED_FROM * np.abs(values).max()
    assert len({at for at, _ in found}) == len(found)


def test_a_mark_is_drawn_at_its_pixel() -> None:
    values = np.zeros((20, 30))
    values[3, 25], values[17, 2] = 2.0, -1.5
    axes = new_figure(3.0, 2.0).subplots()
    mark_signs(axes, values)
    drawn = [c for c in axes.collections if isinstance(c, PathCollection)]
    places = {tuple(float(k) for k in np.ravel(mark.get_offsets())) for mark in drawn}
    assert places == {(25.0, 3.0), (2.0, 17.0)}  # (column, row)
    assert not axes.texts
    mark_signs(new_figure(3.0, 2.0).subplots(), np.zeros((4, 4)))
    assert strongest_pixels(np.full((2, 2), np.nan)) == []


def test_colours_end_at_the_percentile() -> None:
    values = np.random.default_rng(0).normal(size=(100, 100))
    values[0, 0] = 1e6
    limit = percentile_limit(values)
    assert limit == pytest.approx(np.percentile(np.abs(values), 99.5))
    assert percentile_limit(np.zeros((3, 3))) == 1.0
    one = np.zeros((50, 50))
    one[4, 4] = -3.0
    assert percentile_limit(one) == 3.0  # 99.5 % are 0
    image = draw_map(new_figure(1.0, 1.0).subplots(), values, limit=limit)
    assert image.get_clim() == (-limit, limit)


@pytest.mark.parametrize("kernel", ["edge-detect", "sobel-x", "blur"])
def test_a_filter_plot_has_no_marks_and_names_its_cut_off(kernel: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 40, (40, 50, 3)).astype(np.uint8)
    pixels[5, 5] = 255
    found = filter_picture(pixels, GALLERY[kernel])
    figure = found.plot()
    limit = percentile_limit(found.values.mean(axis=2))
    assert not any(each.collections or each.texts for each in figure.axes[:3])
    assert figure.axes[2].images[0].get_clim() == (-limit, limit)
    assert f"{limit:.4g}" in figure.get_supxlabel()


def test_edge_kernels_are_visible_in_the_gallery() -> None:
    """A soft edge of 12 grey levels: black in a picture, strongly coloured in the map."""
    pixels = np.full((40, 40, 1), 100, np.uint8)
    pixels[:, 20:] = 112
    axes = {each.get_title().split(",")[0]: each for each in gallery_sheet(pixels).axes}
    for name in ("edge-enhance", "edge-detect", "sobel-x"):
        image = axes[name].images[0]
        colours = image.to_rgba(np.asarray(image.get_array()))
        assert np.ptp(colours, axis=(0, 1)).max() > 0.5, name
        limit = float(image.get_clim()[1])
        assert f"{limit:.3g}" in axes[name].get_title()
