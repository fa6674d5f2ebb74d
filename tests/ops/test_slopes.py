"""Slopes of functions that are straight between their kinks."""

from __future__ import annotations

from pellucid.ops.clip import Clip
from pellucid.ops.leaky_relu import LeakyReLU
from pellucid.ops.sigmoid import Sigmoid
from pellucid.ops.slopes import Slopes


def test_slopes_before_between_and_behind_kinks() -> None:
    assert LeakyReLU(0.25).slopes() == Slopes((0.0,), (0.25, 1.0), (0.25,))
    found = Clip(-1.0, 2.0).slopes()
    assert found is not None
    assert found.between == (0.0, 1.0, 0.0)


def test_curved_functions_have_none() -> None:
    assert Sigmoid().slopes() is None
