"""Boxes found in a map: by hand, against a plain loop, and what is refused."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.find_boxes import FindBoxes

FLOOR = -20.0
"""A logit of next to no probability."""


def empty(height: int = 5, width: int = 6, classes: int = 2) -> np.ndarray:
    """A map in which there is nothing; distances are those of 8 pixels."""
    found = np.zeros((1, height, width, classes + 4))
    found[..., :classes] = FLOOR
    return found


def boxes(found: np.ndarray, **settings: float) -> np.ndarray:
    rows, _ = FindBoxes(**settings).forward([found], {})  # type: ignore[arg-type]
    return np.asarray(rows[0][rows[0][:, 5] >= 0])


def test_a_box_by_hand() -> None:
    """Around the centre of the cell in row 1 and column 2, cut off at the picture's top."""
    z = empty()
    z[0, 1, 2] = FLOOR, log(3.0), log(1.5), log(2.0), log(0.5), 0.0
    (row,) = boxes(z, stride=8)
    np.testing.assert_allclose(row, [20 - 12, 0.0, 20 + 4, 12 + 8, 0.75, 1], rtol=1e-12)
    z[0, 1, 2, 1] = log(0.3 / 0.7)
    assert len(boxes(z, stride=8, least=0.31)) == 0
    assert len(boxes(z, stride=8, least=0.29)) == 1


def test_rows_without_a_box_say_so() -> None:
    rows, _ = FindBoxes(most=7).forward([empty()], {})
    assert rows.shape == (1, 7, 6)
    assert (rows[0, :, 5] == -1).all()
    assert not rows[0, :, :5].any()


def test_of_neighbours_the_largest_and_of_equals_the_first() -> None:
    z = empty()
    z[0, 1, 1:4, 0] = 1.0, 2.0, 2.0
    z[0, 2, 2, 1] = 0.5  # of another class
    found = boxes(z, stride=8, overlap=1.0)
    assert found[:, 5].tolist() == [0, 1]
    assert found[0, :2].tolist() == [12, 4]


def plainly(z: np.ndarray, stride: int, least: float, overlap: float) -> list[list[float]]:
    """The definition, cell by cell and pair by pair."""
    height, width, depth = z.shape
    p = 1 / (1 + np.exp(-z[..., : depth - 4]))
    candidates = []
    for i in range(height):
        for j in range(width):
            for k in range(depth - 4):
                around = p[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2, k]
                if p[i, j, k] < least or p[i, j, k] < around.max():
                    continue
                left, top, right, bottom = (stride * exp(e) for e in z[i, j, -4:])
                x, y = (j + 0.5) * stride, (i + 0.5) * stride
                box = [
                    max(0.0, x - left), max(0.0, y - top),
                    min(float(width * stride), x + right), min(float(height * stride), y + bottom),
                ]  # fmt: skip
                candidates.append([*box, p[i, j, k], k])
    kept: list[list[float]] = []
    for one in sorted(candidates, key=lambda row: -row[4]):
        if all(one[5] != other[5] or iou(one, other) <= overlap for other in kept):
            kept.append(one)
    return kept


def iou(a: list[float], b: list[float]) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return wide * high / (both - wide * high)


@pytest.mark.parametrize("seed", range(4))
def test_against_a_plain_loop(seed: int) -> None:
    z = np.random.default_rng(seed).normal(0, 1.5, (9, 11, 7))
    z[..., -4:] += 1.0
    found = boxes(z[None], stride=16, least=0.3, overlap=0.4)
    expected = np.array(plainly(z, 16, 0.3, 0.4))
    assert 5 < len(expected) < 100
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    fewer = boxes(z[None], stride=16, least=0.3, overlap=0.4, most=4)
    np.testing.assert_array_equal(fewer, found[:4])


def test_what_is_refused() -> None:
    for settings in ({"stride": 0}, {"most": 0}, {"least": 0.0}, {"overlap": 1.5}):
        with pytest.raises(ArgumentError):
            FindBoxes(**settings)
    with pytest.raises(ShapeError):
        FindBoxes().output_shape((10,))
    with pytest.raises(ShapeError):
        FindBoxes().backward(np.ones((1, 100, 6)), None, {})
