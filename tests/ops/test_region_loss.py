"""The loss of rows of regions: by hand, against PyTorch's words; and the boxes found in them."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops import RegionLoss
from pellucid.ops.find_regions import FindRegions
from tests.ops.two_stages import BOXES, REGION_LOSS, area, box_of, check_region_loss, iou, regions


def test_a_region_and_background_by_hand() -> None:
    """One class: a region whose box is a tenth of its width further, and one far from it."""
    rows = np.zeros((1, 3, 12))
    rows[0, :, :6] = [(0, 0, 20, 20, 1, 0), (40, 40, 50, 50, 1, 0), (0, 0, 0, 0, 0, -1)]
    rows[0, 0, 6:8] = 0.0, log(3.0)
    rows[0, 1, 6:8] = log(4.0), 0.0
    rows[0, 0, 8:] = 1.5, 0.0, 0.0, -2.0
    boxes = np.array([[(2.0, 0.0, 22.0, 20.0, 0.0, 0.0)]])
    value, slopes = RegionLoss(boxes=1).value_and_gradient(rows, boxes)
    expected = (-log(0.75) - log(0.8) + 0.5 * 0.5**2 + (2 - 0.5)) / 2
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(slopes[0, 0, 6:], [0.125, -0.125, 0.25, 0, 0, -0.5])
    np.testing.assert_allclose(slopes[0, 1, 6:], [-0.1, 0.1, 0, 0, 0, 0])
    assert not slopes[0, 2].any()


def test_against_pytorchs_words() -> None:
    check_region_loss(REGION_LOSS)
    each = REGION_LOSS.per_image(regions(), BOXES)
    assert each.mean() == pytest.approx(REGION_LOSS.value_and_gradient(regions(), BOXES)[0])


def test_what_is_refused() -> None:
    for settings in ({"boxes": 0}, {"overlap": 0.0}):
        with pytest.raises(ArgumentError):
            RegionLoss(**settings)
    for shapes in (((7, 21), (4, 6)), ((7, 7), (4, 6)), ((22,), (4, 6)), ((7, 22), (4, 5))):
        with pytest.raises(ShapeError):
            REGION_LOSS.check_inputs(*shapes)


# --------------------------------------------------------------------------- the boxes found there


def plainly(rows: np.ndarray, op: FindRegions) -> list[list[float]]:
    """The boxes of one picture, region by region and class by class."""
    candidates = []
    for row in rows:
        if row[5] < 0:
            continue
        odds = [exp(z) for z in row[6:10]]
        for k in range(3):
            p = odds[k + 1] / sum(odds)
            t = row[10 + 4 * k : 14 + 4 * k] * [0.1, 0.1, 0.2, 0.2]
            x0, y0, x1, y1 = box_of(row[:4], t)
            box = [max(0.0, x0), max(0.0, y0), min(64.0, x1), min(48.0, y1)]
            if p >= op.least and box[2] > box[0] and box[3] > box[1]:
                candidates.append([*box, p, k])
    kept: list[list[float]] = []
    for one in sorted(candidates, key=lambda each: -each[4]):
        if all(one[5] != other[5] or iou(one, other) <= op.overlap for other in kept):
            kept.append(one)
    return kept[: op.most]


@pytest.mark.parametrize("picture", range(len(BOXES)))
def test_found_against_a_plain_loop(picture: int) -> None:
    op = FindRegions((48, 64), most=8, least=0.2, overlap=0.3)
    rows, _ = op.forward([regions()[[picture]]], {})
    expected = np.array(plainly(regions()[picture], op))
    assert 2 < len(expected) <= 8
    assert all(area(box) > 0 for box in expected)
    np.testing.assert_allclose(rows[0, : len(expected)], expected, rtol=1e-12)
    np.testing.assert_array_equal(rows[0, len(expected) :, 5], -1)


def test_what_finding_refuses() -> None:
    for settings in ({"size": (0, 5)}, {"size": 5}, {"most": 0}, {"least": 0}, {"overlap": -1}):
        with pytest.raises(ArgumentError):
            FindRegions(**settings)
    with pytest.raises(ShapeError):
        FindRegions().output_shape((7, 23))
    with pytest.raises(ShapeError):
        FindRegions().backward(np.ones((1, 100, 6)), None, {})
