"""Every gradient of every operation against central differences, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.cases import CASES, SMOOTH, Case
from tests.ops.gradients import check_form, judge


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_gradients_along_random_directions(case: Case) -> None:
    judge(case).check_direction(case.draw().backward())


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_every_element_of_every_gradient(case: Case) -> None:
    judge(case).check_elements(case.draw().backward())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_shapes_and_precision_stay(case: Case, dtype: str) -> None:
    drawn = case.draw(dtype)
    output, saved = drawn.forward()
    assert output.dtype == np.dtype(dtype)
    check_form(drawn.arguments(), drawn.backward())
    for name, value in case.operation.updated_statistics(saved, drawn.weights).items():
        assert value.dtype == np.dtype(dtype)
        assert value.shape == drawn.weights[name].shape


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_given_is_changed(case: Case) -> None:
    drawn, untouched = case.draw(), case.draw()
    drawn.backward()
    case.operation.terms(drawn.image(0), drawn.weights, (0,) * (drawn.cotangent.ndim - 1))
    for before, after in zip(untouched.inputs, drawn.inputs, strict=True):
        np.testing.assert_array_equal(before, after)
    for name, before in untouched.weights.items():
        np.testing.assert_array_equal(before, drawn.weights[name])
    np.testing.assert_array_equal(untouched.cotangent, drawn.cotangent)
