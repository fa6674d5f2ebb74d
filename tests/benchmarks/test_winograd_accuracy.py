"""Trainings with Winograd's algorithm and without, in pairs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from benchmarks.winograd_accuracy import (
    DIGITS,
    HEAD,
    Pairs,
    compare,
    rows,
    t_interval,
    without_winograd,
)

from pellucid import data
from pellucid.engines.native.kernels import registry
from pellucid.engines.native.kernels.winograd import Winograd


def test_the_interval_is_students() -> None:
    # mean 3, variance 2.5, t(0.975, 4 degrees of freedom) = 2.776
    low, high = t_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.776 * math.sqrt(2.5 / 5)
    assert (low, high) == pytest.approx((3 - half, 3 + half), abs=1e-3)


def test_differences_are_taken_in_pairs() -> None:
    pairs = Pairs(
        "digits", "lecture", 4, 100, 1000, [0, 1, 2], [0.90, 0.94, 0.98], [0.91, 0.94, 0.96],
        (30.0, 60.0),
    )  # fmt: skip
    assert pairs.differences == pytest.approx([-0.01, 0.0, 0.02])
    assert pairs.interval == pytest.approx(t_interval([-0.01, 0.0, 0.02]))
    (row,) = rows([pairs])
    assert len(row) == len(HEAD)
    assert row[3:7] == ["3", "94.00% (4.00)", "93.67% (2.52)", "+0.33"]
    assert row[8] == "0.50"


def test_the_kernels_come_back() -> None:
    def fail() -> None:
        with without_winograd():
            assert Winograd not in registry.KERNELS
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Winograd in registry.KERNELS


def test_both_learn_from_the_same() -> None:
    """So little learning that the two differ by rounding alone."""
    lesson = replace(DIGITS, epochs=1, learned=128, judged=200)
    found = compare(lesson, *lesson.of(data.load("mnist", validation=0)), [0])
    assert (found.learned, found.judged, found.seeds) == (128, 200, [0])
    assert found.winograd == pytest.approx(found.direct, abs=0.02)
    assert min(found.seconds) > 0
