"""Drives that are drawn: what cameras see is what their numbers say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks.drives import BACK, BESIDE, CORRECTION, Drive

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = 66, 200
DRIVE = Drive.random(5, 12)


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The share of pixels that differ by more than noise."""
    return float((np.abs(one.astype(int) - other).max(axis=2) > 45).mean())


@pytest.mark.parametrize("moment", range(0, 12, 3))
def test_a_camera_beside_sees_what_a_car_further_aside_would(moment: int) -> None:
    for right in (-BESIDE, BESIDE):
        aside = replace(DRIVE, offset=DRIVE.offset + right)
        beside = DRIVE.picture(moment, right, *SIZE)
        assert apart(beside, aside.picture(moment, 0.0, *SIZE)) < 0.002
        assert apart(beside, DRIVE.picture(moment, 0.0, *SIZE)) > 0.02
        assert aside.angle[moment] == pytest.approx(DRIVE.angle[moment] - BACK * right)
    assert pytest.approx(BACK * BESIDE) == CORRECTION


@pytest.mark.parametrize("moment", range(0, 12, 3))
def test_a_mirrored_picture_is_of_the_road_that_bends_the_other_way(moment: int) -> None:
    other = Drive(-DRIVE.curvature, -DRIVE.offset, -DRIVE.heading, DRIVE.look)
    mirrored = DRIVE.picture(moment, 0.0, *SIZE)[:, ::-1]
    assert apart(mirrored, other.picture(moment, 0.0, *SIZE)) < 0.002
    np.testing.assert_allclose(other.angle, -DRIVE.angle)


def test_a_road_that_bends_to_the_right_is_further_right_where_it_is_further_away() -> None:
    straight = np.zeros(1)
    plain = Drive(straight, straight, straight, 3).picture(0, 0.0, *SIZE)
    bent = Drive(straight + 0.02, straight, straight, 3).picture(0, 0.0, *SIZE)
    far, near = 27, 58  # rows
    moved = {row: int(_middle(bent[row])) - int(_middle(plain[row])) for row in (far, near)}
    assert moved[far] > 20
    assert 0 <= moved[near] < moved[far] / 2


def _middle(row: NDArray[np.uint8]) -> float:
    """The mean column of the lines' white."""
    return float(np.flatnonzero(row.min(axis=1) > 170).mean())
